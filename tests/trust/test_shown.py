"""Calibrated confidence beside the stated one: item page, item API, export, run page."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Role
from annotations.access import Access
from annotations.calibration import Curve, CurveMethod
from annotations.items.labels import labels_of
from annotations.models import Annotation, Annotator, Calibration
from llm_workers.trust.computing import trust_compute
from tests.exporting.helpers import export
from tests.factories import make_annotator, make_items
from tests.permissions.entry import make_world
from tests.trust.people import give, make_labelled

CURVE = Curve(CurveMethod.ISOTONIC, x=(0.5, 1.0), y=(0.4, 0.6))


def learnt(model: Annotator, curve: Curve | None = CURVE) -> Calibration:
    return Calibration.objects.create(
        annotator=model, project=model.project, method="" if curve is None else curve.method.value,
        curve=None if curve is None else curve.as_json(), checked=0, without=0, sources={}, losses={}, scopes=[],
        fitted_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def labelled(cast):
    """Two items with the labels of a calibrated model, of one without a curve, and of a person."""
    items = make_items(cast.project, 2)
    mended, plain = (make_annotator(cast.project, kind="model", name=name) for name in ("mended", "plain"))
    give(items, mended, ["keep", "keep"], [0.75, None])
    give(items, plain, ["keep", "keep"], [0.75, 0.5])
    give(items, make_annotator(cast.project), ["keep", "keep"], [None, None])
    learnt(mended)
    learnt(plain, None)
    return items


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_export_has_both(cast, labelled, api, kind):
    rows = export(api(cast.olivia), cast.project, "annotations", kind)
    found = {
        (row["model"] or "", int(row["item_id"])): (row["confidence"], row["calibrated_confidence"]) for row in rows
    }
    none = "" if kind == "csv" else None
    first, second = (item.pk for item in labelled)
    stated, mended = found["mended", first]
    assert (float(stated), float(mended)) == (0.75, pytest.approx(0.5))
    assert found["mended", second] == (none, none)
    assert found["plain", first][1] == found["plain", second][1] == found["", first][1] == none


@pytest.mark.django_db(transaction=True)
def test_export_without_any_calibration_has_an_empty_column(cast, api):
    items = make_items(cast.project, 1)
    give(items, make_annotator(cast.project, kind="model"), ["keep"], [0.9])
    assert export(api(cast.olivia), cast.project, "annotations")[0]["calibrated_confidence"] is None


@pytest.mark.django_db
def test_item_page_and_api_have_both_and_experts_neither(cast, labelled, api, page_client):
    labels = api(cast.olivia).get(f"/api/v1/items/{labelled[0].pk}/").json()["labels"]
    found = {one["annotator"]: (one["confidence"], one["calibrated_confidence"]) for one in labels}
    assert found["mended"] == (0.75, pytest.approx(0.5))
    assert found["plain"] == (0.75, None)
    text = page_client(cast.olivia).get(f"/items/{labelled[0].pk}/").content.decode()
    assert "calibrated 0.50" in text
    assert "calibrated" not in page_client(cast.edgar).get(f"/items/{labelled[0].pk}/").content.decode()
    assert Annotation.objects.get(annotator__name="mended", item=labelled[0]).confidence == 0.75


@pytest.mark.django_db
def test_curves_cost_one_query_whatever_the_labels(cast, labelled, django_assert_num_queries):
    access = Access(cast.project, Role.OWNER, cast.olivia)
    for _time in range(2):
        with django_assert_num_queries(2):
            labels_of(access, labelled[0])
        more = make_annotator(cast.project, kind="model")
        give(labelled[:1], more, ["keep"], [0.5])
        learnt(more)


@pytest.mark.django_db
def test_the_run_page_says_what_the_confidence_is_worth(cast, page_client):
    world = make_world(cast)
    _items, model = make_labelled(cast.project, items=150, skill=0.6)
    Annotation.objects.filter(annotator=model).update(annotator=world.run.annotator, run=world.run)
    trust_compute(project_id=cast.project.pk)
    text = page_client(cast.olivia).get(f"/runs/{world.run.pk}/").content.decode()
    assert "it is right" in text
    assert f"/projects/{cast.project.pk}/trust/{world.run.annotator_id}/" in text
