"""Nothing about people's labels is called certain where how items were given out may have brought it about."""

from __future__ import annotations

import numpy as np
import pytest

from accounts.models import Role
from annotations.labelling.services import claim_or_reason
from annotations.models import Assignment, Project, ServingRules
from annotations.raising.services import group_raise, group_raise_end
from annotations.serving.services import rules_update
from annotations.tasks import settle_queue
from fairness.metrics import GroupCounts, certified
from fairness.presenting.glance import where_not
from fairness.presenting.page import live_context
from fairness.presenting.reading import Verdict as Answer
from fairness.presenting.reading import reading, verdict_of
from fairness.selectors.certainty import Withheld, withheld_for
from fairness.selectors.live import CONSENSUS, MODEL, PEOPLE, live_view
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_certainty import items, store
from tests.fairness.test_dashboard import address, sheet
from tests.fairness.test_fold import fresh_items

pytestmark = pytest.mark.django_db
MOST = 5


# --- why --------------------------------------------------------------------------------------------------------------
def by_label(random: np.random.Generator, doubtful: float, rate: float, n: int = 6000) -> GroupCounts:
    """Labels of ``n`` items of which so many get the label with ``rate`` and the others never: from two, one more each
    time while no label leads by two, up to ``MOST``."""
    rates = np.where(random.random(n) < doubtful, rate, 0.0)
    said = random.random((n, MOST)) < rates[:, None]
    depth = np.full(n, 2)
    for given in range(2, MOST):
        depth += (depth == given) & (np.abs(2 * said[:, :given].sum(axis=1) - given) < 2)
    counted = said & (np.arange(MOST) < depth[:, None])
    return GroupCounts(int(counted.sum()), int(depth.sum()))


def test_more_labels_in_doubt_make_groups_differ_that_are_labelled_alike():
    """Both groups' items get the label with .3 in the mean: .6 of the items with .5, or .3 of them always."""
    random = np.random.default_rng(20_261_126)
    found = [certified({"a": by_label(random, 0.6, 0.5), "b": by_label(random, 0.3, 1.0)}, labels_per_item=MOST)
             for _ in range(8)]  # fmt: skip
    assert sum(one.lower > 0 for one in found) >= 3


def test_balance_over_another_attribute_makes_groups_differ_that_do_not():
    """1,000 items of one origin, 3,000 of another, half of either men: over all of them men and women have .35."""
    rates = {"men": ((0.8, 1000), (0.2, 3000)), "women": ((0.2, 1000), (0.4, 3000))}
    assert {sum(p * n for p, n in rates[who]) / 4000 for who in rates} == {0.35}
    random = np.random.default_rng(20_261_126)
    false = 0
    for _ in range(8):
        half = 1900 // 4
        counts = {who: GroupCounts(sum(int(random.binomial(half, p)) for p, _n in rates[who]), 2 * half)
                  for who in rates}  # fmt: skip
        false += certified(counts, labels_per_item=3).lower > 0
    assert false == 8


# --- more labels for some items ---------------------------------------------------------------------------------------
def apart(project: Project) -> None:
    """Far apart, and not every item has all its labels."""
    store(project, items("a", 5, 300, labels=3) + items("b", 280, 300, labels=3) + items("b", 0, 9, labels=1))


def seen(project: Project) -> Withheld | None:
    view = live_view(Project.objects.get(pk=project.pk))
    assert view.people is not None
    assert (view.people.certified is None) is (view.people.certificate.withheld is not None)
    return view.people.certificate.withheld


def test_adaptive_redundancy_has_no_certificate_and_says_why(cast, api, page_client):
    apart(cast.project)
    assert seen(cast.project) is None
    ServingRules.objects.create(project=cast.project, max_labels=5)
    view = live_view(cast.project)
    assert seen(cast.project) is Withheld.DEPTH
    assert verdict_of(view.people) is Answer.UNSURE
    assert "Some items get more labels than others" in reading(view.people, view.question, 30).certainty
    data = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["people"]
    assert (data["withheld"], data["certain_difference"]) == ("depth", None)
    (row,) = [row for row in sheet(page_client(cast.olivia), cast, "sources") if row["kind"] == "people"]
    assert (row["withheld"], row["certain_difference"]) == ("depth", "")
    page = page_client(cast.olivia).get(address(cast))
    assert {tile.tone for tile in page.context["tiles"]} == {""}


def test_a_most_that_is_no_more_than_each_item_gets_is_not_adaptive(cast):
    apart(cast.project)
    ServingRules.objects.create(project=cast.project, max_labels=cast.project.redundancy)
    assert seen(cast.project) is None


