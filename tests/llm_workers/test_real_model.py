"""A real language model through a real llama.cpp server: skipped where the model was not fetched (`evenhand models
fetch`) or the server is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from annotations.models import Annotation
from evenhand.local.models import DEFAULT_MODEL, installed, shared_folder
from evenhand.local.valkey import free_port
from llm_workers import limits
from llm_workers.client import Patience, probe
from llm_workers.models import ModelVersion, RunItem
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_start
from llm_workers.validating.models import Rating, Validator, ValidatorLane
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import validator_rules_update, validators_wake
from tests.factories import add_label, make_annotator, make_cast, make_items

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (shared_folder(), ROOT / "var" / "models")
ITEMS = 6


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a llama.cpp server with the small model."""
    pytest.importorskip("xllamacpp")
    path = next(filter(None, (installed(DEFAULT_MODEL, folder) for folder in FOLDERS)), None)
    if path is None:
        pytest.skip("The local model is not here: `evenhand models fetch`.")
    port = free_port()
    command = [sys.executable, "-m", "evenhand.local.llm", "--model", str(path), "--alias", DEFAULT_MODEL.name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])}
    process = subprocess.Popen([*command, "--port", str(port)], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        until = time.monotonic() + 60
        while probe(url, seconds=2).problem:
            assert time.monotonic() < until, "The llama.cpp server did not start."
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(autouse=True)
def _patient(_impatient, monkeypatch):
    """A real model beside other work takes its time."""
    monkeypatch.setattr(limits, "PATIENCE", Patience())


@pytest.mark.parametrize(
    "options",
    [{}, {"with_reason": True}, {"orders": 3}, {"task": "multiple_choice"}],
    ids=["one label", "with reason", "three orders", "several labels"],
)
def test_a_real_model_answers_within_the_schema_and_says_how_sure_it_was(db, settings, server, work, options):
    settings.LLM_BASE_URLS = [server]
    options = dict(options)
    cast = make_cast(task=options.pop("task", "single_choice"))
    make_items(cast.project, ITEMS)
    models_refresh()
    model = ModelVersion.objects.get()
    assert (model.name, model.quantization, model.endpoints.get().dialect) == (
        DEFAULT_MODEL.name,
        "Q4_1",
        "llamacpp",
    )
    run = work(run_start(project=cast.project, model=model, started_by=cast.olivia, **options))
    assert (run.status, run.labelled + run.unanswered) == ("done", ITEMS)
    assert run.labelled >= ITEMS - 1, list(RunItem.objects.filter(run=run).values_list("reason", "raw_answer"))
    assert run.prompt_tokens > 40 * ITEMS
    for label in Annotation.objects.filter(run=run):
        assert set(label.probabilities) == {"keep", "review", "remove"}
        assert 0 < label.confidence < 1
        if isinstance(label.value, str):
            assert sum(label.probabilities.values()) == pytest.approx(1)
            assert label.confidence == label.probabilities[label.value]


def test_the_same_item_is_answered_nearly_alike_twice(db, settings, server, work):
    settings.LLM_BASE_URLS = [server]
    cast = make_cast()
    make_items(cast.project, 3)
    models_refresh()
    model = ModelVersion.objects.get()
    said = []
    for _ in range(2):
        run = work(run_start(project=cast.project, model=model, started_by=cast.olivia))
        said.append(dict(Annotation.objects.filter(run=run).values_list("item", "confidence")))
        Annotation.objects.filter(run=run).update(status="withdrawn")
    # What else is in a batch changes the order of sums, which a 4-bit model answers with other second digits.
    assert said[0] == pytest.approx(said[1], abs=0.1)


def test_a_real_model_rates_labels_and_says_how_sure_it_was(db, settings, server):
    settings.LLM_BASE_URLS = [server]
    cast = make_cast()
    for item in make_items(cast.project, 2):
        for value in ("keep", "remove"):
            add_label(item, make_annotator(cast.project), value)
    models_refresh()
    values = {"enabled": True, "model": ModelVersion.objects.get()}
    validator_rules_update(project=cast.project, by=cast.olivia, values=values)
    validators_wake(stale_before=timezone.now())
    validator = Validator.objects.get()
    lane = ValidatorLane.objects.get()
    generation: int | None = lane.generation
    for _ in range(20):
        follow = rate_for_a_while(validator_id=validator.pk, lane=lane.number, generation=generation)
        if follow is None:
            break
        generation = follow.generation
    validator.refresh_from_db()
    assert (validator.status, validator.rated + validator.unanswered) == ("idle", 4)
    assert validator.rated >= 3, list(Rating.objects.values_list("problem", flat=True))
    for rating in Rating.objects.filter(status="done"):
        assert set(rating.probabilities) == {"agree", "disagree", "unsure"}
        assert sum(rating.probabilities.values()) == pytest.approx(1)
        assert rating.confidence == rating.probabilities[rating.verdict]
        assert rating.reason
