"""Lists behind chosen items, agreement and periods: as many as the figure says, after revisions, undos, exclusions."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from annotations.items import patience
from annotations.items.selectors import ItemFilter, count_of, items_of, labels_counted
from annotations.models import Annotation, Assignment, Consensus, Draw, Item, ServingRules
from annotations.services.changes import item_changes
from annotations.serving.services import rules_update
from fairness.models import AgreementFigures
from fairness.services.agreement import agreement_compute
from fairness.services.recount import recount
from ledger.errors import DomainError
from tests.factories import add_label, make_annotator, make_items, make_project
from tests.fairness.conftest import fold_all
from tests.fairness.test_behind_numbers import behind, counts_in
from tests.fairness.test_chosen import checked as drawn_and_checked
from tests.fairness.test_chosen import given
from tests.fairness.test_dashboard import address
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct

pytestmark = pytest.mark.django_db


def taken_out(label: Annotation, status: str) -> None:
    """A label that counts no longer: withdrawn by its person, or excluded by the owner."""
    with item_changes(project=label.project, item_ids=[label.item_id]) as changes:
        Annotation.objects.filter(pk=label.pk).update(status=status)
        changes.withdraw(item_id=label.item_id, annotator_id=label.annotator_id)


def revised(label: Annotation, value: str) -> Annotation:
    with transaction.atomic():
        Annotation.objects.filter(pk=label.pk).update(status="superseded")
        return add_label(label.item, label.annotator, value, supersedes=label, assignment=label.assignment)


@pytest.fixture
def worked(cast, monkeypatch) -> Any:
    """People, two models and an expert at work in two datasets, with labels revised, taken back and excluded."""
    monkeypatch.setattr(patience, "SECONDS", 60)  # what is counted here is not how busy this machine is
    project = cast.project
    other = project.datasets.create(name="Other", created_by=cast.olivia)
    people = [make_annotator(project) for _ in range(3)]
    models = [make_annotator(project, kind="model", name=name) for name in ("smollm2", "other")]
    for place in range(60):
        groups = {"religion": ("christian", "muslim")[place % 2]} if place % 10 else {}
        (item,) = fresh_items(project, 1, groups=groups)
        if place % 3 == 0:
            Item.objects.filter(pk=item.pk).update(dataset=other)
            item.refresh_from_db()
        given_now = [
            add_label(item, person, "keep" if (place + at * (place % 4)) % 3 else "remove")
            for at, person in enumerate(people[: 1 + place % 3])
        ]
        for at, model in enumerate(models):
            if (place + at) % 4:
                add_label(item, model, "keep" if (place * (at + 2)) % 5 else "remove")
        if place % 7 == 1:
            revised(given_now[0], "review")
        if place % 11 == 2:
            taken_out(given_now[-1], "withdrawn")
        if place % 13 == 3:
            taken_out(given_now[0], "excluded")
        if place % 9 == 4:
            correct(item, "settle", "remove")
    fold_all()
    return SimpleNamespace(project=project, other=other, people=people, models=models)


def checked(client: Any, counts: Any) -> int:
    """How many counts have a list, each with as many as it says."""
    found = [one for one in counts_in(counts) if one.url]
    for one in found:
        items, labels = behind(client, one.url)
        assert one.n == (items if labels is None else labels), one
    return len(found)


# --- agreement ------------------------------------------------------------------------------------------------------


def test_agreement_leads_to_the_items_compared_and_those_that_differ(cast, worked, page_client):
    agreement_compute(project_id=cast.project.pk)
    client = page_client(cast.audrey)
    context = client.get(address(cast)).context
    assert len(context["agreement_tiles"]) == 5, "three of people, one of each model"
    assert checked(client, context["agreement_tiles"]) == 10, "each says how many differ, of how many"
    rows = context["agreement_rows"]
    assert {row.part for row in rows} == {"all items", "religion: christian", "religion: muslim"}
    assert all(one.url for row in rows for one in row.counts if one.n)
    groups = {one.url: one for row in rows for one in row.counts if "group=" in one.url}
    assert checked(client, list(groups.values())) >= 10, "of two groups, people and two models"


def test_agreement_that_was_stored_before_leads_to_what_was_compared(cast, worked, page_client):
    agreement_compute(project_id=cast.project.pk)
    stored = AgreementFigures.objects.get()
    for scope in (*stored.figures["people"], *(one for model in stored.figures["models"] for one in model["scopes"])):
        del scope["apart"]
    stored.save()
    client = page_client(cast.olivia)
    tiles = client.get(address(cast)).context["agreement_tiles"]
    assert checked(client, tiles) == len(tiles) == 5


def test_experts_see_what_people_differ_on_and_not_what_a_model_does(cast, worked, page_client):
    agreement_compute(project_id=cast.project.pk)
    client = page_client(cast.edgar)
    tiles = client.get(address(cast)).context["agreement_tiles"]
    assert [bool(one.url) for tile in tiles for one in tile.behind] == [True] * 6 + [False] * 4
    assert checked(client, tiles) == 6


@pytest.mark.parametrize(("which", "names"), [
    ("compared", {"same", "apart", "excluded"}), ("agree", {"same", "excluded"}), ("differ", {"apart"}),
])  # fmt: skip
def test_items_by_what_people_said(cast, api, which, names):
    made = dict(
        zip(("same", "apart", "alone", "undone", "excluded", "model"), make_items(cast.project, 6), strict=True)
    )
    one, two, three = (make_annotator(cast.project) for _ in range(3))
    model = make_annotator(cast.project, kind="model")
    said = {"same": "kk", "apart": "kr", "alone": "k", "undone": "kr", "excluded": "kkr", "model": "k"}
    last = {}
    for name, labels in said.items():
        for person, letter in zip((one, two, three), labels, strict=False):
            last[name] = add_label(made[name], person, {"k": "keep", "r": "remove"}[letter])
    add_label(made["model"], model, "remove")
    add_label(made["same"], model, "remove")
    taken_out(last["undone"], "withdrawn")
    taken_out(last["excluded"], "excluded")
    rows = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/", {"people": which}).json()["results"]
    assert {row["id"] for row in rows} == {made[name].pk for name in names}


# --- periods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?by=people", "?by=model", "?dataset={other}", "?model={model}&label=remove",
                                   "?since=2026-03-01T05&until=2026-03-03T07"])  # fmt: skip
def test_a_period_leads_to_its_labels(cast, worked, page_client, query):
    first = timezone.now().replace(year=2026, month=3, day=1, hour=0, minute=30)
    for number, pk in enumerate(Annotation.objects.order_by("pk").values_list("pk", flat=True)):
        Annotation.objects.filter(pk=pk).update(created_at=first + timedelta(hours=5 * (number % 20)))
    recount(project=cast.project, mend=True)
    client = page_client(cast.olivia)
    asked = query.format(other=worked.other.pk, model=worked.models[0].pk)
    rows = client.get(address(cast, asked)).context["time_rows"]
    assert len({row.until for row in rows}) > 5
    assert checked(client, rows) > 5
    period = client.get(rows[1].url)
    assert period.status_code == 200
    assert "dataset" not in asked or f"dataset={worked.other.pk}" in rows[1].url


def test_a_period_is_never_wider_than_the_time_asked_for(cast, worked, page_client):
    now = timezone.now()
    asked = f"?since={now:%Y-%m-%dT%H}&until={now:%Y-%m-%dT%H}"
    for row in page_client(cast.olivia).get(address(cast, asked)).context["time_rows"]:
        assert f"since={now:%Y-%m-%dT%H}".replace(":", "%3A") in row.url


# --- what was chosen ------------------------------------------------------------------------------------------------


def served(cast, count: int, value: str = "keep", **fields: Any) -> list[Annotation]:
    """Labels of one person, each for a lease that came as ``fields`` say."""
    person = make_annotator(cast.project)
    return [
        add_label(item, person, value, assignment=given(item, person, **fields))
        for item in make_items(cast.project, count)
    ]


def chosen_of(client: Any, cast: Any) -> tuple[Any, Any]:
    context = client.get(address(cast)).context
    return context["chosen"], context["chosen_counts"]


def test_chosen_items_lead_to_their_labels(cast, page_client):
    chosen = served(cast, 7, stream="chosen")
    beside = served(cast, 4, stream="audit")
    served(cast, 3)
    revised(chosen[0], "remove")
    taken_out(chosen[1], "withdrawn")
    taken_out(chosen[2], "excluded")
    for label in beside:  # someone else's label of the same item came as any other does
        add_label(label.item, make_annotator(cast.project), "keep")
    fold_all()
    client = page_client(cast.audrey)
    view, counts = chosen_of(client, cast)
    assert (view.known, view.unknown, view.beside) == (0, 5, 4)
    assert checked(client, counts) == 2
    page = client.get(address(cast)).content.decode()
    assert ">5 labels</a> are of items that had no chance" in page
    assert ">4 labels</a> are of items that came at random beside them" in page
    report = client.get(address(cast, "", "report/")).content.decode()
    assert "5 labels are of items that had no chance" in report


def test_items_that_were_checked_lead_to_these(cast, page_client, monkeypatch):
    drawn_and_checked(cast.project, "muslim", "keep", 6, 0.5)
    drawn_and_checked(cast.project, "christian", "keep", 3, 0.1, "audit")
    Consensus.objects.filter(pk__in=Consensus.objects.order_by("pk").values("pk")[:1]).update(value=None)  # a bad item
    waiting, other = make_items(cast.project, 2)
    Draw.objects.create(
        project=cast.project, item=waiting, stream="chosen", probability=0.5, drawn_at=timezone.now(), is_drawn=True
    )
    Draw.objects.create(
        project=cast.project, item=other, stream="chosen", probability=0.5, drawn_at=timezone.now(), is_drawn=False
    )
    fold_all()
    client = page_client(cast.audrey)
    view, counts = chosen_of(client, cast)
    assert (view.known, view.audited, view.known_from) == (5, 3, 0)
    assert checked(client, counts) == 2
    page = client.get(address(cast)).content.decode()
    assert ">5 finished items</a> were drawn where errors are likely" in page
    monkeypatch.setattr("fairness.selectors.chosen.MOST_CHECKED", 3)
    view, counts = chosen_of(client, cast)
    assert (view.known, view.audited, view.audited_from) == (2, 3, 0), "the newest three, of which one waits"
    assert checked(client, counts) == 2


def test_balanced_labels_lead_to_those_since_the_order_was_set(cast, page_client):
    ServingRules.objects.create(project=cast.project, strategy="stratified", column="religion")
    served(cast, 3, stream="chosen")
    rules_update(project=cast.project, actor=cast.olivia, values={"open_leases": 3})
    served(cast, 6, stream="chosen")
    fold_all()
    client = page_client(cast.olivia)
    view, counts = chosen_of(client, cast)
    assert (view.unknown, view.balanced.labels) == (3, 6)
    assert checked(client, counts) == 2


def test_of_more_labels_than_are_read_the_list_has_those_that_were(cast, page_client, monkeypatch):
    monkeypatch.setattr("fairness.selectors.chosen.MOST", 5)
    served(cast, 7, stream="chosen")
    fold_all()
    client = page_client(cast.olivia)
    view, counts = chosen_of(client, cast)
    assert (view.unknown, view.cut) == (5, True)
    assert checked(client, counts) == 1


def test_experts_are_not_led_to_how_items_were_drawn(cast, page_client, api):
    served(cast, 3, stream="audit")
    fold_all()
    _view, counts = chosen_of(page_client(cast.edgar), cast)
    assert [one.n for one in counts_in(counts)] == [0, 0, 0, 0, 3]
    assert not [one for one in counts_in(counts) if one.url]
    items = f"/api/v1/projects/{cast.project.pk}/items/"
    assert api(cast.edgar).get(items, {"served": "audit"}).status_code == 403
    assert api(cast.edgar).get(items, {"drawn_from": 1}).status_code == 403
    assert api(cast.wanda).get(items, {"served": "audit"}).status_code == 403
    assert api(cast.audrey).get(items, {"served": "audit"}).status_code == 200


@pytest.mark.parametrize("wrong", [{"people": "some"}, {"served": "check"}, {"served_from": 7}, {"drawn_from": 7}])
def test_a_filter_that_is_none_is_refused(cast, api, wrong):
    assert api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/", wrong).status_code == 400
    with pytest.raises(DomainError):
        items_of(cast.project, ItemFilter(**wrong))


def test_labels_of_another_project_are_in_no_list(cast, page_client):
    elsewhere = make_project(cast.stan)
    item = make_items(elsewhere)[0]
    person = make_annotator(elsewhere)
    add_label(item, person, "keep", assignment=given(item, person, stream="audit"))
    assert Assignment.objects.count() == 1
    wanted = ItemFilter(served="audit")
    found = items_of(cast.project, wanted)
    assert (count_of(found), labels_counted(found, wanted)) == (0, 0)
