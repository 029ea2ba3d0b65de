"""What goes over the wire in each dialect, and what servers are found to be."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Annotation
from ledger.models import LedgerEvent
from llm_workers.client import Constraint, Request, probe
from llm_workers.client.wire import parse_reply
from llm_workers.models import Endpoint, ModelVersion
from llm_workers.selectors.runs import run_sureness
from llm_workers.services.models import models_refresh, models_refresh_if_due
from llm_workers.services.runs import run_start
from tests.factories import make_cast, make_items
from tests.llm_server import ScriptedServer

BARE = Constraint(codes=("A", "B"), schema={"type": "object"}, max_tokens=4)
OBJECT = Constraint(codes=(), schema={"type": "object"}, max_tokens=80)
RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "label", "strict": True, "schema": {"type": "object"}},
}


@pytest.mark.parametrize(
    ("dialect", "constraint", "said"),
    [
        ("vllm", BARE, {"structured_outputs": {"choice": ["A", "B"]}}),
        ("vllm", OBJECT, {"structured_outputs": {"json": {"type": "object"}}}),
        ("llamacpp", BARE, {"grammar": 'root ::= "A" | "B"'}),
        ("llamacpp", OBJECT, {"response_format": RESPONSE_FORMAT}),
        ("other", BARE, {"response_format": RESPONSE_FORMAT}),
        ("other", OBJECT, {"response_format": RESPONSE_FORMAT}),
    ],
)
def test_each_dialect_has_its_own_words_for_the_constraint(dialect, constraint, said):
    body = Request("m", [], constraint).body(dialect)
    structured = {key: body[key] for key in body if key in ("structured_outputs", "grammar", "response_format")}
    assert structured == said
    assert (body["temperature"], body["logprobs"], body["top_logprobs"]) == (0, True, 20)


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp", "other"])
@pytest.mark.parametrize("options", [{}, {"with_reason": True}, {"task": "multiple_choice"}])
def test_every_dialect_labels_every_question(db, settings, work, dialect, options):
    cast = make_cast(task=options.get("task", "single_choice"))
    make_items(cast.project, 3)
    with ScriptedServer(dialect=dialect, choose=lambda text, names: ["Review"]) as server:
        settings.LLM_BASE_URLS = [server.url]
        models_refresh()
        run = work(
            run_start(
                project=cast.project,
                model=ModelVersion.objects.get(),
                started_by=cast.olivia,
                with_reason=options.get("with_reason", False),
            )
        )
    assert (run.status, run.labelled) == ("done", 3)
    for label in Annotation.objects.filter(run=run):
        assert label.value in ("review", ["review"])
        assert label.confidence == pytest.approx(0.8)


def test_labels_of_a_server_without_log_probabilities_are_counted_apart(cast, llm, start, work):
    llm.logprobs = False
    make_items(cast.project, 2)
    run = work(start())
    sureness = run_sureness(run)
    assert (run.labelled, sureness.total, sureness.without, sureness.mean) == (2, 0, 2, None)


def test_confidence_is_binned_with_each_bound_in_the_bin_above_it(cast, llm, start, work):
    items = make_items(cast.project, 4)
    run = work(start())
    for item, confidence in zip(items, (0.0, 0.3, 0.7, 1.0), strict=True):
        Annotation.objects.filter(item=item).update(confidence=confidence)
    assert run_sureness(run).counts == [1, 0, 0, 1, 0, 0, 0, 1, 0, 1]


@pytest.mark.parametrize("data", [None, [], {}, {"choices": []}, {"choices": [1]}, {"choices": [{"message": None}]}])
def test_what_is_not_a_completion_is_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_reply(data, seconds=0)


def test_strange_usage_counts_as_nothing():
    choice = {"message": {"content": None}, "logprobs": None}
    reply = parse_reply({"choices": [choice], "usage": {"prompt_tokens": "9", "completion_tokens": -1}}, seconds=1)
    assert (reply.text, reply.tokens, reply.usage.prompt_tokens, reply.usage.completion_tokens) == ("", (), 0, 0)


# --- finding out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp", "other"])
def test_the_dialect_is_found_by_asking(dialect):
    with ScriptedServer(dialect=dialect) as server:
        found = probe(server.url)
    assert (found.dialect, found.problem, found.offers[0].name) == (dialect, "", "scripted-1")


def test_what_servers_say_of_their_model_is_kept(db, settings):
    with ScriptedServer(dialect="llamacpp") as server:
        settings.LLM_BASE_URLS = [server.url]
        models_refresh()
    model = ModelVersion.objects.get()
    assert (model.quantization, model.parameters, model.context_tokens) == ("Q4_1", 134_515_008, 8192)
    assert LedgerEvent.objects.get(kind="model.registered").subject == f"model:{model.pk}"


def test_an_address_that_is_no_model_server_is_told(llm):
    wrong = probe(llm.url.removesuffix("/v1"))
    assert wrong.problem == "The server answers 404 instead of a list of models. Its address must end in /v1."


def test_asking_again_makes_no_second_model_and_forgets_servers_that_are_gone(db, llm, settings):
    models_refresh()
    with ScriptedServer() as second:
        settings.LLM_BASE_URLS = [llm.url, second.url]
        models_refresh()
        assert ModelVersion.objects.get().endpoints.count() == 2
        settings.LLM_BASE_URLS = [second.url]
        models_refresh()
    assert [endpoint.url for endpoint in ModelVersion.objects.get().endpoints.all()] == [second.url]
    assert Endpoint.objects.count() == 1


def test_a_server_that_stops_keeps_its_model_and_dialect_but_not_its_health(db, llm):
    models_refresh()
    llm.stop()
    models_refresh()
    endpoint = Endpoint.objects.get()
    assert (endpoint.dialect, endpoint.healthy) == ("vllm", False)
    assert ModelVersion.objects.get().endpoints.get() == endpoint


def test_servers_are_asked_once_a_minute_at_most(db, llm, settings):
    first = models_refresh_if_due()[0].checked_at
    assert models_refresh_if_due()[0].checked_at == first
    settings.LLM_BASE_URLS = [llm.url, "http://127.0.0.1:9/v1"]
    assert len(models_refresh_if_due()) == 2


def test_the_command_prints_what_was_found(db, llm, settings):
    said = StringIO()
    call_command("refresh_models", stdout=said)
    assert said.getvalue() == f"{llm.url} (vLLM): serves scripted-1\n"
    settings.LLM_BASE_URLS = []
    with pytest.raises(CommandError, match="Set LLM_BASE_URL"):
        call_command("refresh_models")
