"""Counting people into a project's figures, and what is shown of them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.demographics import boxes
from accounts.demographics.boxes import box_of
from accounts.services.demographics import demographics_change, demographics_delete, demographics_erase
from annotations.demographics.releasing import counts_of, demographics_release
from annotations.demographics.selectors import figures_of, groups_of
from annotations.models import Annotator, DemographicsFigures, DemographicsRules
from annotations.tasks import count_demographics, publish_demographics
from ledger.models import LedgerEvent
from tests.demographics.people import ask, make_workers, tell
from tests.exporting.helpers import export
from tests.factories import add_label, make_cast, make_items, make_project

pytestmark = pytest.mark.django_db


def shown(project) -> dict[str, int]:
    """Group → at least so many, of the first question."""
    (figure, *_more) = figures_of(project).figures
    return {group.key: group.least for group in figure.groups if group.least}


def release(project) -> bool:
    return demographics_release(project_id=project.pk)


def test_four_are_not_counted_and_the_fifth_brings_them_all_in_at_once(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 20)
    tell(users[:4], cast.project, "gender", "woman")
    assert not release(cast.project)
    assert not DemographicsFigures.objects.exists()
    tell(users[4:5], cast.project, "gender", "man")
    assert not release(cast.project)  # counted now, but no group is large enough
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 4, "man": 1}}
    assert shown(cast.project) == {}
    tell(users[5:10], cast.project, "gender", "woman")
    assert release(cast.project)
    assert shown(cast.project) == {"woman": 5}
    assert not release(cast.project)


def test_nothing_that_is_stored_in_the_clear_tells_of_people_who_are_not_shown(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 30)
    tell(users[:5], cast.project, "gender", "woman")
    release(cast.project)
    first = DemographicsFigures.objects.values("shown", "crowd", "shown_at").get()
    events = LedgerEvent.objects.count()
    make_workers(cast.project, 3)
    tell(users[5:9], cast.project, "gender", "woman")
    tell(users[9:10], cast.project, "gender", "man")
    assert not release(cast.project)
    assert DemographicsFigures.objects.values("shown", "crowd", "shown_at").get() == first
    assert LedgerEvent.objects.count() == events


def test_only_those_who_agreed_with_this_project_and_label_here_are_counted(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 20)
    tell(users[:4], cast.project, "gender", "woman")
    for user in users[4:10]:
        demographics_change(user=user, answers={"gender": ["woman"]})  # for no project
    outsiders = [cast.stan, cast.edgar]
    tell(outsiders, cast.project, "gender", "woman")
    assert not release(cast.project)
    assert not DemographicsFigures.objects.exists()


def test_a_person_is_counted_once_whatever_they_do(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 40)
    tell(users[:5], cast.project, "gender", "woman")
    release(cast.project)
    for _again in range(3):
        for user in users[:5]:
            demographics_delete(user=user)
        tell(users[:5], cast.project, "gender", "woman")
        assert not release(cast.project)
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 5}}
    tell(users[5:9], cast.project, "gender", "woman")
    assert not release(cast.project)
    assert box_of(users[5].pk).counted == {}


def test_a_figure_does_not_move_when_somebody_changes_revokes_or_is_erased(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 40)
    tell(users[:5], cast.project, "gender", "woman")
    release(cast.project)
    tell(users[:1], cast.project, "gender", "man")
    demographics_change(user=users[1], consents={cast.project.pk: []})
    demographics_delete(user=users[2])
    demographics_erase(user=users[3])
    assert not release(cast.project)
    assert shown(cast.project) == {"woman": 5}
    assert groups_of(cast.project.pk, "gender") == {}  # used in a figure they must still be five


def test_each_question_waits_for_its_own_five(cast):
    ask(cast.project, "gender", "religion")
    users = make_workers(cast.project, 40)
    for user in users[:6]:
        demographics_change(
            user=user,
            answers={"gender": ["woman"]} | ({"religion": ["none"]} if user in users[:3] else {}),
            consents={cast.project.pk: ["gender", "religion"]},
        )
    assert release(cast.project)
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 6}}
    for user in users[3:6]:
        demographics_change(user=user, answers={"religion": ["none"]})
    assert release(cast.project)
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 6}, "religion": {"none": 6}}


def test_several_answers_of_one_person_count_in_several_groups(cast):
    ask(cast.project, "first_language")
    users = make_workers(cast.project, 12)
    tell(users[:6], cast.project, "first_language", "english", "hindi")
    assert release(cast.project)
    (figure,) = figures_of(cast.project).figures
    assert {group.key: group.least for group in figure.groups if group.least} == {"english": 5, "hindi": 5}
    assert figure.rest is None
    groups = groups_of(cast.project.pk, "first_language")
    assert set(groups.values()) == {("english", "hindi")}


def test_what_is_no_longer_asked_is_not_shown_counted_or_used(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 30)
    tell(users[:6], cast.project, "gender", "woman")
    release(cast.project)
    ask(cast.project, "religion")
    tell(users[6:12], cast.project, "gender", "woman")
    assert not release(cast.project)
    assert figures_of(cast.project).figures[0].question.key == "religion"
    assert groups_of(cast.project.pk, "gender") == {}
    ask(cast.project, "gender")
    assert shown(cast.project) == {"woman": 5}
    assert release(cast.project)
    assert shown(cast.project) == {"woman": 10}


def test_groups_for_comparing_are_shown_ones_of_five_or_more(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 40)
    tell(users[:7], cast.project, "gender", "woman")
    tell(users[7:11], cast.project, "gender", "man")
    tell(users[11:17], cast.project, "gender", "non_binary")
    release(cast.project)
    pks = dict(Annotator.objects.filter(project=cast.project).values_list("user_id", "pk"))
    expected = {pks[user.pk]: ("woman",) for user in users[:7]} | {
        pks[user.pk]: ("non_binary",) for user in users[11:17]
    }
    assert groups_of(cast.project.pk, "gender") == expected
    tell(users[17:20], cast.project, "gender", "woman")  # they wait to be counted
    assert groups_of(cast.project.pk, "gender") == expected
    demographics_change(user=users[11], consents={cast.project.pk: []})
    demographics_change(user=users[12], consents={cast.project.pk: []})
    assert set(groups_of(cast.project.pk, "gender").values()) == {("woman",)}
    assert groups_of(cast.project.pk, "mood") == {}
    assert groups_of(0, "gender") == {}


def test_without_a_key_nothing_is_counted_or_shown(cast, settings):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 20)
    tell(users[:9], cast.project, "gender", "woman")
    settings.DEMOGRAPHICS_KEYS = ()
    assert not release(cast.project)
    assert figures_of(cast.project).figures == []
    assert groups_of(cast.project.pk, "gender") == {}


def test_other_projects_count_apart(cast):
    other = make_project(cast.olivia, name="Other")
    ask(cast.project, "gender")
    ask(other, "gender")
    users = make_workers(cast.project, 20)
    Annotator.objects.bulk_create(Annotator(project=other, user=user, kind="human") for user in users)
    tell(users[:6], cast.project, "gender", "woman")
    assert not demographics_release(project_id=other.pk)
    assert release(cast.project)
    assert not DemographicsFigures.objects.filter(project=other).exists()


def test_the_hourly_task_counts_every_project_that_asks(cast, monkeypatch):
    sent = []
    monkeypatch.setattr(count_demographics, "delay", sent.append)
    assert publish_demographics() == 0
    ask(cast.project, "gender")
    assert publish_demographics() == 1
    assert sent == [cast.project.pk]
    tell(make_workers(cast.project, 12)[:6], cast.project, "gender", "woman")
    assert count_demographics(cast.project.pk) is True
    assert count_demographics(cast.project.pk) is False


def test_a_count_that_dies_half_way_has_counted_nobody(cast, monkeypatch):
    ask(cast.project, "gender")
    tell(make_workers(cast.project, 20)[:6], cast.project, "gender", "woman")

    def dies(*args, **values):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("annotations.demographics.releasing._show", dies)
        with pytest.raises(RuntimeError):
            release(cast.project)
    assert release(cast.project)
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 6}}


@pytest.mark.django_db(transaction=True)
def test_two_counts_at_once_count_everybody_once():
    project = make_cast().project
    ask(project, "gender")
    tell(make_workers(project, 20)[:8], project, "gender", "woman")
    start, results = threading.Barrier(2), []

    def count() -> None:
        try:
            start.wait(10)
            results.append(demographics_release(project_id=project.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [False, True]
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 8}}


def test_the_database_refuses_figures_without_their_time_and_questions_without_a_reason(cast):
    for wrong in ({"shown": {"gender": {"woman": 5}}}, {"shown": {}, "shown_at": timezone.now()}):
        with pytest.raises(IntegrityError, match="demographics_shown_with_its_time"), transaction.atomic():
            DemographicsFigures.objects.create(project=cast.project, **wrong)
    with pytest.raises(IntegrityError, match="demographics_asked_with_reason"), transaction.atomic():
        DemographicsRules.objects.create(project=cast.project, questions=["gender"], reason="")


def test_exports_are_the_same_before_and_after_people_told_something(cast, api):
    users = make_workers(cast.project, 12)
    (item,) = make_items(cast.project)
    for user in users[:6]:
        add_label(item, Annotator.objects.get(project=cast.project, user=user), "keep")
    before = {what: export(api(cast.olivia), cast.project, what) for what in ("annotations", "items")}
    ask(cast.project, "religion")
    tell(users[:6], cast.project, "religion", "sikh")
    release(cast.project)
    assert shown(cast.project) == {"sikh": 5}
    assert {what: export(api(cast.olivia), cast.project, what) for what in before} == before


def test_reading_a_crowd_takes_one_statement_for_a_thousand_boxes(cast, django_assert_num_queries, monkeypatch):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 30)
    tell(users, cast.project, "gender", "woman")
    with django_assert_num_queries(1):
        assert len(boxes.boxes_of([user.pk for user in users])) == 30
    monkeypatch.setattr(boxes, "AT_ONCE", 10)
    with django_assert_num_queries(3):
        assert len(boxes.boxes_of([user.pk for user in users])) == 30


def test_the_crowd_and_the_day_are_those_of_what_is_shown(cast):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 20)
    tell(users[:6], cast.project, "gender", "woman")
    release(cast.project)
    make_workers(cast.project, 3)
    figures = figures_of(cast.project)
    assert (figures.crowd, figures.figures[0].rest) == (20, 15)
    assert timezone.now() - figures.at < timedelta(minutes=1)
