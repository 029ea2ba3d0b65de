"""Other weights under the same names are another model, and so another annotator."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion
from llm_workers.services.models import model_describe, models_refresh
from llm_workers.services.runs import run_start
from tests.factories import make_items, make_user

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
def otto(db):
    return make_user("otto", is_staff=True)


@pytest.fixture
def hashed(cast, start, work, model, otto) -> ModelVersion:
    """A model with a hash and two labels."""
    make_items(cast.project, 2)
    model = model_describe(model=model, by=otto, file_hash=OLD, license="MIT", stated_adapter="first")
    work(start())
    return model


@pytest.mark.parametrize("facts", [{"file_hash": NEW}, {"stated_adapter": "second"}])
def test_other_weights_are_another_annotator_and_nothing_counts_as_labelled_already(cast, hashed, work, otto, facts):
    made = model_describe(model=hashed, by=otto, **facts)
    assert (made.revision, made.name, made.license, str(made)) == (2, hashed.name, "MIT", "scripted-1 · 2")
    hashed.refresh_from_db()
    assert (hashed.file_hash, hashed.stated_adapter) == (OLD, "first")
    assert (hashed.endpoints.count(), made.endpoints.count()) == (0, 1)
    models_refresh()
    assert (hashed.endpoints.count(), made.endpoints.count()) == (0, 1)
    run = work(run_start(project=cast.project, model=made, started_by=cast.olivia))
    assert run.labelled == 2
    assert run.annotator != hashed.annotators.get().annotator
    event = LedgerEvent.objects.get(kind="model.registered", subject=f"model:{made.pk}")
    assert event.data == {"revision": 2, "replaces": hashed.pk, **facts}


def test_a_run_that_goes_on_does_not_mix_the_labels_of_both(cast, hashed, work, otto):
    make_items(cast.project, 1)
    run = run_start(project=cast.project, model=hashed, started_by=cast.olivia)
    model_describe(model=hashed, by=otto, file_hash=NEW)
    run = work(run, most=1)
    assert run.labelled == 0
    assert "No server offers this model." in run.reason


@pytest.mark.parametrize(
    "facts",
    [
        {"stated_quantization": "AWQ"},  # what was not written before describes what there has always been
        {"file_hash": ""},
        {"license": "Apache-2.0"},
        {"stated_base": "mine/other"},  # the server says it itself
    ],
)
def test_what_describes_the_same_weights_makes_no_other_model(hashed, otto, facts):
    hashed = model_describe(model=hashed, by=otto, stated_base="mine/base")
    assert model_describe(model=hashed, by=otto, **facts).pk == hashed.pk
    assert ModelVersion.objects.count() == 1


def test_before_anything_was_labelled_a_hash_may_be_mended(model, otto):
    model = model_describe(model=model, by=otto, file_hash=OLD)
    assert model_describe(model=model, by=otto, file_hash=NEW).revision == 1


def test_one_that_was_replaced_cannot_be_replaced_again(hashed, otto):
    model_describe(model=hashed, by=otto, file_hash=NEW)
    with pytest.raises(DomainError, match="Revision 2 has taken the place of this one") as error:
        model_describe(model=hashed, by=otto, file_hash="c" * 64)
    assert error.value.code == "model_replaced"


def test_by_page_and_by_rest_the_operator_is_led_to_the_new_one(client, page_client, api, hashed, otto):
    answer = api(otto).patch(f"/api/v1/models/{hashed.pk}/", {"file_hash": NEW})
    assert (answer.status_code, answer.data["revision"], answer.data["file_hash"]) == (200, 2, NEW)
    answer = page_client(otto).post(f"/models/{hashed.pk}/", {"file_hash": "c" * 64, "currency": "EUR"}, follow=True)
    assert "Revision 2 has taken the place of this one" in answer.content.decode()


@pytest.mark.parametrize(("revision", "constraint"), [(1, "model_version_once"), (0, "model_revision_counts")])
def test_constraints(model, revision, constraint):
    model.pk, model.revision = None, revision
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.save(force_insert=True)
