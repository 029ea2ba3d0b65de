"""Pages of imports."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotations.importing.running import import_run
from annotations.models import ImportJob, Item
from tests.importing.helpers import csv_bytes, take

FILE = csv_bytes("text,id,religion,label_1,label_2", "Hello,1,none,keep,", ",2,none,,", "Bye,3,jewish,remove,keep")


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    from annotations.tasks import run_import

    ids: list[int] = []
    monkeypatch.setattr(run_import, "delay", ids.append)
    return ids


def _upload(client, cast, name="data.csv", data=FILE, **extra):
    return client.post(f"/projects/{cast.project.pk}/imports/", {"file": SimpleUploadedFile(name, data)}, **extra)


@pytest.mark.django_db(transaction=True)
def test_from_the_form_to_the_report(cast, page_client, sent):
    client = page_client(cast.olivia)
    assert b"No uploads yet" in client.get(f"/projects/{cast.project.pk}/imports/").content
    answer = _upload(client, cast)
    job = ImportJob.objects.get()
    assert answer.headers["Location"] == f"/imports/{job.pk}/"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Which column means what?" in page
    assert "Hello" in page
    form = client.get(answer.headers["Location"]).context["form"]
    assert (form.initial["text"], form.initial["shape"]) == ("text", "wide")
    assert form.initial["annotators"] == ["label_1", "label_2"]
    (attribute,) = cast.project.attributes.all()
    chosen = {
        "text": "text", "external_id": "id", f"group_{attribute.pk}": "religion", "shape": "wide",
        "annotators": ["label_1", "label_2"], "extra": "on", "dataset_name": "My data",
    }  # fmt: skip
    started = client.post(f"/imports/{job.pk}/start/", chosen)
    assert started.headers["Location"] == f"/imports/{job.pk}/"
    assert sent == [job.pk]
    waiting = client.get(f"/imports/{job.pk}/").content.decode()
    assert f'hx-get="/imports/{job.pk}/progress/"' in waiting
    import_run(job_id=job.pk)
    progress = client.get(f"/imports/{job.pk}/progress/")
    assert progress["HX-Refresh"] == "true"
    assert "hx-get" not in progress.content.decode()
    report = client.get(f"/imports/{job.pk}/").content.decode()
    assert "Column “text”: The text is empty." in report
    assert "My data" in report
    assert Item.objects.filter(dataset__name="My data").count() == 2
    assert job.filename in client.get(f"/projects/{cast.project.pk}/imports/").content.decode()


def test_a_script_gets_the_address_and_refusals_as_json(cast, page_client):
    client = page_client(cast.olivia)
    headers = {"Accept": "application/json"}
    answer = _upload(client, cast, headers=headers)
    assert answer.status_code == 201
    assert answer.json()["url"] == f"/imports/{ImportJob.objects.get().pk}/"
    refused = _upload(client, cast, "a.xlsx", b"PK\x03\x04", headers=headers)
    assert refused.status_code == 400
    assert "does not end in" in refused.json()["error"]["message"]
    empty = client.post(f"/projects/{cast.project.pk}/imports/", {}, headers=headers)
    assert empty.status_code == 400


def test_a_refused_file_is_told_beside_the_field(cast, page_client):
    answer = _upload(page_client(cast.olivia), cast, "a.csv", b"text,text\na,b\n")
    assert answer.status_code == 422
    assert "is there more than once" in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_a_mapping_that_does_not_fit_is_told_beside_the_field(cast, page_client):
    client = page_client(cast.olivia)
    _upload(client, cast)
    job = ImportJob.objects.get()
    wrong = {"text": "text", "gold": "text", "shape": "none", "dataset_name": "d"}
    answer = client.post(f"/imports/{job.pk}/start/", wrong)
    assert answer.status_code == 422
    assert answer.context["form"].errors["gold"] == ["Column “text” cannot be both “text” and “gold”."]
    answer = client.post(
        f"/imports/{job.pk}/start/", {"text": "text", "shape": "long", "label": "label_1", "dataset_name": "d"}
    )
    assert answer.context["form"].errors["annotator"]
    job.refresh_from_db()
    assert job.status == "mapping"


def test_stopping_an_upload_that_waits(cast, page_client):
    client = page_client(cast.olivia)
    _upload(client, cast)
    job = ImportJob.objects.get()
    answer = client.post(f"/imports/{job.pk}/cancel/", follow=True)
    assert "Nothing of it was kept" in answer.content.decode()
    again = client.post(f"/imports/{job.pk}/start/", {"text": "text"})
    assert again.headers["Location"] == f"/imports/{job.pk}/"


def test_running_and_failed_jobs_say_so(cast, page_client):
    job = ImportJob.objects.create(
        project=cast.project, created_by=cast.olivia, filename="f.csv", format="csv", status="running",
        bytes_total=2000, bytes_read=500, rows_read=12,
    )  # fmt: skip
    client = page_client(cast.olivia)
    page = client.get(f"/imports/{job.pk}/progress/").content.decode()
    assert 'value="25"' in page
    assert "Stop" in page
    ImportJob.objects.filter(pk=job.pk).update(cancel_requested=True)
    assert "Stopping" in client.get(f"/imports/{job.pk}/progress/").content.decode()
    ImportJob.objects.filter(pk=job.pk).update(status="failed", error="It is cut off.")
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert "Nothing of this file was kept" in page
    assert "It is cut off." in page


@pytest.mark.django_db(transaction=True)
def test_the_report_can_be_narrowed_to_a_kind(cast, page_client):
    job = take(cast, csv_bytes("text,n", "a,1", ",2", "a,3"))
    client = page_client(cast.audrey)
    page = client.get(f"/imports/{job.pk}/?kind=duplicate")
    assert [error.row_number for error in page.context["page"]] == [3]
    assert len(client.get(f"/imports/{job.pk}/?kind=nonsense").context["page"]) == 2


LADDER = [("olivia", 200), ("audrey", 200), ("edgar", 403), ("wanda", 403), ("stan", 404), (None, 302)]


@pytest.mark.parametrize(("who", "status"), LADDER)
def test_who_may_look(cast, page_client, who, status):
    _upload(page_client(cast.olivia), cast)
    job = ImportJob.objects.get()
    client = page_client(getattr(cast, who) if who else None)
    for path in (f"/projects/{cast.project.pk}/imports/", f"/imports/{job.pk}/", f"/imports/{job.pk}/progress/"):
        assert client.get(path).status_code == status, path


@pytest.mark.parametrize(("who", "status"), [("audrey", 403), *LADDER[2:]])
def test_who_may_not_change(cast, page_client, who, status):
    _upload(page_client(cast.olivia), cast)
    job = ImportJob.objects.get()
    client = page_client(getattr(cast, who) if who else None)
    assert _upload(client, cast).status_code == status
    for path in ("start", "cancel"):
        assert client.post(f"/imports/{job.pk}/{path}/", {}).status_code == status
    job.refresh_from_db()
    assert job.status == "mapping"
    assert ImportJob.objects.count() == 1


def test_auditors_see_no_way_to_change_anything(cast, page_client):
    _upload(page_client(cast.olivia), cast)
    client = page_client(cast.audrey)
    for path in (f"/projects/{cast.project.pk}/imports/", f"/imports/{ImportJob.objects.get().pk}/"):
        main = client.get(path).content.decode().split("<main")[1].split("</main>")[0]
        assert "<form" not in main


def test_missing_and_wrong_verbs(cast, page_client):
    client = page_client(cast.olivia)
    assert client.get("/imports/999/").status_code == 404
    assert client.get("/projects/999/imports/").status_code == 404
    _upload(client, cast)
    job = ImportJob.objects.get()
    assert client.get(f"/imports/{job.pk}/start/").status_code == 405
    assert client.get(f"/imports/{job.pk}/cancel/").status_code == 405
    assert client.post(f"/imports/{job.pk}/progress/").status_code == 405
    assert client.delete(f"/projects/{cast.project.pk}/imports/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_a_file_of_ids_is_proposed_as_an_update_and_reported_as_one(cast, page_client, items):
    client = page_client(cast.olivia)
    _upload(client, cast, "groups.csv", csv_bytes("id,religion", "1,hindu", "9,hindu"))
    job = ImportJob.objects.latest("pk")
    form = client.get(f"/imports/{job.pk}/").context["form"]
    assert (form.initial["on_existing"], form.initial["text"], form.initial["external_id"]) == ("update", "", "id")
    (attribute,) = cast.project.attributes.all()
    chosen = {
        "on_existing": "update", "external_id": "id", f"group_{attribute.pk}": "religion", "shape": "none",
        "dataset_name": "groups",
    }  # fmt: skip
    assert client.post(f"/imports/{job.pk}/start/", chosen).status_code == 302
    assert b"What it has done already stays." in client.get(f"/imports/{job.pk}/").content
    import_run(job_id=job.pk)
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert "Corrections of items" in page
    assert "The project has no item with the id “9”." in page
    assert "Add its labels, gold label and groups to the item; no new items" in page
    assert "No row of this file was new" not in page
    assert Item.objects.get(pk=items[0].pk).groups == {"religion": "hindu"}


@pytest.mark.django_db(transaction=True)
def test_an_update_that_says_nothing_is_refused_on_the_page(cast, page_client, items):
    client = page_client(cast.olivia)
    _upload(client, cast, "ids.csv", csv_bytes("id,religion", "1,hindu"))
    job = ImportJob.objects.latest("pk")
    chosen = {"on_existing": "update", "external_id": "id", "shape": "none", "dataset_name": "ids"}
    answer = client.post(f"/imports/{job.pk}/start/", chosen)
    assert answer.status_code == 422
    assert "Say what to add to the items: a gold label, groups, or labels." in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("status", "words"), [("failed", "Broken off after row 1,500"), ("cancelled", "Stopped after row 1,500")]
)
def test_an_update_that_broke_off_says_what_stays(cast, page_client, items, status, words):
    client = page_client(cast.olivia)
    job = take(cast, csv_bytes("id,religion", "1,hindu"), on_existing="update")
    ImportJob.objects.filter(pk=job.pk).update(status=status, rows_read=1500)
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert f"{words}: what came before stays" in page
    assert "Nothing of this file was kept" not in page
