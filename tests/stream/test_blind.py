"""A check is judged by itself: nobody sees what was said of it, or why it was drawn, before it is settled."""

from __future__ import annotations

import pytest

from annotations.models import Case, StreamRules
from annotations.settling import services
from annotations.settling.services import claim_next, release, settle
from ledger.errors import DomainError
from tests.cases.conftest import dispute, settled  # noqa: F401 — the same disputes
from tests.factories import add_label, make_annotator
from tests.stream.conftest import check, finish, some_of_each, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawn(single):
    """A check of an item that a person called “remove”, and a model “review” with a reason."""
    switch_on(single.project)
    item, _other = some_of_each(single.project)
    finish(item, "remove")
    model = make_annotator(single.project, kind="model", name="smollm2")
    add_label(item, model, "review", reason="It is a matter of taste.", confidence=0.9)
    return Case.objects.get(item=item)


@pytest.fixture
def alternating(monkeypatch):
    """``alternating(0.1)``: how the coin of the next case falls."""

    def fall(value: float) -> None:
        monkeypatch.setattr(services.CHANCE, "random", lambda: value)

    return fall


@pytest.fixture
def at_stake(dispute, drawn):  # noqa: F811
    """``at_stake()``: a dispute over an item that is not drawn, whatever its number."""

    def made() -> Case:
        StreamRules.objects.update(share=0)
        return dispute()

    return made


def test_the_page_shows_the_item_and_nothing_that_was_said_of_it(single, drawn, page_client):
    client = page_client(single.edgar)
    page = client.get(f"/cases/{drawn.pk}/").content.decode()
    assert drawn.item.payload["text"] in page
    assert "To be checked:" in page
    for word in ("1 person", "matter of taste", "smollm2", "audit", "drawn uniformly", "Similar settled cases"):
        assert word not in page
    assert 'value="checked" required data-shortcut="c" aria-keyshortcuts="c" checked' in page
    assert 'value="human_error"' not in page
    queue = client.get(f"/projects/{single.project.pk}/cases/").content.decode()
    assert "Remove × 1" not in queue
    check(single, drawn.item, "keep")
    page = client.get(f"/cases/{drawn.pk}/").content.decode()
    assert "1 person says “Remove”" in page
    assert "matter of taste" in page


def test_the_api_says_no_more(single, drawn, api):
    client = api(single.edgar)
    told = client.get(f"/api/v1/cases/{drawn.pk}/").json()
    assert (told["kind"], told["priority"]) == ("check", 0.0)
    assert (told["people"], told["models"], told["similar"], told["who_said_what"]) == ([], [], [], [])
    assert "remove" not in str(told).lower().replace(drawn.item.payload["text"].lower(), "")
    answer = client.post(
        f"/api/v1/cases/{drawn.pk}/settle/", {"value": "keep", "cause": "checked", "recurrent": False}, format="json"
    )
    assert answer.status_code == 200
    told = client.get(f"/api/v1/cases/{drawn.pk}/").json()
    assert told["people"][0]["value"] == "remove"
    assert told["settlement"]["cause"] == "checked"


def test_both_streams_look_the_same(single, drawn, api):
    from annotations.models import Draw

    Draw.objects.update(stream="chosen", probability=0.7)
    first = api(single.edgar).get(f"/api/v1/cases/{drawn.pk}/").json()
    Draw.objects.update(stream="audit", probability=0.2)
    assert api(single.edgar).get(f"/api/v1/cases/{drawn.pk}/").json() == first


def test_by_the_form_a_check_takes_a_label_and_no_more(single, drawn, page_client):
    client = page_client(single.edgar)
    client.post(f"/cases/{drawn.pk}/settle/", {"value": "keep", "cause": "checked"})
    drawn.refresh_from_db()
    assert drawn.status == "settled"
    assert (drawn.settlement.value, drawn.settlement.reason, drawn.settlement.recurrent) == ("keep", "", False)


@pytest.mark.parametrize("reason", ["", "hm"])
def test_whatever_else_is_the_matter_needs_a_reason(single, drawn, reason):
    with pytest.raises(DomainError) as refused:
        settle(
            expert=single.edgar, case_id=drawn.pk, value="keep", cause="ambiguous_item", recurrent=False, reason=reason
        )
    assert refused.value.fields.keys() == {"reason"}


def test_a_disagreement_is_not_settled_as_a_check(single, dispute, api):  # noqa: F811
    answer = settled(api(single.edgar), dispute(), cause="checked")
    assert answer.status_code == 400
    assert "in view" in answer.content.decode()


def test_who_labelled_the_item_does_not_check_it(single, drawn):
    add_label(drawn.item, make_annotator(single.project, user=single.edgar), "keep")
    assert claim_next(expert=single.edgar, project=single.project) is None
    with pytest.raises(DomainError) as refused:
        check(single, drawn.item)
    assert refused.value.status == 403


def test_checks_come_in_turn_with_what_is_at_stake(single, drawn, at_stake, alternating):
    other = at_stake()
    for value, first in ((0.4, drawn), (0.6, other)):
        alternating(value)
        case = claim_next(expert=single.edgar, project=single.project)
        assert case.pk == first.pk
        release(expert=single.edgar, case_id=case.pk)


def test_where_there_is_only_the_one_the_coin_does_not_matter(single, drawn, at_stake, alternating):
    alternating(0.9)
    assert claim_next(expert=single.edgar, project=single.project).pk == drawn.pk
    check(single, drawn.item)
    other = at_stake()
    alternating(0.1)
    assert claim_next(expert=single.edgar, project=single.project).pk == other.pk


def test_the_check_that_waited_longest_comes_first_whatever_is_expected_of_it(single, drawn, alternating):
    later, _other = some_of_each(single.project)
    finish(later, "keep")
    alternating(0.1)
    assert claim_next(expert=single.edgar, project=single.project).pk == drawn.pk
