"""REST of imports."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import ApiToken
from annotations.importing.running import import_run
from annotations.models import Dataset, ImportJob, ImportRowError, Item
from tests.importing.helpers import csv_bytes, parquet_bytes, take

FILE = csv_bytes("text,id,religion", "Hello,1,none", ",2,none", "Hello,3,none")


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The ids that were sent to the workers, instead of a broker."""
    from annotations.tasks import run_import

    ids: list[int] = []
    monkeypatch.setattr(run_import, "delay", ids.append)
    return ids


def _url(cast, query: str = "") -> str:
    return f"/api/v1/projects/{cast.project.pk}/imports/{query}"


@pytest.fixture
def job(cast, api) -> ImportJob:
    """An upload that waits for its mapping."""
    answer = api(cast.olivia).post(_url(cast, "?filename=m.csv&start=false"), FILE, content_type="text/csv")
    return ImportJob.objects.get(pk=answer.json()["id"])


@pytest.mark.parametrize("content_type", ["text/csv", "application/octet-stream", "application/x-ndjson"])
def test_a_raw_body_is_received_and_queued(cast, api, sent, content_type, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = api(cast.olivia).post(_url(cast, "?filename=my%20file.csv"), FILE, content_type=content_type)
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert (body["status"], body["filename"], body["bytes_total"]) == ("queued", "my file.csv", len(FILE))
    assert body["mapping"]["groups"] == {"religion": "religion"}
    assert answer["Location"] == f"/api/v1/imports/{body['id']}/"
    assert sent == [body["id"]]
    with default_storage.open(ImportJob.objects.get().stored_as) as stored:
        assert stored.read() == FILE


def test_a_multipart_form_is_received(cast, api):
    mapping = json.dumps({"text": "text", "extra": False})
    form = {"file": SimpleUploadedFile("a.csv", FILE), "mapping": mapping, "dataset_name": "Mine"}
    answer = api(cast.olivia).post(_url(cast), form, format="multipart")
    assert answer.status_code == 202, answer.content
    assert (answer.json()["dataset_name"], answer.json()["mapping"]["extra"]) == ("Mine", False)


def test_a_large_multipart_file_goes_by_disk(cast, api):
    data = b"text\n" + b"a line of text that is long enough to fill the file\n" * 80_000
    form = {"file": SimpleUploadedFile("big.csv", data), "mapping": '{"text": "text"}'}
    answer = api(cast.olivia).post(_url(cast), form, format="multipart")
    assert answer.json()["bytes_total"] == len(data) > 2_621_440


def test_the_mapping_may_come_by_query_or_header(cast, api):
    mapping = json.dumps({"text": "id"})
    by_query = api(cast.olivia).post(
        _url(cast) + f"?format=csv&mapping={mapping}".replace('"', "%22"), FILE, content_type="text/csv"
    )
    by_header = api(cast.olivia).post(
        _url(cast, "?format=csv"), FILE, content_type="text/csv", headers={"Evenhand-Mapping": mapping}
    )
    assert [answer.json()["mapping"]["text"] for answer in (by_query, by_header)] == ["id", "id"]


def test_parquet_by_name(cast, api):
    data = parquet_bytes({"text": ["a"]})
    answer = api(cast.olivia).post(_url(cast, "?filename=x.parquet"), data, content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["format"]) == (202, "parquet")


@pytest.mark.parametrize(
    ("query", "data", "code"),
    [
        ("?filename=a.csv", b"", "empty_file"),
        ("?filename=a.csv", b" \n\n", "empty_file"),
        ("?filename=a.docx", b"x", "unknown_format"),
        ("?filename=a.json", b"[]", "unknown_format"),
        ("?format=xml", b"<a/>", "invalid"),
        ("", b"text\na\n", "unknown_format"),
        ("?filename=a.csv", b"PK\x03\x04zip", "unknown_format"),
        ("?filename=a.csv", b"\x1f\x8bgzip", "unknown_format"),
        ("?filename=a.csv", b'{"text": "a"}\n', "wrong_format"),
        ("?filename=a.jsonl", b'[{"text": "a"}]', "wrong_format"),
        ("?filename=a.parquet", b"text\na\n", "wrong_format"),
        ("?filename=a.csv", b"PAR1....", "wrong_format"),
        ("?filename=a.parquet", b"PAR1....", "truncated_file"),
        ("?filename=a.csv", b"text,text\na,b\n", "duplicate_column"),
        ("?filename=a.csv", "text\nä\n".encode("utf-16"), "wrong_encoding"),
        ("?filename=a.csv", b"a,b\n1,2\n", "mapping_needed"),
        ("?filename=a.csv&mapping=nonsense", b"text\na\n", "invalid_mapping"),
        ("?filename=a.csv&mapping={}", b"text\na\n", "invalid_mapping"),
        ("?filename=a.csv&start=perhaps", b"text\na\n", "invalid"),
    ],
)
def test_uploads_that_are_refused_leave_nothing(cast, api, sent, query, data, code):
    answer = api(cast.olivia).post(_url(cast, query), data, content_type="application/octet-stream")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert not ImportJob.objects.exists()
    assert sent == []
    folder = f"imports/{cast.project.pk}"
    assert not default_storage.exists(folder) or default_storage.listdir(folder)[1] == []


def test_an_unclear_file_lists_its_columns(cast, api):
    answer = api(cast.olivia).post(_url(cast, "?filename=a.csv"), b"a,b\n1,2\n", content_type="text/csv")
    assert answer.json()["error"]["data"] == {"columns": ["a", "b"]}


def test_a_multipart_form_without_file_is_refused(cast, api):
    answer = api(cast.olivia).post(_url(cast), {"mapping": "{}"}, format="multipart")
    assert answer.status_code == 400
    assert "file" in answer.json()["error"]["fields"]


def test_a_closed_project_takes_nothing(cast, api):
    cast.project.status = "closed"
    cast.project.save()
    answer = api(cast.olivia).post(_url(cast, "?filename=a.csv"), FILE, content_type="text/csv")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "project_closed")


