"""The labelling page as a plain form."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Annotation, Assignment, ItemFlag
from tests.factories import add_label, make_annotator, make_items


def page_url(cast) -> str:
    return f"/projects/{cast.project.pk}/label/"


@pytest.fixture
def items(cast):
    return make_items(cast.project, 3)


@pytest.fixture
def wanda(cast, items, page_client):
    return page_client(cast.wanda)


@pytest.fixture
def lease(cast, wanda) -> Assignment:
    assert wanda.get(page_url(cast)).status_code == 200
    return Assignment.objects.get()


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_opening_the_page_leases_one_item_and_reloading_keeps_it(cast, wanda, lease):
    again = wanda.get(page_url(cast))
    assert lease.item.payload["text"] in again.content.decode()
    assert Assignment.objects.count() == 1
    assert "no-store" in again.headers["Cache-Control"]


def test_the_page_shows_nothing_that_could_sway(cast, page_client):
    (item,) = make_items(cast.project, 1, gold="remove", external_id="hateful-17")
    add_label(
        item, make_annotator(cast.project, kind="model", name="llama"), "remove", reason="a slur", confidence=0.91
    )
    page = page_client(cast.wanda).get(page_url(cast)).content.decode()
    assert item.payload["text"] in page
    assert not [word for word in ("hateful-17", "a slur", "0.98765", "llama", "muslim", "christian") if word in page]


def test_the_form_labels_and_leads_to_the_next_item(cast, wanda, lease):
    data = {"value": "keep", "key": "k1", "active_ms": "0"}
    response = wanda.post(f"/assignments/{lease.pk}/submit/", data, follow=True)
    assert response.redirect_chain == [(page_url(cast), 302)]
    assert Annotation.objects.get().value == "keep"
    assert lease.item.payload["text"] not in words(response)


def test_the_form_sent_twice_stores_one_label_and_says_so(cast, wanda, lease):
    data = {"value": "keep", "key": "k1"}
    wanda.post(f"/assignments/{lease.pk}/submit/", data)
    response = wanda.post(f"/assignments/{lease.pk}/submit/", data, follow=True)
    assert Annotation.objects.count() == 1
    assert "saved already" in words(response)


def test_a_form_without_a_choice_comes_back_with_the_reason(cast, wanda, lease):
    response = wanda.post(f"/assignments/{lease.pk}/submit/", {"key": "k1"}, follow=True)
    assert "Choose one label." in words(response)
    assert lease.item.payload["text"] in words(response)


def test_undo_shows_the_item_again_with_the_label_chosen(cast, wanda, lease):
    wanda.post(f"/assignments/{lease.pk}/submit/", {"value": "review", "key": "k1"})
    response = wanda.post(f"/assignments/{lease.pk}/undo/", follow=True)
    page = response.content.decode()
    assert lease.item.payload["text"] in page
    assert re.search(r'value="review"[^>]*checked', page)
    late = wanda.post(f"/assignments/{lease.pk}/undo/", follow=True)
    assert late.status_code == 200


def test_skip_and_flag_take_a_ready_reason_or_ones_own(cast, wanda, lease):
    wanda.post(f"/assignments/{lease.pk}/flag/", {"other": "contains a phone number"})
    assert ItemFlag.objects.get().reason == "contains a phone number"
    wanda.post(f"/assignments/{lease.pk}/skip/", {"reason": "It distresses me"})
    lease.refresh_from_db()
    assert (lease.status, lease.skip_reason) == ("skipped", "It distresses me")


def test_a_skip_without_a_reason_comes_back(cast, wanda, lease):
    response = wanda.post(f"/assignments/{lease.pk}/skip/", {}, follow=True)
    assert "why you skip" in words(response)


def test_nothing_left_says_what_was_done_and_offers_undo(cast, page_client):
    cast.project.wage_per_hour = 36
    cast.project.save()
    make_items(cast.project)
    client = page_client(cast.wanda)
    client.get(page_url(cast))
    response = client.post(f"/assignments/{Assignment.objects.get().pk}/submit/", {"value": "keep"}, follow=True)
    text = words(response)
    assert "Nothing left for you" in text
    assert "You gave 1 label" in text
    assert "0.10 EUR" in text
    assert f"/assignments/{Assignment.objects.get().pk}/undo/" in response.content.decode()


@pytest.mark.parametrize(("status", "says"), [("paused", "Paused"), ("closed", "closed"), ("draft", "being set up")])
def test_a_project_that_is_not_active_says_why(cast, wanda, status, says):
    cast.project.status = status
    cast.project.save()
    assert says in words(wanda.get(page_url(cast)))
    assert not Assignment.objects.exists()


def test_the_content_warning_comes_before_the_first_item_and_again_when_it_changes(cast, wanda):
    cast.project.content_warning = "Slurs ahead."
    cast.project.save()
    assert "Slurs ahead." in words(wanda.get(page_url(cast)))
    assert not Assignment.objects.exists()
    wanda.post(f"/projects/{cast.project.pk}/label/ready/")
    wanda.get(page_url(cast))
    assert Assignment.objects.count() == 1
    cast.project.content_warning = "Slurs and threats ahead."
    cast.project.save()
    assert "Before you begin" in words(wanda.get(page_url(cast)))


def test_pay_is_shown_as_earned_and_as_what_the_time_pays(cast, wanda, lease):
    cast.project.wage_per_hour, cast.project.expected_seconds = 36, 10
    cast.project.save()
    wanda.post(f"/assignments/{lease.pk}/submit/", {"value": "keep"})
    Annotation.objects.update(active_ms=5000)
    text = words(wanda.get(page_url(cast)))
    assert "0.10 EUR" in text
    assert "72.00 EUR an hour" in text
    assert "1 labels now, 1 in all" in text


def test_a_session_ends_with_half_an_hour_away(cast, wanda, lease):
    wanda.post(f"/assignments/{lease.pk}/submit/", {"value": "keep"})
    Annotation.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert "0 labels now, 1 in all" in words(wanda.get(page_url(cast)))
    wanda.post(f"/assignments/{Assignment.objects.get(status='leased').pk}/submit/", {"value": "keep"})
    assert "1 labels now, 2 in all" in words(wanda.get(page_url(cast)))


def test_guidelines_are_shown_without_what_could_run(cast, wanda):
    schema = cast.project.schemas.get()
    schema.guidelines = "# Rules\n\n**Judge** the words. <script>x()</script> [site](javascript:x)"
    schema.save()
    page = wanda.get(page_url(cast)).content.decode()
    assert "<strong>Judge</strong>" in page
    assert "<h3>Rules</h3>" in page
    assert "x()</script>" not in page
    assert 'href="javascript' not in page


ADDRESSES = ("submit", "undo", "skip", "flag")


@pytest.mark.parametrize(
    ("who", "status"), [("stan", 404), ("olivia", 403), ("edgar", 403), ("audrey", 403), ("walt", 404), (None, 302)]
)
def test_only_the_worker_who_holds_the_item_may_act(cast, lease, page_client, who, status):
    client = page_client(getattr(cast, who) if who else None)
    for verb in ADDRESSES:
        response = client.post(f"/assignments/{lease.pk}/{verb}/", {"value": "keep", "reason": "x"})
        assert response.status_code == status
    lease.refresh_from_db()
    assert lease.status == "leased"


@pytest.mark.parametrize(
    ("who", "status"), [("stan", 404), ("olivia", 403), ("edgar", 403), ("audrey", 403), (None, 302), ("walt", 200)]
)
def test_only_workers_open_the_page(cast, items, page_client, who, status):
    assert page_client(getattr(cast, who) if who else None).get(page_url(cast)).status_code == status


def test_addresses_refuse_what_is_not_there_and_the_wrong_verb(cast, wanda, lease):
    assert wanda.get("/projects/999999/label/").status_code == 404
    assert wanda.post(page_url(cast)).status_code == 405
    assert wanda.get(f"/projects/{cast.project.pk}/label/ready/").status_code == 405
    for verb in ADDRESSES:
        assert wanda.post(f"/assignments/999999/{verb}/").status_code == 404
        assert wanda.get(f"/assignments/{lease.pk}/{verb}/").status_code == 405


def test_the_page_costs_a_bounded_number_of_queries(cast, wanda, lease, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        wanda.get(page_url(cast))
