"""After the first audit new models are audited by themselves: when, within which limits, and how it is told."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_UP, Decimal

import pytest
from django.utils import timezone

from annotations.models import LabelSchema
from fairness.audits import budget, renewing, services
from fairness.audits.answers import Asked, answers_of
from fairness.audits.budget import plan_of
from fairness.audits.renewing import audits_due, never_audited
from fairness.audits.services import audit_rules_of, audit_rules_update
from fairness.models import Audit, AuditRules
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, Prompt
from llm_workers.recipe import Recipe
from llm_workers.services.prompting import prompt_create


@pytest.fixture
def audited(cast, templates, start, work) -> Audit:
    """A first audit, started by the owner and finished."""
    return work(start(templates, orders=1))


@pytest.fixture
def prompt(cast, audited) -> Prompt:
    """A new way of asking that has rested."""
    made = prompt_create(project=cast.project, by=cast.olivia, name="Mine", recipe=Recipe(instructions="Be kind."))
    Prompt.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    return made


def limited(cast, **limits) -> AuditRules:
    rules = audit_rules_of(cast.project)
    values = {"probe_set": rules.probe_set, "orders": rules.orders, "automatic": True} | limits
    audit_rules_update(project=cast.project, by=cast.olivia, **values)
    return audit_rules_of(cast.project)


def test_after_the_first_audit_a_new_prompt_is_audited_by_itself_and_the_change_is_shown(
    cast, audited, prompt, work, page_client
):
    rules = AuditRules.objects.get()
    assert (rules.probe_set_id, rules.orders, rules.automatic) == (audited.probe_set_id, 1, True)
    assert audits_due() == 1
    again = work(Audit.objects.latest("id"))
    candidate = again.candidates.get()
    assert (again.created_by, candidate.prompt) == (None, prompt.pk)
    assert candidate.results["change"] is None, "another prompt is not the same way of asking"
    Prompt.objects.update(changed_at=timezone.now() - timedelta(hours=2))
    page = page_client(cast.olivia)
    listed = page.get(f"/projects/{cast.project.pk}/audits/").content.decode()
    assert "By itself" in listed
    assert "By a person" in listed
    assert "by themselves, within the project" in page.get(f"/audits/{again.pk}/").content.decode()
    assert audits_due() == 0


def test_after_new_guidelines_the_change_against_the_last_audit_is_shown(cast, audited, work, page_client):
    schema = LabelSchema.objects.get()
    LabelSchema.objects.update(is_current=False)
    schema.pk, schema.version, schema.guidelines = None, 2, "Keep nothing."
    schema.save()
    assert audits_due() == 1
    again = work(Audit.objects.latest("id"))
    candidate = again.candidates.get()
    assert candidate.results["change"]["audit"] == audited.pk
    page = page_client(cast.olivia).get(f"/audits/{again.pk}/models/{candidate.pk}/").content.decode()
    assert "Change since the last audit" in page
    change = candidate.results["change"]
    for part, number in (("compared", change["compared"]), ("changed", change["moved"])):
        listed = page_client(cast.olivia).get(f"/audits/{again.pk}/models/{candidate.pk}/answers/", {"part": part})
        assert listed.context["page"].paginator.count == number, part
    assert change["compared"]
    answer = candidate.answers.filter(value__isnull=False).first()
    earlier = audited.candidates.get().answers.filter(probe=answer.probe)
    assert answer.pk not in answers_of(candidate, Asked(part="changed")).ids or earlier.get().value != answer.value
    earlier.update(value=None, problem="none")
    assert answer.pk in answers_of(candidate, Asked(part="changed")).ids


def test_it_is_told_on_the_ledger_who_began_it(cast, audited, prompt, work):
    event = LedgerEvent.objects.get(kind="audit.rules_changed")
    assert (event.actor, event.data["automatic"], event.data["audit"]) == ("system", True, audited.pk)
    audits_due()
    assert LedgerEvent.objects.filter(kind="audit.started").latest("id").actor == "system"


def test_the_owner_switches_it_off_and_no_later_audit_switches_it_on(cast, audited, prompt, start, work):
    rules = audit_rules_of(cast.project)
    audit_rules_update(
        project=cast.project, by=cast.olivia, probe_set=rules.probe_set, orders=rules.orders, automatic=False
    )
    assert audits_due() == 0
    work(start(audited.probe_set))
    assert AuditRules.objects.get().automatic is False
    assert audits_due() == 0


def test_a_set_that_was_named_before_stays(cast, templates, start, work):
    audit_rules_update(project=cast.project, by=cast.olivia, probe_set=None, orders=3, automatic=False)
    work(start(templates))
    rules = AuditRules.objects.get()
    assert (rules.probe_set, rules.orders, rules.automatic) == (None, 3, False)


def test_an_audit_in_which_nothing_was_measured_names_no_set(cast, templates, start, work, llm):
    llm.fault_for = lambda text: "401"
    audit = work(start(templates))
    assert audit.candidates.get().status == "failed"
    assert not AuditRules.objects.exists()


def test_requests_of_thirty_days_are_bounded(cast, audited, prompt, work, page_client):
    size = audited.probe_set.size
    rules = limited(cast, monthly_requests=size - 1)
    (held,) = plan_of(rules, never_audited(cast.project, audited.probe_set)).held_back
    assert f"It takes {size:,} requests; {size - 1:,} of {size - 1:,} are left" in held.why
    assert audits_due() == audits_due() == 0
    event = LedgerEvent.objects.get(kind="audit.held_back")  # once, however often it is looked
    assert event.data["models"][0]["prompt"] == prompt.pk
    page = page_client(cast.audrey).get(f"/projects/{cast.project.pk}/audits/").content.decode()
    assert 'id="held-back"' in page
    assert "are left in these thirty days" in page
    limited(cast, monthly_requests=size)
    assert audits_due() == 1
    work(Audit.objects.latest("id"))
    prompt_create(project=cast.project, by=cast.olivia, name="More", recipe=Recipe(instructions="Be stern."))
    Prompt.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    assert audits_due() == 0, "those of the last thirty days count"
    Audit.objects.filter(created_by__isnull=True).update(created_at=timezone.now() - timedelta(days=31))
    assert audits_due() == 1


def test_money_of_thirty_days_is_bounded(cast, audited, prompt, model):
    new = never_audited(cast.project, audited.probe_set)
    (held,) = plan_of(limited(cast, monthly_cost=Decimal("5")), new).held_back
    assert "What it costs is not known" in held.why
    ModelVersion.objects.filter(pk=model.pk).update(
        price_per_million_prompt=Decimal(1000), price_per_million_completion=Decimal(1000), currency="EUR"
    )
    first = audited.candidates.get()  # the new one is taken to need as many tokens
    cost = Decimal(first.prompt_tokens + first.completion_tokens) / 1000
    (held,) = plan_of(limited(cast, monthly_cost=cost - 1), new).held_back
    assert f"It costs about {cost:.2f} EUR; {cost - 1:.2f} of {cost - 1:.2f} are left" in held.why
    assert audits_due() == 0
    ModelVersion.objects.filter(pk=model.pk).update(currency="USD")
    (held,) = plan_of(limited(cast, monthly_cost=cost + 1), new).held_back
    assert "in USD, the limit of money is in EUR" in held.why
    ModelVersion.objects.filter(pk=model.pk).update(currency="EUR")
    assert plan_of(limited(cast, monthly_cost=cost + 1), new).held_back == []
    assert audits_due() == 1


def priced(model, **values) -> None:
    prices = {"price_per_million_prompt": Decimal(1000), "price_per_million_completion": Decimal(1000)}
    ModelVersion.objects.filter(pk=model.pk).update(**prices | {"currency": "EUR"} | values)


def test_where_models_cost_money_it_begins_with_a_limit(cast, templates, start, work, model, page_client):
    priced(model)
    audit = work(start(templates, orders=1))
    first = audit.candidates.get()
    cost = Decimal(first.prompt_tokens + first.completion_tokens) / 1000
    rules = AuditRules.objects.get()
    assert (rules.automatic, rules.by_owner) == (True, False)
    assert rules.monthly_cost == (3 * cost).quantize(Decimal("0.01"), ROUND_UP)
    event = LedgerEvent.objects.get(kind="audit.rules_changed")
    assert event.data["monthly_cost"] == str(rules.monthly_cost)
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/audits/").content.decode()
    assert "is three times what that audit cost" in page
    limited(cast, monthly_cost=rules.monthly_cost)
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/audits/").content.decode()
    assert 'id="begun-by-itself"' not in page


def test_a_model_that_comes_to_cost_money_waits_for_the_owner_s_word(cast, audited, prompt, model, page_client):
    rules = AuditRules.objects.get()
    assert (rules.monthly_cost, rules.by_owner) == (None, False)
    priced(model)
    assert audits_due() == 0
    (held,) = plan_of(rules, never_audited(cast.project, audited.probe_set)).held_back
    assert "nobody has said how much such audits may cost" in held.why
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/audits/").content.decode()
    assert "nobody has said how much such audits may cost" in page
    limited(cast)  # no limit of money, by the owner's own word
    assert audits_due() == 1


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ({"price_per_million_prompt": None, "price_per_million_completion": None}, "is not known"),
        ({"currency": "USD"}, "is in USD, the limit is in EUR"),
    ],
)
def test_a_limit_of_money_is_not_held_by_counting_what_is_not_known_as_nothing(
    cast, audited, prompt, model, work, now, why
):
    priced(model)
    limited(cast, monthly_cost=Decimal(10_000))
    assert audits_due() == 1
    work(Audit.objects.latest("id"))
    other = ModelVersion.objects.create(name="other", first_seen_at=timezone.now(), last_seen_at=timezone.now())
    other.endpoints.set(model.endpoints.all())
    priced(other)
    priced(model, **now)
    plan = plan_of(audit_rules_of(cast.project), never_audited(cast.project, audited.probe_set))
    assert plan.within == []
    assert {one.candidate.model for one in plan.held_back} == {other.pk}
    assert all("The limit of money cannot be held" in one.why and why in one.why for one in plan.held_back)


def test_a_prompt_that_asks_several_times_counts_as_often(cast, audited, work, model, monkeypatch):
    size, recipe = audited.probe_set.size, Recipe(samples=5, orders=2)
    made = prompt_create(project=cast.project, by=cast.olivia, name="Five", recipe=recipe)
    Prompt.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    (one,) = never_audited(cast.project, audited.probe_set)
    assert (one.requests(1), one.requests(4)) == (10, 10)  # in the orders of its own
    (held,) = plan_of(limited(cast, monthly_requests=10 * size - 1), [one]).held_back
    assert f"It takes {10 * size:,} requests" in held.why
    for module in (services, budget, renewing):
        monkeypatch.setattr(module, "MAX_REQUESTS", 10 * size - 1)
    with pytest.raises(DomainError, match=f"would be {10 * size:,} requests"):
        services.audit_start(
            project=cast.project, by=cast.olivia, probe_set=audited.probe_set, candidates=[one.key], orders=1
        )
    rules = limited(cast, monthly_requests=10 * size)
    assert "an audit has" in plan_of(rules, [one]).held_back[0].why
    assert audits_due() == 0
    monkeypatch.undo()
    assert audits_due() == 1
    candidate = work(Audit.objects.latest("id")).candidates.get()
    assert (candidate.prompt, candidate.requests) == (made.pk, 10 * size)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"monthly_requests": -1}, "monthly_requests"), ({"monthly_cost": Decimal(-1)}, "monthly_cost")],
)
def test_limits_out_of_range_are_refused(cast, audited, wrong, field):
    with pytest.raises(DomainError) as refusal:
        limited(cast, **wrong)
    assert field in refusal.value.fields


def test_limits_are_set_by_page_and_api(cast, audited, api, page_client):
    address = f"/projects/{cast.project.pk}/audits/rules/"
    fields = {"rules-probe_set": audited.probe_set_id, "rules-orders": 1, "rules-automatic": "on",
              "rules-monthly_requests": 900, "rules-monthly_cost": "12.50"}  # fmt: skip
    assert page_client(cast.olivia).post(address, fields).status_code == 302
    rules = AuditRules.objects.get()
    assert (rules.monthly_requests, rules.monthly_cost) == (900, Decimal("12.50"))
    changed = api(cast.olivia).patch(f"/api/v1{address}", {"monthly_requests": 100}, format="json").json()
    assert (changed["monthly_requests"], changed["monthly_cost"], changed["automatic"]) == (100, "12.50", True)
    assert api(cast.olivia).patch(f"/api/v1{address}", {"monthly_cost": "-1"}, format="json").status_code == 400
