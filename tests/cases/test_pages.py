"""The queue and the settling page as plain forms."""

from __future__ import annotations

import re

import pytest

from annotations.models import Annotator, Case, Settlement
from annotations.settling.services import claim, settle
from tests.factories import add_label

VERDICT = {"value": "keep", "cause": "human_error", "reason": "The rules say so."}


@pytest.fixture
def edgar(cast, page_client):
    return page_client(cast.edgar)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def queue_url(cast) -> str:
    return f"/projects/{cast.project.pk}/cases/"


def test_the_queue_shows_the_item_and_both_sides(cast, dispute, edgar):
    case = dispute(people=("keep", "keep", "remove"), model="remove")
    text = words(edgar.get(queue_url(cast)))
    assert case.item.payload["text"] in text
    assert "Keep × 2, Remove × 1" in text


def test_the_queue_filters_by_state_and_kind(cast, dispute, edgar):
    people, model = dispute(), dispute(people=("keep", "keep"), model="remove")
    settle(expert=cast.edgar, case_id=people.pk, recurrent=False, **VERDICT)
    assert people.item.payload["text"] not in words(edgar.get(queue_url(cast)))
    assert people.item.payload["text"] in words(edgar.get(f"{queue_url(cast)}?status=settled"))
    assert model.item.payload["text"] in words(edgar.get(f"{queue_url(cast)}?kind=human_model"))
    assert "No such cases" in words(edgar.get(f"{queue_url(cast)}?kind=human_human"))
    assert edgar.get(f"{queue_url(cast)}?status=nonsense&kind=nonsense&page=x").status_code == 200


def test_an_empty_queue_says_when_a_case_opens(cast, edgar):
    assert "A case opens by itself" in words(edgar.get(queue_url(cast)))


def test_the_queue_costs_a_bounded_number_of_queries(cast, dispute, edgar, django_assert_max_num_queries):
    for _ in range(8):
        dispute(model="review")
    with django_assert_max_num_queries(16):
        edgar.get(queue_url(cast))


def test_next_takes_the_case_and_opens_it(cast, dispute, edgar):
    case = dispute()
    response = edgar.post(f"{queue_url(cast)}next/", follow=True)
    assert response.redirect_chain == [(f"/cases/{case.pk}/", 302)]
    assert Case.objects.get().claimed_by == cast.edgar
    assert "Your verdict" in words(response)


def test_next_with_nothing_left_says_so(cast, edgar):
    assert "No open case is free" in words(edgar.post(f"{queue_url(cast)}next/", follow=True))


def test_the_page_shows_why_it_is_open_and_nobodys_name(cast, dispute, edgar):
    case = dispute(people=("keep", "remove"), model="remove", confidence=0.93, reason="A slur.")
    response = edgar.get(f"/cases/{case.pk}/")
    text = words(response)
    assert "1 person says “Keep”; 1 person says “Remove”. The model says “Remove”, 93 % sure." in text.replace(
        "&quot;", '"'
    )
    assert "A slur." in text
    names = Annotator.objects.filter(project=cast.project).values_list("pseudonym", "name")
    assert not [name for pair in names for name in pair if name and name in response.content.decode()]


def test_the_form_settles_and_opens_the_next(cast, dispute, edgar):
    first, second = dispute(), dispute()
    data = {**VERDICT, "recurrent": "yes", "key": "k1", "then": "next"}
    response = edgar.post(f"/cases/{first.pk}/settle/", data, follow=True)
    assert response.redirect_chain == [(f"/cases/{second.pk}/", 302)]
    made = Settlement.objects.get()
    assert (made.value, made.cause, made.recurrent, made.settled_by) == ("keep", "human_error", True, cast.edgar)


def test_the_form_sent_twice_settles_once(cast, dispute, edgar):
    case = dispute()
    for _ in range(2):
        assert edgar.post(f"/cases/{case.pk}/settle/", {**VERDICT, "key": "k1"}).status_code == 302
    assert Settlement.objects.count() == 1


