"""Items by page and REST: filters, pages, and what each role may know of the labels."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from annotations.access import Access, project_access
from annotations.items import api as items_api
from annotations.items import patience
from annotations.items import views as items_views
from annotations.items.labels import labels_of
from annotations.items.selectors import ItemFilter, items_of
from annotations.models import Annotator, Assignment, Case, Consensus, Dataset, Item, ItemFlag, QueueEntry
from annotations.selectors.keyset import keyset_page
from ledger.errors import DomainError
from tests.factories import CHOICES, add_label, make_annotator, make_cast, make_items
from tests.fairness.test_monitor_cells import correct

LADDER = [("olivia", 200), ("edgar", 200), ("audrey", 200), ("wanda", 403), ("stan", 404)]


def _person(cast, name):
    return getattr(cast, name) if name else None


@pytest.mark.parametrize(("who", "page", "rest"), [*((w, s, s) for w, s in LADDER), (None, 302, 401)])
def test_who_may_look(cast, api, page_client, who, page, rest):
    (item,) = make_items(cast.project)
    user = _person(cast, who)
    for path in (f"/projects/{cast.project.pk}/items/", f"/items/{item.pk}/"):
        assert page_client(user).get(path).status_code == page
    for path in (f"/api/v1/projects/{cast.project.pk}/items/", f"/api/v1/items/{item.pk}/"):
        assert api(user).get(path).status_code == rest


def test_missing_and_wrong_verbs(cast, api, page_client):
    (item,) = make_items(cast.project)
    assert page_client(cast.olivia).get("/items/999999/").status_code == 404
    assert api(cast.olivia).get("/api/v1/items/999999/").status_code == 404
    assert api(cast.olivia).get("/api/v1/projects/999999/items/").status_code == 404
    for verb in ("post", "put", "delete"):
        assert getattr(page_client(cast.olivia), verb)(f"/items/{item.pk}/").status_code == 405
        assert getattr(page_client(cast.olivia), verb)(f"/projects/{cast.project.pk}/items/").status_code == 405
        assert getattr(api(cast.olivia), verb)(f"/api/v1/items/{item.pk}/").status_code == 405


@pytest.fixture
def variety(cast) -> dict[str, Item]:
    """One item of each sort."""
    names = ("plain", "keep", "remove", "disputed", "flagged", "elsewhere")
    items = dict(zip(names, make_items(cast.project, 6, groups={"religion": "none"}), strict=True))
    people = [make_annotator(cast.project) for _ in range(3)]
    for value in ("keep", "remove"):
        for person in people[:2]:
            add_label(items[value], person, value)
    add_label(items["disputed"], people[0], "keep")
    add_label(items["disputed"], people[1], "remove")
    ItemFlag.objects.create(item=items["flagged"], annotator=people[0], reason="It came twice")
    other = Dataset.objects.create(project=cast.project, name="Other", created_by=cast.olivia)
    Item.objects.filter(pk=items["elsewhere"].pk).update(dataset=other, groups={"religion": "jewish"})
    return items


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"plain", "keep", "remove", "disputed", "flagged", "elsewhere"}),
        ("state=decided", {"keep", "remove"}),
        ("state=undecided", {"plain", "disputed", "flagged", "elsewhere"}),
        ("label=keep", {"keep"}),
        ("label=review", set()),
        ("case=true", {"disputed"}),
        ("flagged=true", {"flagged"}),
        ("group=religion:jewish", {"elsewhere"}),
        ("group=religion:none&state=decided", {"keep", "remove"}),
        ("dataset={other}", {"elsewhere"}),
        ("external_id={plain}", {"plain"}),
    ],
)
def test_filters(cast, api, page_client, variety, query, names):
    other = Dataset.objects.get(name="Other").pk
    query = query.format(other=other, plain=variety["plain"].external_id)
    wanted = {variety[name].pk for name in names}
    rows = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?{query}").json()["results"]
    assert {row["id"] for row in rows} == wanted
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/items/?{query.replace('true', 'on')}")
    assert {row["item"].pk for row in page.context["rows"]} == wanted
    assert page.context["filtered"] == bool(query)


@pytest.mark.parametrize("query", ["state=maybe", "dataset=x", "group=religion", "case=perhaps"])
def test_filters_that_are_none(cast, api, query):
    assert api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["state=maybe", "group=religion", "beside=religion", "group=religion:" + "x" * 1000])
def test_a_page_with_a_wrong_filter_says_so_and_shows_nothing(cast, page_client, query):
    make_items(cast.project, 2)
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/items/?{query}&before=x")
    assert page.status_code == 200
    assert page.context["rows"] == []
    assert page.context["counted"] == ""
    assert "callout-bad" in page.content.decode()


def test_groups_that_are_not_offered_can_be_asked_for(cast, page_client):
    """More than are offered, newer than what is offered, and longer than most."""
    long = "x" * 300
    items = make_items(cast.project, 3)
    address, client = f"/projects/{cast.project.pk}/items/", page_client(cast.olivia)
    client.get(address)  # what is offered from now on
    Item.objects.filter(pk=items[0].pk).update(groups={"religion": "new: one", "origin": long})
    for query in ({"group": "religion:new: one"}, {"beside": f"origin:{long}"}):
        page = client.get(address, query)
        assert [row["item"].pk for row in page.context["rows"]] == [items[0].pk], query


def test_what_takes_too_long_is_given_up(cast, api, page_client, monkeypatch):
    """A list that the database cannot find in time says so, by page and REST; the next statement has all its time."""
    make_items(cast.project, 2)
    slow = RawSQL("pg_sleep(2) IS NOT NULL", [], output_field=BooleanField())
    monkeypatch.setattr(patience, "SECONDS", 0.05)
    for module in (items_views, items_api):
        real = module.items_of
        monkeypatch.setattr(module, "items_of", lambda project, wanted, real=real: real(project, wanted).filter(slow))
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/items/?state=undecided")
    assert page.status_code == 200
    assert page.context["rows"] == []
    assert "takes too long" in page.content.decode()
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?state=undecided")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "takes_too_long")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_items_that_lack_labels(cast, api):
    """Unsettled, and fewer labels of people than the project asks for; leases out count as missing."""
    full, some, none, leased, settled, more = made = make_items(cast.project, 6, groups={"religion": "none"})
    people = [make_annotator(cast.project) for _ in range(3)]
    for item, count in ((full, 3), (some, 2), (settled, 1), (more, 3)):
        for person in people[:count]:
            add_label(item, person, "keep")
    add_label(none, make_annotator(cast.project, kind="model"), "keep")
    QueueEntry.objects.filter(item=leased).update(remaining=0)
    Assignment.objects.create(
        project=cast.project, item=leased, annotator=people[0], schema=cast.project.schemas.get(), status="leased",
        leased_at=timezone.now(), expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    Consensus.objects.filter(item=settled).delete()
    correct(settled, "settle", "keep")
    QueueEntry.objects.filter(item=more).update(redundancy=5, raised=2, remaining=2)
    rows = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?state=incomplete").json()["results"]
    assert {row["id"] for row in rows} == {some.pk, none.pk, leased.pk}, [item.pk for item in made]


def test_labels_of_several_are_found_in_the_list(db, api):
    cast = make_cast(task="multiple_choice", config={**CHOICES, "min_choices": 0, "max_choices": 3})
    (item,) = make_items(cast.project)
    for _ in range(2):
        add_label(item, make_annotator(cast.project), ["keep", "review"])
    rows = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?label=review").json()["results"]
    assert rows[0]["consensus"]["value"] == ["keep", "review"]


def test_pages_follow_the_key_both_ways_while_items_come_in(cast):
    keys = [item.pk for item in make_items(cast.project, 7)][::-1]
    items = items_of(cast.project, ItemFilter())
    first = keyset_page(items, size=3)
    assert ([item.pk for item in first.items], first.after) == (keys[:3], None)
    make_items(cast.project, 2)
    second = keyset_page(items, size=3, before=first.before)
    assert [item.pk for item in second.items] == keys[3:6]
    third = keyset_page(items, size=3, before=second.before)
    assert ([item.pk for item in third.items], third.before) == (keys[6:], None)
    back = keyset_page(items, size=3, after=third.after)
    assert [item.pk for item in back.items] == keys[3:6]
    assert back.before == second.before
    newest = keyset_page(items, size=5, after=keys[0])
    assert (len(newest.items), newest.after) == (2, None)
    assert keyset_page(Item.objects.none(), size=3).items == []


def test_the_page_links_to_the_next_with_its_filter(cast, page_client):
    make_items(cast.project, 51)
    client = page_client(cast.olivia)
    page = client.get(f"/projects/{cast.project.pk}/items/?state=undecided")
    assert len(page.context["rows"]) == 50
    following = client.get(f"/projects/{cast.project.pk}/items/{page.context['next_url']}")
    assert len(following.context["rows"]) == 1
    assert "state=undecided" in following.context["prev_url"]


def test_lists_ask_few_questions(cast, api, page_client, variety, django_assert_max_num_queries):
    client, pages = api(cast.olivia), page_client(cast.olivia)
    with django_assert_max_num_queries(6):
        client.get(f"/api/v1/projects/{cast.project.pk}/items/")
    with django_assert_max_num_queries(14):
        pages.get(f"/projects/{cast.project.pk}/items/")
    with django_assert_max_num_queries(14):
        pages.get(f"/items/{variety['disputed'].pk}/")


def test_an_owner_sees_who_said_what_by_pseudonym(cast, api, page_client):
    (item,) = make_items(cast.project)
    person = Annotator.objects.create(project=cast.project, kind="human", user=cast.wanda)
    named = make_annotator(cast.project, name="ann@example.org")
    model = make_annotator(cast.project, kind="model", name="smol")
    add_label(item, person, "keep")
    add_label(item, named, "keep")
    add_label(item, model, "remove", confidence=0.5)
    shown = api(cast.audrey).get(f"/api/v1/items/{item.pk}/").json()
    assert shown["labels_hidden"] is False
    assert [(row["annotator"], row["kind"], row["value"]) for row in shown["labels"]] == [
        (person.pseudonym, "human", "keep"),
        (named.pseudonym, "human", "keep"),
        ("smol", "model", "remove"),
    ]
    assert shown["label_counts"] == [
        {"value": "keep", "people": 2, "models": 0},
        {"value": "remove", "people": 0, "models": 1},
    ]
    assert shown["cases"][0]["kind"] == "human_model"
    page = page_client(cast.olivia).get(f"/items/{item.pk}/").content.decode()
    assert person.pseudonym in page
    assert "example.org" not in page.split("<main")[1]


def test_an_expert_sees_counts_until_the_item_is_settled(cast, api, page_client, variety):
    item = variety["disputed"]
    pseudonyms = set(Annotator.objects.values_list("pseudonym", flat=True))
    shown = api(cast.edgar).get(f"/api/v1/items/{item.pk}/").json()
    assert (shown["labels_hidden"], shown["labels"]) == (True, [])
    assert shown["label_counts"] == [
        {"value": "keep", "people": 1, "models": 0},
        {"value": "remove", "people": 1, "models": 0},
    ]
    page = page_client(cast.edgar).get(f"/items/{item.pk}/").content.decode()
    assert "not shown to experts" in page
    assert not pseudonyms & set(re.findall(r"a-[0-9a-f]{12}", page))

    undisputed = api(cast.edgar).get(f"/api/v1/items/{variety['keep'].pk}/").json()
    assert undisputed["labels"] == []  # a case may still open

    Case.objects.filter(item=item).update(status="settled")
    Consensus.objects.create(
        item=item, project=cast.project, schema=cast.schema, value="keep", method="settled",
        evidence={"settlement": 1}, decided_at=item.created_at,
    )  # fmt: skip
    settled = api(cast.edgar).get(f"/api/v1/items/{item.pk}/").json()
    assert settled["labels_hidden"] is False
    assert len(settled["labels"]) == 2


def test_flags_are_shown_without_who_raised_them(cast, api, page_client, variety):
    item = variety["flagged"]
    (flag,) = api(cast.olivia).get(f"/api/v1/items/{item.pk}/").json()["flags"]
    assert set(flag) == {"reason", "created_at"}
    page = page_client(cast.edgar).get(f"/items/{item.pk}/").content.decode()
    assert "It came twice" in page
    assert ItemFlag.objects.get().annotator.pseudonym not in page


def test_an_empty_project_says_what_to_do(cast, page_client):
    owner = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/items/").content.decode()
    assert f'href="/projects/{cast.project.pk}/imports/"' in owner.split('class="empty-actions"')[1]
    expert = page_client(cast.edgar).get(f"/projects/{cast.project.pk}/items/").content.decode()
    assert "owner can upload" in expert


def test_markup_in_an_item_is_text(cast, page_client):
    payload = {"text": "<script>alert(1)</script>"}
    (item,) = make_items(cast.project, extra={"<b>": "<i>"}, groups={"religion": "<u>"})
    Item.objects.filter(pk=item.pk).update(payload=payload)
    for path in (f"/projects/{cast.project.pk}/items/", f"/items/{item.pk}/"):
        page = page_client(cast.olivia).get(path).content.decode()
        assert "<script>alert" not in page
        assert "<u>" not in page
        assert "<i>" not in page


def test_selectors_take_no_nonsense(cast):
    with pytest.raises(DomainError, match="decided or undecided"):
        items_of(cast.project, ItemFilter(state="x"))
    access = project_access(cast.edgar, cast.project.pk)
    assert isinstance(access, Access)
    (item,) = make_items(cast.project)
    assert labels_of(access, item).counts == []


@pytest.fixture
def said(cast) -> tuple[dict[str, Item], Annotator]:
    """Items with labels of a person, of a model, of both."""
    items = dict(zip(("person", "model", "both", "nobody"), make_items(cast.project, 4), strict=True))
    person, model = make_annotator(cast.project), make_annotator(cast.project, kind="model")
    add_label(items["person"], person, "keep")
    add_label(items["model"], model, "keep")
    add_label(items["both"], person, "remove")
    add_label(items["both"], model, "keep")
    return items, model


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("given=keep", {"person", "model", "both"}),
        ("given=keep&by=people", {"person"}),
        ("given=keep&since=2020-01-01T00:00:00Z", {"person", "model", "both"}),
        ("since=2100-01-01T00:00:00Z", set()),
        ("given=keep&by=people&until=2020-01-01T00:00:00Z", set()),
        ("given=keep&by=model", {"model", "both"}),
        ("by=people", {"person", "both"}),
        ("annotator={model}", {"model", "both"}),
        ("annotator={model}&given=remove", set()),
        ("annotator=999999", set()),
    ],
)
def test_items_by_who_gave_them_what(cast, api, page_client, said, query, names):
    items, model = said
    query = query.format(model=model.pk)
    wanted = {items[name].pk for name in names}
    rows = api(cast.audrey).get(f"/api/v1/projects/{cast.project.pk}/items/?{query}").json()["results"]
    assert {row["id"] for row in rows} == wanted
    page = page_client(cast.audrey).get(f"/projects/{cast.project.pk}/items/?{query}")
    assert {row["item"].pk for row in page.context["rows"]} == wanted


def test_experts_find_items_by_kind_and_not_by_annotator(cast, api, page_client, said):
    _items, model = said
    url = f"projects/{cast.project.pk}/items/?annotator={model.pk}"
    assert page_client(cast.edgar).get(f"/{url}").status_code == 403
    answer = api(cast.edgar).get(f"/api/v1/{url}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "annotators_hidden")
    assert api(cast.edgar).get(f"/api/v1/projects/{cast.project.pk}/items/?by=model").status_code == 200


def test_labels_taken_back_are_not_found(cast, api, said):
    items, _model = said
    items["person"].annotations.update(status="withdrawn")
    rows = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?by=people").json()["results"]
    assert {row["id"] for row in rows} == {items["both"].pk}


@pytest.mark.parametrize("query", ["by=crowd", "annotator=x", "annotator=0"])
def test_filters_by_label_that_are_none(cast, api, query):
    assert api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/?{query}").status_code == 400
