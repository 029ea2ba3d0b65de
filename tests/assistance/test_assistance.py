"""A model's label shown first: only where switched on, not on the items held out, measured, and never a choice made."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotations.assistance.coin import held_out
from annotations.assistance.selectors import assistance_of, measure
from annotations.assistance.services import assistance_change, shown_label
from annotations.labelling.services import claim, skip, submit
from annotations.models import Annotation, Annotator, Assignment, AssistanceRules, Suggestion
from annotations.working.changing import change_answer
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_items, make_project


@pytest.fixture
def model(cast) -> Annotator:
    return make_annotator(cast.project, kind="model", name="small-2 · prompt 1")


@pytest.fixture
def on(cast, model) -> AssistanceRules:
    """Half of the items are held out; the seed is fixed."""
    return AssistanceRules.objects.create(project=cast.project, is_on=True, model=model, holdout_share=0.5, seed=11)


def worker(cast, user) -> Annotator:
    return Annotator.objects.get_or_create(project=cast.project, user=user, defaults={"kind": "human"})[0]


def labelled_by(model, items, value="remove") -> None:
    for item in items:
        add_label(item, model, value)


def work_through(annotator, number: int) -> dict[int, Assignment]:
    """Item id → assignment, each labelled “keep”."""
    done = {}
    for _ in range(number):
        lease = claim(annotator=annotator, project=annotator.project)
        submit(annotator=annotator, assignment_id=lease.pk, value="keep")
        done[lease.item_id] = lease
    return done


def test_nobody_is_shown_anything_unless_it_is_switched_on(cast, model, api, page_client):
    labelled_by(model, make_items(cast.project, 2))
    answer = api(cast.wanda).post(reverse("api_next", args=[cast.project.pk])).json()["assignment"]
    assert answer["suggestion"] is None
    assert not Suggestion.objects.exists()
    page = page_client(cast.walt).get(reverse("label", args=[cast.project.pk]))
    assert "small-2" not in page.content.decode()
    assert "data-suggestion hidden" in page.content.decode()


def test_the_coin_decides_for_each_person_and_item_and_is_recorded(cast, model, on):
    items = make_items(cast.project, 16)
    labelled_by(model, items)
    for user in (cast.wanda, cast.walt):
        annotator = worker(cast, user)
        for item_id, lease in work_through(annotator, 16).items():
            out = held_out(11, annotator.pk, item_id, 0.5)
            row = Suggestion.objects.get(assignment=lease)
            assert (row.shown, row.value, row.model) == (not out, "remove", model)
            assert shown_label(lease) == (None if out else "remove")
    shown = Suggestion.objects.filter(shown=True)
    arms = [
        set(shown.filter(assignment__annotator__user=user).values_list("assignment__item", flat=True))
        for user in (cast.wanda, cast.walt)
    ]
    assert arms[0] != arms[1]
    assert {True, False} == set(Suggestion.objects.values_list("shown", flat=True))


def test_what_is_shown_says_whose_it_is_and_chooses_nothing(cast, model, on, api, page_client):
    labelled_by(model, make_items(cast.project, 12))
    AssistanceRules.objects.update(holdout_share=0.05)
    client, rest = page_client(cast.wanda), api(cast.wanda)
    shown = client.get(reverse("label", args=[cast.project.pk])).content.decode()
    lease = Assignment.objects.get()
    assert Suggestion.objects.get().shown
    assert "Suggested by model" in shown
    assert "small-2 · prompt 1" in shown
    assert ">Remove</b>" in shown
    assert " checked" not in shown
    again = rest.post(reverse("api_next", args=[cast.project.pk])).json()["assignment"]
    assert again["id"] == lease.pk
    assert again["suggestion"] == {"value": "remove", "label": "Remove", "model": "small-2 · prompt 1"}
    assert again["taken_back"] is None


def test_what_is_held_out_is_shown_nowhere(cast, model, on, api, page_client):
    labelled_by(model, make_items(cast.project, 12))
    AssistanceRules.objects.update(holdout_share=0.95)
    rest = api(cast.wanda)
    answer = rest.post(reverse("api_next", args=[cast.project.pk])).json()["assignment"]
    assert answer["suggestion"] is None
    assert Suggestion.objects.get().shown is False
    assert "small-2" not in page_client(cast.wanda).get(reverse("label", args=[cast.project.pk])).content.decode()


def test_an_item_without_a_model_label_is_in_neither_arm(cast, model, on):
    make_items(cast.project)
    work_through(worker(cast, cast.wanda), 1)
    assert not Suggestion.objects.exists()
    assert measure(cast.project) == ()


def test_an_item_that_comes_again_is_shown_as_before(cast, model, on):
    (item,) = make_items(cast.project)
    labelled_by(model, [item])
    wanda = worker(cast, cast.wanda)
    lease = claim(annotator=wanda, project=cast.project)
    before = Suggestion.objects.values().get()
    Assignment.objects.update(status="expired")
    Annotation.objects.filter(annotator=model).update(value="review")
    AssistanceRules.objects.update(seed=12, holdout_share=0.95)
    assert claim(annotator=wanda, project=cast.project).pk == lease.pk
    assert Suggestion.objects.values().get() == before


def test_the_effect_counts_current_labels_of_the_items_that_had_a_model_label(cast, model, on):
    items = make_items(cast.project, 8)
    labelled_by(model, items[:6])
    wanda = worker(cast, cast.wanda)
    done = work_through(wanda, 7)
    first = next(lease for item, lease in done.items() if item == items[0].pk)
    given = Annotation.objects.get(assignment=first)
    change_answer(annotator=wanda, annotation_id=given.pk, value="remove")
    last = claim(annotator=wanda, project=cast.project)
    skip(annotator=wanda, assignment_id=last.pk, reason="It distresses me")
    (found,) = measure(cast.project)
    shown = Suggestion.objects.filter(shown=True, assignment__status="submitted").count()
    assert (found.effect.shown.labels, found.effect.held_out.labels) == (shown, 6 - shown)
    assert found.effect.shown.agreeing + found.effect.held_out.agreeing == 1
    assert (found.name, found.effect.insufficient) == ("small-2 · prompt 1", "few_people")


def anchored(cast, model, people: int, each: int) -> None:
    """A crowd that follows what it is shown and otherwise says the opposite."""
    items = make_items(cast.project, each)
    labelled_by(model, items)
    for number in range(people):
        annotator = make_annotator(cast.project)
        for item in items:
            lease = Assignment.objects.create(
                project=cast.project, item=item, annotator=annotator, schema=cast.schema, status="submitted",
                leased_at="2026-01-01T00:00Z", expires_at="2026-01-01T00:10Z",
            )  # fmt: skip
            shown = not held_out(11, annotator.pk, item.pk, 0.5)
            Suggestion.objects.create(
                assignment=lease,
                project=cast.project,
                model=model,
                value="remove",
                shown=shown,
                decided_at=lease.leased_at,
            )
            follows = shown and (item.pk + number) % 4
            add_label(item, annotator, "remove" if follows else "keep", assignment=lease)


def test_page_and_api_tell_the_effect_in_plain_words(cast, model, on, api, page_client):
    anchored(cast, model, people=7, each=20)
    page = page_client(cast.olivia).get(reverse("agreement", args=[cast.project.pk])).content.decode()
    assert "Assistance is on: before they answer, people see what small-2 · prompt 1 says, except on 50 %" in page
    assert "some of this agreement is the suggestion&#x27;s doing" in page
    answer = api(cast.edgar).get(reverse("api_assistance", args=[cast.project.pk])).json()
    (effect,) = answer["effects"]
    assert answer["is_on"] is True
    assert effect["people"] == 7
    assert effect["held_out"]["agreeing"] == 0
    assert effect["effect"] == pytest.approx(effect["shown"]["share"])
    assert 0.5 < effect["low"] < effect["effect"] < effect["high"] < 1
    assert (effect["insufficient"], effect["explanation"]) == (None, "")


def test_too_little_is_said_on_page_and_api(cast, model, on, api, page_client):
    anchored(cast, model, people=2, each=3)
    page = page_client(cast.olivia).get(reverse("agreement", args=[cast.project.pk])).content.decode()
    assert "There is not enough data yet" in page
    (effect,) = api(cast.olivia).get(reverse("api_assistance", args=[cast.project.pk])).json()["effects"]
    assert (effect["effect"], effect["low"], effect["insufficient"]) == (None, None, "few_people")
    assert effect["explanation"].startswith("Fewer than five people")


def test_the_page_says_that_it_is_off(cast, model, page_client):
    (item,) = make_items(cast.project)
    add_label(item, make_annotator(cast.project), "keep")
    page = page_client(cast.olivia).get(reverse("agreement", args=[cast.project.pk])).content.decode()
    assert "Assistance is off: nobody has seen a model's label" in page
    assert assistance_of(cast.project).was_used is False


def test_switching_is_in_the_ledger(cast, model):
    change = {"project": cast.project, "actor": cast.olivia}
    assistance_change(**change, is_on=True, model=model.pk)
    assistance_change(**change, is_on=True)
    assistance_change(**change, holdout_share=0.3)
    assistance_change(**change, is_on=False)
    events = LedgerEvent.objects.filter(kind__startswith="assistance.").order_by("pk")
    assert [(event.kind, event.data) for event in events] == [
        ("assistance.on", {"model": model.pk, "holdout_share": 0.2}),
        ("assistance.changed", {"model": model.pk, "holdout_share": 0.3}),
        ("assistance.off", {"model": model.pk, "holdout_share": 0.3}),
    ]


def test_the_owner_switches_by_page_and_api(cast, model, api, page_client):
    page = reverse("project_setting_assistance", args=[cast.project.pk])
    client = page_client(cast.olivia)
    assert 'value="20.0"' in client.get(page).content.decode()
    assert client.post(page, {"is_on": "on", "model": model.pk, "holdout_percent": "25"}).url == page
    rules = AssistanceRules.objects.get()
    assert (rules.is_on, rules.model, rules.holdout_share) == (True, model, 0.25)
    answer = api(cast.olivia).patch(reverse("api_assistance", args=[cast.project.pk]), {"is_on": False}, format="json")
    assert answer.json() == {"is_on": False, "model": "small-2 · prompt 1", "holdout_share": 0.25, "effects": []}


@pytest.mark.parametrize("wrong", [{"holdout_share": 0}, {"holdout_share": 1}, {"is_on": True}, {"model": 10**9}])
def test_what_cannot_be_measured_or_shown_is_refused(cast, model, api, wrong):
    sent = api(cast.olivia).patch(reverse("api_assistance", args=[cast.project.pk]), wrong, format="json")
    assert sent.status_code == 400
    with pytest.raises(DomainError) as refused:
        assistance_change(project=cast.project, actor=cast.olivia, **wrong)
    assert refused.value.fields
    assert not AssistanceRules.objects.exists()


def test_only_a_model_of_this_project_is_shown(cast):
    person = make_annotator(cast.project)
    foreign = make_annotator(make_project(cast.olivia), kind="model")
    for wrong in (person, foreign):
        with pytest.raises(DomainError) as refused:
            assistance_change(project=cast.project, actor=cast.olivia, is_on=True, model=wrong.pk)
        assert refused.value.fields.keys() == {"model"}


@pytest.mark.parametrize("wrong", [{"is_on": True}, {"holdout_share": 0.01}, {"holdout_share": 1.0}])
def test_the_database_holds_what_assistance_is(cast, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        AssistanceRules.objects.create(project=cast.project, seed=1, **wrong)


def test_an_export_says_which_labels_were_given_after_a_suggestion(transactional_db, cast, model, on, page_client):
    items = make_items(cast.project, 8)
    labelled_by(model, items)

    def exported() -> dict[str, str]:
        answer = page_client(cast.olivia).get(
            reverse("api_exports", args=[cast.project.pk]), {"what": "annotations", "format": "csv"}
        )
        rows = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
        return {row["annotation_id"]: row["assisted_by"] for row in rows}

    assert set(exported().values()) == {""}
    done = work_through(worker(cast, cast.wanda), 8)
    shown = {lease.pk for lease in done.values() if shown_label(lease)}
    assert 0 < len(shown) < 8
    expected = {str(one.pk): model.name if one.assignment_id in shown else "" for one in Annotation.objects.all()}
    assert exported() == expected