def test_a_settled_case_shows_the_verdict_and_who_said_what(cast, dispute, edgar):
    case = dispute()
    response = edgar.post(f"/cases/{case.pk}/settle/", VERDICT, follow=True)
    text = words(response)
    assert "The rules say so." in text
    assert "Who said what" in text
    pseudonyms = Annotator.objects.filter(project=cast.project, kind="human").values_list("pseudonym", flat=True)
    assert all(pseudonym in text for pseudonym in pseudonyms)


def test_a_bad_item_is_settled_without_a_label(cast, dispute, edgar):
    case = dispute()
    data = {"cause": "bad_item", "reason": "Only a link, nothing to judge."}
    edgar.post(f"/cases/{case.pk}/settle/", data)
    assert Settlement.objects.get().value is None


@pytest.mark.parametrize(
    ("change", "says"),
    [({"value": ""}, "Choose one label"), ({"cause": ""}, "Say what went wrong"), ({"reason": "no"}, "in a few words")],
)
def test_an_incomplete_form_comes_back_as_it_was_filled_in(cast, dispute, edgar, change, says):
    case = dispute()
    data = {name: text for name, text in {**VERDICT, "reason": "Because of it", **change}.items() if text}
    response = edgar.post(f"/cases/{case.pk}/settle/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert says in words(response)
    for name in ("value", "cause"):
        if name in data:
            assert re.search(rf'value="{data[name]}"[^>]*checked', page)
    assert data["reason"] in page


def test_a_case_that_another_holds_or_one_has_labelled_offers_no_form(cast, dispute, edgar):
    held, own = dispute(), dispute()
    claim(expert=cast.olivia, case_id=held.pk)
    assert "Another expert is working on this" in words(edgar.get(f"/cases/{held.pk}/"))
    annotator = Annotator.objects.create(project=cast.project, kind="human", user=cast.edgar)
    add_label(own.item, annotator, "keep")
    assert "You labelled this item" in words(edgar.get(f"/cases/{own.pk}/"))
    response = edgar.post(f"/cases/{own.pk}/settle/", VERDICT, follow=True)
    assert "somebody else has to settle it" in words(response)
    assert not Settlement.objects.exists()


def test_take_and_give_back(cast, dispute, edgar):
    case = dispute()
    assert edgar.post(f"/cases/{case.pk}/claim/").status_code == 302
    assert Case.objects.get().claimed_by == cast.edgar
    edgar.post(f"/cases/{case.pk}/release/")
    assert Case.objects.get().claimed_by is None


def test_an_auditor_reads_without_the_form(cast, dispute, page_client):
    case = dispute()
    client = page_client(cast.audrey)
    assert "Next case" not in words(client.get(queue_url(cast)))
    assert "Your verdict" not in words(client.get(f"/cases/{case.pk}/"))


@pytest.mark.parametrize(
    ("who", "reads", "acts"),
    [
        ("stan", 404, 404),
        ("wanda", 403, 403),
        ("audrey", 200, 403),
        ("edgar", 200, 302),
        ("olivia", 200, 302),
        (None, 302, 302),
    ],
)
def test_staff_read_and_experts_act(cast, dispute, page_client, who, reads, acts):
    case = dispute()
    client = page_client(getattr(cast, who) if who else None)
    assert client.get(queue_url(cast)).status_code == reads
    assert client.get(f"/cases/{case.pk}/").status_code == reads
    assert client.post(f"{queue_url(cast)}next/").status_code == acts
    for verb in ("claim", "release", "settle"):
        assert client.post(f"/cases/{case.pk}/{verb}/", VERDICT).status_code == acts
    case.refresh_from_db()
    assert case.status == ("settled" if who in ("edgar", "olivia") else "open")


def test_addresses_refuse_what_is_not_there_and_the_wrong_verb(cast, dispute, edgar):
    case = dispute()
    assert edgar.get("/projects/999999/cases/").status_code == 404
    assert edgar.get("/cases/999999/").status_code == 404
    assert edgar.post(queue_url(cast)).status_code == 405
    assert edgar.post(f"/cases/{case.pk}/").status_code == 405
    for verb in ("claim", "release", "settle"):
        assert edgar.post(f"/cases/999999/{verb}/").status_code == 404
        assert edgar.get(f"/cases/{case.pk}/{verb}/").status_code == 405
