"""The table of faults in docs/explanation/llm-labels.md: every line of it happens, and nothing is missing from it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from annotations.models import Annotation, Run
from llm_workers import limits
from llm_workers.models import ModelVersion, RunItem
from llm_workers.services import answers, claims
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_start
from tests.factories import make_items
from tests.llm_server import ANSWER_FAULTS, BROKEN_FAULTS, PROMPT_TOKENS, STATUS_FAULTS, ScriptedServer

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "llm-labels.md"
ROW = re.compile(
    r"^\| `(\w+)` \| [^|]+ \| (retried|asked again|unanswered|paused)[^|]* \| (unanswered|paused)[^|]* "
    r"\| (unanswered|paused|–) \|$"
)
ROWS = [match for line in DOCUMENT.read_text().splitlines() if (match := ROW.match(line.strip()))]
TABLE = {row[1]: (row[2], row[3]) for row in ROWS}
ALONE = {row[1]: row[4] for row in ROWS}  # always, for one item
SCRIPTED = {*STATUS_FAULTS, *BROKEN_FAULTS, *ANSWER_FAULTS}
WHOLE = ("down", "replaced")  # faults of a server, not of a request
ITEMS = 4


def test_the_table_lists_every_fault_that_the_scripted_server_knows():
    assert set(TABLE) == SCRIPTED | set(WHOLE)


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_once(cast, llm, start, work, fault):
    """One request meets the fault."""
    make_items(cast.project, ITEMS)
    llm.faults.append(fault)
    run = work(start(with_reason=fault == "cut"))
    outcome = TABLE[fault][0]
    if outcome == "unanswered":
        assert (run.status, run.labelled, run.unanswered) == ("done", ITEMS - 1, 1)
    elif outcome == "paused":
        assert run.status == "paused"
        assert run.reason.endswith("Then resume the run.")
        assert run.unanswered == 0
    else:
        assert (run.status, run.labelled, run.unanswered) == ("done", ITEMS, 0)
        extra = 1 if outcome == "asked again" else 0  # what brought no answer cost nothing
        assert run.prompt_tokens == (ITEMS + extra) * PROMPT_TOKENS
    _accounted(run)


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_always(cast, llm, start, work, fault, monkeypatch):
    """Every request meets it."""
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))
    monkeypatch.setattr(answers, "MAX_UNANSWERED_IN_ROW", 10**6)  # that breaker has its own test
    make_items(cast.project, ITEMS)
    llm.fault_for = lambda text: fault
    run = work(start(with_reason=fault == "cut"))
    assert run.labelled == 0
    if TABLE[fault][1] == "paused":
        assert (run.status, run.unanswered) == ("paused", 0)
        assert run.reason.endswith("resume the run.")
    else:
        assert (run.status, run.unanswered) == ("done", ITEMS)
        assert all(RunItem.objects.filter(run=run).values_list("reason", flat=True))
    _accounted(run)


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_always_for_one_item(cast, llm, start, work, fault):
    """Every request about one item meets it."""
    items = make_items(cast.project, ITEMS)
    llm.fault_for = lambda text: fault if text == items[1].payload["text"] else None
    run = work(start(with_reason=fault == "cut"))
    if ALONE[fault] == "paused":
        assert (run.status, run.unanswered) == ("paused", 0)
    else:
        assert (run.status, run.labelled, run.unanswered) == ("done", ITEMS - 1, 1)
        assert RunItem.objects.get(run=run, status="unanswered").item == items[1]
    _accounted(run)


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_a_server_that_comes_back_with_another_model(cast, llm, start, work, dialect, monkeypatch):
    llm.dialect = dialect
    make_items(cast.project, ITEMS)
    run = start()
    llm.model = "another-model"
    run = work(run)
    assert TABLE["replaced"][0] == run.status == "paused"
    assert f"{llm.url} does not serve the model “scripted-1”" in run.reason
    assert not Annotation.objects.filter(run=run).exists()


def test_a_server_that_is_replaced_while_a_task_works(cast, llm, work, monkeypatch):
    """Connections break, and behind the same address another model answers, as llama.cpp does under any name."""
    monkeypatch.setitem(limits.START, "llamacpp", 1)
    monkeypatch.setitem(limits.CONCURRENCY, "llamacpp", 1)
    llm.dialect = "llamacpp"
    make_items(cast.project, ITEMS)
    models_refresh()  # another model: llama.cpp says how it is quantised
    model = ModelVersion.objects.get(endpoints__dialect="llamacpp")
    seen: list[str] = []

    def replace_after_two(text: str) -> str | None:
        seen.append(text)
        if len(seen) == 3:
            llm.replace_by("another-model")
            return "drop"
        return None

    llm.fault_for = replace_after_two
    run = work(run_start(project=cast.project, model=model, started_by=cast.olivia))
    assert (run.status, run.labelled) == ("paused", 2)
    assert "does not serve the model “scripted-1”" in run.reason


def test_a_server_that_is_down_and_comes_back(cast, llm, start, work, settings):
    make_items(cast.project, ITEMS)
    run = start()
    llm.stop()
    run = work(run, most=1)
    assert (TABLE["down"], run.status) == (("retried", "paused"), "running")
    assert run.reason.startswith("Waiting for a server, and trying again.")
    port = int(llm.url.rpartition(":")[2].partition("/")[0])
    with ScriptedServer(port=port):
        run = work(run)
    assert (run.status, run.labelled) == ("done", ITEMS)
    _accounted(run)


def test_a_server_that_stays_down(cast, llm, start, work, monkeypatch):
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))
    make_items(cast.project, ITEMS)
    run = start()
    llm.stop()
    run = work(run)
    assert TABLE["down"][1] == run.status == "paused"
    _accounted(run)


def _accounted(run: Run) -> None:
    """Every item has one label, one stated reason, or waits untouched; what was used is counted once."""
    rows = list(RunItem.objects.filter(run=run))
    labelled = set(Annotation.objects.filter(run=run, status="current").values_list("item_id", flat=True))
    assert len(rows) == run.total == ITEMS
    for row in rows:
        assert (row.status == "done") == (row.item_id in labelled)
        assert (row.status == "unanswered") == bool(row.reason)
        assert row.status in ("done", "unanswered", "pending")
    assert run.prompt_tokens == sum(row.prompt_tokens for row in rows)
