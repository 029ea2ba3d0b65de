"""Whole runs on a real vLLM: through real Celery workers, with an adapter, and through the server's sudden death."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from annotations.models import Annotation, Run
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, RunItem
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_resume, run_start
from tests.llm_workers.test_workers import wait_until
from tests.vllm.conftest import ADAPTER, llm_worker, make_messages, post, with_guidelines

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = 36
SECONDS = 400.0


def status(run: Run) -> str:
    run.refresh_from_db()
    return run.status


def each_item_once(run: Run, items: int) -> None:
    run.refresh_from_db()
    rows = RunItem.objects.filter(run=run)
    assert (run.status, run.labelled, run.unanswered) == ("done", items, 0)
    assert rows.filter(status="done").count() == items
    assert Annotation.objects.filter(run=run, status="current").count() == items
    sums = rows.aggregate(prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"), cached=Sum("cached_tokens"))
    assert (run.prompt_tokens, run.completion_tokens) == (sums["prompt"], sums["completion"])
    assert run.plan.cached_tokens == sums["cached"]
    assert LedgerEvent.objects.filter(kind="annotation.submitted", project_id=run.project_id).count() == items


def test_a_whole_run_counts_what_the_server_counts_and_shares_the_guidelines(cast, vllm, served, counters):
    with_guidelines(cast.project)
    make_messages(cast.project, ITEMS)
    before = counters()
    run = run_start(project=cast.project, model=served, started_by=cast.olivia, step_size=12)
    with llm_worker(vllm.url):
        wait_until(lambda: status(run) == "done", SECONDS)
    each_item_once(run, ITEMS)
    spent = counters() - before
    assert spent.finished == ITEMS
    assert spent.prompt_tokens == run.prompt_tokens
    assert spent.generation_tokens == run.completion_tokens
    # Guidelines first: most of every prompt but the first ones has been computed for another item.
    assert spent.prefix_cache_hits == run.plan.cached_tokens
    assert run.plan.cached_tokens > 0.3 * run.prompt_tokens
    assert [checkpoint.number for checkpoint in run.checkpoints.order_by("number")] == [1, 2, 3]
    print(f"{ITEMS} items: {run.prompt_tokens} prompt tokens, {run.plan.cached_tokens} of them from the cache")


def test_an_adapter_is_loaded_listed_used_by_its_name_and_unloaded(cast, vllm, served, work, adapter_folder):
    items = make_messages(cast.project, 6)
    base = work(run_start(project=cast.project, model=served, started_by=cast.olivia))
    loaded = post(f"{vllm.url}/load_lora_adapter", {"lora_name": ADAPTER, "lora_path": str(adapter_folder)})
    assert loaded.status_code == 200, loaded.text
    try:
        models_refresh()
        tuned = ModelVersion.objects.get(name=ADAPTER)
        assert (tuned.base, tuned.adapter) == (vllm.model, str(adapter_folder))
        assert tuned.endpoints.get().url == vllm.url
        run = work(run_start(project=cast.project, model=tuned, started_by=cast.olivia))
    finally:
        post(f"{vllm.url}/unload_lora_adapter", {"lora_name": ADAPTER})
    assert (run.status, run.labelled) == ("done", len(items))
    assert run.annotator_id != base.annotator_id
    said = [dict(Annotation.objects.filter(run=one).values_list("item", "confidence")) for one in (base, run)]
    assert max(abs(said[0][item] - said[1][item]) for item in said[0]) > 0.02, "the adapter changes nothing"
    models_refresh()
    assert not tuned.endpoints.exists()


def test_a_run_with_an_adapter_that_was_unloaded_pauses_with_the_reason(cast, vllm, served, work, adapter_folder):
    make_messages(cast.project, 3)
    post(f"{vllm.url}/load_lora_adapter", {"lora_name": ADAPTER, "lora_path": str(adapter_folder)})
    models_refresh()
    run = run_start(project=cast.project, model=ModelVersion.objects.get(name=ADAPTER), started_by=cast.olivia)
    post(f"{vllm.url}/unload_lora_adapter", {"lora_name": ADAPTER})
    run = work(run)
    assert (run.status, run.labelled) == ("paused", 0)
    assert ADAPTER in run.reason


def test_a_server_that_dies_in_the_middle_of_a_run_costs_no_item(cast, vllm, served):
    make_messages(cast.project, ITEMS)
    run = run_start(project=cast.project, model=served, started_by=cast.olivia, step_size=12)
    with llm_worker(vllm.url):
        wait_until(lambda: status(run) != "queued" and run.labelled > 0, SECONDS)
        vllm.kill()
        try:
            wait_until(lambda: status(run) == "paused" or "Waiting for a server" in run.reason)
            held = run.labelled
            assert 0 < held < ITEMS
            assert Annotation.objects.filter(run=run, status="current").count() == held
        finally:
            vllm.start()
        if status(run) == "paused":
            run_resume(run=run, by=cast.olivia)
        wait_until(lambda: status(run) == "done", SECONDS)
    each_item_once(run, ITEMS)
