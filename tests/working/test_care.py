"""Care: the owner's rules, one's own preferences, and the limit on content that is warned of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from annotations.models import CareRules, Exposure, WorkerPreferences
from annotations.working.care import care_for, note_exposure, refuse_over_exposure, shown_today
from annotations.working.services import care_change, preferences_change
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_annotator, make_project

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def warned(cast):
    cast.project.content_warning = "Some messages are hostile."
    cast.project.save()
    return cast


def refusal(annotator, now=NOON, **more) -> str:
    """What the person is told; empty where they may go on."""
    try:
        refuse_over_exposure(annotator, now, **more)
    except DomainError as refused:
        return refused.message if (refused.code, refused.status) == ("exposure_limit", 409) else refused.code
    return ""


def test_without_rules_the_defaults_hold(cast):
    care = care_for(cast.wanda, cast.project)
    assert (care.break_minutes, care.blur, care.items_per_day, care.minutes_per_day) == (45, False, None, 240)
    cast.project.content_warning = "Hostile."
    assert care_for(cast.wanda, cast.project).blur


@pytest.mark.parametrize(
    ("rules", "own", "expected"),
    [
        ({}, {"blur": "never"}, (45, False, None, 240)),
        ({"blur": False}, {"blur": "always", "break_minutes": 0}, (0, True, None, 240)),
        ({"warned_items_per_day": 50}, {"warned_items_per_day": 80}, (45, True, 50, 240)),
        ({"warned_items_per_day": 50}, {"warned_items_per_day": 20, "warned_minutes_per_day": 30}, (45, True, 20, 30)),
        ({"break_minutes": 20, "warned_minutes_per_day": None}, {"warned_items_per_day": 5}, (20, True, 5, None)),
    ],
)
def test_a_persons_own_wish_counts_and_their_limit_only_lowers(warned, rules, own, expected):
    CareRules.objects.create(project=warned.project, **rules)
    WorkerPreferences.objects.create(user=warned.wanda, **own)
    care = care_for(warned.wanda, warned.project)
    assert (care.break_minutes, care.blur, care.items_per_day, care.minutes_per_day) == expected


def test_the_limit_of_items_counts_over_projects_and_until_midnight(warned, worker):
    other = make_project(warned.olivia, content_warning="Violence.")
    CareRules.objects.create(project=warned.project, warned_items_per_day=3)
    here, there = worker(warned.wanda, warned.project), worker(warned.wanda, other)
    note_exposure(here, milliseconds=10, now=NOON)
    note_exposure(there, milliseconds=10, now=NOON)
    assert refusal(here) == ""
    assert "3 items" in refusal(here, held=1)
    note_exposure(there, milliseconds=10, now=NOON)
    message = refusal(here)
    assert "limit of 3 items a day" in message
    assert "March 5, 2026, midnight (UTC)" in message
    assert refusal(there) == ""
    assert refusal(worker(warned.walt, warned.project)) == ""
    assert refusal(here, NOON + timedelta(hours=12)) == ""
    assert (shown_today(warned.wanda, NOON).items, shown_today(warned.wanda, NOON).minutes) == (3, 1)


def test_the_limit_of_minutes_holds_by_default_and_may_be_ones_own(warned, worker):
    wanda = worker(warned.wanda, warned.project)
    note_exposure(wanda, milliseconds=239 * 60_000, now=NOON)
    assert refusal(wanda) == ""
    note_exposure(wanda, milliseconds=60_000, now=NOON, items=0)
    assert "limit of 240 minutes a day" in refusal(wanda)
    CareRules.objects.create(project=warned.project, warned_minutes_per_day=None)
    assert refusal(wanda) == ""
    WorkerPreferences.objects.create(user=warned.wanda, warned_minutes_per_day=10)
    assert "limit of 10 minutes a day" in refusal(wanda)
    assert Exposure.objects.get().items == 1


def test_what_is_not_warned_of_and_who_is_no_person_has_no_limit(warned, worker):
    CareRules.objects.create(project=warned.project, warned_items_per_day=1)
    harmless = make_project(warned.olivia)
    CareRules.objects.create(project=harmless, warned_items_per_day=1)
    calm = worker(warned.wanda, harmless)
    note_exposure(calm, milliseconds=10, now=NOON)
    assert not Exposure.objects.exists()
    note_exposure(worker(warned.wanda, warned.project), milliseconds=10, now=NOON)
    assert refusal(calm) == ""
    program = worker(warned.walt, warned.project)
    program.origin = "simulated"
    gone = make_annotator(warned.project)
    for annotator in (program, gone):
        note_exposure(annotator, milliseconds=10, now=NOON)
        assert refusal(annotator) == ""
    assert Exposure.objects.count() == 1


def test_the_limit_costs_one_look_up(warned, worker, django_assert_num_queries):
    wanda = worker(warned.wanda, warned.project)
    with django_assert_num_queries(1):
        refuse_over_exposure(wanda, NOON)
    with django_assert_num_queries(1):
        note_exposure(wanda, milliseconds=10, now=NOON)


def test_what_is_shown_at_the_same_moment_is_all_counted(transactional_db, worker):
    from threading import Thread

    from tests.factories import make_cast

    cast = make_cast(content_warning="Hostile.")
    wanda = worker(cast.wanda, cast.project)

    def work() -> None:
        try:
            for _ in range(5):
                note_exposure(wanda, milliseconds=7, now=NOON)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = Exposure.objects.get()
    assert (row.items, row.milliseconds) == (20, 140)


def test_each_change_of_rules_is_an_event_and_a_change_of_nothing_is_none(cast):
    care_change(project=cast.project, actor=cast.olivia, break_minutes=20, warned_items_per_day=100)
    care_change(project=cast.project, actor=cast.olivia, break_minutes=20)
    (event,) = LedgerEvent.objects.filter(kind="care.changed")
    assert event.data == {"changed": {"break_minutes": [45, 20], "warned_items_per_day": [None, 100]}}


def test_the_ledger_does_not_learn_what_a_person_prefers(cast):
    preferences_change(user=cast.wanda, blur="always", warned_minutes_per_day=15)
    (event,) = LedgerEvent.objects.filter(kind="preferences.changed")
    assert event.data == {"changed": ["blur", "warned_minutes_per_day"]}
    assert event.project_id is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"change_minutes": -1}, {"change_minutes": 43_201}, {"break_minutes": 481}, {"warned_items_per_day": 0},
        {"warned_minutes_per_day": 1441},
    ],
)  # fmt: skip
def test_rules_out_of_range_are_refused_everywhere(cast, page_client, api, wrong):
    with pytest.raises(DomainError) as refused:
        care_change(project=cast.project, actor=cast.olivia, **wrong)
    assert refused.value.fields.keys() == wrong.keys()
    form = {"change_minutes": 60, "break_minutes": 30, "warned_items_per_day": "", "warned_minutes_per_day": ""}
    page = reverse("project_setting_care", args=[cast.project.pk])
    assert page_client(cast.olivia).post(page, form | wrong).status_code == 422
    sent = api(cast.olivia).patch(reverse("api_care", args=[cast.project.pk]), wrong, format="json")
    assert sent.status_code == 400
    assert sent.json()["error"]["fields"].keys() == wrong.keys()
    assert not CareRules.objects.exists()


@pytest.mark.parametrize("wrong", [{"blur": "sometimes"}, {"break_minutes": -5}, {"warned_items_per_day": 0}])
def test_preferences_out_of_range_are_refused_everywhere(cast, page_client, api, wrong):
    assert page_client(cast.wanda).post(reverse("work_preferences"), wrong).status_code == 422
    assert api(cast.wanda).patch(reverse("api_work_preferences"), wrong, format="json").status_code == 400
    assert not WorkerPreferences.objects.exists()


def test_a_closed_project_keeps_its_rules(cast):
    type(cast.project).objects.update(status="closed")
    with pytest.raises(DomainError) as refused:
        care_change(project=cast.project, actor=cast.olivia, break_minutes=5)
    assert refused.value.code == "project_closed"


def test_the_pages_store_what_they_show(cast, page_client, api):
    page, form = reverse("project_setting_care", args=[cast.project.pk]), {
        "change_minutes": 60, "break_minutes": 30, "warned_items_per_day": 40, "warned_minutes_per_day": "",
    }  # fmt: skip
    client = page_client(cast.olivia)
    assert 'value="1440"' in client.get(page).content.decode()
    assert client.post(page, form).url == page
    rules = CareRules.objects.get()
    assert (rules.change_minutes, rules.warned_items_per_day, rules.warned_minutes_per_day, rules.blur) == (
        60,
        40,
        None,
        False,
    )
    assert api(cast.wanda).get(reverse("api_care", args=[cast.project.pk])).json() == {
        "change_minutes": 60, "break_minutes": 30, "warned_items_per_day": 40, "warned_minutes_per_day": None,
        "blur": False,
    }  # fmt: skip
    own = page_client(cast.wanda)
    assert own.post(reverse("work_preferences"), {"blur": "always", "break_minutes": "15"}).status_code == 302
    answer = api(cast.wanda).get(reverse("api_work_preferences")).json()
    assert answer == {
        "break_minutes": 15, "warned_items_per_day": None, "warned_minutes_per_day": None, "blur": "always",
        "shown_today": {"items": 0, "minutes": 0},
    }  # fmt: skip
    assert WorkerPreferences.objects.get().user == cast.wanda


def test_the_warning_says_what_is_done_about_it(warned, page_client):
    CareRules.objects.create(project=warned.project, warned_items_per_day=30, break_minutes=20)
    WorkerPreferences.objects.create(user=warned.wanda, warned_minutes_per_day=15)
    page = page_client(warned.wanda).get(reverse("label", args=[warned.project.pk])).content.decode()
    for words in (
        "Some messages are hostile.", "Items are blurred until you reveal them.", "proposed after 20 minutes",
        "at most 15 minutes a day", "at most 30 such items a day", reverse("work_preferences"),
    ):  # fmt: skip
        assert words in page, words


def test_the_database_holds_what_blur_can_be(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkerPreferences.objects.create(user=cast.wanda, blur="maybe")
