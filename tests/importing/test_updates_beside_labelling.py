"""An update while people label the same items: nothing is lost, nothing waits for long, and the counters are right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connections

from annotations.importing import updating
from annotations.importing.running import Outcome, import_run
from annotations.labelling.services import claim, submit
from annotations.models import Annotation, Annotator, Item, QueueEntry, ServingRules
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from tests.factories import make_user
from tests.importing.helpers import csv_bytes, take, upload

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 240
PEOPLE = 3


def test_people_label_while_groups_and_labels_come_in(cast, monkeypatch):
    monkeypatch.setattr(updating, "BATCH", 20)
    ServingRules.objects.update_or_create(project=cast.project, defaults={"labels_per_minute": None})
    take(cast, csv_bytes("text,id,religion", *(f"text {n},{n},a" for n in range(COUNT))))
    fold_outbox()
    mapping = {"external_id": "id", "groups": {"religion": "religion"}, "annotators": {"label_1": "Ann"}}
    # From the last to the first: another order than that of the locks.
    lines = (f"{n},{'ab'[n % 2]},{'keep' if n % 3 else 'remove'}" for n in reversed(range(COUNT)))
    job = upload(cast, csv_bytes("id,religion,label_1", *lines), mapping=mapping, on_existing="update")
    people = [
        Annotator.objects.create(project=cast.project, user=make_user(f"w{number}"), kind="human")
        for number in range(PEOPLE)
    ]

    def label(annotator: Annotator) -> int:
        try:
            for turn in range(60):
                lease = claim(annotator=annotator, project=cast.project)
                submit(
                    annotator=annotator, assignment_id=lease.pk, value="keep", active_ms=1000,
                    idempotency_key=f"{annotator.pk}-{turn}",
                )  # fmt: skip
            return 60
        finally:
            connections.close_all()

    def bring_in() -> Outcome:
        try:
            return import_run(job_id=job.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PEOPLE + 1) as pool:
        update = pool.submit(bring_in)
        labelled = [pool.submit(label, person) for person in people]
        assert update.result() == Outcome.ENDED
        assert sum(one.result() for one in labelled) == 60 * PEOPLE
    close_old_connections()
    job.refresh_from_db()
    assert (job.status, job.rows_added, job.labels_added) == ("done", COUNT, COUNT)
    assert Annotation.objects.filter(status="current").count() == COUNT + 60 * PEOPLE
    assert Item.objects.filter(groups__religion="b").count() == COUNT // 2
    for entry in QueueEntry.objects.all():
        given = Annotation.objects.filter(item_id=entry.item_id, status="current").count()
        assert entry.remaining == max(0, cast.project.redundancy - given)
    assert recount(project=cast.project) == []
    fold_outbox()
    assert recount(project=cast.project) == []
