"""Validators that paused because no server could be used, and go on by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.limits import LONGEST_RESUME, MOST_RESUMES
from llm_workers.models import Endpoint
from llm_workers.services.models import models_refresh
from llm_workers.validating import claims
from llm_workers.validating.models import Validator, ValidatorRules
from llm_workers.validating.resuming import fault_pause, validators_go_on
from llm_workers.validating.services import validator_resume
from llm_workers.validating.tasks import wake_validators
from tests.llm_server import ScriptedServer


@pytest.fixture
def paused(labelled, llm, switch_on, work, monkeypatch) -> Validator:
    """A validator that paused because its server died."""
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))
    labelled("keep remove")
    switch_on()
    llm.stop()
    validator = work()
    assert validator.status == "paused"
    assert "goes on by itself" in validator.reason
    return validator


def later() -> None:
    """The rest is over."""
    Validator.objects.update(resume_at=timezone.now() - timedelta(seconds=1))


def test_it_goes_on_once_the_model_is_served_again(llm, work, paused):
    assert validators_go_on() == 0  # it rests
    later()
    models_refresh()
    assert validators_go_on() == 0  # nobody serves the model
    with ScriptedServer(port=llm.port):
        assert validators_go_on() == 0  # nobody knows yet
        models_refresh()
        wake_validators()  # what beat sends
        validator = work()
    assert (validator.status, validator.rated) == ("idle", 2)
    resumed = LedgerEvent.objects.get(kind="validator.resumed")
    assert (resumed.actor, resumed.data["rated"]) == ("system", 0)
    assert (validator.resume_at, validator.fault_pauses) == (None, 0)


def test_another_model_at_the_same_address_is_not_waited_for(llm, paused):
    later()
    with ScriptedServer(port=llm.port, model="another-model"):
        models_refresh()
        assert validators_go_on() == 0


def test_rests_grow_and_end(paused):
    rests = []
    paused.fault_pauses = 0
    for _ in range(MOST_RESUMES + 1):
        paused.resume_at = None
        fault_pause(paused, reason="Down.", hopeless=False)
        rests.append(paused.resume_at and round((paused.resume_at - timezone.now()).total_seconds()))
    assert rests[:3] == [15, 30, 60]
    assert rests[-2:] == [LONGEST_RESUME.total_seconds(), None]
    assert paused.reason == "Down. Then resume the validator."


def test_a_person_gives_it_all_its_tries_again(cast, paused):
    assert paused.fault_pauses == 1
    resumed = validator_resume(project=cast.project, by=cast.olivia)
    assert (resumed.fault_pauses, resumed.resume_at) == (0, None)
    assert LedgerEvent.objects.get(kind="validator.resumed").actor != "system"


def test_what_trying_again_cannot_mend_is_left_to_people(labelled, llm, switch_on, work):
    labelled("keep")
    switch_on()
    llm.fault_for = lambda text: "401"
    validator = work()
    assert (validator.status, validator.resume_at) == ("paused", None)


@pytest.mark.parametrize("why", ["off", "limit", "schema"])
def test_one_that_is_switched_off_held_back_or_replaced_stays(cast, paused, why):
    Endpoint.objects.update(healthy=True, checked_at=timezone.now())
    later()
    if why == "off":
        ValidatorRules.objects.update(enabled=False)
    elif why == "limit":
        ValidatorRules.objects.update(max_tokens=0)
    else:
        cast.project.schemas.update(is_current=False)
    assert validators_go_on() == 0
    paused.refresh_from_db()
    assert paused.status == "paused"
    if why == "schema":  # for good
        assert paused.resume_at is None
        assert "labels or guidelines have changed" in paused.reason
        return
    assert paused.resume_at - timezone.now() == pytest.approx(LONGEST_RESUME, abs=timedelta(seconds=30))
    assert "goes on by itself" in paused.reason
    ValidatorRules.objects.update(enabled=True, max_tokens=None)
    later()
    assert validators_go_on() == 1


def test_a_person_can_have_it_stay_paused(client, cast, paused):
    address = f"/projects/{cast.project.pk}/validator/"
    client.force_login(cast.olivia)
    assert "Stay paused" in client.get(address).content.decode()
    assert client.post(f"/api/v1/projects/{cast.project.pk}/validator/pause/").status_code == 200
    assert client.post(f"/api/v1/projects/{cast.project.pk}/validator/pause/").status_code == 409
    assert "Stay paused" not in client.get(address).content.decode()
    paused.refresh_from_db()
    assert (paused.status, paused.resume_at, paused.reason) == ("paused", None, "Paused by a person.")
    told = LedgerEvent.objects.filter(kind="validator.paused").latest("id")
    assert (told.actor, told.data["reason"]) == (f"user:{cast.olivia.pk}", "Paused by a person.")
    Endpoint.objects.update(healthy=True, checked_at=timezone.now())
    assert validators_go_on() == 0
    with pytest.raises(DomainError, match="told to stay paused"):  # the platform, a moment too late
        validator_resume(project=cast.project, by=None)
