"""Figures about the people who label: never of fewer than five, nothing to subtract, nothing that changes by itself."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.demographics.releasing import demographics_release
from annotations.models import Annotator, DemographicsFigures
from annotations.task_types import task_type
from fairness.models import AgreementFigures, RaterFigures
from fairness.services.agreement import agreement_compute, projects_outdated
from fairness.services.rater_groups import rater_groups
from fairness.services.raters import labels_of, projects_to_compute, raters_compute
from fairness.services.showing import Given, allowed
from tests.agreement.test_measures import fill
from tests.demographics.people import ask, make_workers, tell
from tests.factories import add_label
from tests.fairness.test_fold import fresh_items


def crowd(
    sizes: dict[str, int], items: int = 20, lean: str = ""
) -> tuple[Given, list[bool], dict[int, tuple[str, ...]]]:
    """People of these groups ("" for none) who all label all items; those of ``lean`` always choose."""
    chance = random.Random(3)
    member: dict[int, tuple[str, ...]] = {}
    who, what, chosen = [], [], []
    number = 0
    for group, size in sizes.items():
        for _ in range(size):
            number += 1
            member[number] = (group,) if group else ()
            for item in range(items):
                who.append(number)
                what.append(item)
                chosen.append(group == lean or chance.random() < 0.3)
    groups = {item: {"religion": "muslim" if item % 2 else "christian"} for item in range(items)}
    return Given(what, who, [""] * len(who), groups), chosen, member


def shown(sizes: dict[str, int], **more: Any) -> list[str]:
    given, chosen, member = crowd(sizes, **more)
    may = allowed(given, member, ["religion"])
    return [group["group"] for group in rater_groups(given, chosen, member, may)]


def test_five_are_shown_and_four_are_not():
    assert shown({"woman": 5, "": 6}) == ["woman"]
    assert shown({"woman": 4, "": 6}) == []


def test_not_all_groups_are_shown_where_the_rest_would_be_few():
    assert shown({"woman": 6, "man": 6, "": 4}) == ["man"]  # all labels less both groups would be those of four people
    assert shown({"woman": 6, "man": 7, "": 4}) == ["man"]
    assert shown({"woman": 7, "man": 6, "": 4}) == ["woman"]
    assert shown({"woman": 6, "man": 6, "": 5}) == ["man", "woman"]
    assert shown({"woman": 6, "man": 6}) == ["man", "woman"]
    assert shown({"woman": 6, "": 4}) == []


def test_a_group_of_few_labels_is_not_shown():
    assert shown({"woman": 5, "": 6}, items=5) == []  # 25 labels


def test_the_gap_is_that_of_the_labels_in_whole_points_without_counts():
    given, chosen, member = crowd({"woman": 8, "": 8}, items=60, lean="woman")
    (group,) = rater_groups(given, chosen, member, allowed(given, member, ["religion"]))
    assert 0.6 < group["value"] < 0.8
    assert set(group) == {"group", "value", "low", "high", "rates", "odds", "agreement", "interactions"}
    assert group["value"] == round(group["value"], 2)
    assert {one["group"] for one in group["interactions"]} == {"christian", "muslim"}


@pytest.fixture
def told(cast) -> list[Annotator]:
    """Twelve workers who labelled forty items; seven said that they are women, and were counted."""
    ask(cast.project, "gender")
    users = make_workers(cast.project, 12)
    tell(users[:7], cast.project, "gender", "woman")
    people = list(Annotator.objects.filter(project=cast.project, user__in=users).order_by("pk"))
    if not people:
        people = [Annotator.objects.create(project=cast.project, kind="human", user=user) for user in users]
    women = {annotator.user_id for annotator in people} & {user.pk for user in users[:7]}
    chance = random.Random(5)
    for item in fresh_items(cast.project, 40):
        for person in people:
            add_label(
                item, person, "keep" if chance.random() < (0.95 if person.user_id in women else 0.4) else "remove"
            )
    demographics_release(project_id=cast.project.pk)
    return people


def test_it_is_computed_stored_and_shown_with_its_age(cast, page_client, told):
    assert projects_to_compute() == [cast.project.pk]
    page = page_client(cast.audrey).get(f"/projects/{cast.project.pk}/fairness/").content.decode()
    assert "a group of people is shown from five on" in page
    assert raters_compute(project_id=cast.project.pk) == 3  # one for each label
    row = RaterFigures.objects.get(label="keep")
    assert [group["group"] for group in row.groups] == ["woman"]
    assert row.groups[0]["value"] > 0.4
    page = page_client(cast.audrey).get(f"/projects/{cast.project.pk}/fairness/").content.decode()
    assert "beyond chance" in page
    assert "Made on" in page
    assert "Each group beside everyone else" in page
    assert "α" in page


def test_page_table_and_api_tell_the_same_and_experts_nothing(cast, page_client, api, told):
    raters_compute(project_id=cast.project.pk)
    stored = RaterFigures.objects.get(label="keep").groups[0]
    base = f"/projects/{cast.project.pk}/fairness/"
    lines = page_client(cast.audrey).get(f"{base}people-beside.csv?label=keep").content.decode().splitlines()
    assert lines[0] == "question,people,figure,value,low,high,size"
    assert f",rate,{stored['rates']['own']['value']}," in lines[1]
    assert any(",krippendorff_alpha_within," in line for line in lines)
    found = api(cast.audrey).get(f"/api/v1{base}?label=keep").json()["groups_of_people"]
    assert [question["question"] for question in found] == ["Gender"]
    (group,) = found[0]["groups"]
    assert group["gap"]["value"] == stored["value"]
    assert group["odds_ratio"]["size"] == stored["odds"]["size"]
    assert group["agreement"] == stored["agreement"]
    assert api(cast.edgar).get(f"/api/v1{base}?label=keep").json()["groups_of_people"] is None
    assert page_client(cast.edgar).get(f"{base}people-beside.csv").status_code == 403


def test_what_is_shown_stays_until_new_groups_may_be_shown(cast, told):
    raters_compute(project_id=cast.project.pk)
    before = RaterFigures.objects.get(label="keep")
    for item in fresh_items(cast.project, 40):
        for person in told:
            add_label(item, person, "remove")
    assert raters_compute(project_id=cast.project.pk) == 0
    assert RaterFigures.objects.get(label="keep").groups == before.groups
    DemographicsFigures.objects.update(shown_at=timezone.now())
    assert raters_compute(project_id=cast.project.pk) == 3
    assert RaterFigures.objects.get(label="keep").groups != before.groups


def test_a_question_that_is_asked_no_more_is_gone(cast, told):
    raters_compute(project_id=cast.project.pk)
    ask(cast.project)
    raters_compute(project_id=cast.project.pk)
    assert not RaterFigures.objects.exists()


def test_labels_of_uploaded_files_are_not_the_crowd_s(cast, told):
    given = labels_of(cast.project, task_type(cast.schema.task_type))
    fill(cast.project, items=10)
    assert len(labels_of(cast.project, task_type(cast.schema.task_type)).items) == len(given.items) == 480


def test_without_shown_groups_nothing_is_computed(cast):
    assert projects_to_compute() == []
    assert raters_compute(project_id=cast.project.pk) == 0
    assert raters_compute(project_id=999_999) == 0


def test_the_same_figures_twice_are_refused(cast):
    row = {"project": cast.project, "question": "gender", "label": "keep"}
    now = timezone.now()
    RaterFigures.objects.create(**row, shown_at=now, computed_at=now)
    with pytest.raises(IntegrityError, match="rater_figures_once"), transaction.atomic():
        RaterFigures.objects.create(**row, shown_at=now, computed_at=now)


def test_agreement_is_measured_in_the_background_and_says_when(cast, page_client):
    fill(cast.project, items=30)
    url = f"/projects/{cast.project.pk}/fairness/more/"
    assert "Not measured yet" in page_client(cast.olivia).get(url).content.decode()
    assert cast.project.pk in projects_outdated()
    assert agreement_compute(project_id=cast.project.pk)
    stored = AgreementFigures.objects.get(project=cast.project)
    assert stored.figures["people"][0]["figures"][0]["name"] == "raw_agreement"
    assert cast.project.pk not in projects_outdated()  # just done
    answer = page_client(cast.olivia).get(url)
    assert "measured on" in answer.content.decode()
    shown = {tile.value for tile in answer.context["agreement_tiles"]}
    assert f"{stored.figures['people'][0]['figures'][0]['value']:.3f}" in shown
    assert not agreement_compute(project_id=999_999)
