"""The pages of validation and their REST twins, and what case and item pages show of it."""

from __future__ import annotations

import pytest

from annotations.models import Case, Checkpoint, Run
from annotations.settling.services import settle
from llm_workers.models import ModelVersion
from llm_workers.services.prompting import model_annotator, plain_version
from llm_workers.validating.models import ValidatorRules, VerifierRules
from llm_workers.validating.recommending import recommended_validator
from llm_workers.validating.tasks import verify_labels, verify_stale
from llm_workers.validating.verifying import project_verify
from tests.factories import add_label, make_annotator, make_items
from tests.validating.test_verifying import crowd

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Project ids for which a scoring was asked for."""
    asked: list[int] = []
    monkeypatch.setattr(verify_labels, "delay", asked.append)
    return asked


def page(cast, which: str = "verifier") -> str:
    return f"/projects/{cast.project.pk}/{which}/"


def address(cast, which: str = "verifier") -> str:
    return f"/api/v1/projects/{cast.project.pk}/{which}/"


def test_before_anything_was_scored_or_rated(cast, page_client, api):
    assert "No label is scored yet" in page_client(cast.audrey).get(page(cast)).content.decode()
    assert "No model rates labels here" in page_client(cast.audrey).get(page(cast, "validator")).content.decode()
    assert api(cast.audrey).get(address(cast)).json()["fit"] is None
    data = api(cast.audrey).get(address(cast, "validator")).json()
    assert (data["status"], data["rated"], data["rules"]["enabled"]) == (None, 0, False)


def test_the_page_says_which_rule_stands_in(cast, page_client):
    crowd(cast, items=6, gold=2)
    project_verify(project_id=cast.project.pk)
    text = page_client(cast.edgar).get(page(cast)).content.decode()
    assert "A stated rule gives the score until there is enough to learn from: 50 labels" in text
    assert "Insufficient data" in text
    assert "The lowest scores" not in text  # an expert judges labels without their givers
    assert "The lowest scores" in page_client(cast.audrey).get(page(cast)).content.decode()


def test_page_and_api_tell_how_good_learnt_scores_are(cast, page_client, api, django_assert_max_num_queries):
    crowd(cast, items=240, gold=200)
    project_verify(project_id=cast.project.pk)
    client = page_client(cast.olivia)
    with django_assert_max_num_queries(20):
        text = client.get(page(cast)).content.decode()
    data = api(cast.olivia).get(address(cast)).json()
    overall = data["fit"]["figures"]["overall"]
    assert data["fit"]["method"] == "logistic"
    assert f"{overall['auroc']:.2f}" in text
    assert "of 100 cases" in text
    assert "religion: muslim" in text
    assert "What the score goes by" in text
    known = data["fit"]["figures"]["known"]
    assert (known["stated"], known["orders_agree"], known["skill"]) == (0, 0, data["fit"]["labels"])
    for name in ("Order of the options", "Several answers", "Stated certainty"):
        row = text.partition(f">{name}</th>")[2].partition("</tr>")[0]
        assert ">absent</td>" in row
    assert "#m-square" in text  # the reliability diagram
    listed = api(cast.audrey).get(address(cast, "verifier/scores") + "?page_size=5").json()
    scores = [row["score"] for row in listed["results"]]
    assert len(scores) == 5
    assert scores == sorted(scores)
    assert listed["next"]


def test_an_owner_changes_when_low_scores_open_cases(cast, page_client, api, sent, django_capture_on_commit_callbacks):
    client = page_client(cast.olivia)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(page(cast), {"opens_cases": "never", "share": "0.1", "threshold": ""})
    assert answer.status_code == 302
    assert VerifierRules.objects.values_list("opens_cases", "share", "threshold").get() == ("never", 0.1, None)
    assert sent == [cast.project.pk]
    assert client.post(page(cast), {"opens_cases": "never", "share": "7"}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert api(cast.olivia).patch(address(cast), {"threshold": 0.3}, format="json").status_code == 200
    assert VerifierRules.objects.get().threshold == 0.3
    assert api(cast.olivia).patch(address(cast), {"threshold": 3}, format="json").status_code == 400
    assert client.post(page(cast) + "now/").status_code == 302
    assert api(cast.olivia).post(address(cast)).status_code == 202
    assert sent == [cast.project.pk] * 4


def test_beat_sends_what_is_due(cast, sent):
    crowd(cast, items=2, gold=0)
    assert verify_stale() == len(sent)
    assert verify_labels(cast.project.pk) is True
    assert verify_labels(10**9) is False


def test_an_owner_switches_the_validator_on_pauses_and_resumes_it(cast, page_client, api, model, labelled, work):
    labelled("keep remove")
    client, rest = page_client(cast.olivia), api(cast.olivia)
    assert client.post(page(cast, "validator"), {"enabled": "on"}).status_code == 422  # no model
    assert client.post(page(cast, "validator"), {"enabled": "on", "model": model.pk}).status_code == 302
    assert ValidatorRules.objects.get().model == model
    assert work().rated == 2
    text = client.get(page(cast, "validator")).content.decode()
    assert "2 labels of items rated, 0 to go" in text
    assert "word for word" in text
    data = rest.get(address(cast, "validator")).json()
    assert (data["status"], data["rated"], data["tokens"] > 200, data["cost"]) == ("idle", 2, True, None)
    assert client.post(page(cast, "validator") + "pause/").status_code == 302
    assert rest.post(address(cast, "validator") + "pause/").status_code == 409
    assert rest.post(address(cast, "validator") + "resume/").json()["status"] == "rating"
    assert rest.patch(address(cast, "validator"), {"max_tokens": 5}, format="json").json()["rules"]["max_tokens"] == 5
    assert rest.patch(address(cast, "validator"), {"max_cost": "5"}, format="json").status_code == 400
    rows = rest.get(address(cast, "validator/ratings") + "?verdict=agree").json()["results"]
    assert all(row["verdict"] == "agree" for row in rows)


def test_switched_on_by_api_without_a_model_it_is_the_recommended_one(cast, api, model):
    rest = api(cast.olivia)
    answer = rest.patch(address(cast, "validator"), {"enabled": True}, format="json").json()
    assert (answer["rules"]["enabled"], answer["rules"]["model"]) == (True, model.pk)
    model.endpoints.clear()
    ValidatorRules.objects.update(enabled=False, model=None)
    assert rest.patch(address(cast, "validator"), {"enabled": True}, format="json").status_code == 400


def test_ratings_are_compared_with_settlements_and_gold_for_each_group(cast, page_client, switch_on, work, llm, api):
    llm.choose = lambda text, names: ["Disagree"] if text.endswith("Remove") else ["Agree"]
    for item in make_items(cast.project, 64, gold="keep", groups={"religion": "none"}):
        add_label(item, make_annotator(cast.project), "keep" if item.pk % 2 else "remove")
    switch_on()
    work()
    project_verify(project_id=cast.project.pk)
    everything, group = api(cast.audrey).get(address(cast, "validator")).json()["compared"]
    assert (everything["passed"]["count"], everything["passed"]["total"]) == (32, 32)
    assert (group["group"], group["caught"]["share"]) == ("none", 1.0)
    assert group["caught"]["interval"][0] < 1
    assert "100 % of 32" in page_client(cast.audrey).get(page(cast, "validator")).content.decode()


def test_an_expert_reads_the_validator_s_reasons_without_names(cast, page_client, labelled, switch_on, work, model):
    item = labelled("keep remove")
    switch_on()
    work()
    case = Case.objects.get(item=item)
    text = page_client(cast.edgar).get(f"/cases/{case.pk}/").content.decode()
    assert "A model that checks labels says" in text
    assert "The rules say so." in text
    assert model.name not in text
    settle(expert=cast.edgar, case_id=case.pk, value="keep", cause="human_error", recurrent=False, reason="Clear.")
    assert "The rules say so." in page_client(cast.edgar).get(f"/cases/{case.pk}/").content.decode()


def test_the_item_page_shows_scores_to_staff_but_not_to_an_expert_who_has_yet_to_judge(cast, page_client, labelled):
    item = labelled("keep keep remove")
    project_verify(project_id=cast.project.pk)
    assert f'href="{page(cast)}"' in _labels(page_client(cast.olivia).get(f"/items/{item.pk}/"))
    assert f'href="{page(cast)}"' not in _labels(page_client(cast.edgar).get(f"/items/{item.pk}/"))


def _labels(answer) -> str:
    return answer.content.decode().partition('id="labels-title"')[2]


def test_the_labelling_model_is_recommended_last_and_agreement_decides_among_others(cast, model):
    now = model.first_seen_at
    others = [ModelVersion.objects.create(name=name, first_seen_at=now, last_seen_at=now) for name in ("poor", "good")]
    for other in others:
        other.endpoints.set(model.endpoints.all())
    figures = {model.pk: (100, 100, 900), others[0].pk: (40, 100, 100), others[1].pk: (80, 100, 100)}
    assert recommended_validator(cast.project).agreed == 0
    for one in (model, *others):
        agreed, compared, labelled = figures[one.pk]
        asked = model_annotator(model=one, version=plain_version(schema=cast.schema, with_reason=False, orders=1))
        run = Run.objects.create(
            project=cast.project, annotator=asked.annotator, schema=cast.schema, started_by=cast.olivia,
            status="done", labelled=labelled,
        )  # fmt: skip
        Checkpoint.objects.create(
            run=run, number=1, labelled=labelled, figures={"agreed": agreed, "compared": compared}
        )
    found = recommended_validator(cast.project)
    assert (found.model.name, found.labels_here) == ("good", False)
    assert "80 of 100" in found.why
    assert "No audit" in found.why
    for other in others:
        other.endpoints.clear()
    alone = recommended_validator(cast.project)
    assert (alone.model, alone.labels_here) == (model, True)
    assert "will not see its own mistakes" in alone.why
    model.endpoints.clear()
    assert recommended_validator(cast.project) is None
