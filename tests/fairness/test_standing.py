"""How monitors stand: none is said to have found nothing that cannot look, or whose finding is let be."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotations.grouping.services import regrouping_apply, regrouping_create
from annotations.models import Item, ServingRules
from fairness.metrics import MOST_GROUPS
from fairness.models import Finding, Monitor, Watch
from fairness.monitors import reading
from fairness.monitors.checkpoints import at_checkpoint
from fairness.monitors.evaluating import due_projects
from fairness.monitors.promising import unpromised
from fairness.monitors.services import finding_decide, monitor_add
from fairness.monitors.standing import Standing, stands_of
from fairness.monitors.words import how_sure
from tests.factories import Cast, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct
from tests.fairness.test_monitors import PARITY, biased, evaluate, give, make_run, watch
from tests.fairness.test_naming import standing

pytestmark = pytest.mark.django_db


def page(cast: Cast, monitor: Monitor) -> str:
    return reverse("fairness_monitor", args=[cast.project.pk, monitor.pk])


def early(cast: Cast, measure: str) -> Monitor:
    """A limit that was set on an empty project."""
    label = "" if measure == "completeness" else "keep"
    values = PARITY | {"measure": measure, "label": label, "whose": "people"}
    return monitor_add(project=cast.project, actor=cast.olivia, values=values)


def many_groups(cast: Cast, number: int = MOST_GROUPS + 1) -> None:
    for place in range(number):
        fresh_items(cast.project, 1, groups={"religion": f"group {place}"})
    fold_all()


@pytest.mark.parametrize("measure", ["parity", "odds", "completeness"])
def test_too_many_groups_are_not_watched_and_stop_no_other_monitor(cast, page_client, api, measure):
    monitor = early(cast, measure)
    errors = monitor_add(
        project=cast.project, actor=cast.olivia, values={"measure": "error", "whose": "model", "tau": 0.1}
    )
    run = make_run(cast)
    many_groups(cast)
    give(cast, run.annotator, "group 1", 60, 60)
    for item in Item.objects.filter(project=cast.project, annotations__annotator=run.annotator):
        correct(item, "gold", "remove")
    fold_all()
    (finding,) = evaluate(cast)
    assert finding.monitor == errors
    run.refresh_from_db()
    assert run.status == "paused"
    monitor.refresh_from_db()
    assert monitor.groups == []
    assert standing(cast, monitor) == Standing.TOO_MANY
    browser = page_client(cast.olivia)
    listed = browser.get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    assert "Too many groups" in listed
    one = browser.get(page(cast, monitor))
    assert one.status_code == 200
    assert f"“religion” has {MOST_GROUPS + 1} groups" in one.content.decode()
    client, base = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}/monitors/"
    assert client.get(f"{base}{monitor.pk}/").json()["standing"] == "too_many"
    assert client.get(f"{base}{monitor.pk}/look/").json() == []
    assert browser.post(page(cast, monitor), {"tau": 0.1, "alpha": 0.05, "groups_anew": "on"}).status_code == 422
    assert Watch.objects.get().version > 0


def test_merged_they_are_named_and_watched(cast):
    monitor = early(cast, "parity")
    many_groups(cast)
    evaluate(cast)
    values = {f"group {number}": "rest" for number in range(MOST_GROUPS)}
    change = regrouping_create(
        project=cast.project, actor=cast.olivia, attribute="religion", kind="merge", rules={"values": values}
    )
    regrouping_apply(regrouping_id=change.pk)
    fold_all()
    evaluate(cast)
    monitor.refresh_from_db()
    assert monitor.groups == [f"group {MOST_GROUPS}", "rest"]
    assert standing(cast, monitor) == Standing.NO_LABELS


def test_one_that_already_watches_too_many_fails_alone(cast, page_client, api):
    """As those may that were named before there was a limit to it."""
    monitor = watch(cast)
    other = watch(cast, label="remove")
    run = make_run(cast)
    biased(cast, run.annotator)
    Monitor.objects.filter(pk=monitor.pk).update(groups=[f"group {number}" for number in range(MOST_GROUPS + 1)])
    (finding,) = evaluate(cast)
    assert finding.monitor == other
    assert due_projects() == [cast.project.pk]  # what was found moved it once more
    evaluate(cast)
    assert due_projects() == []
    assert standing(cast, monitor) == Standing.TOO_MANY
    browser = page_client(cast.olivia)
    assert browser.get(page(cast, monitor)).status_code == 200
    assert browser.post(page(cast, monitor), {"tau": 0.1, "alpha": 0.05, "groups_anew": "on"}).status_code == 302
    assert standing(cast, monitor) == Standing.FOUND


@pytest.fixture
def broken(cast, monkeypatch) -> Monitor:
    """A monitor of two whose arithmetic fails."""
    monitor = watch(cast)
    watch(cast, label="remove")
    asked = reading.verdict_of

    def verdict_of(one, *given):
        if one.pk == monitor.pk:
            raise ZeroDivisionError
        return asked(one, *given)

    monkeypatch.setattr(reading, "verdict_of", verdict_of)
    return monitor


def test_a_monitor_that_cannot_be_asked_is_said_to_and_stops_no_other(cast, broken, page_client, api):
    run = make_run(cast)
    biased(cast, run.annotator)
    said = at_checkpoint(run)
    assert said.figures[str(broken.pk)]["failed"] is True
    assert "could not be asked" in said.objection
    assert "items about" in said.objection  # the other one's
    (finding,) = evaluate(cast)
    assert finding.monitor != broken
    assert standing(cast, broken) == Standing.FAILED
    client, browser = api(cast.olivia), page_client(cast.olivia)
    base = f"/api/v1/projects/{cast.project.pk}/monitors/"
    standings = {row["id"]: row["standing"] for row in client.get(base).json()}
    assert standings == {broken.pk: "failed", finding.monitor_id: "found"}
    (look,) = client.get(f"{base}{broken.pk}/look/").json()
    assert (look["failed"], look["would_pause"], look["certain"]) == (True, False, None)
    shown = browser.get(page(cast, broken))
    assert shown.status_code == 200
    assert "It cannot be asked" in shown.content.decode()
    assert "this could not be asked" in shown.content.decode()
    listed = browser.get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    assert "Cannot be asked" in listed
    assert browser.post(reverse("fairness_monitor_remove", args=[cast.project.pk, broken.pk])).status_code == 302


def test_what_cannot_be_written_down_of_one_is_written_down_of_the_others(cast, monkeypatch):
    first, second = watch(cast), watch(cast, label="remove")
    biased(cast, make_run(cast).annotator)
    monkeypatch.setattr(
        "fairness.monitors.evaluating.owners_tell", lambda finding: 1 / (finding.monitor_id != first.pk)
    )
    with pytest.raises(ZeroDivisionError):
        evaluate(cast)
    assert [finding.monitor for finding in Finding.objects.all()] == [second]
    assert due_projects() == [cast.project.pk]


def test_what_was_accepted_is_not_called_nothing(cast, page_client, api):
    monitor = watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="The texts differ.")
    assert standing(cast, monitor) == Standing.ACCEPTED
    browser, base = page_client(cast.olivia), f"/api/v1/projects/{cast.project.pk}/monitors/"
    listed = browser.get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    assert "Accepted until worse" in listed
    assert "Nothing certain" not in listed
    one = browser.get(page(cast, monitor)).content.decode()
    assert "would not pause" not in one
    assert "beyond the limit: Accepted until worse" in one
    assert api(cast.audrey).get(f"{base}{monitor.pk}/").json()["standing"] == "accepted"
    assert api(cast.audrey).get(f"{base}{monitor.pk}/look/").json()[0]["let_be"] == "accepted"


def test_a_remedy_that_is_given_time_is_not_called_nothing(cast, page_client, api):
    monitor, run = watch(cast), make_run(cast)
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    finding_decide(finding=finding, actor=cast.olivia, action="experts", ask_again=50)
    give(cast, run.annotator, "muslim", 2, 10)
    fold_all()
    assert standing(cast, monitor) == Standing.ON_TRIAL
    listed = page_client(cast.olivia).get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    assert "Asked again after 40 labels more" in listed
    assert (
        "beyond the limit: Asked again after 40" in page_client(cast.olivia).get(page(cast, monitor)).content.decode()
    )
    base = f"/api/v1/projects/{cast.project.pk}/monitors/{monitor.pk}/"
    assert api(cast.audrey).get(base).json()["standing"] == "on_trial"
    assert api(cast.audrey).get(f"{base}look/").json()[0]["let_be"] == "on_trial"


def test_nothing_certain_is_said_after_a_decision_where_nothing_is_any_more(cast):
    monitor, run = watch(cast), make_run(cast)
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="The texts differ.")
    give(cast, run.annotator, "muslim", 400, 400)
    give(cast, run.annotator, "christian", 400, 400)
    fold_all()
    assert standing(cast, monitor) == Standing.WATCHING


def test_a_label_that_is_given_no_more_is_not_watched(cast, page_client):
    monitor = watch(cast)
    config = {**cast.schema.config, "labels": [one for one in cast.schema.config["labels"] if one["key"] != "keep"]}
    cast.project.schemas.filter(is_current=True).update(config=config)
    assert standing(cast, monitor) == Standing.BLIND
    browser = page_client(cast.olivia)
    assert "Watches nothing" in browser.get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    assert "Its label is given no more" in browser.get(page(cast, monitor)).content.decode()


def test_alpha_is_not_claimed_of_people_where_items_come_by_priority(cast, page_client, api):
    cast.project.redundancy = cast.project.min_support = 1
    cast.project.save()
    monitor, of_model = watch(cast, whose="people"), watch(cast, whose="model")
    ServingRules.objects.create(project=cast.project, strategy="priority", column="rank")
    run = make_run(cast)
    biased(cast, make_annotator(cast.project))
    biased(cast, run.annotator)
    findings = {finding.monitor_id: finding for finding in evaluate(cast)}
    assert findings[monitor.pk].certificate["ordered"] == "order"
    assert findings[of_model.pk].certificate["ordered"] == ""
    assert "often one looks" in how_sure(of_model, findings[of_model.pk].certificate)
    browser = page_client(cast.olivia)
    address = reverse("fairness_finding", args=[cast.project.pk, findings[monitor.pk].pk])
    text = browser.get(address).content.decode()
    assert "α is not promised" in text
    assert "often one looks" not in text
    assert "allowed false pauses" not in text
    assert "α is not promised" in browser.get(page(cast, monitor)).content.decode()
    assert "α is not promised" not in browser.get(page(cast, of_model)).content.decode()
    assert "α is not promised" in browser.get(reverse("fairness_monitor_new", args=[cast.project.pk])).content.decode()
    rows = api(cast.audrey).get(f"/api/v1/projects/{cast.project.pk}/monitors/").json()
    assert {row["id"]: row["alpha_holds"] for row in rows} == {monitor.pk: False, of_model.pk: True}


@pytest.mark.parametrize(
    ("rules", "reason", "of_a_gap"),
    [
        ({"strategy": "shuffle"}, "", ""),
        ({"strategy": "priority", "column": "rank"}, "order", "order"),
        ({"strategy": "stratified", "column": "origin"}, "balanced", "balanced"),
        ({"strategy": "stratified", "column": "religion"}, "", ""),
        ({"max_labels": 9, "tau": 0.9}, "depth", ""),  # a gap takes the first label of each item
    ],
)
def test_alpha_is_promised_of_people_where_their_items_come_as_if_at_random(cast, rules, reason, of_a_gap):
    fresh_items(cast.project, 4)
    fold_all()
    ServingRules.objects.create(project=cast.project, **rules)
    watched = {"people": reason, "consensus": reason, "model": ""}
    assert {whose: unpromised(watch(cast, whose=whose)) for whose in watched} == watched
    gap = watch(cast, whose="model", measure="gap")
    assert unpromised(gap) == of_a_gap
    if reason:
        assert "α is not promised" in how_sure(gap, {"ordered": reason})


def test_findings_of_before_there_were_several_reasons_still_say_theirs(cast):
    assert "by priority" in how_sure(watch(cast, whose="people"), {"ordered": True})


def test_how_many_monitors_stand_takes_as_few_queries_as_how_one_does(cast, django_assert_max_num_queries):
    """Whether α is promised is looked at once for each attribute."""
    fresh_items(cast.project, 2)
    fold_all()
    ServingRules.objects.create(project=cast.project, strategy="stratified", column="origin")
    watched = [
        watch(cast, whose=whose, label=label) for whose in ("people", "consensus") for label in ("keep", "remove")
    ]
    with django_assert_max_num_queries(16):
        stands = stands_of(cast.project, watched)
    assert {one.unpromised for one in stands.values()} == {"balanced"}
