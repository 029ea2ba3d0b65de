"""What a person takes with them: everything of theirs, and nothing of anybody else's."""

from __future__ import annotations

import io
import json
import tracemalloc
from zipfile import ZipFile

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import DemographicBox
from accounts.rights.archive import archive
from accounts.rights.parts import parts
from accounts.rights.selectors import stored
from accounts.rights.services import data_download, person_erase
from annotations.models import Annotation, AnnotationStatus, Assignment, Consensus, QuizTry
from annotations.working.changing import change_answer
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_items, make_user
from tests.rights.conftest import EMAIL, NAME, PASSWORD, WORDS, Life, unpacked


@pytest.fixture
def files(life: Life):
    return unpacked(archive(life.paula))


def test_there_is_a_file_for_each_kind_and_a_text_that_explains_them(files):
    assert set(files) == {"README.txt", *(f"{part.name}.json" for part in parts())}
    for part in parts():
        assert f"{part.name}.json\n    {part.title}" in files["README.txt"]


def test_the_counts_on_the_page_are_what_the_files_hold(life, client):
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    files = unpacked(archive(life.paula))
    counted = {one.part.name: one.count for one in stored(life.paula) if one.count is not None}
    found = {name: len(files[f"{name}.json"]) for name in counted}
    assert found == counted
    assert all(counted.values())


def test_the_account_is_told_without_secrets(life, files):
    assert (files["profile.json"]["email"], files["profile.json"]["display_name"]) == (EMAIL, NAME)
    assert [row["email"] for row in files["email_addresses.json"]] == [EMAIL, "p.persson@example.com"]
    (token,) = files["tokens.json"]
    assert (token["name"], token["scopes"]) == (f"notebook of {NAME}", ["read", "label", "manage"])
    raw = "".join(json.dumps(content) for content in files.values())
    assert life.token not in raw
    for secret in (life.paula.password, life.paula.api_tokens.get().digest):
        assert secret not in raw


def test_what_a_person_told_about_themselves_goes_with_them_and_is_deleted(life, files):
    assert files["demographics.json"] == [
        {
            "question": "age_band",
            "answers": ["35_44"],
            "projects_that_may_count_it": [life.cast.project.pk],
            "projects_that_counted_it": [],
        }
    ]
    assert DemographicBox.objects.count() == 1
    person_erase(user=life.paula)
    assert DemographicBox.objects.count() == 0


def test_labels_come_with_their_history_times_and_words(life, cast):
    changed = life.annotator.annotations.order_by("pk").first()
    change_answer(annotator=life.annotator, annotation_id=changed.pk, value="remove")
    files = unpacked(archive(life.paula))
    rows = files["labels.json"]
    assert [(row["value"], row["status"]) for row in rows] == [
        ("keep", "superseded"),
        ("keep", "current"),
        ("keep", "current"),
        ("remove", "current"),
    ]
    assert rows[3]["supersedes_id"] == rows[0]["id"]
    assert (rows[0]["reason"], rows[0]["active_ms"] is not None, rows[0]["project_name"]) == (WORDS, True, "Moderation")
    assert sorted(row["status"] for row in files["items_given.json"]) == ["leased", "skipped", *["submitted"] * 3]
    assert [row["skip_reason"] for row in files["items_given.json"] if row["status"] == "skipped"] == [WORDS]
    assert [row["reason"] for row in files["flags.json"]] == [f"{WORDS} {turn}" for turn in range(3)]
    assert files["reviews.json"][0]["appeal"] == WORDS
    assert files["settlements.json"][0]["reason"] == "Rule 3 says so."


def test_pay_is_told_as_it_was_earned_and_adjusted(files):
    earned, adjustment = files["pay.json"]
    assert (earned["labels"], earned["earned"], earned["currency"]) == (3, "0.10", "EUR")
    assert (adjustment["adjustment"], adjustment["why"], adjustment["paid_in"]) == ("1.50", "For the training.", "EUR")


def test_events_are_those_of_the_account_and_of_the_work(life, files):
    actors = {event["actor"] for event in files["events.json"]}
    assert actors == {f"user:{life.paula.pk}"}
    kinds = [event["kind"] for event in files["events_of_work.json"]]
    assert {event["actor"] for event in files["events_of_work.json"]} == {f"annotator:{life.annotator.pk}"}
    assert kinds.count("annotation.submitted") == 3
    assert kinds.count("item.flagged") == 3
    everything = LedgerEvent.objects.filter(actor__in=[f"user:{life.paula.pk}", f"annotator:{life.annotator.pk}"])
    assert len(files["events.json"]) + len(kinds) == everything.count()


