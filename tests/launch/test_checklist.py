"""The checklist of cognitive biases: what it asks, what is filled in, how it is answered."""

from __future__ import annotations

import pytest

from annotations.launch.selectors import checklist, setup_of, unanswered
from annotations.models import AssistanceRules, Bias, BiasAnswer, ServingRules
from annotations.projects.status import status_warnings
from ledger.models import LedgerEvent
from tests.factories import make_annotator

pytestmark = pytest.mark.django_db


def page(cast) -> str:
    return f"/projects/{cast.project.pk}/settings/checklist/"


def address(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/checklist/"


def all_answers(verdict: str = "handled") -> dict[str, str]:
    sent = {f"{bias}-verdict": verdict for bias in Bias.values}
    return sent | {f"{bias}-note": f"About {bias}." for bias in Bias.values}


def test_there_are_twelve_each_with_a_question_and_something_done_about_it(cast):
    rows = checklist(cast.project)
    assert len(rows) == 12 == len({row.question for row in rows})
    assert all(row.measures for row in rows)
    assert unanswered(cast.project) == 12


@pytest.mark.parametrize(
    ("change", "bias", "sentence"),
    [
        (lambda cast: setattr(cast.project, "content_warning", "Slurs."), "affect", "blurred"),
        (lambda cast: setattr(cast.project, "wage_per_hour", 12), "self_interest", "pays the same"),
        (
            lambda cast: ServingRules.objects.create(project=cast.project, shuffle_options=True),
            "salience",
            "in another order",
        ),
        (
            lambda cast: cast.schema.config["labels"].append({"key": "u", "name": "Not sure"}),
            "overconfidence",
            "unsure",
        ),
    ],
)
def test_what_is_filled_in_follows_the_projects_settings(cast, change, bias, sentence):
    cast.project.wage_per_hour = 0
    cast.project.content_warning = ""
    cast.project.save()

    def said() -> str:
        [row] = [row for row in checklist(cast.project) if row.bias == bias]
        return " ".join(map(str, row.measures))

    assert sentence not in said()
    change(cast)
    cast.project.save()
    cast.schema.save()
    assert sentence in said()


def test_assistance_and_an_order_that_is_not_random_are_not_called_harmless(cast):
    model = make_annotator(cast.project, kind="model")
    AssistanceRules.objects.create(project=cast.project, is_on=True, model=model, seed=1)
    ServingRules.objects.create(project=cast.project, strategy="depth")
    setup = setup_of(cast.project)
    assert (setup.assisted, setup.random_order) == (True, False)
    said = {row.bias.value: " ".join(map(str, row.measures)) for row in checklist(cast.project)}
    assert "Nobody sees a model's label" not in said["anchoring"]
    assert "measured" in said["anchoring"]
    assert said["availability"] == ""


def test_the_page_is_filled_in_and_saves_all_twelve(cast, page_client):
    client = page_client(cast.olivia)
    text = client.get(page(cast)).content.decode()
    assert "12 are not answered yet" in text
    assert "Nobody sees anybody else" in text
    assert client.post(page(cast), all_answers()).status_code == 302
    assert unanswered(cast.project) == 0
    assert "All twelve are answered" in client.get(page(cast)).content.decode()
    event = LedgerEvent.objects.get(kind="checklist.answered")
    notes = event.data.pop("notes")
    assert event.data == dict.fromkeys(Bias.values, "handled")
    assert set(notes) == set(Bias.values)


def test_one_can_be_answered_alone_and_again_and_the_old_answer_is_kept(cast, page_client):
    client = page_client(cast.olivia)
    for note in ("First.", "First.", "Second."):
        client.post(page(cast), {"halo-verdict": "remains", "halo-note": note})
    assert list(BiasAnswer.objects.order_by("pk").values_list("note", flat=True)) == ["First.", "Second."]
    assert unanswered(cast.project) == 11
    [row] = [row for row in checklist(cast.project) if row.bias == Bias.HALO]
    assert row.answer.note == "Second."


def test_an_answer_without_a_reason_is_refused_and_what_was_typed_stays(cast, page_client):
    sent = all_answers() | {"affect-note": " ", "halo-note": "A thought of mine."}
    answer = page_client(cast.olivia).post(page(cast), sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Say in a sentence why" in text
    assert "A thought of mine." in text
    assert not BiasAnswer.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"answers": []},
        {"answers": [{"bias": "mood", "verdict": "handled", "note": "x"}]},
        {"answers": [{"bias": "halo", "verdict": "maybe", "note": "x"}]},
        {"answers": [{"bias": "halo", "verdict": "handled", "note": ""}]},
        {"answers": [{"bias": "halo", "verdict": "handled", "note": "x" * 2001}]},
        {"answers": "halo"},
    ],
)
def test_the_api_says_what_is_wrong(cast, api, body):
    answer = api(cast.olivia).post(address(cast), body, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    assert not BiasAnswer.objects.exists()


def test_the_api_answers_and_an_auditor_reads(cast, api):
    body = {"answers": [{"bias": "halo", "verdict": "not_expected", "note": "No authors."}]}
    answer = api(cast.olivia).post(address(cast), body, format="json")
    assert answer.json()["unanswered"] == 11
    read = api(cast.audrey).get(address(cast)).json()
    [halo] = [row for row in read["biases"] if row["bias"] == "halo"]
    assert (halo["verdict"], halo["note"]) == ("not_expected", "No authors.")


def test_owners_are_reminded_until_all_is_answered(cast, page_client):
    cast.project.status = "draft"
    cast.project.save()
    assert any("12 questions of the bias checklist" in warning for warning in status_warnings(cast.project))
    client = page_client(cast.olivia)
    assert "bias checklist" in client.get(f"/projects/{cast.project.pk}/").content.decode()
    client.post(page(cast), all_answers("not_expected"))
    assert not any("checklist" in warning for warning in status_warnings(cast.project))


def test_a_closed_project_keeps_its_answers(cast, page_client):
    cast.project.status = "closed"
    cast.project.save()
    assert page_client(cast.olivia).post(page(cast), all_answers()).status_code == 422
    assert not BiasAnswer.objects.exists()
