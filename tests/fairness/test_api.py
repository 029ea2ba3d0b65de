"""REST of the live numbers."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.authentication import token_digest
from accounts.models import ApiToken, Role
from fairness.presenting.page import live_context
from fairness.presenting.sheets import SHEETS
from fairness.selectors.live import live_view
from tests.factories import make_annotator
from tests.fairness.conftest import fold_all, label_group


def address(cast, query: str = "") -> str:
    return f"/api/v1/projects/{cast.project.pk}/fairness/{query}"


@pytest.mark.parametrize(
    ("name", "status"), [("olivia", 200), ("edgar", 200), ("audrey", 200), ("wanda", 403), ("stan", 404), (None, 401)]
)
def test_who_may_read_it(cast, api, name, status):
    client = api(getattr(cast, name)) if name else api()
    answer = client.get(address(cast))
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["error"]["message"]


def test_an_unknown_project_is_404_and_a_post_405(cast, api):
    assert api(cast.olivia).get("/api/v1/projects/999999/fairness/").status_code == 404
    assert api(cast.olivia).post(address(cast)).status_code == 405


@pytest.mark.parametrize(("query", "code"), [("?attribute=age", "unknown_attribute"), ("?label=hate", "unknown_label")])
def test_an_unknown_attribute_or_label_is_400(cast, api, query, code):
    answer = api(cast.olivia).get(address(cast, query))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_it_gives_every_number_with_interval_counts_and_reason(cast, api, labelled):
    labelled(cast.project)
    data = api(cast.audrey).get(address(cast)).json()
    view = live_view(cast.project)
    assert (data["attribute"], data["label"], data["attributes"], data["labels"]) == (
        "religion",
        "keep",
        ["religion"],
        ["keep", "review", "remove"],
    )
    people = data["people"]
    assert [(g["group"], g["selected"], g["n"]) for g in people["groups"]] == [
        ("christian", 20, 40),
        ("muslim", 31, 40),
    ]
    assert people["groups"][0]["selection_rate"]["value"] == 0.5
    assert people["groups"][0]["selection_rate"]["low"] == pytest.approx(
        0.264, abs=1e-3
    )  # Wilson of a third of 20 of 40
    assert people["demographic_parity_difference"]["value"] == pytest.approx(0.275)
    assert (people["pair_confidence"], people["labels_per_item"]) == (0.95, 3)  # one pair
    assert people["demographic_parity_ratio"]["value"] == pytest.approx(20 / 31)
    assert (people["lowest"], people["highest"], people["beyond_chance"]) == ("christian", "muslim", False)
    (model,) = data["models"]
    assert (model["kind"], model["name"]) == ("model", "smollm2")
    assert model["gaps"][0]["gap"]["status"] == "insufficient"
    assert model["gaps"][0]["gap"]["explanation"] == (
        "Insufficient data: people or the model gave fewer than 30 labels."
    )
    assert model["kappa"]["reason"] == "no_pairs"
    assert data["progress"]["labels_given"] == 80
    assert data["progress"]["labels_needed"] == 240
    assert data["progress"]["completeness"] == pytest.approx(80 / 240)
    assert data["version"] == view.progress.version


def test_without_attributes_it_still_tells_the_progress(cast, api):
    cast.project.attributes.all().delete()
    data = api(cast.olivia).get(address(cast)).json()
    assert data["attribute"] is None
    assert data["people"] is None
    assert data["models"] == []
    assert data["progress"]["completeness"] is None


@pytest.mark.parametrize(("scopes", "status"), [(["read"], 200), (["label"], 403)])
def test_a_token_needs_the_scope_read(cast, scopes, status):
    ApiToken.objects.create(user=cast.olivia, name="t", digest=token_digest("evh_test"), scopes=scopes)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer evh_test")
    assert client.get(address(cast)).status_code == status


def test_the_number_of_queries_does_not_grow(cast, api, labelled):
    labelled(cast.project)
    client = api(cast.olivia)
    client.get(address(cast))
    with CaptureQueriesContext(connection) as few:
        client.get(address(cast))
    label_group(cast.project, "sikh", 20, 40)
    make_annotator(cast.project, kind="model")
    fold_all()
    with CaptureQueriesContext(connection) as many:
        client.get(address(cast))
    assert len(many) <= len(few) <= 21


def test_the_answers_of_the_page_come_in_words_too(cast, api, labelled):
    labelled(cast.project)
    answers = api(cast.olivia).get(address(cast)).json()["answers"]
    page = live_context(cast.project, live_view(cast.project), Role.OWNER)
    assert answers["answer"] == page["answer"].answer
    assert answers["where"] == page["glance_where"]
    assert answers["whom"] == page["whom"].answer
    assert [one["text"] for one in answers["now"]] == [one.text for one in page["actions"]]
    cast.project.attributes.all().delete()
    assert api(cast.olivia).get(address(cast)).json()["answers"] is None


@pytest.mark.parametrize("chart", SHEETS)
def test_every_table_of_the_page_is_there_as_json_as_well(cast, api, page_client, labelled, chart):
    labelled(cast.project)
    table = api(cast.olivia).get(f"{address(cast)}tables/{chart}/").json()
    text = page_client(cast.olivia).get(reverse("fairness_csv", args=[cast.project.pk, chart])).content.decode()
    lines = list(csv.reader(io.StringIO(text)))
    assert table["columns"] == lines[0]
    assert len(table["rows"]) == len(lines) - 1
    assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_an_unknown_table_is_not_found_and_private_ones_are_for_owners_and_auditors(cast, api):
    assert api(cast.olivia).get(f"{address(cast)}tables/secrets/").status_code == 404
    assert api(cast.edgar).get(f"{address(cast)}tables/people/").status_code == 403
    assert api(cast.audrey).get(f"{address(cast)}tables/people/").status_code == 200
