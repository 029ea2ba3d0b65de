"""Every server of language models is asked at once: up, down, hanging, answering nonsense, resting, disabled."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from evenhand.doctor import checks, servers
from evenhand.doctor.report import Finding, as_data, as_text, perform
from llm_workers.models import Endpoint
from llm_workers.services.keys import key_seal
from tests.llm_server import ScriptedServer

DOWN = "http://127.0.0.1:9/v1"


def examined() -> Finding:
    return perform(next(check for check in checks.CHECKS if check.part == "language model"))


@pytest.fixture
def up(settings):
    """``up(…)``: another scripted server that runs."""
    settings.LLM_BASE_URLS = []
    settings.LLM_API_KEY = "for the settings' servers"
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(ScriptedServer(**options))


def added(url: str, **fields) -> Endpoint:
    return Endpoint.objects.create(url=url, added=True, **fields)


@pytest.mark.django_db
def test_servers_of_the_settings_and_added_ones_are_told_apart(settings, up):
    named, other = up(), up(dialect="llamacpp", model="tiny")
    settings.LLM_BASE_URLS = [named.url]
    added(other.url, healthy=True, checked_at=timezone.now() - timedelta(minutes=5))
    finding = examined()
    assert (finding.status, finding.mend) == ("ok", "")
    assert finding.found.split("\n") == [
        "2 of 2 servers in use answer",
        f"{named.url} speaks vLLM, serves scripted-1",
        f"{other.url} speaks llama.cpp, serves tiny; well when the platform last asked, 5 min ago",
    ]
    first, second = finding.details
    assert (first["added"], first["reachable"], first["last_asked"], first["breaker"]) == (False, True, None, None)
    assert (second["added"], second["dialect"], second["models"]) == (True, "llamacpp", ["tiny"])
    assert (second["breaker"], second["was_well"], second["rests_until"]) == ("closed", True, None)


@pytest.mark.django_db
def test_all_are_asked_at_once_and_none_is_waited_for_longer(settings, up, monkeypatch):
    monkeypatch.setattr(servers, "WHOLE_SECONDS", 3.0)
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 2.0)
    well = up()
    broken = {fault: up() for fault in ("hang", "drip", "html", "deep")}
    for fault, server in broken.items():
        server.list_fault = fault
        added(server.url)
    another = up()
    another.list_fault = "hang"
    for url in (another.url, well.url, DOWN):
        added(url)
    began = time.monotonic()
    finding = examined()
    assert time.monotonic() - began < 6  # one after the other: 7 seconds for those that hang and drip
    assert (finding.status, finding.found.split("\n")[0]) == ("warn", "1 of 7 servers in use answer")
    problems = {row["url"]: row["problem"] for row in finding.details}
    assert problems[well.url] == ""
    assert "No answer within 2 seconds" in problems[broken["hang"].url]
    assert problems[broken["drip"].url] == "It did not come to an end within 3 seconds. See its log."
    assert "not an OpenAI-compatible server" in problems[broken["html"].url]
    assert "cannot be read (RecursionError)" in problems[broken["deep"].url]
    assert "Nothing answers there" in problems[DOWN]
    assert "on the models page" in finding.mend
    assert "LLM_BASE_URL" not in finding.mend


@pytest.mark.django_db
def test_where_none_answers_it_fails_and_says_what_to_do_with_each_kind(settings, up):
    settings.LLM_BASE_URLS = [DOWN]
    added("http://127.0.0.1:10/v1")
    finding = examined()
    assert finding.status == "fail"
    assert "correct LLM_BASE_URL" in finding.mend
    assert "disable or remove it on the models page" in finding.mend
    assert "not asked by the platform yet" in finding.found


@pytest.mark.django_db
def test_each_server_is_asked_with_its_own_key_and_never_with_that_of_the_settings(up):
    guarded, open_to_all = up(), up()
    guarded.api_key = "its own"
    open_to_all.api_key = "for the settings' servers"
    added(guarded.url, sealed_key=key_seal("its own", url=guarded.url))
    added(open_to_all.url)
    first, second = examined().details
    assert (first["reachable"], second["reachable"]) == (True, False)
    assert "Access is refused (401)" in second["problem"]


@pytest.mark.django_db
def test_a_key_that_cannot_be_read_any_more_is_said(up):
    server = up()
    added(server.url, sealed_key=key_seal("x", url="http://elsewhere/v1"))
    assert "SECRET_KEY has changed" in examined().found
    assert server.asked_for_models == 0


@pytest.mark.django_db
def test_a_server_that_rests_after_faults_is_a_warning_although_it_answers(up):
    until = timezone.now() + timedelta(seconds=40)
    added(up().url, breaker="open", opens=2, retry_at=until, fault="it hangs", healthy=False, checked_at=until)
    finding = examined()
    assert finding.status == "warn"
    assert f"breaker open until {timezone.localtime(until):%H:%M:%S} (it hangs)" in finding.found
    assert "not well when the platform last asked, 0 s ago" in finding.found
    assert "tried again by itself" in finding.mend
    assert finding.details[0]["rests_until"] == until.isoformat()


@pytest.mark.django_db
def test_a_disabled_server_is_named_and_left_alone(up):
    server, well = up(), up()
    added(server.url, enabled=False)
    alone = examined()
    assert (alone.status, "Enable a server" in alone.mend, server.asked_for_models) == ("warn", True, 0)
    assert alone.details[0]["reachable"] is None
    added(well.url)
    finding = examined()
    assert finding.status == "ok"
    assert finding.found.startswith("1 of 1 servers in use answer")
    assert f"{server.url} is disabled by an operator" in finding.found


@pytest.mark.django_db
def test_a_server_that_left_the_settings_is_not_asked(up):
    Endpoint.objects.create(url=up().url)
    assert examined().found == "none: people can label, model runs wait"


def test_without_the_database_those_of_the_settings_are_asked(settings, up, monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(servers, "servers_known", away)
    nothing = examined()
    assert (nothing.status, "Mend the database first" in nothing.mend) == ("fail", True)
    settings.LLM_BASE_URLS = [up().url]
    finding = examined()
    assert (finding.status, finding.details[0]["reachable"]) == ("warn", True)
    assert "the database does not answer" in finding.found


def test_several_lines_and_details_in_both_forms_of_the_report():
    finding = Finding("models", "ok", "one\ntwo", details=({"url": "x"},))
    assert as_text([finding]) == "ok    models  one\n                two"
    assert as_data([finding])["parts"][0]["details"] == ({"url": "x"},)
    assert "details" not in as_data([Finding("disk", "ok", "fine")])["parts"][0]
