"""Adaptive redundancy by the project's last fit: whose labels they are decides how many are asked for."""

from __future__ import annotations

import math
import random
import threading
from itertools import pairwise

import numpy as np
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from annotations.aggregation import dawid_skene
from annotations.aggregation.adaptive import WEIGHT, certainties, told
from annotations.deciding import fitting
from annotations.deciding.fitting import consensus_refit, stale_projects
from annotations.labelling.services import claim, submit
from annotations.models import (
    Annotator,
    AnnotatorSkill,
    Assignment,
    ConsensusFit,
    Item,
    OutboxRow,
    QueueEntry,
    ServingRules,
)
from annotations.serving.adaptive import Demand, Learnt, Worth, certainty, extra_labels
from annotations.serving.services import queue_settle
from annotations.state import Vote
from ledger.services import SYSTEM, record
from tests.aggregation.crowds import crowd
from tests.factories import add_label, make_annotator, make_cast, make_items

LABELS = ["keep", "review", "remove"]
COIN = [[math.log(0.9), math.log(0.1)], [math.log(0.1), math.log(0.9)]]


def learnt(**people: Worth) -> Learnt:
    """Two labels, as common as each other; annotators 0, 1, … in order; anybody else is right with .6."""
    return Learnt(("a", "b"), (0.5, 0.5), 0.6, dict(enumerate(people.values())))


def votes(text: str) -> list[Vote]:
    return [Vote(number, number, False, token) for number, token in enumerate(text)]


def test_a_vote_tells_what_its_annotator_is_worth():
    good, chance = Worth(500, 0.9, COIN), Worth(500, 0.5, [[math.log(0.5)] * 2] * 2)
    assert certainty(votes("a"), labels=2, learnt=learnt(x=good)) == pytest.approx(0.9)
    assert certainty(votes("aa"), labels=2, learnt=learnt(x=good, y=good)) == pytest.approx(81 / 82)
    assert certainty(votes("aa"), labels=2, learnt=learnt(x=good, y=chance)) == pytest.approx(0.9)
    assert certainty(votes("aa"), labels=2, learnt=learnt()) == pytest.approx(0.36 / 0.52)


def test_somebody_without_a_matrix_counts_by_their_skill_as_far_as_it_is_known():
    few = Worth(5, 1.0, [])  # as many labels as what is common to all weighs
    assert WEIGHT == 5
    assert certainty(votes("a"), labels=2, learnt=learnt(x=few)) == pytest.approx((1.0 + 0.6) / 2)


def test_a_label_that_the_fit_has_not_seen_is_one_more_label():
    good = Worth(500, 0.9, COIN)
    found = certainty(votes("c"), labels=3, learnt=learnt(x=good))
    right = (0.9 * 500 + 0.6 * WEIGHT) / (500 + WEIGHT)
    assert found == pytest.approx(right / (right + 2 * (1 - right) / 2))


def test_models_make_no_item_certain_by_a_fit_either():
    model = Vote(9, 0, True, "a")
    assert certainty([model], labels=2, learnt=learnt(x=Worth(500, 0.9, COIN))) == pytest.approx(0.5)


def test_all_items_at_once_are_as_certain_as_one_by_one():
    labels, _truth = crowd(n_items=60, n_annotators=12, each=4)
    fitted = dawid_skene(labels)
    tells = told(fitted, labels.given)
    counted = np.arange(12) != 3
    together = certainties(labels, tells.logs, fitted.prior, counted=counted)
    people = {n: Worth(int(labels.given[n]), float(fitted.skill[n]), tells.logs[n].tolist()) for n in range(12)}
    of_fit = Learnt(("0", "1", "2"), tuple(fitted.prior.tolist()), tells.accuracy, people)
    for item in range(60):
        own = [
            Vote(0, int(who), who == 3, str(said))
            for of, who, said in zip(labels.item, labels.annotator, labels.label, strict=True)
            if of == item
        ]
        assert certainty(own, labels=3, learnt=of_fit) == pytest.approx(together[item], abs=1e-9)