def test_two_steps_preview_and_start(cast, api, job, sent, django_capture_on_commit_callbacks):
    assert job.status == "mapping"
    client = api(cast.olivia)
    head = client.get(f"/api/v1/imports/{job.pk}/preview/").json()
    assert head["columns"] == ["text", "id", "religion"]
    assert head["rows"][0] == {"text": "Hello", "id": "1", "religion": "none"}
    assert head["guess"]["text"] == "text"
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/api/v1/imports/{job.pk}/start/", {"mapping": {"text": "text"}, "dataset_name": "D"})
    assert (answer.status_code, answer.json()["status"], answer.json()["dataset_name"]) == (202, "queued", "D")
    assert sent == [job.pk]
    again = client.post(f"/api/v1/imports/{job.pk}/start/", {"mapping": {"text": "text"}})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "import_not_waiting")
    assert client.get(f"/api/v1/imports/{job.pk}/preview/").status_code == 409


def test_a_mapping_that_does_not_fit_keeps_the_upload_waiting(cast, api, job):
    answer = api(cast.olivia).post(f"/api/v1/imports/{job.pk}/start/", {"mapping": {"text": "nope"}})
    assert answer.status_code == 400
    assert "mapping.text" in answer.json()["error"]["fields"]
    job.refresh_from_db()
    assert job.status == "mapping"


def test_list_and_detail(cast, api, job):
    listed = api(cast.audrey).get(_url(cast)).json()["results"]
    assert [row["id"] for row in listed] == [job.pk]
    assert api(cast.audrey).get(f"/api/v1/imports/{job.pk}/").json() == listed[0]


