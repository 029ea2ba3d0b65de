"""What a real vLLM answers: inside the schema, with the probabilities that its log-probabilities bear out."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from annotations.models import Annotation
from llm_workers.client import probe
from llm_workers.models import ModelVersion, RunItem
from llm_workers.services.runs import run_start
from tests.factories import make_cast
from tests.vllm.conftest import connect, make_messages, post
from tests.vllm.wiretap import Wiretap

ITEMS = 8
KEYS = {"keep", "review", "remove"}


@pytest.fixture
def sent(vllm, served, settings) -> Iterator[list[tuple[dict, dict]]]:
    """What passes between the platform and the server from here on: (request, answer) pairs, as JSON."""
    with Wiretap(vllm.url) as tap:
        connect(tap.url, settings)
        yield tap.pairs


def test_the_server_is_found_to_be_vllm(vllm):
    found = probe(vllm.url)
    assert (found.dialect, found.problem) == ("vllm", "")
    assert [offer.name for offer in found.offers] == [vllm.model]
    assert found.offers[0].context_tokens == 2048


@pytest.mark.parametrize(
    "options",
    [{}, {"with_reason": True}, {"task": "multiple_choice"}, {"task": "multiple_choice", "with_reason": True}],
    ids=["one label", "one label and a reason", "several labels", "several labels and a reason"],
)
def test_every_answer_is_inside_the_schema(db, served, work, options):
    options = dict(options)
    cast = make_cast(task=options.pop("task", "single_choice"))
    make_messages(cast.project, ITEMS)
    run = work(run_start(project=cast.project, model=served, started_by=cast.olivia, **options))
    unusable = list(RunItem.objects.filter(run=run, status="unanswered").values_list("reason", "raw_answer"))
    # A reason may be cut off at its last token, which makes the answer unusable; nothing else may.
    assert (run.status, run.labelled + run.unanswered) == ("done", ITEMS)
    assert len(unusable) <= (2 if options.get("with_reason") else 0), unusable
    for label in Annotation.objects.filter(run=run):
        said = {label.value} if isinstance(label.value, str) else set(label.value)
        assert said <= KEYS
        assert set(label.probabilities) == KEYS
        assert 0 < label.confidence <= 1
        assert bool(label.reason) == bool(options.get("with_reason"))


def test_the_probabilities_are_those_of_the_servers_own_log_probabilities(db, served, work, sent):
    cast = make_cast()
    make_messages(cast.project, ITEMS)
    run = work(run_start(project=cast.project, model=served, started_by=cast.olivia))
    by_user_text = {request["messages"][1]["content"]: answer for request, answer in sent}
    assert len(by_user_text) == ITEMS
    for label in Annotation.objects.filter(run=run).select_related("item"):
        (text,) = (text for text in by_user_text if label.item.payload["text"] in text)
        expected = shares_by_hand(text, by_user_text[text])
        assert sum(label.probabilities.values()) == pytest.approx(1)
        assert label.probabilities == pytest.approx(expected, abs=1e-6)
        assert label.confidence == label.probabilities[label.value] > 0


def shares_by_hand(text: str, answer: dict) -> dict[str, float]:
    """Label key → probability from the first token's list, read in the most direct way there is."""
    place = answer["choices"][0]["logprobs"]["content"][0]
    weights = dict.fromkeys("ABC", 0.0)
    for candidate in place["top_logprobs"]:
        letter = candidate["token"].strip()
        if letter in weights:
            weights[letter] += math.exp(candidate["logprob"])
    whole = sum(weights.values())
    lines = [line for line in text.splitlines() if line[:3] in ("A. ", "B. ", "C. ")]
    return {line[3:].partition(":")[0].lower(): weights[line[0]] / whole for line in lines}


def test_options_stand_in_another_order_in_each_request_and_the_label_follows_the_name(db, served, work, sent):
    cast = make_cast()
    make_messages(cast.project, 4)
    run = work(run_start(project=cast.project, model=served, started_by=cast.olivia, orders=3))
    for row in RunItem.objects.filter(run=run).select_related("item"):
        asked = [(r, a) for r, a in sent if row.item.payload["text"] in r["messages"][1]["content"]]
        first = {r["messages"][1]["content"].splitlines()[2][3:] for r, _ in asked}
        assert len(asked) == 3
        assert len(first) == 3, "every option has stood first once"
        shares = [shares_by_hand(r["messages"][1]["content"], a) for r, a in asked]
        mean = {key: sum(share[key] for share in shares) / 3 for key in KEYS}
        label = Annotation.objects.get(run=run, item=row.item)
        assert label.probabilities == pytest.approx(mean, abs=1e-6)
        assert label.value == max(mean, key=mean.get)


def test_a_model_that_is_not_served_pauses_the_run_and_says_so(db, served, work):
    cast = make_cast()
    make_messages(cast.project, 3)
    run = run_start(project=cast.project, model=served, started_by=cast.olivia)
    ModelVersion.objects.filter(pk=served.pk).update(name="somebody-elses")
    run = work(run)
    assert (run.status, run.labelled, run.unanswered) == ("paused", 0, 0)
    assert "somebody-elses" in run.reason


def test_an_item_that_is_longer_than_the_context_is_unanswered_and_the_rest_is_labelled(db, served, work):
    cast = make_cast()
    items = make_messages(cast.project, 4)
    items[2].payload = {"text": "far too much " * 2000}
    items[2].save(update_fields=["payload"])
    run = work(run_start(project=cast.project, model=served, started_by=cast.olivia))
    assert (run.status, run.labelled, run.unanswered) == ("done", 3, 1)
    row = RunItem.objects.get(run=run, status="unanswered")
    assert row.item == items[2]
    assert "400" in row.reason
    assert "context length" in row.reason


def test_words_that_vllm_no_longer_knows_are_ignored_so_answers_must_be_checked(vllm):
    """Why no answer is taken on trust: a constraint under an old name changes nothing and raises no error."""
    body = {"model": vllm.model, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
    answer = post(f"{vllm.url}/chat/completions", body | {"temperature": 0, "guided_choice": ["A", "B"]})
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] not in ("A", "B")
    held = post(f"{vllm.url}/chat/completions", body | {"structured_outputs": {"choice": ["A", "B"]}})
    assert held.json()["choices"][0]["message"]["content"] in ("A", "B")