def test_what_a_group_of_another_attribute_gets_on_top_weighs_too(cast, fresh_surveyed):
    apart(cast.project)
    demand = group_raise(project=cast.project, actor=cast.olivia, attribute="origin", group="north", more=2)
    settle_queue(cast.project.pk)
    assert seen(cast.project) is Withheld.DEPTH
    group_raise_end(demand=demand, actor=cast.olivia)
    settle_queue(cast.project.pk)
    assert seen(cast.project) is None, "nobody gave any of them"
    store(cast.project, items("a", 1, 1, labels=5))
    assert seen(cast.project) is Withheld.DEPTH


# --- the order of items -----------------------------------------------------------------------------------------------
@pytest.fixture
def fresh_surveyed(cast):
    """Items of an origin, so that its groups may be named."""
    cast.project.attributes.create(name="origin")
    return fresh_items(cast.project, 2, groups={"religion": "a", "origin": "north"})


def chosen(project: Project) -> None:
    """An item that a rule has given out."""
    fresh_items(project, 1)
    given, _reason = claim_or_reason(annotator=make_annotator(project))
    assert given is not None
    Assignment.objects.filter(pk=given.pk).update(stream="chosen")


def test_balance_over_another_attribute_has_none_until_every_item_has_all_its_labels(cast):
    apart(cast.project)
    rules = ServingRules.objects.create(project=cast.project, strategy="stratified", column="origin")
    assert seen(cast.project) is Withheld.BALANCED
    ServingRules.objects.filter(pk=rules.pk).update(column="religion")
    assert seen(cast.project) is None, "within a group of the one that is compared the order is random"


def test_once_all_is_labelled_the_order_does_not_matter(cast):
    store(cast.project, items("a", 5, 300, labels=3) + items("b", 280, 300, labels=3))
    ServingRules.objects.create(project=cast.project, strategy="stratified", column="origin")
    assert seen(cast.project) is None


@pytest.mark.parametrize(
    ("order", "withheld"),
    [
        ({"strategy": "priority", "column": "rank"}, Withheld.ORDER),
        ({"strategy": "stratified", "column": "origin"}, Withheld.BALANCED),
        ({"strategy": "stratified", "column": "religion"}, None),
    ],
)
def test_what_an_order_has_done_stays_after_the_order_has_changed(cast, fresh_surveyed, order, withheld):
    apart(cast.project)
    rules_update(project=cast.project, actor=cast.olivia, values=order)
    rules_update(project=cast.project, actor=cast.olivia, values={"strategy": "shuffle", "column": ""})
    assert seen(cast.project) is None, "nothing was given out by it"
    chosen(cast.project)
    assert seen(cast.project) is withheld


def test_what_others_may_ask(cast):
    apart(cast.project)
    project = cast.project
    ServingRules.objects.create(project=project, strategy="stratified", column="origin")
    assert withheld_for(project, "religion", PEOPLE) is Withheld.BALANCED
    assert withheld_for(project, "religion", CONSENSUS) is Withheld.BALANCED
    assert withheld_for(project, "origin", PEOPLE) is None
    assert withheld_for(project, "", PEOPLE) is Withheld.BALANCED, "all items together are weighted by it"
    assert withheld_for(project, "religion", MODEL) is None


def test_it_takes_few_queries(cast, django_assert_num_queries):
    apart(cast.project)
    with django_assert_num_queries(4):
        assert withheld_for(cast.project, "religion", PEOPLE) is None
    ServingRules.objects.create(project=cast.project)
    with django_assert_num_queries(5):
        assert withheld_for(cast.project, "religion", PEOPLE) is None


# --- which pairs ------------------------------------------------------------------------------------------------------
def test_where_not_names_the_pairs_that_the_headline_calls_certain(cast):
    Project.objects.filter(pk=cast.project.pk).update(redundancy=1, min_support=1)
    project = Project.objects.get(pk=cast.project.pk)
    store(project, items("a", 60, 200, needed=1) + items("b", 100, 200, needed=1))
    view = live_view(project)
    bands = view.people.certified.bands
    assert bands["a"].high > bands["b"].low, "two bands that still overlap"
    assert view.people.certified.beyond == (("b", "a"),)
    assert where_not(view) == "Certain for these groups: a below b."
    assert live_context(project, view, Role.OWNER)["glance_where"] == where_not(view)


def test_a_label_in_doubt_is_followed_end_to_end(cast):
    """From the rule to the page: the counters know of the depth that the rule has brought."""
    (item,) = fresh_items(cast.project, 1)
    rules_update(project=cast.project, actor=cast.olivia, values={"max_labels": 5, "tau": 0.9999})
    settle_queue(cast.project.pk)
    for token in ("keep", "remove", "keep", "remove", "keep"):
        add_label(item, make_annotator(cast.project), token)
    rules_update(project=cast.project, actor=cast.olivia, values={"max_labels": None})
    settle_queue(cast.project.pk)
    fold_all()
    assert seen(cast.project) is Withheld.DEPTH
