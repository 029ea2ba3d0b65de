"""Completeness: 100 % exactly where nobody is asked for a label any more; what experts settled counts as whole."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.access import OWNER, project_access
from annotations.labelling.selectors import progress_of
from annotations.labelling.services import claim, submit, undo
from annotations.models import Annotator, Assignment, Case, Consensus, Exclusion, Item, Project
from annotations.projects.demand import demand_follow
from annotations.projects.selectors import figures_of
from annotations.projects.services import project_update
from annotations.quality.excluding import exclusion_apply, exclusion_lift, labels_exclude
from annotations.raising.services import group_raise, group_raise_end
from annotations.settling.asking import cases_ask
from annotations.settling.services import settle
from annotations.state import Decision, item_state
from fairness.cells import Cell, Crossed, count_states
from fairness.models import Counter, Monitor, Pulse
from fairness.models import Slice as SliceRow
from fairness.monitors.reading import state_of, table_of
from fairness.selectors.behind import completeness_of
from fairness.selectors.live import live_view
from fairness.selectors.progress import Progress, project_progress
from fairness.services.fold import fold_outbox
from fairness.services.recount import projects_lacking, recount
from fairness.tasks import complete_counters
from ledger.errors import DomainError
from tests.factories import Cast, add_label, make_annotator, make_cast, make_user
from tests.fairness.conftest import fold_all
from tests.fairness.test_dashboard import address, sheet
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct

pytestmark = pytest.mark.django_db

LABELS = ["keep", "review", "remove"]
REFUSED = {"nothing_to_exclude", "still_at_work", "already_settled", "nothing_to_undo"}


def progress(project: Project) -> Progress:
    fold_all()
    return project_progress(project)


def asked_for(project: Project) -> int:
    """Labels that people will still be asked for: places to give out, and leases of items that have none settled."""
    settled = Consensus.objects.filter(project=project, method="settled").values("item")
    out = Assignment.objects.filter(project=project, status="leased").exclude(item__in=settled).count()
    return sum(project.items.values_list("queue__remaining", flat=True)) + out


def test_a_settled_item_is_whole_and_what_it_lacks_is_no_label_that_was_given(cast):
    first, second = fresh_items(cast.project, 2)
    add_label(first, make_annotator(cast.project), "keep")
    assert progress(cast.project).completeness == pytest.approx(1 / 6)
    correct(first, "settle", "remove")
    now = progress(cast.project)
    assert (now.labels_given, now.labels_spared, now.labels_needed, now.complete) == (1, 2, 6, 1)
    assert now.completeness == pytest.approx(3 / 6)
    for _ in range(3):
        add_label(second, make_annotator(cast.project), "keep")
    assert progress(cast.project).completeness == 1


def test_nobody_is_served_what_is_settled_and_a_lease_that_is_out_fills_a_place_that_was_spared(cast):
    (item,) = fresh_items(cast.project, 1)
    early, late = (make_annotator(cast.project) for _ in range(2))
    add_label(item, early, "keep")
    lease = claim(annotator=late, project=cast.project)
    assert lease is not None
    correct(item, "settle", "remove")
    assert claim(annotator=make_annotator(cast.project), project=cast.project) is None
    assert (progress(cast.project).labels_given, progress(cast.project).labels_spared) == (1, 2)
    submit(annotator=late, assignment_id=lease.pk, value="keep")
    now = progress(cast.project)
    assert (now.labels_given, now.labels_spared, now.completeness) == (2, 1, 1.0)
    assert recount(project=cast.project) == []


@pytest.mark.parametrize(
    ("people", "settled", "raised", "spared"),
    [(1, True, 0, (2, 2)), (1, False, 0, (0, 0)), (5, True, 0, (0, 0)), (2, True, 2, (3, 1)), (0, True, 0, (3, 3))],
)
def test_what_is_spared_is_what_is_lacking_of_each_need(people, settled, raised, spared):
    """Of all that the item asks for, and without what its group gets on top."""
    state = item_state(
        [], groups={"religion": "a"}, redundancy=3 + raised, min_support=2, gold=None, dataset=1, raised=raised,
        settled=Decision("keep", "settled", None) if settled else None,
    )  # fmt: skip
    state = state.__class__(**{**state.as_json(), "people": {"keep": people} if people else {}})
    cells = count_states([state], Crossed()).cells
    found = cells[Cell("totals", "", "", "labels_spared", "")], cells[Cell("places", "religion", "a", "spared", "")]
    assert found == spared


def test_page_table_file_and_api_say_it(cast, api, page_client):
    for group, settle_them in (("christian", True), ("muslim", False)):
        for item in fresh_items(cast.project, 2, groups={"religion": group}):
            add_label(item, make_annotator(cast.project), "keep")
            if settle_them:
                correct(item, "settle", "keep")
    fold_all()
    client = page_client(cast.olivia)
    answer = client.get(address(cast))
    text = " ".join(answer.content.decode().split())
    assert "4 of 12 labels; 4 are not asked for any more, experts have settled their items" in text
    assert "66.6" in text
    assert "The fainter end of a bar" in text
    muslim, christian = answer.context["complete"].bars
    assert (muslim.counts, muslim.spared, muslim.spared_length) == ("2 of 6", "0", "")
    assert (christian.counts, christian.spared, christian.spared_length) == ("2 of 6", "4", "145.3")
    assert christian.share.startswith("100")
    assert client.get(christian.url).context["rows"] == []
    assert len(client.get(muslim.url).context["rows"]) == 2
    rows = {row["group"]: (row["labels_given"], row["labels_spared"]) for row in sheet(client, cast, "completeness")}
    assert rows == {"christian": ("2", "4"), "muslim": ("2", "0")}
    told = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["progress"]
    assert (told["labels_given"], told["labels_spared"], told["labels_needed"]) == (4, 4, 12)
    assert told["completeness"] == pytest.approx(8 / 12)


def test_without_settled_items_nothing_is_said_of_them(cast, page_client):
    add_label(fresh_items(cast.project, 1)[0], make_annotator(cast.project), "keep")
    fold_all()
    text = " ".join(page_client(cast.olivia).get(address(cast)).content.decode().split())
    assert "1 of 3 labels" in text
    assert "not asked for any more, an expert" not in text
    assert "The fainter end of a bar" not in text


def test_a_monitor_takes_a_group_whose_items_experts_settled_for_no_further_behind(cast):
    for group in ("a", "b"):
        for item in fresh_items(cast.project, 12, groups={"religion": group}):
            for _ in range(3 if group == "a" else 1):
                add_label(item, make_annotator(cast.project), "keep")
    monitor = Monitor(
        project=cast.project, measure="completeness", whose="people", attribute="religion", groups=["a", "b"]
    )
    fold_all()

    def table() -> dict[str, Any]:
        return dict(table_of(monitor, state_of(cast.project.pk, [monitor], pending=100), None))

    assert table() == {"a": [36, 36], "b": [12, 36]}
    for item in cast.project.items.filter(groups__religion="b"):
        correct(item, "settle", "keep")
    assert table() == {"a": [36, 36], "b": [36, 36]}, "while the fold is still to come"
    fold_all()
    assert table() == {"a": [36, 36], "b": [36, 36]}


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["label", "label", "label", "undo", "settle", "settle", "bad", "exclude", "lift", "demand", "raise", "fold"]
        ),
        st.integers(0, 3),
        st.sampled_from(LABELS),
    ),
    min_size=6,
    max_size=24,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_it_is_what_nobody_is_asked_for_any_more_after_any_history(db, steps):
    """By the services themselves: labels, undos, settlements, exclusions, changes of the demand, in any order."""
    with transaction.atomic():
        cast = make_cast()
        fresh_items(cast.project, 2, groups={"religion": "christian"})
        fresh_items(cast.project, 2, groups={"religion": "muslim"})
        people = [worker(cast.project) for _ in range(4)]
        for what, who, label in steps:
            act(cast, people, what, who, label)
            if what != "fold":
                assert recount(project=cast.project) == []
        check(cast.project)
        while one := next(served(cast.project), None):
            submit(annotator=one.annotator, assignment_id=one.pk, value="keep")
        check(cast.project)
        assert project_progress(cast.project).completeness == 1
        transaction.set_rollback(True)


def worker(project: Project) -> Annotator:
    return Annotator.objects.create(project=project, kind="human", user=make_user())


def check(project: Project) -> None:
    now = progress(project)
    assert recount(project=project) == []
    assert now.labels_needed - now.labels_given - now.labels_spared == asked_for(project)
    assert now.labels_given <= project.items.filter(annotations__status="current").count()
    if not Assignment.objects.filter(project=project, status="leased").exists():
        # What people who label are told on their own page.
        assert now.labels_given + now.labels_spared == progress_of(project).done
        assert now.labels_needed == progress_of(project).needed
        assert figures_of([project.pk])[project.pk].progress == progress_of(project)
    question = live_view(project).question
    assert question is not None
    for group, places in completeness_of(project, question).items():
        lacking = project.items.filter(groups__religion=group).exclude(consensus__method="settled")
        most = sum(max(0, project.redundancy - people_labels(item)) for item in lacking)
        assert places.needed - places.done == most


def people_labels(item: Item) -> int:
    return item.annotations.filter(status="current", annotator__kind="human").count()


def served(project: Project) -> Any:
    """Leases of people who have not labelled yet, and those that are out."""
    yield from Assignment.objects.filter(project=project, status="leased").select_related("annotator")[:1]
    lease = claim(annotator=make_annotator(project), project=project)
    if lease is not None:
        yield lease


def act(cast: Cast, people: list[Annotator], what: str, who: int, label: str) -> None:
    project = Project.objects.get(pk=cast.project.pk)
    access = project_access(cast.olivia, project.pk, OWNER)
    try:
        with transaction.atomic():
            DEEDS[what](cast, access, project, people[who], label)
    except DomainError as refusal:
        if refusal.code not in REFUSED:
            raise
        return  # nothing has changed
    demand_follow(project_id=project.pk)
    cast.project.refresh_from_db()


def do_label(cast: Cast, access: Any, project: Project, person: Any, label: str) -> None:
    lease = claim(annotator=person, project=project)
    if lease is not None:
        submit(annotator=person, assignment_id=lease.pk, value=label)


def do_undo(cast: Cast, access: Any, project: Project, person: Any, label: str) -> None:
    last = Assignment.objects.filter(annotator=person, status="submitted").order_by("pk").last()
    if last is not None:
        undo(annotator=person, assignment_id=last.pk, last_only=False)


def do_settle(cast: Cast, access: Any, project: Project, person: Any, label: str | None) -> None:
    labelled = person.annotations.order_by("pk").values_list("item_id", flat=True).last()
    if labelled is None:
        return
    cases_ask(project=project, item_ids=[labelled])
    case = Case.objects.filter(item_id=labelled, status="open").first()
    if case is not None:
        cause = "ambiguous_item" if label else "bad_item"
        settle(expert=cast.edgar, case_id=case.pk, value=label, cause=cause, recurrent=False, reason="So it is.")


def do_exclude(cast: Cast, access: Any, project: Project, person: Any, label: str) -> None:
    exclusion_apply(exclusion_id=labels_exclude(access=access, annotator_id=person.pk, reason="Too fast.").pk)


def do_lift(cast: Cast, access: Any, project: Project, person: Any, label: str) -> None:
    found = Exclusion.objects.filter(annotator=person, lifted_at__isnull=True).first()
    if found is not None:
        exclusion_apply(exclusion_id=exclusion_lift(access=access, exclusion_id=found.pk, reason="Not so.").pk)


def do_demand(cast: Cast, access: Any, project: Project, person: Any, label: str) -> None:
    project_update(project=project, actor=cast.olivia, redundancy=2 + LABELS.index(label))


def do_raise(cast: Cast, access: Any, project: Project, person: Any, label: str) -> None:
    found = project.group_demands.filter(ended_at__isnull=True).first()
    if found is not None:
        group_raise_end(demand=found, actor=cast.olivia)
    else:
        group_raise(project=project, actor=cast.olivia, attribute="religion", group="muslim", more=2)


DEEDS = {
    "label": do_label,
    "undo": do_undo,
    "settle": do_settle,
    "bad": lambda cast, access, project, person, label: do_settle(cast, access, project, person, None),
    "exclude": do_exclude,
    "lift": do_lift,
    "demand": do_demand,
    "raise": do_raise,
    "fold": lambda *_others: fold_outbox(limit=2),
}


def test_a_project_of_before_folds_on_as_it_was_until_these_labels_are_counted(cast):
    first, second = fresh_items(cast.project, 2)
    for item in (first, second):
        add_label(item, make_annotator(cast.project), "keep")
    correct(first, "settle", "keep")
    fold_all()
    Counter.objects.filter(key__in=["labels_spared", "spared"]).delete()
    SliceRow.objects.filter(key="labels_spared").delete()
    Pulse.objects.update(kept=Pulse.TRUTHS)
    assert recount(project=cast.project) == []  # what it has is right
    correct(first, "group", "keep")
    correct(second, "settle", "keep")
    assert progress(cast.project).labels_spared == 0
    assert live_view(cast.project).counting_truth is False
    assert recount(project=cast.project) == []
    add_label(first, make_annotator(cast.project), "keep")  # still in the outbox
    assert complete_counters() == 1
    assert projects_lacking() == []
    assert Pulse.objects.get().kept == Pulse.WHOLE
    assert recount(project=cast.project) == []
    assert progress(cast.project).labels_spared == 3
    assert recount(project=cast.project) == []
