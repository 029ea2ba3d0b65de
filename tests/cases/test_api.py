"""REST of cases and consensus."""

from __future__ import annotations

import json

import pytest

from accounts.authentication import token_digest
from accounts.models import ApiToken
from annotations.models import Annotator, Case, Consensus
from tests.cases.conftest import settled
from tests.factories import add_label, make_annotator, make_items, make_project

VERBS = ("claim", "release", "settle")
VERDICT = {"value": "keep", "cause": "human_error", "recurrent": False, "reason": "The rules say so."}


@pytest.fixture
def edgar(cast, api):
    return api(cast.edgar)


def cases_url(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/cases/"


def test_cases_come_with_most_at_stake_first_and_page_by_cursor(cast, dispute, edgar):
    calm = [dispute(people=("keep", "keep", "remove")) for _ in range(2)]
    hot = [dispute() for _ in range(3)]
    seen, url = [], f"{cases_url(cast)}?page_size=2"
    while url:
        page = edgar.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == [case.pk for case in hot + calm]


def test_cases_filter_by_state_and_kind(cast, dispute, edgar):
    people, model = dispute(), dispute(people=("keep", "keep"), model="remove")
    settled(edgar, people)
    assert [row["id"] for row in edgar.get(f"{cases_url(cast)}?status=open").json()["results"]] == [model.pk]
    assert [row["id"] for row in edgar.get(f"{cases_url(cast)}?status=settled").json()["results"]] == [people.pk]
    assert [row["id"] for row in edgar.get(f"{cases_url(cast)}?kind=human_model").json()["results"]] == [model.pk]
    assert edgar.get(f"{cases_url(cast)}?status=nonsense").status_code == 400


def test_a_list_of_cases_costs_a_bounded_number_of_queries(cast, dispute, edgar, django_assert_max_num_queries):
    for _ in range(6):
        dispute()
    with django_assert_max_num_queries(8):
        assert len(edgar.get(cases_url(cast)).json()["results"]) == 6


def test_a_case_shows_both_sides_and_nobodys_name(cast, dispute, edgar):
    case = dispute(people=("keep", "remove"), model="remove", confidence=0.9, reason="A slur.")
    data = edgar.get(f"/api/v1/cases/{case.pk}/").json()
    assert data["people"] == [
        {"value": "keep", "words": "Keep", "count": 1},
        {"value": "remove", "words": "Remove", "count": 1},
    ]
    assert data["models"] == [{"value": "remove", "words": "Remove", "confidence": 0.9, "reason": "A slur."}]
    assert "90\u00a0% sure" in data["why"]
    assert (data["settlement"], data["who_said_what"]) == (None, [])
    names = Annotator.objects.filter(project=cast.project).values_list("pseudonym", "name")
    text = json.dumps(data)
    assert not [name for pair in names for name in pair if name and name in text]


def test_take_settle_and_the_next_in_one_answer(cast, dispute, edgar):
    first, second = dispute(), dispute()
    taken = edgar.post(f"{cases_url(cast)}next/").json()["case"]
    assert (taken["id"], taken["taken"], taken["mine"]) == (first.pk, True, True)
    body = {**VERDICT, "recurrent": True, "claim_next": True}
    answer = edgar.post(f"/api/v1/cases/{first.pk}/settle/", body, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200
    data = answer.json()
    assert (data["settlement"]["words"], data["settlement"]["recurrent"]) == ("Keep", True)
    assert data["next"]["id"] == second.pk
    again = edgar.post(f"/api/v1/cases/{first.pk}/settle/", body, headers={"Idempotency-Key": "k1"}).json()
    assert again["settlement"] == data["settlement"]
    shown = edgar.get(f"/api/v1/cases/{first.pk}/").json()
    assert shown["settlement"] == data["settlement"]
    assert len(shown["who_said_what"]) == 2


def test_no_case_left_is_an_answer_not_an_error(cast, edgar):
    answer = edgar.post(f"{cases_url(cast)}next/")
    assert (answer.status_code, answer.json()) == (200, {"case": None})


def test_one_expert_cannot_take_anothers_case(cast, dispute, edgar, api):
    case = dispute()
    assert edgar.post(f"/api/v1/cases/{case.pk}/claim/").json()["mine"] is True
    answer = api(cast.olivia).post(f"/api/v1/cases/{case.pk}/claim/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "case_taken")
    assert edgar.post(f"/api/v1/cases/{case.pk}/release/").json()["taken"] is False
    assert api(cast.olivia).post(f"/api/v1/cases/{case.pk}/claim/").status_code == 200


def test_who_labelled_the_item_is_told_why_they_cannot_settle_it(cast, dispute, edgar):
    case = dispute()
    annotator = Annotator.objects.create(project=cast.project, kind="human", user=cast.edgar)
    add_label(case.item, annotator, "keep")
    answer = settled(edgar, case)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "own_label")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cause": "bad luck"}, "cause"),
        ({"cause": None}, "cause"),
        ({"reason": "no"}, "reason"),
        ({"reason": None}, "reason"),
        ({"recurrent": "perhaps"}, "recurrent"),
        ({"value": None}, "value"),
        ({"value": ["keep"]}, "value"),
    ],
)
def test_bad_input_names_the_field(dispute, edgar, body, field):
    case = dispute()
    answer = settled(edgar, case, **body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    case.refresh_from_db()
    assert case.status == "open"


@pytest.mark.parametrize(
    ("who", "reads", "acts"),
    [
        ("stan", 404, 404),
        ("wanda", 403, 403),
        ("audrey", 200, 403),
        ("edgar", 200, 200),
        ("olivia", 200, 200),
        (None, 401, 401),
    ],
)
def test_staff_read_and_experts_act(cast, dispute, api, who, reads, acts):
    case = dispute()
    client = api(getattr(cast, who) if who else None)
    assert client.get(cases_url(cast)).status_code == reads
    assert client.get(f"/api/v1/cases/{case.pk}/").status_code == reads
    assert client.get(f"/api/v1/projects/{cast.project.pk}/consensus/").status_code == reads
    assert client.post(f"{cases_url(cast)}next/").status_code == acts
    for verb in VERBS:
        assert client.post(f"/api/v1/cases/{case.pk}/{verb}/", VERDICT).status_code == acts, verb
    case.refresh_from_db()
    assert case.status == ("settled" if acts == 200 else "open")


def test_what_is_not_there_is_404_and_the_wrong_verb_405(cast, dispute, edgar):
    case = dispute()
    for url in ("/api/v1/cases/999999/", "/api/v1/projects/999999/cases/", "/api/v1/projects/999999/consensus/"):
        assert edgar.get(url).status_code == 404
    assert edgar.post("/api/v1/projects/999999/cases/next/").status_code == 404
    assert edgar.post(f"/api/v1/cases/{case.pk}/").status_code == 405
    assert edgar.post(f"/api/v1/projects/{cast.project.pk}/consensus/").status_code == 405
    for verb in VERBS:
        assert edgar.post(f"/api/v1/cases/999999/{verb}/", VERDICT).status_code == 404
        assert edgar.get(f"/api/v1/cases/{case.pk}/{verb}/").status_code == 405


@pytest.mark.parametrize(("scopes", "acts", "reads"), [(["settle"], 200, 403), (["read"], 403, 200)])
def test_a_token_needs_the_scope(cast, dispute, api, scopes, acts, reads):
    ApiToken.objects.create(user=cast.edgar, name="x", prefix="evh_x", digest=token_digest("evh_x1"), scopes=scopes)
    client = api()
    client.credentials(HTTP_AUTHORIZATION="Bearer evh_x1")
    case = dispute()
    assert client.get(cases_url(cast)).status_code == reads
    assert client.post(f"/api/v1/cases/{case.pk}/claim/").status_code == acts
    assert settled(client, case).status_code == acts


# --- consensus -------------------------------------------------------------------------------------------------------


@pytest.fixture
def consensus(cast):
    """One unanimous item, one by majority, one settled without a label, one undecided."""
    unanimous, majority, bad, undecided = make_items(cast.project, 4)
    for item, values in ((unanimous, "kk"), (majority, "kkr"), (bad, "kr"), (undecided, "k")):
        for value in values:
            add_label(item, make_annotator(cast.project), {"k": "keep", "r": "remove"}[value])
    return {"unanimous": unanimous, "majority": majority, "bad": bad}


def test_consensus_says_how_each_label_came(cast, consensus, edgar):
    settled(edgar, Case.objects.get(item=consensus["bad"]), value=None, cause="bad_item")
    rows = edgar.get(f"/api/v1/projects/{cast.project.pk}/consensus/").json()["results"]
    by_item = {row["item"]: row for row in rows}
    assert len(by_item) == 3
    majority = by_item[consensus["majority"].pk]
    assert (majority["method"], majority["words"], majority["support"]) == ("majority", "Keep", pytest.approx(2 / 3))
    assert majority["evidence"]["votes"] == {"keep": 2, "remove": 1}
    bad = by_item[consensus["bad"].pk]
    assert (bad["method"], bad["value"], bad["words"]) == ("settled", None, "no label")
    assert bad["evidence"]["settlement"] is not None


@pytest.mark.parametrize(
    ("query", "found"),
    [("method=unanimous", ["unanimous"]), ("min_support=0.9", ["unanimous"]), ("method=settled", [])],
)
def test_consensus_filters(cast, consensus, edgar, query, found):
    rows = edgar.get(f"/api/v1/projects/{cast.project.pk}/consensus/?{query}").json()["results"]
    assert [row["item"] for row in rows] == [consensus[name].pk for name in found]


def test_consensus_refuses_a_filter_that_means_nothing(cast, edgar):
    assert edgar.get(f"/api/v1/projects/{cast.project.pk}/consensus/?method=guess").status_code == 400
    assert edgar.get(f"/api/v1/projects/{cast.project.pk}/consensus/?min_support=much").status_code == 400


def test_consensus_of_another_project_stays_there(cast, consensus, api):
    mine = make_project(cast.stan)
    assert api(cast.stan).get(f"/api/v1/projects/{mine.pk}/consensus/").json()["results"] == []
    assert Consensus.objects.filter(project=cast.project).count() == 2
