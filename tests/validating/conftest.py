"""A scripted model that rates labels, and lanes that are worked on in the test's own process."""

from __future__ import annotations

import pytest
from django.utils import timezone

from llm_workers.limits import STALE
from llm_workers.models import ModelVersion
from llm_workers.validating.models import Validator, ValidatorLane
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import validator_rules_update, validators_wake
from tests.factories import add_label, make_annotator, make_items
from tests.llm_workers.conftest import _impatient, llm, model  # noqa: F401


@pytest.fixture
def switch_on(cast, model: ModelVersion):  # noqa: F811
    """``switch_on(**rules)`` has the scripted model rate the cast's project."""

    def switched(**rules):
        values = {"enabled": True, "model": model} | rules
        return validator_rules_update(project=cast.project, by=cast.olivia, values=values)[0]

    return switched


@pytest.fixture
def work():
    """``work()`` wakes the validators and does what workers would do; returns the newest validator."""

    def worked(*, most: int = 30) -> Validator:
        validators_wake(stale_before=timezone.now() - STALE)
        validator = Validator.objects.order_by("-id")[0]
        for lane in ValidatorLane.objects.filter(validator=validator):
            generation = lane.generation
            for _ in range(most):
                follow = rate_for_a_while(validator_id=validator.pk, lane=lane.number, generation=generation)
                if follow is None:
                    break
                generation = follow.generation
        validator.refresh_from_db()
        return validator

    return worked


@pytest.fixture
def labelled(cast):
    """``labelled("keep keep remove")``: an item with these labels of as many people."""

    def made(values: str, **fields):
        item = make_items(cast.project, **fields)[0]
        for value in values.split():
            add_label(item, make_annotator(cast.project), value)
        return item

    return made