def test_nothing_about_anybody_else_is_in_it(life, cast, files):
    raw = json.dumps(files)
    for other in ("Walt", "walt", "olivia", "friend@example.org", "edgar"):
        assert other not in raw
    for annotator in cast.project.annotators.exclude(pk=life.annotator.pk):
        assert annotator.pseudonym not in raw


def test_no_gold_no_model_label_and_no_consensus_is_in_it(life, cast):
    """Items with telling labels: none of these words reaches the file."""
    labelled = life.annotator.annotations.order_by("pk").first().item
    labelled.gold = "review"
    labelled.save()
    add_label(labelled, make_annotator(cast.project, kind="model", name="llama"), "review")
    Consensus.objects.update(value="review")
    files = unpacked(archive(life.paula))
    raw = json.dumps(files)
    assert '"review"' not in raw
    for word in ("llama", "gold", "consensus", "Message number"):
        assert word not in raw.replace("Content", "").replace(files["README.txt"], "")


def test_a_download_during_a_quiz_does_not_say_what_is_right(life):
    told = unpacked(archive(life.paula))
    assert [row["was_right"] for row in told["training.json"]] == [True, None]
    assert told["quiz_tries.json"][0]["right_answers"] is None
    QuizTry.objects.update(passed=True, right=1)
    assert unpacked(archive(life.paula))["quiz_tries.json"][0]["right_answers"] == 1
    assert [row["was_right"] for row in unpacked(archive(life.paula))["training.json"]] == [True, None]


def test_checks_answered_since_do_not_show(life):
    """The running count of checks would say of each label whether its item was one."""
    before = unpacked(archive(life.paula))["pseudonyms.json"]
    life.annotator.gold_right, life.annotator.gold_wrong = 5, 1
    life.annotator.save()
    assert unpacked(archive(life.paula))["pseudonyms.json"] == before


def test_somebody_without_anything_gets_whole_files(db):
    files = unpacked(archive(make_user("new")))
    assert files["labels.json"] == []
    assert files["profile.json"]["email"] == "new@example.org"


@pytest.mark.parametrize("who", ["olivia", "edgar", "wanda", "audrey", "stan"])
def test_every_role_may_download_and_it_is_on_record(cast, page_client, api, who):
    user = getattr(cast, who)
    answer = page_client(user).get(reverse("your_data_download"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "my-evenhand-data.zip" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert unpacked(answer.streaming_content)["profile.json"]["id"] == user.pk
    assert unpacked(api(user).get("/api/v1/account/data/download/").streaming_content)["profile.json"]["id"] == user.pk
    events = LedgerEvent.objects.filter(kind="person.data_downloaded", actor=f"user:{user.pk}")
    assert list(events.values_list("data", flat=True)) == [{"by": "self"}] * 2


def test_all_files_show_one_moment(transactional_db, life, together):
    """A label that is given while the download is under way is in none of the files."""
    blocks = data_download(user=life.paula)
    first = next(blocks)

    def another() -> None:
        (item,) = make_items(life.cast.project)
        add_label(item, life.annotator, "keep")

    together([another])
    assert len(unpacked([first, *blocks])["labels.json"]) == 3
    assert len(unpacked(archive(life.paula))["labels.json"]) == 4


def test_the_page_asks_one_question_for_each_kind(life, page_client, django_assert_max_num_queries):
    client = page_client(life.paula)
    with django_assert_max_num_queries(len(parts()) + 30):
        assert client.get(reverse("your_data")).status_code == 200


def test_fifty_thousand_labels_need_no_more_memory_than_a_few(life, cast):
    many = 50_000
    (item,) = make_items(cast.project)
    now = timezone.now()
    lease = Assignment.objects.filter(annotator=life.annotator).first()
    rows = (
        Annotation(
            project=cast.project, item=item, annotator=life.annotator, schema=cast.schema, assignment=lease,
            source="human", status=AnnotationStatus.SUPERSEDED, value="keep", created_at=now,
        )
        for _number in range(many)
    )  # fmt: skip
    Annotation.objects.bulk_create(rows, batch_size=5000)
    tracemalloc.start()
    packed, largest = io.BytesIO(), 0
    for block in archive(life.paula):
        packed.write(block)
        largest = max(largest, len(block))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - packed.tell() < 16 << 20
    assert largest < 1 << 20
    with ZipFile(packed) as file:
        assert len(json.loads(file.read("labels.json"))) == many + 3
