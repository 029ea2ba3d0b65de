"""What the dashboard calls certain holds under continuous looking, and nothing else is called so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from accounts.models import Role
from annotations.models import Project, ServingRules
from annotations.serving.services import rules_update
from annotations.state import ItemState
from annotations.tasks import settle_queue
from fairness.cells import Crossed, count_states
from fairness.metrics import GroupCounts, Verdict, certified
from fairness.models import Pulse
from fairness.presenting.doing import because_of_whom, what_now
from fairness.presenting.page import live_context
from fairness.presenting.reading import Verdict as Answer
from fairness.presenting.reading import headline, verdict_of
from fairness.selectors.certainty import Ground, Withheld
from fairness.selectors.live import MODEL, PEOPLE, LiveView, live_view, source_of
from fairness.selectors.timeline import timeline
from fairness.selectors.wanted import Wanted
from fairness.services.fold import cells_add
from fairness.services.recount import recount
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_dashboard import address, sheet
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct

HOUR = 492_000


def items(group: str, selected: int, n: int, *, labels: int = 1, needed: int = 3, model: str = "") -> list[ItemState]:
    """``n`` items of a group, ``selected`` of them with ``labels`` times "keep" by people, the others "remove"."""
    found = []
    for number in range(n):
        token = "keep" if number < selected else "remove"
        people = {token: labels} if labels else {}
        found.append(
            ItemState(
                groups={"religion": group},
                people=people,
                human=token if labels else None,
                final=token if labels else None,
                decided=bool(labels),
                needed=needed,
                people_at={str(HOUR): people} if labels else {},
                models={model: token} if model else {},
                models_at={model: HOUR} if model else {},
            )
        )
    return found


def store(project: Project, states: list[ItemState]) -> None:
    """Into the counters, as the fold does it."""
    cells_add({project.pk: count_states(states, Crossed())})


def tiles_of(project: Project, view: LiveView) -> dict[str, Any]:
    return {tile.id: tile for tile in live_context(project, view, Role.OWNER)["tiles"]}


def ground(groups: str = "ab", labels_per_item: int = 1, **fields: Any) -> Ground:
    return Ground(
        **({"withheld": None, "withheld_people": None} | fields), groups=tuple(groups), labels_per_item=labels_per_item
    )


# --- the promise ------------------------------------------------------------------------------------------------------
def ever_different(
    random: np.random.Generator, labels: int, alike: float, rule: Ground, *, per_group: int = 300
) -> bool:
    """Whether a project without bias is ever called different: two groups, each item with as many labels, each of which
    says with probability ``alike`` what the item's first one says. Looked at after every 30 items' labels."""
    first = random.random((2, per_group)) < 0.3
    others = random.random((2, per_group, labels)) < 0.3
    copied = random.random((2, per_group, labels)) < alike
    said = np.where(copied, first[:, :, None], others).sum(axis=2).cumsum(axis=1)
    for seen in range(30, per_group + 1, 30):
        counts = {group: GroupCounts(int(said[k, seen - 1]), seen * labels) for k, group in enumerate("ab")}
        if verdict_of(source_of(PEOPLE, counts, 30, rule)) is Answer.DIFFERENT:
            return True
    return False


def test_several_alike_labels_of_an_item_do_not_make_a_difference_certain():
    random = np.random.default_rng(20_260_501)
    designs = [(3, 1.0), (3, 0.8), (4, 0.8), (5, 0.8)]
    false = sum(ever_different(random, n, alike, ground(labels_per_item=n)) for n, alike in designs for _ in range(25))
    assert false <= 0.05 * 25 * len(designs)
    # Labels taken for items would break the promise: this is what the rule is for.
    assert sum(ever_different(random, 3, 1.0, ground()) for _ in range(40)) > 0.1 * 40


@pytest.mark.parametrize("labels", [3, 5])
def test_the_view_counts_so_many_labels_as_one_as_an_item_may_have(cast, api, page_client, labels):
    store(cast.project, items("a", 30, 100, labels=labels) + items("b", 48, 100, labels=labels))
    view = live_view(cast.project)
    assert view.people is not None
    raw = {"a": GroupCounts(30 * labels, 100 * labels), "b": GroupCounts(48 * labels, 100 * labels)}
    assert view.people.counts == raw
    assert certified(raw).lower > 0  # as if each label were of an item of its own
    assert view.people.certificate.labels_per_item == labels
    assert view.people.certified == certified(raw, labels_per_item=labels)
    assert view.people.certain_difference == 0
    assert headline(view)[1].verdict is Answer.UNSURE
    assert timeline(cast.project, view).certain_since == {}
    (moment,) = timeline(cast.project, view).moments
    assert moment.points["people"].certain == 0
    (row,) = [row for row in sheet(page_client(cast.olivia), cast, "sources") if row["kind"] == "people"]
    assert (row["certain_difference"], row["labels_per_item"]) == ("0.0", str(labels))
    data = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["people"]
    assert (data["certain_difference"], data["labels_per_item"], data["withheld"]) == (0, labels, None)
    assert data["difference_at_most"] == view.people.span.difference
    band = view.people.certified.bands["a"]
    assert data["groups"][0]["band"] == {"low": band.low, "high": band.high}


def test_labels_beyond_need_and_adaptive_redundancy_count_too(cast):
    store(cast.project, items("a", 3, 5) + items("b", 3, 5))
    assert live_view(cast.project).ground.labels_per_item == 3  # asked for
    ServingRules.objects.create(project=cast.project, max_labels=7)
    assert live_view(cast.project).ground.labels_per_item == 7
    store(cast.project, items("a", 1, 1, labels=9))
    assert live_view(cast.project).ground.labels_per_item == 9
    assert live_view(cast.project, wanted=Wanted(dataset=cast.dataset.pk)).ground.labels_per_item == 9


@pytest.mark.parametrize("most", [None, 5])
def test_settled_items_are_as_deep_as_they_are_once_adaptive_redundancy_asks_for_less(cast, most):
    rules = ServingRules.objects.create(project=cast.project, max_labels=7, tau=0.9999)
    (item,) = fresh_items(cast.project, 1)
    for number in range(7):
        add_label(item, make_annotator(cast.project), "keep" if number % 2 else "remove")
    correct(item, "settle", "keep")
    fold_all()
    assert live_view(cast.project).ground.labels_per_item == 7
    rules_update(project=cast.project, actor=cast.olivia, values={"max_labels": most})
    found = live_view(Project.objects.get(pk=cast.project.pk)).ground
    assert found.withheld_people == Withheld.CHANGING, "until every item follows"
    settle_queue(cast.project.pk)
    fold_all()
    found = live_view(Project.objects.get(pk=cast.project.pk)).ground
    assert found.labels_per_item == 7
    # Items that were in doubt weigh more for good: not only as long as the rule holds.
    assert found.withheld_people is Withheld.DEPTH
    assert recount(project=cast.project) == []
    rules.refresh_from_db()
    assert rules.max_labels == most


def test_the_fold_knows_how_many_labels_the_deepest_items_have(cast):
    (item,) = fresh_items(cast.project, 1)
    for _ in range(5):
        add_label(item, make_annotator(cast.project), "keep")
        fold_all()
    assert live_view(cast.project).ground.labels_per_item == 5
    assert recount(project=cast.project) == []


def test_groups_without_labels_are_named_too(cast):
    store(cast.project, items("a", 10, 90) + items("b", 40, 90) + items("c", 0, 4, labels=0))
    view = live_view(cast.project)
    three = {"a": GroupCounts(10, 90), "b": GroupCounts(40, 90), "c": GroupCounts(0, 0)}
    assert set(view.people.counts) == {"a", "b"}
    assert view.people.certified == certified(three, labels_per_item=3)
    assert not view.people.certificate.whole


# --- where nothing is certain -----------------------------------------------------------------------------------------
def apart(project: Project) -> None:
    store(project, items("a", 5, 300, labels=3) + items("b", 280, 300, labels=3))


def test_a_chosen_time_has_no_certificate(cast, api, page_client):
    apart(cast.project)
    assert live_view(cast.project).people.certain_difference > 0.5
    query = "?since=2020-01-01"
    view = live_view(cast.project, wanted=Wanted(since="2020-01-01"))
    assert view.people.certified is None
    assert (view.people.certificate.withheld, verdict_of(view.people)) == (Withheld.TIME, Answer.UNSURE)
    assert because_of_whom(view).verdict == "unasked"
    found = timeline(cast.project, view)
    assert found.certain_since == {}
    assert {point.certain for moment in found.moments for point in moment.points.values()} == {None}
    client = page_client(cast.olivia)
    answer = client.get(address(cast, query))
    text = answer.content.decode()
    assert answer.context["answer_tone"] == "info"
    assert "Nothing is called certain here." in text
    assert 'class="sure"' not in text.split('id="rate-plot"')[1].split("</svg>")[0]
    assert {tile.tone for tile in answer.context["tiles"]} == {""}
    rows = sheet(client, cast, "rates", query)
    assert {(row["band_low"], row["band_high"]) for row in rows} == {("", "")}
    data = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/fairness/{query}").json()["people"]
    assert (data["certain_difference"], data["withheld"], data["disparate_impact"]["certain"]) == (None, "time", None)
    assert data["groups"][0]["band"] is None


def test_a_consensus_has_no_certificate(cast):
    apart(cast.project)
    view = live_view(cast.project, wanted=Wanted(by="consensus"))
    assert view.consensus.certificate.withheld is Withheld.CONSENSUS
    assert (verdict_of(view.consensus), because_of_whom(view).verdict) == (Answer.UNSURE, "unasked")


@pytest.mark.parametrize(
    ("change", "withheld"),
    [
        (lambda p: ServingRules.objects.create(project=p, strategy="priority", column="rank"), Withheld.ORDER),
        (lambda p: ServingRules.objects.create(project=p, strategy="stratified", column="religion"), None),
        (lambda p: Project.objects.filter(pk=p.pk).update(demand_changed_at=timezone.now()), Withheld.CHANGING),
        (lambda p: Pulse.objects.create(project=p, kept=0), Withheld.CHANGING),
    ],
)
def test_people_s_labels_have_none_while_items_are_chosen_or_counters_change(cast, change, withheld):
    apart(cast.project)
    change(cast.project)
    view = live_view(Project.objects.get(pk=cast.project.pk))
    assert view.people.certificate.withheld is withheld
    assert (view.people.certified is None) is (withheld is not None)


def test_more_groups_than_a_rule_can_watch_have_none():
    many = {f"g{n:02}": GroupCounts(n % 2 * 30, 30) for n in range(51)}
    source = source_of(MODEL, many, 30, ground(many))
    assert (source.certificate.withheld, verdict_of(source)) == (Withheld.GROUPS, Answer.UNSURE)


# --- what is said -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ((15, 30), (15, 30), Answer.UNSURE),  # the same rate so far, and up to many points apart
        ((40_000, 80_000), (40_000, 80_000), Answer.EQUAL),
        ((100, 1000), (600, 1000), Answer.DIFFERENT),
        ((40, 100), (58, 100), Answer.UNSURE),  # beyond chance for one look
        ((10, 20), (10, 20), Answer.MISSING),
    ],
)
def test_the_verdict_is_what_holds_at_every_moment(a, b, verdict):
    source = source_of(MODEL, {"a": GroupCounts(*a), "b": GroupCounts(*b)}, 30, ground())
    assert verdict_of(source) is verdict


def test_equal_is_not_said_while_a_group_lacks_labels():
    counts = {"a": GroupCounts(40_000, 80_000), "b": GroupCounts(40_000, 80_000)}
    assert verdict_of(source_of(MODEL, counts, 30, ground("abc"))) is Answer.UNSURE
    assert verdict_of(source_of(MODEL, counts | {"c": GroupCounts(1, 2)}, 30, ground("abc"))) is Answer.UNSURE


def test_a_difference_beyond_chance_for_one_look_is_nobody_s_and_has_no_tone(cast, page_client):
    store(cast.project, items("a", 100, 300) + items("b", 150, 300))
    view = live_view(cast.project)
    assert view.people.beyond_chance is True
    assert because_of_whom(view).verdict == "nobody"
    answer = page_client(cast.olivia).get(address(cast))
    assert answer.context["answer_tone"] == "info"
    assert {tile.tone for tile in answer.context["tiles"]} == {""}
    assert "hardly explains" not in answer.content.decode()


@pytest.mark.parametrize(
    ("a", "b", "tone", "words", "once", "certain"),
    [
        ((1200, 2000), (1510, 2000), "", "fit both", Verdict.UNCLEAR, Verdict.UNCLEAR),  # .795 [.761, .830]
        ((700, 2000), (1200, 2000), "bad", "Certainly below", Verdict.BELOW, Verdict.BELOW),
        ((900, 2000), (1200, 2000), "", "For one look below", Verdict.BELOW, Verdict.UNCLEAR),
        ((1990, 2000), (1995, 2000), "good", "Certainly at least", Verdict.ABOVE, Verdict.ABOVE),
    ],
)
def test_four_fifths_follow_the_ratio_and_only_what_is_certain_has_a_tone(
    cast, api, page_client, a, b, tone, words, once, certain
):
    Project.objects.filter(pk=cast.project.pk).update(redundancy=1, min_support=1)
    project = Project.objects.get(pk=cast.project.pk)
    store(project, items("a", *a, needed=1) + items("b", *b, needed=1))
    view = live_view(project)
    assert (view.people.impact.verdict, view.people.span.impact) == (once, certain)
    tile = tiles_of(project, view)["tile-dpr"]
    assert tile.tone == tone
    assert words in tile.tone_text
    ratio = view.people.impact.ratio
    assert tile.interval == f"{ratio.low:.2f} – {ratio.high:.2f}"
    data = api(cast.olivia).get(f"/api/v1/projects/{project.pk}/fairness/").json()["people"]["disparate_impact"]
    assert (data["verdict"], data["certain"]) == (once, certain)
    assert (data["ratio"]["low"], data["ratio"]["high"]) == (ratio.low, ratio.high)
    row = next(row for row in sheet(page_client(cast.olivia), cast, "sources") if row["kind"] == "people")
    assert (row["four_fifths"], row["certain_four_fifths"]) == (once, certain)
    assert float(row["ratio_low"]) == ratio.low


# --- models alone -----------------------------------------------------------------------------------------------------
def test_a_project_labelled_by_a_model_alone_has_tiles_and_something_to_do(cast, page_client):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    named = {"labels": 0, "model": str(model.pk)}
    store(cast.project, items("a", 10, 90, **named) + items("b", 70, 90, **named))
    for wanted in (Wanted(by="model"), Wanted()):
        view = live_view(cast.project, wanted=wanted)
        texts = [action.text for action in what_now(cast.project, view, Role.OWNER)]
        assert any("Read items about a that smollm2 did not label “Keep”" in text for text in texts)
        assert any("Have people label the same groups beside smollm2" in text for text in texts)
        (limit,) = [a for a in what_now(cast.project, view, Role.OWNER) if a.link == "Set a limit"]
        assert limit.url == f"/projects/{cast.project.pk}/fairness/monitors/new/"
    tiles = tiles_of(cast.project, live_view(cast.project, wanted=Wanted(by="model")))
    certain = tiles[f"tile-certain-{model.pk}"]
    assert (certain.tone, certain.note) == ("warn", "b above a")
    assert f"annotator={model.pk}" in tiles[f"tile-dpd-{model.pk}"].href
    assert page_client(cast.olivia).get(certain.href).status_code == 200


def test_what_a_model_adds_is_named_only_where_it_is_certain(cast):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    named = {"labels": 0, "model": str(model.pk)}
    store(cast.project, items("a", 50, 100, labels=3) + items("b", 50, 100, labels=3))
    store(cast.project, items("a", 38, 100, **named) + items("b", 62, 100, **named))
    (found,) = live_view(cast.project).models
    assert found.gaps.spread.low > 0  # for one look
    assert found.certain_spread == 0
    assert because_of_whom(live_view(cast.project)).shifts == ()
    store(cast.project, items("a", 0, 900, **named) + items("b", 900, 900, **named))
    store(cast.project, items("a", 450, 900, labels=3) + items("b", 450, 900, labels=3))
    (found,) = live_view(cast.project).models
    assert found.certain_spread > 0.5
    assert "moves b and a apart by at least" in because_of_whom(live_view(cast.project)).shifts[0]
