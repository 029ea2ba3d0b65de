"""More labels while people disagree, none once the label is certain enough."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.labelling.selectors import Progress, progress_of
from annotations.labelling.services import claim, submit, undo
from annotations.models import OutboxRow, QueueEntry
from annotations.projects.selectors import figures_of
from annotations.selectors.states import project_states
from annotations.serving.adaptive import Demand, certainty, extra_labels
from annotations.serving.services import queue_settle
from annotations.state import Vote
from tests.factories import make_items


def votes(text: str) -> list[Vote]:
    return [Vote(number, number, False, token) for number, token in enumerate(text)]


def test_certainty_is_that_of_the_one_coin_model():
    # Two labels, each person right with .8: after "aab" the odds are .8/.2 = 4 : 1.
    assert certainty(votes("aab"), labels=2) == pytest.approx(0.8)
    assert certainty(votes("aa"), labels=2) == pytest.approx(16 / 17)
    # Three labels: a wrong answer is one of two, .1 each; "a" against b and c, 8 : 1 : 1.
    assert certainty(votes("a"), labels=3) == pytest.approx(0.8)
    assert certainty([], labels=4) == 0.25


@given(st.text("abc", max_size=9), st.integers(3, 6))
def test_certainty_is_a_probability_and_agreement_never_lowers_it(given_votes, labels):
    before = certainty(votes(given_votes), labels=labels)
    assert 1 / labels - 1e-9 <= before <= 1
    leader = max(set(given_votes) or {"a"}, key=given_votes.count)
    assert certainty(votes(given_votes + leader), labels=labels) >= before - 1e-12


@given(st.text("ab", max_size=12), st.integers(1, 5), st.integers(0, 6), st.floats(0.5, 0.99))
def test_demand_stays_between_the_minimum_and_the_maximum(given_votes, least, more, tau):
    demand = Demand(redundancy=least, max_labels=least + more, tau=tau, labels=2)
    extra = extra_labels(votes(given_votes), demand)
    assert 0 <= extra <= more
    needed = least + extra
    if least <= len(given_votes) < least + more:
        certain = certainty(votes(given_votes), labels=2) >= tau
        assert needed == (max(least, len(given_votes)) if certain else len(given_votes) + 1)


def test_models_do_not_make_an_item_certain():
    model = Vote(9, 9, True, "a")
    assert certainty([*votes("ab"), model], labels=2) == pytest.approx(0.5)


@pytest.mark.django_db
def test_a_disputed_item_gets_more_labels_up_to_the_maximum(cast, rules, person):
    cast.project.redundancy = 2
    cast.project.min_support = 2
    cast.project.save()
    rules(max_labels=5, tau=0.9)
    [item] = make_items(cast.project, 1)
    given_out = []
    for number, value in enumerate(["keep", "remove", "keep", "remove", "keep"]):
        someone = person(f"worker{number}")
        lease = claim(annotator=someone, project=cast.project)
        assert lease is not None, f"no place for label {number + 1}"
        submit(annotator=someone, assignment_id=lease.pk, value=value)
        given_out.append(QueueEntry.objects.get(item=item).remaining)
    assert given_out == [1, 1, 1, 1, 0]
    assert claim(annotator=person("late"), project=cast.project) is None
    assert QueueEntry.objects.get(item=item).extra == 3
    assert figures_of([cast.project.pk])[cast.project.pk].progress == progress_of(cast.project) == Progress(5, 5)


@pytest.mark.django_db
def test_a_certain_item_gets_no_more_and_counts_as_complete(cast, rules, person):
    cast.project.redundancy = 2
    cast.project.save()
    rules(max_labels=5, tau=0.9)
    make_items(cast.project, 1)
    for name in ("ada", "ben"):
        someone = person(name)
        lease = claim(annotator=someone, project=cast.project)
        submit(annotator=someone, assignment_id=lease.pk, value="keep")
    assert claim(annotator=person("late"), project=cast.project) is None
    [state] = project_states(cast.project)
    assert (state.complete, state.needed) == (True, 2)


@pytest.mark.django_db
def test_what_the_counters_are_told_is_what_a_recount_finds(cast, rules, person):
    cast.project.redundancy = 2
    cast.project.save()
    rules(max_labels=4, tau=0.95)
    make_items(cast.project, 1)
    for number, value in enumerate(["keep", "remove", "keep"]):
        someone = person(f"worker{number}")
        lease = claim(annotator=someone, project=cast.project)
        submit(annotator=someone, assignment_id=lease.pk, value=value)
        if number == 1:
            undo(annotator=someone, assignment_id=lease.pk)
            submit(annotator=someone, assignment_id=lease.pk, value=value)
        [state] = project_states(cast.project)
        assert OutboxRow.objects.order_by("-pk").first().after == state.as_json()
    rows = list(OutboxRow.objects.order_by("pk"))
    assert all(one.after == other.before for one, other in pairwise(rows))


@pytest.mark.django_db
def test_changed_rules_reach_the_items_that_are_there(cast, rules, person, label_all):
    cast.project.redundancy = 2
    cast.project.save()
    [item] = make_items(cast.project, 1)
    label_all(person("ada"), value="keep")
    label_all(person("ben"), value="remove")
    assert QueueEntry.objects.get(item=item).remaining == 0
    rules(max_labels=4, tau=0.9)
    assert queue_settle(project_id=cast.project.pk) == 1
    entry = QueueEntry.objects.get(item=item)
    assert (entry.extra, entry.remaining) == (1, 1)
    rules(max_labels=None)
    queue_settle(project_id=cast.project.pk)
    entry = QueueEntry.objects.get(item=item)
    assert (entry.extra, entry.remaining) == (0, 0)
