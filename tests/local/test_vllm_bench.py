"""The benchmark beside a bare client: what it says where there is no vLLM, and its arithmetic."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from accounts.models import User
from evenhand.cli import bench, main
from evenhand.local.errors import LocalError
from tests.factories import add_label, make_annotator
from tests.llm_server import ScriptedServer


@pytest.fixture
def vllm(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(bench.ROOT), *sys.path])
    from benchmarks import vllm

    return vllm


def test_where_vllm_is_missing_it_says_how_to_get_it_and_ends_well(vllm, tmp_path, monkeypatch):
    monkeypatch.setenv("EVENHAND_VLLM_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["bench", "vllm", "--json"])
    assert result.exit_code == 0
    answer = json.loads(result.output)
    assert (answer["bench"], answer["figures"]) == ("vllm", {})
    assert "make vllm" in answer["missing"]
    assert "LLM_BASE_URL=" in answer["missing"]


def test_a_server_that_is_given_is_used_if_it_is_vllm(vllm, tmp_path, monkeypatch):
    with ScriptedServer(dialect="vllm") as server:
        monkeypatch.setenv("LLM_BASE_URL", server.url)
        with vllm._server(tmp_path) as url:
            assert url == server.url
    with ScriptedServer(dialect="llamacpp") as other:
        monkeypatch.setenv("LLM_BASE_URL", other.url)
        with pytest.raises(LocalError, match="is no vLLM"), vllm._server(tmp_path):
            pass


def test_the_ratio_is_ours_by_the_bare_clients(vllm):
    seen = {"ours": 19.2, "bare": 20.0, "items": 400, "concurrency": 64, "cached": 0.712}
    figures = vllm.figures(seen)
    assert (figures["ratio"].value, figures["ratio"].goal, figures["ratio"].better) == (0.96, 0.95, "higher")
    assert figures["prompt tokens from the cache"].value == 71.2
    assert figures["requests at a time"].value == 64


@pytest.mark.django_db
def test_its_items_can_be_labelled(vllm):
    from benchmarks._stack import items_made, project_made

    project = project_made("Benchmark", User.objects.create(email="bench@localhost"))
    items_made(project, (f"Message {number}" for number in range(5)), batch=2)
    items = list(project.items.order_by("id"))
    assert [item.payload["text"] for item in items] == [f"Message {number}" for number in range(5)]
    assert add_label(items[4], make_annotator(project), "keep").status == "current"
