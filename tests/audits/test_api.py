"""Audits over REST: start, read, choose, publish; other people's ids, repeated requests, caps on queries."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotations.models import ModelChoice
from fairness.audits.cards import FORMAT, as_markdown, card_of
from fairness.audits.measuring import worst
from fairness.audits.selectors import audit_with_candidates
from fairness.models import Audit, AuditCandidate, AuditRules, ProbeSet
from llm_workers.recipe import Recipe
from llm_workers.services.prompting import prompt_create
from tests.audits.made import OWN_YAML, make_audit
from tests.factories import make_items, make_project

GIB = 1024**3


def test_an_audit_is_started_read_and_chosen_from(cast, api, model, work):
    client, project = api(cast.olivia), cast.project.pk
    (candidate,) = client.get(f"/api/v1/projects/{project}/audits/candidates/").json()
    assert (candidate["key"], candidate["audited"]) == (str(model.pk), None)
    made = client.post(
        f"/api/v1/projects/{project}/audits/probe-sets/",
        {"tasks": ["screening"], "attributes": ["gender"], "families": 12},
    )
    assert made.status_code == 201
    started = client.post(
        f"/api/v1/projects/{project}/audits/",
        {"candidates": [candidate["key"]], "about": f"set:{made.json()['id']}", "orders": 1},
    )
    assert started.status_code == 201, started.json()
    again = client.post(f"/api/v1/projects/{project}/audits/", {"candidates": [candidate["key"]], "about": "templates"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "audit_running")
    work(Audit.objects.get())
    seen = client.get(started["Location"]).json()
    assert (seen["status"], seen["probes"]) == ("done", 36)
    (one,) = seen["candidates"]
    assert one["answered"] == 36
    assert one["accuracy"]["n"] == 36
    assert set(one["disparities"]) == {"odds", "opportunity", "parity", "flips"}
    chosen = client.post(
        f"/api/v1/audits/{seen['id']}/choose/", {"candidate": one["id"], "role": "labeller", "reason": "It is here."}
    )
    assert chosen.status_code == 201
    rules = client.patch(
        f"/api/v1/projects/{project}/audits/rules/", {"probe_set": made.json()["id"], "automatic": True}
    ).json()
    assert (rules["automatic"], rules["probe_set"]) == (True, made.json()["id"])
    assert "It is here." in [choice["reason"] for choice in rules["choices"]]
    (candidate,) = client.get(f"/api/v1/projects/{project}/audits/candidates/").json()
    assert candidate["audited"] is True
    listed = client.get(f"/api/v1/projects/{project}/audits/").json()["results"]
    assert [(row["candidates"], row["measured"], row["automatic"]) for row in listed] == [(1, 1, False)]


def test_what_is_not_of_this_audit_or_project_is_not_found(cast, api):
    audit = make_audit(cast, families=2)
    other = make_project(cast.olivia, name="Another")
    client = api(cast.olivia)
    wrong = {"candidate": 10**9, "role": "labeller", "reason": "x"}
    assert client.post(f"/api/v1/audits/{audit.pk}/choose/", wrong).status_code == 404
    foreign = {"candidates": ["1"], "about": f"set:{audit.probe_set_id}"}
    answer = client.post(f"/api/v1/projects/{other.pk}/audits/", foreign)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["about"])
    rules = client.patch(f"/api/v1/projects/{other.pk}/audits/rules/", {"probe_set": audit.probe_set_id})
    assert rules.status_code == 400
    assert client.delete(f"/api/v1/projects/{other.pk}/audits/templates/1/").status_code == 404
    assert client.get(f"/audits/{audit.pk}/models/{10**9}/").status_code == 404
    assert api(cast.stan).get(f"/api/v1/audits/{audit.pk}/").json() == api(cast.stan).get("/api/v1/audits/999/").json()


@pytest.mark.parametrize("about", ["set:", "set:x", "set:" + "9" * 30, "everything", "set:-1"])
def test_a_set_that_is_none_is_refused(cast, api, model, about):
    answer = api(cast.olivia).post(
        f"/api/v1/projects/{cast.project.pk}/audits/", {"candidates": [str(model.pk)], "about": about}
    )
    assert answer.status_code == 400


def test_templates_are_added_with_the_line_of_what_is_wrong(cast, api):
    client, address = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}/audits/templates/"
    good = SimpleUploadedFile("diet.yaml", OWN_YAML.encode())
    made = client.post(address, {"file": good}, format="multipart")
    assert made.status_code == 201
    bad = SimpleUploadedFile("bad.yaml", OWN_YAML.replace("diet", "food").replace("people: vegans, ", "").encode())
    refused = client.post(address, {"file": bad}, format="multipart")
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], error["data"]["line"]) == ("bad_templates", 5)
    latin = SimpleUploadedFile("latin.yaml", b"tasks:\n  - key: caf\xe9\n")
    assert "Line 2: This is not UTF-8" in str(client.post(address, {"file": latin}, format="multipart").json())
    listed = client.get(address).json()
    assert "diet" in [one["key"] for one in listed["attributes"]]
    assert client.delete(f"{address}{made.json()['id']}/").status_code == 204
    assert client.get(address).json()["files"] == []


def test_a_set_is_uploaded(cast, api):
    address = f"/api/v1/projects/{cast.project.pk}/audits/probe-sets/"
    table = SimpleUploadedFile("own.csv", b"text,truth,age\nGood day,keep,young\n")
    assert api(cast.olivia).post(address, {"file": table, "name": "Own"}, format="multipart").status_code == 201
    assert ProbeSet.objects.get().name == "Own"
    assert api(cast.audrey).get(address).json()["results"][0]["size"] == 1


def test_the_card_says_everything_and_names_nobody(cast, api):
    audit = make_audit(cast)
    card = api(cast.audrey).get(f"/api/v1/audits/{audit.pk}/card/").json()
    assert card["format"] == FORMAT
    assert card["probe_set"]["sha256"] == audit.probe_set.content_hash
    assert [one["model"] for one in card["candidates"]] == ["fair-7b", "skewed-1b"]
    skewed = card["candidates"][1]
    assert skewed["examples"][0]["members"]
    assert skewed["results"]["attributes"]["gender"]["groups"]["woman"]["accuracy"]["high"] < 0.8
    assert (skewed["memory_bytes"], skewed["gpu_memory_bytes"]) == (3 * GIB, 32 * GIB)
    assert card["candidates"][0]["gpu_memory_bytes"] is None
    assert card["choices"][0]["by"] == "audit"
    text = str(card)
    for person in (cast.olivia, cast.audrey):
        assert person.email not in text


def test_the_card_of_gold_quotes_no_item(cast, api):
    audit = make_audit(cast)
    ProbeSet.objects.update(kind="gold")
    card = api(cast.olivia).get(f"/api/v1/audits/{audit.pk}/card/").json()
    assert all(one["examples"] == [] for one in card["candidates"])


def test_memory_is_told_on_every_face_of_an_audit_or_said_to_be_unread(cast, api, page_client):
    audit = make_audit(cast)
    fair, skewed = audit.candidates.all()
    markdown = as_markdown(card_of(audit_with_candidates(audit.pk)))
    read, unread = [line for line in markdown.splitlines() if line.startswith("| ")][1:3]
    if "fair-7b" in read:
        read, unread = unread, read
    assert "3.0 GiB | 32.0 GiB" in read
    assert "not told | not read" in unread
    board = page_client(cast.olivia).get(f"/audits/{audit.pk}/").content.decode()
    assert "32.0\u202fGiB" in board
    assert "not read" in board
    assert "32.0\u202fGiB" in page_client(cast.olivia).get(f"/audits/{audit.pk}/models/{skewed.pk}/").content.decode()
    assert "Not read:" in page_client(cast.olivia).get(f"/audits/{audit.pk}/models/{fair.pk}/").content.decode()
    rows = api(cast.olivia).get(f"/api/v1/audits/{audit.pk}/").json()["candidates"]
    assert {row["name"]: row["gpu_memory_bytes"] for row in rows} == {"fair-7b": None, "skewed-1b": 32 * GIB}


def test_markdown_of_the_card_is_not_broken_by_names(cast):
    audit = make_audit(cast)
    AuditCandidate.objects.filter(name="fair-7b").update(name="a|b *c* <img>\n# d")
    text = as_markdown(card_of(audit_with_candidates(audit.pk)))
    assert "a\\|b \\*c\\* &lt;img&gt; # d" in text
    lines = text.splitlines()
    table = [line for line in lines if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in table[:3]}) == 1
    assert "### gender × origin" in text


def test_reading_takes_a_fixed_number_of_queries(cast, api, model, django_assert_max_num_queries):
    audit = make_audit(cast)
    client = api(cast.olivia)
    for number, item in enumerate(make_items(cast.project, 5)):
        recipe = Recipe(way="hand", picked=((item.pk, "keep"),))
        prompt_create(project=cast.project, by=cast.olivia, name=f"Prompt {number}", recipe=recipe)
    for address, most in (
        (f"/api/v1/projects/{cast.project.pk}/audits/", 5),
        (f"/api/v1/projects/{cast.project.pk}/audits/candidates/", 9),
        (f"/api/v1/projects/{cast.project.pk}/audits/probe-sets/", 5),
        (f"/api/v1/audits/{audit.pk}/", 8),
        (f"/api/v1/audits/{audit.pk}/card/", 11),
        (f"/audits/{audit.pk}/", 14),
        (f"/audits/{audit.pk}/models/{audit.candidates.last().pk}/", 12),
        (f"/projects/{cast.project.pk}/audits/", 16),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200, address


def test_pages_choose_steer_and_tell_what_is_wrong(cast, page_client):
    audit = make_audit(cast)
    client, best = page_client(cast.olivia), audit.candidates.first()
    refused = client.post(f"/audits/{audit.pk}/choose/", {"candidate": best.pk, "role": "labeller", "reason": ""})
    assert refused.status_code == 422
    client.post(f"/audits/{audit.pk}/choose/", {"candidate": best.pk, "role": "labeller", "reason": "The best."})
    assert ModelChoice.objects.get(role="labeller").reason == "The best."
    shown = client.post(f"/audits/{audit.pk}/cancel/", follow=True)
    assert "ended already" in shown.content.decode()
    page = client.get(f"/audits/{audit.pk}/?max_disparity=10&measure=parity").content.decode()
    assert "The best." in page
    markdown = client.get(f"/audits/{audit.pk}/card.md")
    assert markdown["Content-Type"].startswith("text/markdown")
    added = client.post(
        f"/projects/{cast.project.pk}/audits/probes/",
        {"do": "file", "file-file": SimpleUploadedFile("x.yaml", b"tasks: 1")},
    )
    assert added.status_code == 422
    assert "Line 1" in added.content.decode()
    made = client.post(
        f"/projects/{cast.project.pk}/audits/probes/",
        {"do": "templates", "templates-tasks": ["credit"], "templates-attributes": ["age"], "templates-families": 2,
         "templates-seed": 0},
    )  # fmt: skip
    assert made.status_code == 302
    assert client.get(made["Location"]).status_code == 200


def test_the_plot_and_the_tables_of_an_audit_can_be_taken_away(cast, page_client, django_assert_max_num_queries):
    audit = make_audit(cast)
    client, board = page_client(cast.audrey), f"/audits/{audit.pk}/leaderboard.csv"
    with django_assert_max_num_queries(12):
        text = client.get(f"{board}?measure=parity&max_disparity=5").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    stored = {one.name: one.results for one in audit.candidates.all()}
    error = next(row for row in rows if (row["model"], row["figure"]) == ("skewed-1b", "error"))
    assert float(error["value"]) == pytest.approx(1 - stored["skewed-1b"]["overall"]["accuracy"]["value"])
    assert (error["nobody_beats_it"], error["within_limits"]) == ("False", "False")
    worst_of = next(row for row in rows if (row["model"], row["figure"]) == ("skewed-1b", "disparity"))
    assert float(worst_of["value"]) == worst(stored["skewed-1b"], "parity")["value"]
    assert worst_of["attribute"] == worst(stored["skewed-1b"], "parity")["attribute"]
    groups = list(csv.DictReader(io.StringIO(client.get(f"/audits/{audit.pk}/groups.csv").content.decode())))
    women = [row for row in groups if row["group"] == "woman" and row["figure"] == "selection_rate"]
    assert len(women) == 2
    apart = [row for row in groups if (row["attribute"], row["group"]) == ("gender", "")]
    ratio = next(row for row in apart if row["figure"] == "parity_ratio")
    assert 0 < float(ratio["low"]) < float(ratio["value"]) < float(ratio["high"])
    assert client.get(f"/audits/{audit.pk}/nothing.csv").status_code == 404
    assert client.post(board).status_code == 405
    assert board in client.get(f"/audits/{audit.pk}/").content.decode()


def test_the_first_audit_proposes_its_set_for_new_models(cast, page_client):
    audit = make_audit(cast)
    AuditRules.objects.all().delete()
    title = "Hold new models to this set"
    owner = page_client(cast.olivia)
    assert title in owner.get(f"/audits/{audit.pk}/").content.decode()
    assert title not in page_client(cast.audrey).get(f"/audits/{audit.pk}/").content.decode()
    fields = {"rules-probe_set": audit.probe_set_id, "rules-orders": audit.orders, "rules-automatic": "on"}
    assert owner.post(f"/projects/{cast.project.pk}/audits/rules/", fields).status_code == 302
    rules = AuditRules.objects.get()
    assert (rules.probe_set_id, rules.orders, rules.automatic) == (audit.probe_set_id, audit.orders, True)
    assert title not in owner.get(f"/audits/{audit.pk}/").content.decode()


def test_what_audits_used_up_stands_on_the_cost_page(cast, page_client, start, templates, work):
    work(start(templates))
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/runs/costs/").content.decode()
    assert "No model has labelled here yet" not in page
    assert f"{204 * templates.size:,}" in page  # tokens


def test_the_chosen_labeller_is_proposed_to_runs(cast, page_client, model, start, templates, work):
    candidate = work(start(templates)).candidates.get()
    client = page_client(cast.olivia)
    client.post(f"/audits/{candidate.audit_id}/choose/", {"candidate": candidate.pk, "role": "labeller", "reason": "x"})
    page = client.get(f"/projects/{cast.project.pk}/runs/").content.decode()
    assert f'<option value="{model.pk}" selected>' in page