def test_few_labels_prove_little():
    labels, _truth = crowd(n_items=60, n_annotators=12, each=4)
    fitted = dawid_skene(labels)
    sure = np.exp(told(fitted, np.full(12, 10_000)).logs)
    assert sure.transpose(0, 2, 1) == pytest.approx(fitted.confusion, abs=1e-2)
    unsure = told(fitted, np.full(12, 1))
    assert np.exp(unsure.logs)[:, 0, 0] == pytest.approx(np.full(12, unsure.accuracy), abs=0.15)
    assert np.exp(unsure.logs).sum(axis=1) == pytest.approx(np.ones((12, 3)))


@pytest.fixture
def fitted(cast, rules):
    """A fit of two careful people and two who answer by chance; adaptive redundancy from 2 to 6 labels."""
    cast.project.redundancy = cast.project.min_support = 2
    cast.project.save()
    chance = random.Random(3)
    people = [make_annotator(cast.project) for _ in range(5)]
    for item in make_items(cast.project, 60):
        true = chance.choice(LABELS)
        for number, person in enumerate(people):
            sure = number < 3 and chance.random() < 0.97
            add_label(item, person, true if sure else chance.choice(LABELS))
    consensus_refit(project_id=cast.project.pk)
    rules(max_labels=6, tau=0.95)
    return people


def extra(item: Item) -> int:
    return QueueEntry.objects.get(item=item).extra


@pytest.mark.django_db
def test_two_careful_people_are_enough_and_two_careless_are_not(cast, fitted):
    sure, unsure = make_items(cast.project, 2)
    for person in fitted[:2]:
        add_label(sure, person, "keep")
    for person in fitted[3:]:
        add_label(unsure, person, "keep")
    queue_settle(project_id=cast.project.pk)
    assert (extra(sure), extra(unsure)) == (0, 1)


@pytest.mark.django_db
def test_the_label_that_is_just_given_counts_by_its_giver_and_costs_no_statement_more(cast, fitted, rules):
    """On an item that a careless person has labelled, the second label settles it if its giver is careful."""
    outcome, statements = {}, {}
    for name, person, most in (("careful", fitted[0], 6), ("careless", fitted[4], 6), ("fixed", fitted[1], None)):
        rules(max_labels=most, tau=0.85)
        QueueEntry.objects.update(remaining=0)
        (item,) = make_items(cast.project, 1)
        add_label(item, fitted[3], "keep")
        QueueEntry.objects.filter(item=item).update(remaining=1)
        lease = claim(annotator=person, project=cast.project)
        assert lease.item_id == item.pk
        with CaptureQueriesContext(connection) as seen:
            submit(annotator=person, assignment_id=lease.pk, value="keep")
        statements[name] = len([one for one in seen.captured_queries if "PREPARE" not in one["sql"]])
        outcome[name] = extra(item)
    assert outcome == {"careful": 0, "careless": 1, "fixed": 0}
    assert len(set(statements.values())) == 1, statements


@pytest.mark.django_db
def test_only_items_whose_demand_a_fit_changes_follow_it(cast, fitted):
    before = dict(QueueEntry.objects.values_list("item_id", "extra"))
    OutboxRow.objects.all().delete()
    consensus_refit(project_id=cast.project.pk)
    after = dict(QueueEntry.objects.values_list("item_id", "extra"))
    changed = {item for item, asked in after.items() if before[item] != asked}
    assert changed  # they had five labels under a rule of two
    assert {row.item_id for row in OutboxRow.objects.all()} == changed
    queue_settle(project_id=cast.project.pk)
    assert dict(QueueEntry.objects.values_list("item_id", "extra")) == after
    OutboxRow.objects.all().delete()
    consensus_refit(project_id=cast.project.pk)
    assert not OutboxRow.objects.exists()


@pytest.mark.django_db
def test_places_follow_the_labels_that_are_there(cast, fitted, rules):
    """More labels than the rule asks for leave no place, however the demand moves."""
    rules(max_labels=6, tau=0.9999)
    consensus_refit(project_id=cast.project.pk)
    for entry in QueueEntry.objects.all():
        assert entry.remaining == max(0, cast.project.redundancy + entry.extra - 5)


