"""Which groups a monitor watches: named when all items are there, and said where they are others since."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotations import watching
from annotations.grouping.services import regrouping_apply, regrouping_create
from annotations.models import Checkpoint, ImportJob
from annotations.models.outgoing import unsent
from fairness.models import Monitor, OwnerNotice
from fairness.monitors.naming import groups_are_moving
from fairness.monitors.services import monitor_add, monitor_change, monitor_remove
from fairness.monitors.standing import Standing, stands_of
from fairness.monitors.words import how_sure
from fairness.tasks import send_owner_notice
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import Cast
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitors import PARITY, biased, evaluate, give, make_run, watch

pytestmark = pytest.mark.django_db


def importing(cast: Cast, status: str = "running") -> ImportJob:
    return ImportJob.objects.create(
        project=cast.project,
        dataset=cast.dataset,
        status=status,
        created_by=cast.olivia,
        filename="more.csv",
        format="csv",
    )


def standing(cast: Cast, monitor: Monitor) -> Standing:
    monitor.refresh_from_db()
    return stands_of(cast.project, [monitor])[monitor.pk].standing


def test_groups_are_not_named_from_the_first_batch_of_an_import(cast):
    """Two batches, one group each: the limit is set after the first."""
    job = importing(cast)
    fresh_items(cast.project, 30, groups={"religion": "christian"})
    fold_all()
    monitor = monitor_add(project=cast.project, actor=cast.olivia, values=PARITY)
    assert monitor.groups == []
    evaluate(cast)
    assert standing(cast, monitor) == Standing.UNNAMED
    fresh_items(cast.project, 30, groups={"religion": "muslim"})
    ImportJob.objects.filter(pk=job.pk).update(status="done")
    evaluate(cast)  # the counters have not taken in the second batch
    assert standing(cast, monitor) == Standing.UNNAMED
    fold_all()
    evaluate(cast)
    monitor.refresh_from_db()
    assert monitor.groups == ["christian", "muslim"]
    assert standing(cast, monitor) == Standing.NO_LABELS


def test_one_group_is_not_watched_as_if_it_could_differ_from_itself(cast):
    fresh_items(cast.project, 30, groups={"religion": "christian"})
    fold_all()
    monitor = monitor_add(project=cast.project, actor=cast.olivia, values=PARITY)
    gap = monitor_add(project=cast.project, actor=cast.olivia, values=PARITY | {"measure": "gap"})
    assert (monitor.groups, gap.groups) == ([], ["christian"])
    evaluate(cast)
    fresh_items(cast.project, 30, groups={"religion": "muslim"})
    fold_all()
    evaluate(cast)
    monitor.refresh_from_db()
    assert monitor.groups == ["christian", "muslim"]


def test_labels_alone_do_not_keep_groups_from_being_named(cast):
    fresh_items(cast.project, 2)
    fold_all()
    assert not groups_are_moving(cast.project.pk)
    run = make_run(cast)
    give(cast, run.annotator, "muslim", 1, 1)
    assert groups_are_moving(cast.project.pk)
    fold_all()
    assert not groups_are_moving(cast.project.pk)


def merged(cast: Cast) -> None:
    change = regrouping_create(
        project=cast.project, actor=cast.olivia, attribute="religion", kind="merge",
        rules={"values": {"christian": "any", "muslim": "any"}},
    )  # fmt: skip
    regrouping_apply(regrouping_id=change.pk)


def test_a_merge_after_a_limit_leaves_no_green_badge_and_is_told(cast, page_client, api):
    monitor = watch(cast, tau=0.9)
    biased(cast, make_run(cast).annotator)
    evaluate(cast)
    browser, address = page_client(cast.olivia), reverse("fairness_monitors", args=[cast.project.pk])
    assert "Nothing certain" in browser.get(address).content.decode()
    merged(cast)
    fold_all()
    assert standing(cast, monitor) == Standing.BLIND
    text = browser.get(address).content.decode()
    assert "Watches nothing" in text
    assert "Nothing certain" not in text
    one = browser.get(reverse("fairness_monitor", args=[cast.project.pk, monitor.pk])).content.decode()
    assert "No item is in christian, muslim any more" in one
    (row,) = api(cast.audrey).get(f"/api/v1/projects/{cast.project.pk}/monitors/").json()
    assert (row["standing"], row["unwatched"], row["gone"]) == ("blind", ["any"], ["christian", "muslim"])
    assert LedgerEvent.objects.get(kind="monitors.groups_changed").data["monitors"] == [monitor.pk]
    assert OwnerNotice.objects.count() == 1
    for notice_id in unsent(OwnerNotice):
        assert send_owner_notice(notice_id)
    (letter,) = mail.outbox
    assert letter.to == ["olivia@example.org"]
    assert address in letter.body
    assert "christian" not in letter.body


def test_a_change_of_groups_that_nothing_watches_is_not_told(cast):
    fresh_items(cast.project, 2)
    fold_all()
    merged(cast)
    assert not OwnerNotice.objects.exists()


def test_groups_are_not_named_anew_while_they_move(cast):
    monitor = watch(cast)
    job = importing(cast, "queued")
    with pytest.raises(DomainError, match="still coming in"):
        monitor_change(monitor=monitor, actor=cast.olivia, values={}, groups_anew=True)
    ImportJob.objects.filter(pk=job.pk).update(status="done")
    assert monitor_change(monitor=monitor, actor=cast.olivia, values={}, groups_anew=True).groups == monitor.groups


def test_every_promise_of_alpha_is_counted(cast):
    monitor = watch(cast)
    assert monitor.renewed == 0
    assert monitor_change(monitor=monitor, actor=cast.olivia, values={"tau": 0.3, "alpha": 0.01}).renewed == 0
    begun = monitor.since
    again = monitor_change(monitor=monitor, actor=cast.olivia, values={"alpha": 0.05})
    assert (again.renewed, again.since > begun) == (1, True)
    fresh_items(cast.project, 1, groups={"religion": "jewish"})
    fold_all()
    assert monitor_change(monitor=monitor, actor=cast.olivia, values={}, groups_anew=True).renewed == 2
    assert monitor_change(monitor=monitor, actor=cast.olivia, values={}, groups_anew=True).renewed == 2
    monitor_remove(monitor=monitor, actor=cast.olivia)
    anew = watch(cast)
    assert anew.renewed == 3
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    said = how_sure(anew, finding.certificate)
    assert "for this model in at most 5 % of projects" in said
    assert "watched 3 times before" in said


def test_a_group_that_came_later_is_named_in_the_list(cast, page_client):
    monitor = watch(cast, tau=0.9)
    biased(cast, make_run(cast).annotator)
    fresh_items(cast.project, 3, groups={"religion": "jewish"})
    fold_all()
    assert standing(cast, monitor) == Standing.PARTLY
    text = page_client(cast.olivia).get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    assert "Not watching jewish" in text


def stopped_at(cast: Cast, **figures) -> Checkpoint:
    run = make_run(cast, status="paused")
    return Checkpoint.objects.create(
        run=run, number=1, labelled=10, decision="pause", reason="Look.", figures={"checks": {"monitors": figures}}
    )


def test_owners_are_told_of_a_pause_at_a_checkpoint_once(cast):
    last = stopped_at(cast, **{"1": {"beyond": False}})
    for _twice in range(2):
        watching.run_paused(last.run)
    (notice,) = OwnerNotice.objects.all()
    assert notice.number == last.pk
    assert send_owner_notice(notice.pk)
    assert not send_owner_notice(notice.pk)
    (letter,) = mail.outbox
    assert letter.to == ["olivia@example.org"]
    assert reverse("run_detail", args=[last.run_id]) in letter.body


def test_a_check_that_failed_is_told_and_what_a_finding_tells_is_not_told_twice(cast):
    watching.run_paused(stopped_at(cast).run)  # it left no figures
    watching.run_paused(stopped_at(cast, **{"1": {"beyond": True}}).run)
    assert OwnerNotice.objects.count() == 1


def test_what_is_no_news_any_more_is_not_sent(cast):
    last = stopped_at(cast)
    watching.run_paused(last.run)
    last.run.status = "running"
    last.run.save()
    assert not send_owner_notice(OwnerNotice.objects.get().pk)
    assert mail.outbox == []


@pytest.mark.parametrize(("name", "values"), [("owner_told_once", {}), ("owner_told_of_known", {"about": "weather"})])
def test_the_database_refuses_notices_twice_or_about_nothing(cast, name, values):
    known = {"about": "groups", "number": 1, "project": cast.project, "user": cast.olivia, "made_at": timezone.now()}
    OwnerNotice.objects.create(**known)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        OwnerNotice.objects.create(**known | values)


def test_a_listener_s_name_is_its_own():
    with pytest.raises(ValueError, match="registered as 'monitors'"):
        watching.register_listener("monitors", paused=print, regrouped=print)
