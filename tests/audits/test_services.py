"""Making sets, starting audits, choosing models, and what is audited by itself; and the constraints behind them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import LabelSchema, ModelChoice, Project, ProjectStatus
from fairness.audits import renewing
from fairness.audits.choosing import model_choose
from fairness.audits.comparing import previous_of
from fairness.audits.files import probe_file_add, probe_file_remove, project_catalogue
from fairness.audits.leaderboard import Limits, leaderboard, limits_from
from fairness.audits.renewing import audits_due, never_audited
from fairness.audits.services import audit_rules_update
from fairness.audits.sets import set_from_gold, set_from_templates, set_from_upload
from fairness.models import Audit, AuditAnswer, AuditCandidate, AuditRules, Probe, ProbeFile, ProbeSet
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, Prompt
from llm_workers.recipe import Recipe
from llm_workers.services.prompting import prompt_change, prompt_create
from llm_workers.validating.recommending import recommended_validator
from tests.audits.made import OWN_YAML, audit_over, make_audit
from tests.factories import CHOICES, make_items


def upload(cast, text: str, name: str = "probes.csv") -> ProbeSet:
    return set_from_upload(project=cast.project, by=cast.olivia, stream=io.BytesIO(text.encode()), filename=name)


# --- sets -----------------------------------------------------------------------------------------------------------


def test_equal_choices_give_the_set_that_is_there_already(cast):
    facts = {"project": cast.project, "by": cast.olivia, "tasks": ["credit"], "attributes": ["age"], "families": 4}
    first = set_from_templates(**facts)
    assert set_from_templates(**facts) == first
    assert set_from_templates(**facts, seed=1) != first
    assert (first.size, first.families) == (12, 4)
    assert LedgerEvent.objects.filter(kind="audit.set_made").count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"tasks": ["nothing"]}, "tasks"), ({"attributes": []}, "attributes"), ({"families": 0}, "families")],
)
def test_a_wrong_choice_names_its_field(cast, wrong, field):
    facts = {"tasks": ["credit"], "attributes": ["age"], "families": 4} | wrong
    with pytest.raises(DomainError) as refusal:
        set_from_templates(project=cast.project, by=cast.olivia, **facts)
    assert field in refusal.value.fields


def test_a_set_has_an_upper_size(cast, monkeypatch):
    monkeypatch.setattr("fairness.audits.sets.MAX_PROBES", 10)
    with pytest.raises(DomainError, match="at most 10"):
        set_from_templates(project=cast.project, by=cast.olivia, tasks=["credit"], attributes=["age"], families=4)


def test_gold_is_sampled_with_the_groups_that_are_watched(cast):
    make_items(cast.project, 30, gold="keep", groups={"religion": "none", "secret": "x"})
    make_items(cast.project, 30)
    made = set_from_gold(project=cast.project, by=cast.olivia, count=20, seed=3)
    probes = list(made.probes.all())
    assert len(probes) == 20
    assert {probe.truth for probe in probes} == {"keep"}
    assert all(probe.groups == {"religion": "none"} and probe.item_id for probe in probes)
    assert set_from_gold(project=cast.project, by=cast.olivia, count=20, seed=3) == made
    assert set_from_gold(project=cast.project, by=cast.olivia, count=500).size == 30


def test_without_gold_there_is_no_sample(cast):
    make_items(cast.project, 3)
    with pytest.raises(DomainError, match="no gold"):
        set_from_gold(project=cast.project, by=cast.olivia)


def test_an_uploaded_table_becomes_a_set(cast):
    made = upload(cast, "text,truth,family,religion\nGood day,Keep,f1,none\nGet lost,remove,f1,\n")
    first, second = made.probes.all()
    assert (first.payload, first.truth, first.family, first.groups) == (
        {"text": "Good day"},
        "keep",
        "f1",
        {"religion": "none"},
    )
    assert second.groups == {}
    assert made.families == 1


def test_json_lines_may_nest_groups(cast):
    made = upload(cast, '{"text": "Good day", "truth": "keep", "groups": {"age": "young"}}\n', "probes.jsonl")
    assert made.probes.get().groups == {"age": "young"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,religion\nGood day,none\n", "missing: truth"),
        ("text,truth\n", "no rows"),
        ("text,truth\nGood day,perhaps\n", "Row 1: “perhaps” is not a label"),
        ("text,truth\nGood day,\n", "Row 1: the truth is missing"),
        ("text,truth\n ,keep\n", "Row 1: The text is empty"),
        ("text,truth," + ",".join(f"g{n}" for n in range(9)) + "\nx,keep" + ",y" * 9 + "\n", "8 of them at most"),
    ],
)
def test_a_bad_table_is_refused_with_its_rows(cast, text, message):
    with pytest.raises(DomainError) as refusal:
        upload(cast, text)
    assert message in refusal.value.message
    assert not ProbeSet.objects.exists()


# --- files of templates ---------------------------------------------------------------------------------------------


def test_a_file_is_added_used_and_removed(cast):
    made = probe_file_add(project=cast.project, by=cast.olivia, name="diet.yaml", text=OWN_YAML)
    assert "diet" in project_catalogue(cast.project).attributes
    own = set_from_templates(project=cast.project, by=cast.olivia, tasks=["credit"], attributes=["diet"], families=2)
    with pytest.raises(DomainError, match="already"):
        probe_file_add(project=cast.project, by=cast.olivia, name="diet.yaml", text=OWN_YAML)
    probe_file_remove(probe_file=made, by=cast.olivia)
    assert "diet" not in project_catalogue(cast.project).attributes
    assert own.probes.count() == 4


def test_a_file_that_another_one_builds_on_stays(cast):
    task = "tasks:\n  - key: x\n    name: X\n    guidelines: Which?\n    labels: [{key: a, name: A}, {key: b, name: B}]\n    favourable: a\n    templates: {a: ['{Person}.'], b: ['No {person}.']}\n"  # noqa: E501
    first = probe_file_add(project=cast.project, by=cast.olivia, name="one", text=task)
    more = "tasks:\n  - key: x\n    templates: {a: ['More {people}.']}\n"
    probe_file_add(project=cast.project, by=cast.olivia, name="two", text=more)
    with pytest.raises(DomainError, match="builds on this one"):
        probe_file_remove(probe_file=first, by=cast.olivia)


# --- starting -------------------------------------------------------------------------------------------------------


def test_an_audit_of_gold_is_asked_by_the_project_s_prompt_without_its_examples(cast, start, work, llm):
    items = make_items(cast.project, 40, gold="keep")
    recipe = Recipe(way="hand", picked=((items[0].pk, "keep"),))
    prompt = prompt_create(project=cast.project, by=cast.olivia, name="Shown", recipe=recipe)
    probe_set = set_from_gold(project=cast.project, by=cast.olivia)
    model = ModelVersion.objects.get()
    llm.choose = lambda text, names: ["Keep"]
    audit = work(start(probe_set, candidates=[str(model.pk), f"{model.pk}:{prompt.pk}"], orders=1))
    assert audit.left_out == [items[0].pk]
    assert [one.asked for one in audit.candidates.all()] == [39, 39]
    asked = llm.requests[-1]["messages"][-1]["content"]
    assert items[0].payload["text"] in asked, "the prompt's example is shown"
    assert "Keep what fits." in llm.requests[0]["messages"][0]["content"]
    assert all(one.results["overall"]["accuracy"]["value"] == 1.0 for one in audit.candidates.all())


def test_a_task_with_the_project_s_labels_is_asked_by_its_own_question(db, llm, work, model):
    from tests.factories import make_cast

    labels = [{"key": "ok", "name": "Acceptable"}, {"key": "bad", "name": "Hostile"}]
    cast = make_cast(config={"labels": labels})
    probe_set = set_from_templates(
        project=cast.project, by=cast.olivia, tasks=["moderation", "credit"], attributes=["age"], families=10
    )
    truths = {probe.payload["text"]: probe.truth for probe in probe_set.probes.all()}
    names = {"acceptable": "Acceptable", "hostile": "Hostile", "approve": "Approve", "decline": "Decline"}
    llm.choose = lambda text, _names: [names[truths[text]]]
    from fairness.audits.services import audit_start

    audit = work(audit_start(project=cast.project, by=cast.olivia, probe_set=probe_set, candidates=[str(model.pk)]))
    assert audit.tasks["moderation"]["labels"] == {"acceptable": "ok", "hostile": "bad"}
    assert audit.tasks["moderation"]["favourable"] == "ok"
    assert audit.tasks["credit"]["own"] is False
    assert audit.candidates.get().results["overall"]["accuracy"]["value"] == 1.0


def test_wrong_starts_are_refused(cast, start, templates, model, monkeypatch):
    for wrong, message in (
        ({"candidates": []}, "at least one"),
        ({"candidates": ["999999"]}, "Not offered"),
        ({"orders": 0}, "Between 1 and 10"),
    ):
        with pytest.raises(DomainError, match=message):
            start(templates, **wrong)
    monkeypatch.setattr("fairness.audits.services.MAX_REQUESTS", 10)
    with pytest.raises(DomainError, match="requests"):
        start(templates)
    Project.objects.filter(pk=cast.project.pk).update(status=ProjectStatus.CLOSED)
    monkeypatch.undo()
    with pytest.raises(DomainError, match="closed"):
        start(templates)


def test_a_set_whose_labels_are_gone_is_refused(cast, start):
    probe_set = upload(cast, "text,truth\nGood day,review\n")
    LabelSchema.objects.filter(project=cast.project).update(is_current=False)
    config = {"labels": [one for one in CHOICES["labels"] if one["key"] != "review"]}
    LabelSchema.objects.create(
        project=cast.project, version=2, task_type="single_choice", config=config, created_by=cast.olivia
    )
    with pytest.raises(DomainError, match="no longer fits"):
        start(probe_set)


# --- the leaderboard ------------------------------------------------------------------------------------------------


def test_the_leaderboard_knows_the_front_and_the_limits(cast, django_assert_max_num_queries):
    audit = make_audit(cast)
    candidates = list(audit.candidates.all())
    with django_assert_max_num_queries(2):
        fair, skewed = leaderboard(candidates, Limits())
    assert (fair.candidate.name, fair.on_front, fair.within) == ("fair-7b", True, True)
    assert (skewed.candidate.name, skewed.on_front) == ("skewed-1b", False)
    assert skewed.disparity.attribute == "gender"
    limits = limits_from({"max_error": "5,0", "max_disparity": "x", "measure": "flips"})
    assert limits == Limits(measure="flips", error=0.05)
    assert [one.within for one in leaderboard(candidates, limits)] == [True, False]
    assert limits_from({"measure": "nothing", "max_cost": "-1"}) == Limits()


def test_an_audit_proposes_the_fairest_of_those_that_are_good_enough(cast):
    audit = make_audit(cast)
    proposed = ModelChoice.objects.get()
    assert (proposed.name, proposed.role, proposed.chosen_by) == ("fair-7b", "validator", None)
    model_choose(candidate=audit.candidates.get(name="skewed-1b"), role="validator", reason="Cheap.", by=cast.olivia)
    audit_over(cast, audit.probe_set, (("fair-7b", 0.02, 0.0),))
    assert ModelChoice.objects.get(is_current=True).name == "skewed-1b", "a person's choice is not replaced"


def test_a_choice_and_a_proposal_are_in_the_ledger_with_reason_and_figures(cast):
    audit = make_audit(cast)
    proposed = ModelChoice.objects.get()
    event = LedgerEvent.objects.get(kind="audit.model_proposed")
    assert (event.data["choice"], event.data["reason"]) == (proposed.pk, proposed.reason)
    assert event.data["figures"] == proposed.figures
    assert event.data["figures"]["odds"]["attribute"]
    chosen = model_choose(
        candidate=audit.candidates.get(name="skewed-1b"), role="validator", reason="Cheap.", by=cast.olivia
    )
    event = LedgerEvent.objects.get(kind="audit.model_chosen")
    assert (event.data["choice"], event.data["reason"], event.data["name"]) == (chosen.pk, "Cheap.", "skewed-1b")
    assert event.data["figures"] == chosen.figures


def test_a_choice_needs_a_reason_a_role_and_a_measured_model(cast):
    candidate = make_audit(cast).candidates.first()
    for role, reason, field in (("labeller", "  ", "reason"), ("king", "Because.", "role")):
        with pytest.raises(DomainError) as refusal:
            model_choose(candidate=candidate, role=role, reason=reason, by=cast.olivia)
        assert field in refusal.value.fields
    candidate.status = "failed"
    with pytest.raises(DomainError, match="not been measured"):
        model_choose(candidate=candidate, role="labeller", reason="Because.", by=cast.olivia)


def test_the_validator_that_is_recommended_is_the_chosen_one(cast, model, templates, start, work):
    candidate = work(start(templates)).candidates.get()
    now = timezone.now()
    other = ModelVersion.objects.create(name="another", first_seen_at=now, last_seen_at=now)
    other.endpoints.set(model.endpoints.all())
    assert recommended_validator(cast.project).model == model
    assert "By audit" in recommended_validator(cast.project).why
    model_choose(candidate=candidate, role="validator", reason="It is the fairest.", by=cast.olivia)
    found = recommended_validator(cast.project)
    assert (found.model, found.audit) == (model, candidate.audit_id)
    assert "It is the fairest." in found.why
    model.endpoints.clear()
    assert recommended_validator(cast.project).model == other, "what nobody serves is not recommended"


def test_the_change_since_the_last_audit_is_told(cast):
    audit = make_audit(cast)
    again = audit_over(cast, audit.probe_set, (("fair-7b", 0.02, 0.5),)).candidates.get()
    before = audit.candidates.get(name="fair-7b")
    assert previous_of(again) == before
    change = again.results["change"]
    assert (change["candidate"], change["compared"]) == (before.pk, audit.probe_set.size)
    assert change["moved"] > 0
    assert change["figures"]["accuracy"]["difference"] < 0
    assert change["figures"]["accuracy"]["high"] < 0
    assert before.results["change"] is None


# --- what is audited by itself --------------------------------------------------------------------------------------


@pytest.fixture
def automatic(cast, templates):
    audit_rules_update(project=cast.project, by=cast.olivia, probe_set=templates, orders=1, automatic=True)


def test_a_model_that_was_never_audited_is_audited_by_itself_once(cast, automatic, model, templates, work):
    assert audits_due() == 1
    audit = Audit.objects.get()
    assert (audit.created_by, audit.orders) == (None, 1)
    assert audits_due() == 0, "one goes on"
    work(audit)
    assert audits_due() == 0, "it was audited"
    assert never_audited(cast.project, templates) == []


def test_a_prompt_waits_until_it_rests_and_counts_as_new_when_changed(
    cast, automatic, model, templates, work, monkeypatch
):
    work(Audit.objects.get()) if audits_due() else None
    prompt = prompt_create(project=cast.project, by=cast.olivia, name="Mine", recipe=Recipe(instructions="Be kind."))
    assert [one.prompt for one in never_audited(cast.project, templates)] == [prompt.pk]
    assert audits_due() == 0
    Prompt.objects.update(changed_at=timezone.now() - renewing.QUIET - timedelta(seconds=1))
    assert audits_due() == 1
    work(Audit.objects.latest("id"))
    assert never_audited(cast.project, templates) == []
    prompt_change(prompt=prompt, by=cast.olivia, name="Mine", recipe=Recipe(instructions="Be strict."))
    assert len(never_audited(cast.project, templates)) == 1


def test_a_new_version_of_the_labels_makes_everything_new(cast, automatic, model, templates, work):
    audits_due()
    work(Audit.objects.get())
    schema = LabelSchema.objects.get()
    LabelSchema.objects.update(is_current=False)
    schema.pk, schema.version, schema.guidelines = None, 2, "Keep nothing."
    schema.save()
    assert len(never_audited(cast.project, templates)) == 1


def test_nothing_is_audited_by_itself_unless_asked_for(cast, templates, model):
    audit_rules_update(project=cast.project, by=cast.olivia, probe_set=templates, orders=2, automatic=False)
    assert audits_due() == 0
    with pytest.raises(DomainError, match="Choose the probe set"):
        audit_rules_update(project=cast.project, by=cast.olivia, probe_set=None, orders=2, automatic=True)


# --- constraints ----------------------------------------------------------------------------------------------------


def test_the_database_holds_what_audits_promise(cast):
    audit = make_audit(cast, families=2)
    candidate, probe, probe_set = audit.candidates.first(), Probe.objects.first(), audit.probe_set
    file, now = ProbeFile.objects.get(), timezone.now()

    def again(row, **changes):
        row = type(row).objects.get(pk=row.pk)
        row.pk = row.id = None
        for name, value in changes.items():
            setattr(row, name, value)
        return lambda: row.save(force_insert=True)

    def changed(row, **changes):
        return lambda: type(row).objects.filter(pk=row.pk).update(**changes)

    answer = AuditAnswer.objects.first()
    choice = model_choose(candidate=candidate, role="validator", reason="It is fair.", by=cast.olivia)
    Audit.objects.filter(pk=audit.pk).update(status="running", finished_at=None)
    for name, attempt in {
        "probe_file_name_once": again(file),
        "probe_file_has_name": changed(file, name=""),
        "probe_set_content_once": again(probe_set),
        "probe_set_kind_known": changed(probe_set, kind="other"),
        "probe_set_not_empty": changed(probe_set, size=0),
        "probe_number_once": again(probe),
        "audit_one_at_a_time": again(audit),
        "audit_status_known": changed(audit, status="other", finished_at=now),
        "audit_orders_range": changed(audit, orders=11),
        "audit_end_has_time": changed(audit, status="done"),
        "audit_candidate_once": again(candidate),
        "audit_candidate_status_known": changed(candidate, status="other"),
        "audit_candidate_done_has_results": changed(candidate, results=None, measured_at=None),
        "audit_answer_once": again(answer),
        "audit_answer_has_value_or_problem": changed(answer, value=None),
        "audit_answer_confidence_is_probability": changed(answer, confidence=1.5),
        "audit_rules_automatic_has_set": lambda: AuditRules.objects.update(automatic=True, probe_set=None),
        "audit_rules_orders_range": lambda: AuditRules.objects.update(orders=0),
        "audit_rules_cost_not_negative": lambda: AuditRules.objects.update(monthly_cost=-1),
        "model_choice_one_current": again(choice),
        "model_choice_role_known": changed(choice, role="king"),
        "model_choice_has_reason": changed(choice, reason=""),
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            attempt()


def test_a_candidate_s_signature_follows_model_and_prompt(cast, model):
    from annotations.candidates import panel

    (plain,) = panel().offered(cast.project)
    ModelVersion.objects.filter(pk=model.pk).update(adapter="org/lora")
    (adapted,) = panel().offered(cast.project)
    assert plain.signature != adapted.signature
    assert replace(plain, signature="", facts={}) == replace(adapted, signature="", facts={})
    assert AuditCandidate(name="m", prompt_name="p").label == "m · p"
