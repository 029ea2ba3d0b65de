"""An import and a change of groups in the same instant: no item misses the rule."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest
from django.db import connection

from annotations.grouping import services
from annotations.grouping.keeping import rules_keep
from annotations.importing import running
from annotations.importing.running import Outcome, import_run
from annotations.models import Item
from fairness.services.recount import recount
from ledger.errors import DomainError
from tests.fairness.conftest import fold_all
from tests.grouping.test_regrouping import grouped, groups, regroup
from tests.importing.helpers import csv_bytes, upload
from tests.locks import beside, somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)

MERGE = {"values": {"muslm": "muslim"}}


@pytest.mark.parametrize("on_existing", ["report", "update"])
def test_an_import_that_begins_while_a_change_is_being_stored_goes_by_it(cast, monkeypatch, on_existing):
    """It begins after the change has looked for imports, and ends after all items that were there are changed."""
    items = grouped(cast.project, ["muslm", "christian"])
    Item.objects.filter(pk=items[1].pk).update(external_id="known")
    mapping = {"external_id": "id", "groups": {"religion": "religion"}}
    if on_existing == "update":
        job = upload(cast, csv_bytes("id,religion", "known,muslm"), mapping=mapping, on_existing="update")
    else:
        job = upload(cast, csv_bytes("text,id,religion", "Another one,new,muslm"), mapping=mapping | {"text": "text"})
    works, applied = threading.Event(), threading.Event()
    begun: list[Future[object]] = []
    for worker, method in ((running.Loader, "load"), (running.Updater, "_take")):
        _slowed(monkeypatch, worker, method, works, applied)

    def recorded(**event: object) -> None:
        """As the change is stored, but not committed."""
        if not begun:
            begun.append(beside(lambda: import_run(job_id=job.pk)))
            until(lambda: works.is_set() or somebody_waits())
        record(**event)

    record = services.record
    monkeypatch.setattr(services, "record", recorded)
    regroup(cast, "merge", MERGE)
    applied.set()
    assert begun[0].result(30) == Outcome.ENDED
    job.refresh_from_db()
    assert (job.status, job.rows_bad) == ("done", 0)
    assert "muslm" not in groups(cast.project)
    assert Item.objects.filter(extra={"religion (as imported)": "muslm"}).count() == 2
    fold_all()
    assert recount(project=cast.project) == []


def _slowed(monkeypatch, worker: type, method: str, works: threading.Event, applied: threading.Event) -> None:
    """It has read the rules when it comes to this, and waits until the change is done."""
    original = getattr(worker, method)

    def slow(self, *args):
        works.set()
        assert applied.wait(20)
        return original(self, *args)

    monkeypatch.setattr(worker, method, slow)


def test_while_an_import_keeps_the_rules_they_are_not_changed(cast):
    grouped(cast.project, ["muslm"])
    other = connection.copy()
    try:
        other.set_autocommit(False)
        rules_keep(cast.project.pk, other)
        with pytest.raises(DomainError, match="An import is running") as refused:
            regroup(cast, "merge", MERGE)
        assert refused.value.status == 409
        other.rollback()
        assert regroup(cast, "merge", MERGE).items_changed == 1
    finally:
        other.close()
