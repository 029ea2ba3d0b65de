"""REST and page of exports: who may, what is refused."""

from __future__ import annotations

import pytest

from accounts.models import ApiToken
from ledger.models import LedgerEvent
from tests.factories import make_items

LADDER = [("olivia", 200), ("audrey", 200), ("edgar", 403), ("wanda", 403), ("stan", 404)]


@pytest.mark.parametrize(("who", "status"), [*LADDER, (None, 401)])
def test_who_may_export(cast, api, who, status):
    answer = api(getattr(cast, who) if who else None).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items")
    assert answer.status_code == status
    assert LedgerEvent.objects.filter(kind="export.made").count() == (status == 200)


@pytest.mark.parametrize(("who", "status"), [*LADDER, (None, 302)])
def test_who_may_see_the_page(cast, page_client, who, status):
    assert (
        page_client(getattr(cast, who) if who else None).get(f"/projects/{cast.project.pk}/exports/").status_code
        == status
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "what"),
        ("?what=people", "what"),
        ("?what=items&format=xlsx", "format"),
        ("?what=items&dataset=x", "dataset"),
    ],
)
def test_wrong_names_are_refused(cast, api, query, field):
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/{query}")
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("verb", ["post", "put", "delete", "head"])
def test_wrong_verbs(cast, api, verb):
    answer = getattr(api(cast.olivia), verb)(f"/api/v1/projects/{cast.project.pk}/exports/?what=items")
    assert answer.status_code == 405
    assert not LedgerEvent.objects.filter(kind="export.made").exists()


def test_a_project_that_is_not_there(cast, api, page_client):
    assert api(cast.olivia).get("/api/v1/projects/999/exports/?what=items").status_code == 404
    assert page_client(cast.olivia).get("/projects/999/exports/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("jsonl", "application/x-ndjson"),
        ("csv", "text/csv; charset=utf-8"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "text/csv", "application/json"])
def test_the_answer_is_a_download(cast, api, kind, content_type, accept):
    answer = api(cast.olivia).get(
        f"/api/v1/projects/{cast.project.pk}/exports/?what=items&format={kind}", headers={"Accept": accept}
    )
    assert answer["Content-Type"] == content_type
    name = f"evenhand-project-{cast.project.pk}-items.{kind}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.streaming


@pytest.mark.parametrize(("scopes", "status"), [(["export"], 200), (["read", "manage"], 403)])
def test_a_token_needs_its_scope(cast, client, scopes, status):
    from accounts.authentication import token_digest

    ApiToken.objects.create(user=cast.olivia, name="t", prefix="t", digest=token_digest("t"), scopes=scopes)
    path = f"/api/v1/projects/{cast.project.pk}/exports/?what=items"
    assert client.get(path, headers={"Authorization": "Bearer t"}).status_code == status


def test_the_page_offers_every_table_in_every_format(cast, page_client, django_assert_max_num_queries):
    make_items(cast.project, 3)
    client = page_client(cast.audrey)
    with django_assert_max_num_queries(12):
        page = client.get(f"/projects/{cast.project.pk}/exports/").content.decode()
    for what in ("items", "annotations", "consensus", "cases"):
        for kind in ("jsonl", "csv", "parquet"):
            assert f"?what={what}&amp;format={kind}" in page
    assert "3 rows now" in page
