"""What of a page's numbers may be called certain, and by which rule.

A certificate holds however often one looks, for one question (an attribute, a label, whose labels, a dataset) whose
groups are named, whose items come in random order and are asked for equally many labels, and whose labels of one item
count as one. Where that is not so there is none, and the reason is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from annotations.models import Assignment, GroupDemand, Project, ServingRules, Strategy, Stream
from annotations.raising.selectors import raised_of
from fairness.cells import DEEPER
from fairness.metrics import (
    MIN_GROUP,
    MOST_GROUPS,
    Certified,
    CertifiedGaps,
    CertifiedSpan,
    GroupCounts,
    certified,
    certified_gaps,
    certified_span,
    rate_bands,
)
from fairness.models import Counter, Pulse
from fairness.selectors.wanted import CONSENSUS, MODEL, PEOPLE, Wanted
from ledger.models import LedgerEvent

NOBODY = GroupCounts(0, 0)


class Withheld(StrEnum):
    """Why nothing is called certain."""

    TIME = "time"
    CONSENSUS = "consensus"
    ORDER = "order"
    BALANCED = "balanced"
    DEPTH = "depth"
    CHANGING = "changing"
    GROUPS = "groups"

    @property
    def sentence(self) -> str:
        return {
            Withheld.TIME: _(
                "A time was chosen, maybe because of what was seen in it: what holds at every moment holds from the "
                "first label on."
            ),
            Withheld.CONSENSUS: _(
                "A consensus may still change with the labels to come, and does so in one group more than in another "
                "where they are not labelled equally far."
            ),
            Withheld.ORDER: _("Items are given out by priority and not at random."),
            Withheld.BALANCED: _(
                "Items are given out in balance over another attribute, which by itself can move the groups of this "
                "one apart until every item has all its labels."
            ),
            Withheld.DEPTH: _(
                "Some items get more labels than others, those in doubt or of some group, and weigh more: that by "
                "itself can move groups apart whose items are treated alike."
            ),
            Withheld.CHANGING: _(
                "The counters are being brought in line with a change; what is certain comes back when that is done."
            ),
            Withheld.GROUPS: _("There are more than %(most)s groups.") % {"most": MOST_GROUPS},
        }[self]


@dataclass(frozen=True)
class Certificate:
    """What is certain of one source. ``found`` and ``span`` are None where ``withheld`` says why.

    ``span`` is of the groups with enough labels; ``whole``: all groups are among them.
    """

    found: Certified[str] | None
    span: CertifiedSpan | None
    whole: bool
    withheld: Withheld | None
    labels_per_item: int


@dataclass(frozen=True)
class Ground:
    """What certificates rest on: the groups that the items of the project have, labelled or not, and the most labels by
    people that one item has or is asked for."""

    groups: tuple[str, ...]
    labels_per_item: int
    withheld: Withheld | None  # for every source
    withheld_people: Withheld | None

    def certify(self, kind: str, counts: Mapping[str, GroupCounts], min_group: int = MIN_GROUP) -> Certificate:
        """Of the labels by people, a model or a consensus. Groups with fewer than ``min_group`` labels are named, and
        nothing is said of them."""
        per_item = self.labels_per_item if kind == PEOPLE else 1
        named = self._named(counts)
        withheld = self._withheld(kind) or (Withheld.GROUPS if len(named) > MOST_GROUPS else None)
        if withheld is not None:
            return Certificate(None, None, False, withheld, per_item)
        enough = {group: one if one.n >= min_group else NOBODY for group, one in named.items()}
        bands = rate_bands(named, labels_per_item=per_item)
        found = replace(_certified(tuple(enough.items()), per_item), bands=bands)
        usable = {group: bands[group] for group, one in enough.items() if one.n}
        return Certificate(found, certified_span(usable), len(usable) == len(named), None, per_item)

    def certify_gaps(
        self, model: Mapping[str, GroupCounts], people: Mapping[str, GroupCounts], min_group: int = MIN_GROUP
    ) -> CertifiedGaps[str] | None:
        """Of a model beside people; None where nothing may be called certain."""
        named = sorted(self._named(model).keys() | people.keys())
        if self._withheld(PEOPLE) is not None or len(named) > MOST_GROUPS:
            return None
        sides = [
            {g: side[g] if g in side and side[g].n >= min_group else NOBODY for g in named} for side in (model, people)
        ]
        return certified_gaps(sides[0], sides[1], labels_per_item=(1, self.labels_per_item))

    def _named(self, counts: Mapping[str, GroupCounts]) -> dict[str, GroupCounts]:
        return {group: counts.get(group, NOBODY) for group in sorted({*self.groups, *counts})}

    def _withheld(self, kind: str) -> Withheld | None:
        if self.withheld is not None:
            return self.withheld
        if kind == CONSENSUS:
            return Withheld.CONSENSUS
        return self.withheld_people if kind == PEOPLE else None


@lru_cache(maxsize=256)
def _certified(counts: tuple[tuple[str, GroupCounts], ...], labels_per_item: int) -> Certified[str]:
    """Kept: it is most of what a look costs, and for most sources nothing has changed since the last one."""
    return certified(dict(counts), labels_per_item=labels_per_item)


def ground_of(project: Project, attribute: str, wanted: Wanted, pulse: Pulse | None) -> Ground:
    """A few small queries, whatever the number of items."""
    items = _items(project, attribute)
    rules = ServingRules.objects.filter(project=project).first()
    raised = raised_of(project)
    depths = [project.redundancy + max((more for *_group, more in raised), default=0), items.deepest]
    if rules is not None and rules.max_labels is not None:
        depths.append(rules.max_labels)
    if project.demand_changed_at is not None or (pulse is not None and not pulse.kept):
        withheld_people: Withheld | None = Withheld.CHANGING
    else:
        withheld_people = _by_serving(project, attribute, items, rules, {name for name, *_more in raised})
    return Ground(
        groups=items.groups,
        labels_per_item=max(depths),
        withheld=Withheld.TIME if wanted.is_timed else None,
        withheld_people=withheld_people,
    )


def withheld_for(project: Project, attribute: str, kind: str) -> Withheld | None:
    """Why nothing that is found now about the groups of ``attribute`` may be called certain, in the words of the
    dashboard; None where it may. For whoever judges counts of their own, as monitors do.

    ``kind``: ``PEOPLE``; ``CONSENSUS`` where it counts once its item has all labels, which is as people are served;
    of a ``MODEL``, whose runs take items in random order, never. An empty ``attribute``: of all items together.
    """
    if kind == MODEL:
        return None
    pulse = Pulse.objects.filter(project=project).first()
    return ground_of(project, attribute, Wanted(), pulse).withheld_people


@dataclass(frozen=True)
class _Items:
    """``groups``: of the items; ``deepest``: most labels that an item has beyond what it needs, 0 where none has;
    ``full``: every item has all labels that it needs."""

    groups: tuple[str, ...]
    deepest: int
    full: bool


def _items(project: Project, attribute: str) -> _Items:
    counted = Q(table="places", attribute=attribute, key="needed") | Q(table=DEEPER, attribute="")
    counted |= Q(table="totals", attribute="", key__in=("labels_needed", "labels_given"))
    rows = Counter.objects.filter(counted, project=project, n__gt=0).values_list("table", "group", "key", "n")
    groups, deepest, totals = [], 0, {"labels_needed": 0, "labels_given": 0}
    for table, group, key, n in rows:
        if table == DEEPER:
            deepest = max(deepest, int(key))
        elif table == "totals":
            totals[key] = n
        else:
            groups.append(group)
    full = 0 < totals["labels_needed"] <= totals["labels_given"]
    return _Items(tuple(sorted(groups)), deepest, full)


def _by_serving(
    project: Project, attribute: str, items: _Items, rules: ServingRules | None, raised: set[str]
) -> Withheld | None:
    """What stands against certainty in how people were given items. What an order has done is done until every item has
    all its labels, and unequal numbers of labels for good, also after the rules have changed."""
    now = rules or ServingRules(project=project)  # without a row nothing was ever set
    chosen = rules is not None and Assignment.objects.filter(project=project, stream=Stream.CHOSEN).exists()
    ever = list(_rules_before(project)) if chosen or (rules is not None and items.deepest) else []
    orders = [(now.strategy, now.column), *((one["strategy"], one["column"]) for one in ever if chosen)]
    if now.strategy == Strategy.PRIORITY or (not items.full and any(by == Strategy.PRIORITY for by, _of in orders)):
        return Withheld.ORDER
    if not items.full and any(by == Strategy.STRATIFIED and of != attribute for by, of in orders):
        return Withheld.BALANCED
    in_doubt = now.max_labels is not None and now.max_labels > project.redundancy
    if in_doubt or raised - {attribute}:
        return Withheld.DEPTH
    if items.deepest:
        others = GroupDemand.objects.filter(project=project).exclude(attribute=attribute)
        if any("max_labels" in one for one in ever) or others.exists():
            return Withheld.DEPTH
    return None


def _rules_before(project: Project) -> Iterator[dict[str, Any]]:
    """Order and redundancy after each change of the rules of serving, the latter once it was changed; by subject, which
    is indexed."""
    events = LedgerEvent.objects.filter(
        project_id=project.pk, subject=f"project:{project.pk}", kind="serving.rules_changed"
    )
    rules: dict[str, Any] = {"strategy": Strategy.SHUFFLE, "column": ""}
    for changed in events.order_by("pk").values_list("data", flat=True):
        rules = rules | changed
        yield rules
