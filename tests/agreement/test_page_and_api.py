"""The agreement page and its REST twin: who may see them, what they say, what they cost."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.authentication import token_digest
from accounts.models import ApiToken
from annotations.measuring.selectors import measure
from annotations.models import Annotator
from tests.agreement.test_measures import fill
from tests.factories import add_label, make_annotator, make_items

PAGE, API = "/projects/{}/agreement/", "/api/v1/projects/{}/agreement/"


@pytest.mark.parametrize(
    ("name", "status"), [("olivia", 200), ("edgar", 200), ("audrey", 200), ("wanda", 403), ("stan", 404)]
)
def test_who_may_see_them(cast, page_client, api, name, status):
    person = getattr(cast, name)
    assert page_client(person).get(PAGE.format(cast.project.pk)).status_code == status
    assert api(person).get(API.format(cast.project.pk)).status_code == status


def test_nobody(cast, page_client, api):
    assert page_client().get(PAGE.format(cast.project.pk)).status_code == 302
    assert api().get(API.format(cast.project.pk)).status_code == 401


def test_unknown_projects_and_other_verbs(cast, page_client, api):
    assert page_client(cast.olivia).get(PAGE.format(999999)).status_code == 404
    assert api(cast.olivia).get(API.format(999999)).status_code == 404
    assert page_client(cast.olivia).post(PAGE.format(cast.project.pk)).status_code == 405
    assert api(cast.olivia).post(API.format(cast.project.pk)).status_code == 405


@pytest.mark.parametrize(("scopes", "status"), [(["read"], 200), (["label"], 403)])
def test_a_token_needs_the_scope_read(cast, scopes, status):
    ApiToken.objects.create(user=cast.olivia, name="t", digest=token_digest("evh_test"), scopes=scopes)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer evh_test")
    assert client.get(API.format(cast.project.pk)).status_code == status


def test_the_api_gives_every_coefficient_with_its_interval(cast, api):
    fill(cast.project)
    data = api(cast.audrey).get(API.format(cast.project.pk)).json()
    found = measure(cast.project)
    assert (data["raters"], data["items"], data["labels"]) == (5, 40, 160)
    overall = {one["name"]: one for one in data["people"][0]["coefficients"]}
    assert set(overall) == {"raw_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"}
    for name, coefficient in found.overall.items():
        ours = overall[name.value]
        assert (ours["value"], ours["low"], ours["high"], ours["n_items"]) == (
            coefficient.value,
            coefficient.low,
            coefficient.high,
            coefficient.n_items,
        )
    assert [(part["attribute"], part["group"]) for part in data["people"][1:]] == [
        ("religion", "christian"),
        ("religion", "muslim"),
    ]
    (model,) = data["models"]
    names = [one["name"] for one in model["consensus"][0]["coefficients"]]
    weighted = ["linear_kappa", "quadratic_kappa"]
    assert names == ["raw_agreement", "cohen_kappa", "krippendorff_alpha", "gwet_ac1", *weighted]
    assert [(part["key"], part["labels"]) for part in data["by_label"]] == [
        (part.key, part.labels) for part in found.by_label
    ]
    assert sum(part["labels"] for part in data["by_label"]) == 160
    assert [(part["unit"], part["items"]) for part in data["over_time"]] == [("hour", 40)]
    assert all(pair["first"].startswith("a-") and pair["second"].startswith("a-") for pair in data["pairs"])


def test_what_is_undefined_says_why(cast, api, page_client):
    for item in make_items(cast.project, 2):
        for _ in range(2):
            add_label(item, make_annotator(cast.project), "keep")
    data = api(cast.olivia).get(API.format(cast.project.pk)).json()
    kappa = next(one for one in data["people"][0]["coefficients"] if one["name"] == "fleiss_kappa")
    assert (kappa["value"], kappa["reason"]) == (None, "one_label_used")
    assert "Everyone always used the same one label" in kappa["explanation"]
    text = page_client(cast.olivia).get(PAGE.format(cast.project.pk)).content.decode()
    assert "Everyone always used the same one label" in text


def test_the_page_reads_in_words_and_names_nobody(cast, page_client):
    fill(cast.project)
    Annotator.objects.filter(project=cast.project, kind="human").update(origin="platform")
    text = page_client(cast.olivia).get(PAGE.format(cast.project.pk)).content.decode()
    assert "Two people give one item the same label" in text
    assert "smollm2 gives the label that people agree on for" in text
    assert "5 people gave 160 labels on 40 items." in text
    for annotator in Annotator.objects.filter(project=cast.project, kind="human"):
        assert annotator.name not in text


def test_an_empty_project_says_what_to_do(cast, page_client):
    address = PAGE.format(cast.project.pk)
    assert "Import labels" in page_client(cast.olivia).get(address).content.decode()
    auditor = page_client(cast.audrey).get(address).content.decode()
    assert "No labels yet" in auditor
    assert "Import labels</a>" not in auditor


@pytest.mark.parametrize("address", [PAGE, API])
def test_the_number_of_queries_does_not_grow(cast, page_client, address):
    client = page_client(cast.olivia)
    fill(cast.project, items=6)
    client.get(address.format(cast.project.pk))
    counts = []
    for _ in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get(address.format(cast.project.pk))
        counts.append(len(queries))
        for item in cast.project.items.all():
            for kind in ("human", "model"):
                add_label(item, make_annotator(cast.project, kind=kind), "keep")
    assert counts[1] <= counts[0] <= 19