@pytest.mark.django_db
def test_known_settled_and_set_aside_items_stay_as_they_are(cast, fitted):
    items = list(Item.objects.order_by("pk")[:3])
    Item.objects.filter(pk=items[0].pk).update(gold="keep")
    QueueEntry.objects.filter(item=items[1]).update(extra=-2, remaining=0)
    consensus_refit(project_id=cast.project.pk)
    assert (extra(items[0]), extra(items[1])) == (0, -2)


@pytest.mark.django_db
def test_a_fit_that_died_before_the_items_followed_is_due_again(cast, fitted, monkeypatch):
    record(kind="annotation.submitted", actor=SYSTEM, subject="x", project_id=cast.project.pk, data={})

    def dies(*_args: object, **_named: object) -> None:
        raise SystemExit

    monkeypatch.setattr(fitting, "newest_event", lambda _project_id: 10**9)
    monkeypatch.setattr(fitting, "demand_follow", dies)
    with pytest.raises(SystemExit):
        consensus_refit(project_id=cast.project.pk)
    ConsensusFit.objects.update(fitted_at="2020-01-01T00:00Z")
    assert stale_projects() == [cast.project.pk]
    monkeypatch.undo()
    monkeypatch.setattr(fitting, "newest_event", lambda _project_id: 10**9)
    consensus_refit(project_id=cast.project.pk)
    ConsensusFit.objects.update(fitted_at="2020-01-01T00:00Z")
    assert stale_projects() == []


@pytest.mark.django_db
def test_with_too_many_labels_for_matrices_the_rule_is_that_of_before_a_fit(cast, fitted, monkeypatch):
    monkeypatch.setattr(fitting, "MOST_CLASSES", 2)
    consensus_refit(project_id=cast.project.pk)
    assert ConsensusFit.objects.get().accuracy is None
    assert AnnotatorSkill.objects.filter(confusion=[], told=[]).count() == 5
    (item,) = make_items(cast.project, 1)
    for person in fitted[3:]:
        add_label(item, person, "keep")
    expected = extra_labels(votes("kk"), Demand(2, 6, 0.95, 3))
    assert extra(item) == expected == 0  # 8 · 8 : 1 : 1


@pytest.mark.django_db(transaction=True)
def test_people_label_while_fits_come_in():
    """Demand, places and what live counters were told agree in the end, however the two interleave."""
    cast = make_cast(redundancy=2, min_support=2)
    ServingRules.objects.create(project=cast.project, max_labels=5, tau=0.97, labels_per_minute=None)
    make_items(cast.project, 30)
    people = [Annotator.objects.create(project=cast.project, kind="human", name=f"p{n}") for n in range(6)]
    failures: list[BaseException] = []

    def work(person: Annotator, seed: int) -> None:
        chance = random.Random(seed)
        try:
            while lease := claim(annotator=person, project=cast.project):
                sure = seed < 3
                value = LABELS[lease.item_id % 3] if sure else chance.choice(LABELS)
                submit(annotator=person, assignment_id=lease.pk, value=value)
        except BaseException as error:  # noqa: BLE001 (told to the test's own thread)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(person, number)) for number, person in enumerate(people)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        consensus_refit(project_id=cast.project.pk)
    for thread in threads:
        thread.join()
    assert not failures
    for _round in range(2):
        consensus_refit(project_id=cast.project.pk)
    for entry in QueueEntry.objects.select_related("item"):
        given = entry.item.annotations.filter(status="current").count()
        live = Assignment.objects.filter(item=entry.item, status="leased").count()
        assert entry.remaining == max(0, 2 + entry.extra - given - live)
        told_last = OutboxRow.objects.filter(item_id=entry.item_id).order_by("pk").last()
        assert told_last.after["needed"] == 2 + entry.extra
        chain = list(OutboxRow.objects.filter(item_id=entry.item_id).order_by("pk"))
        assert all(one.after == other.before for one, other in pairwise(chain))
    before = dict(QueueEntry.objects.values_list("item_id", "extra"))
    queue_settle(project_id=cast.project.pk)
    assert dict(QueueEntry.objects.values_list("item_id", "extra")) == before
