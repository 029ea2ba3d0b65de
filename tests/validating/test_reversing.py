"""The migration that gave validators lanes can be taken back where there are validators, and applied again."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from llm_workers.validating.models import Rating, Validator, ValidatorLane

BEFORE = ("llm_workers", "0007_run_rules_and_probes")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def back_and_forth():
    """Every migration is there again afterwards, whatever happened."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_lanes_can_be_taken_back_with_their_validators(labelled, switch_on, work, back_and_forth):
    labelled("keep keep remove")
    switch_on()
    validator = work()
    assert (validator.status, validator.rated) == ("idle", 2)
    labelled("keep")
    switch_on()
    labelled("remove")
    lane = ValidatorLane.objects.get()
    Validator.objects.update(status="rating")
    Rating.objects.filter(pk=Rating.objects.first().pk).update(
        status="leased", lane=0, generation=lane.generation, verdict="", finished_at=None
    )
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    old = MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    chain = old.get_model("llm_workers", "Validator").objects.get()
    assert (chain.generation, chain.rated) == (0, 2)
    assert chain.touched_at <= timezone.now()
    ratings = old.get_model("llm_workers", "Rating").objects
    assert ratings.filter(status="pending", generation=None).count() == 1
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert Validator.objects.get().rated == 2
    assert not ValidatorLane.objects.exists()
    assert work().rated == 5