def test_cancel(cast, api, job):
    answer = api(cast.olivia).post(f"/api/v1/imports/{job.pk}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


@pytest.mark.django_db(transaction=True)
def test_progress_and_report_after_a_run(cast, api):
    job = take(cast, FILE + b"=cmd()|x,4,none\n=cmd()|x,4,none\n")
    body = api(cast.audrey).get(f"/api/v1/imports/{job.pk}/").json()
    assert (body["status"], body["rows_read"], body["rows_added"], body["rows_bad"], body["rows_duplicate"]) == (
        "done", 5, 2, 1, 2,
    )  # fmt: skip
    assert body["dataset"] == Dataset.objects.get(name="data").pk
    errors = api(cast.audrey).get(f"/api/v1/imports/{job.pk}/errors/?page_size=2").json()
    assert [(row["row_number"], row["kind"]) for row in errors["results"]] == [(2, "bad"), (3, "duplicate")]
    following = api(cast.audrey).get(errors["next"]).json()["results"]
    assert [row["row_number"] for row in following] == [5]
    only = api(cast.audrey).get(f"/api/v1/imports/{job.pk}/errors/?kind=bad").json()["results"]
    assert [row["row_number"] for row in only] == [2]
    assert api(cast.audrey).get(f"/api/v1/imports/{job.pk}/errors/?kind=x").status_code == 400
    file = api(cast.audrey).get(f"/api/v1/imports/{job.pk}/errors.csv")
    assert file["Content-Disposition"] == f'attachment; filename="import-{job.pk}-rows-not-taken.csv"'
    lines = list(csv.reader(io.StringIO(file.getvalue().decode())))
    assert lines[0] == ["row", "kind", "reason", "excerpt"]
    assert [line[0] for line in lines[1:]] == ["2", "3", "5"]
    assert lines[3][3].startswith("'=cmd()")


@pytest.mark.django_db(transaction=True)
def test_a_token_uploads_with_its_scope_only(cast, api, client):
    from accounts.authentication import token_digest

    for name, scopes, status in (("right", ["import"], 202), ("wrong", ["read", "manage"], 403)):
        ApiToken.objects.create(user=cast.olivia, name=name, prefix=name, digest=token_digest(name), scopes=scopes)
        answer = client.post(
            _url(cast, "?filename=a.csv"), FILE, content_type="text/csv", headers={"Authorization": f"Bearer {name}"}
        )
        assert answer.status_code == status, answer.content


def test_curls_own_content_type_does_no_harm(cast, client):
    from accounts.authentication import token_digest

    ApiToken.objects.create(user=cast.olivia, name="t", prefix="t", digest=token_digest("t"), scopes=["import"])
    data = b"text\n" + b"a line of text\n" * 500_000
    answer = client.post(
        _url(cast, "?filename=a.csv"),
        data,
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": "Bearer t"},
    )
    assert (answer.status_code, answer.json()["bytes_total"]) == (202, len(data))


PEOPLE = ("olivia", "audrey", "edgar", "wanda", "stan", None)
READ = dict(zip(PEOPLE, (200, 200, 403, 403, 404, 401), strict=True))
WRITE = dict(zip(PEOPLE, (None, 403, 403, 403, 404, 401), strict=True))


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("path", ["", "preview/", "errors/", "errors.csv"])
def test_who_may_read(cast, api, job, who, path):
    user = getattr(cast, who) if who else None
    assert api(user).get(f"/api/v1/imports/{job.pk}/{path}").status_code == READ[who]


@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_list(cast, api, who):
    assert api(getattr(cast, who) if who else None).get(_url(cast)).status_code == READ[who]


@pytest.mark.parametrize("who", PEOPLE[1:])
@pytest.mark.parametrize("path", ["start/", "cancel/"])
def test_who_may_not_steer(cast, api, job, who, path):
    user = getattr(cast, who) if who else None
    assert api(user).post(f"/api/v1/imports/{job.pk}/{path}", {}).status_code == WRITE[who]


@pytest.mark.parametrize("who", PEOPLE[1:])
def test_who_may_not_upload(cast, api, who):
    user = getattr(cast, who) if who else None
    answer = api(user).post(_url(cast, "?filename=a.csv"), FILE, content_type="text/csv")
    assert answer.status_code == WRITE[who]
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("path", ["", "preview/", "errors/", "errors.csv"])
def test_an_import_that_is_not_there(cast, api, path):
    assert api(cast.olivia).get(f"/api/v1/imports/999/{path}").status_code == 404


@pytest.mark.parametrize(
    ("verb", "path"),
    [("put", ""), ("delete", ""), ("post", ""), ("get", "start/"), ("get", "cancel/"), ("post", "errors/")],
)
def test_wrong_verbs(cast, api, job, verb, path):
    assert getattr(api(cast.olivia), verb)(f"/api/v1/imports/{job.pk}/{path}").status_code == 405


def test_the_list_asks_few_questions(cast, api, django_assert_max_num_queries):
    for number in range(10):
        ImportJob.objects.create(project=cast.project, created_by=cast.olivia, filename=f"{number}.csv", format="csv")
    client = api(cast.olivia)
    with django_assert_max_num_queries(6):
        assert len(client.get(_url(cast)).json()["results"]) == 10


def test_errors_ask_few_questions(cast, api, job, django_assert_max_num_queries):
    ImportRowError.objects.bulk_create(
        ImportRowError(job=job, row_number=n, kind="bad", reason="no") for n in range(30)
    )
    client = api(cast.olivia)
    with django_assert_max_num_queries(6):
        client.get(f"/api/v1/imports/{job.pk}/errors/")


@pytest.mark.django_db(transaction=True)
def test_from_upload_to_items(cast, api):
    answer = api(cast.olivia).post(_url(cast, "?filename=a.csv"), FILE, content_type="text/csv")
    import_run(job_id=answer.json()["id"])
    assert Item.objects.get().payload == {"text": "Hello"}


def test_an_update_is_asked_for_by_query_form_or_start(cast, api):
    data = csv_bytes("id,gold", "1,keep")
    by_query = api(cast.olivia).post(
        _url(cast, "?format=csv&on_existing=update&change_gold=true"), data, content_type="text/csv"
    )
    assert by_query.status_code == 202, by_query.content
    body = by_query.json()
    assert (body["on_existing"], body["change_gold"], body["items_corrected"]) == ("update", True, 0)
    assert (body["mapping"]["text"], body["mapping"]["gold"]) == ("", "gold")
    form = {"file": SimpleUploadedFile("a.csv", data), "on_existing": "update"}
    by_form = api(cast.olivia).post(_url(cast), form, format="multipart").json()
    assert (by_form["on_existing"], by_form["change_gold"]) == ("update", False)
    waiting = api(cast.olivia).post(_url(cast, "?format=csv&start=false"), data, content_type="text/csv").json()
    started = api(cast.olivia).post(
        f"/api/v1/imports/{waiting['id']}/start/", {"on_existing": "update", "change_gold": True}, format="json"
    )
    assert (started.status_code, started.json()["change_gold"]) == (202, True)


def test_an_update_by_an_unknown_way_is_refused_and_the_upload_dropped(cast, api):
    answer = api(cast.olivia).post(_url(cast, "?format=csv&on_existing=merge"), FILE, content_type="text/csv")
    assert answer.status_code == 400
    assert "on_existing" in answer.json()["error"]["fields"]
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(("person", "status"), [("stan", 404), ("wanda", 403), ("edgar", 403), ("audrey", 403)])
def test_only_an_owner_updates_items(cast, api, person, status):
    client = api(getattr(cast, person))
    answer = client.post(_url(cast, "?format=csv&on_existing=update"), FILE, content_type="text/csv")
    assert answer.status_code == status
    assert not ImportJob.objects.exists()
