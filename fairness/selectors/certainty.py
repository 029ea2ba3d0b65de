"""What of a page's numbers may be called certain, and by which rule.

A certificate holds however often one looks, for one question (an attribute, a label, whose labels, a dataset) whose
groups are named, whose items come in random order, and whose labels of one item count as one. Where that is not so
there is none, and the reason is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import gettext as _

from annotations.models import Project, ServingRules, Strategy
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
from fairness.selectors.wanted import CONSENSUS, PEOPLE, Wanted

NOBODY = GroupCounts(0, 0)


class Withheld(StrEnum):
    """Why nothing is called certain."""

    TIME = "time"
    CONSENSUS = "consensus"
    ORDER = "order"
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
    """Three small queries, whatever the number of items."""
    named = Q(table="places", attribute=attribute, key="needed") | Q(table=DEEPER, attribute="")
    rows = Counter.objects.filter(named, project=project, n__gt=0).values_list("table", "group", "key")
    groups, depths = [], [project.redundancy + max((more for *_group, more in raised_of(project)), default=0)]
    for table, group, key in rows:
        if table == DEEPER:
            depths.append(int(key))
        else:
            groups.append(group)
    rules = ServingRules.objects.filter(project=project).first()
    if rules is not None and rules.max_labels is not None:
        depths.append(rules.max_labels)
    by_priority = rules is not None and rules.strategy == Strategy.PRIORITY
    changing = project.demand_changed_at is not None or (pulse is not None and not pulse.kept)
    return Ground(
        groups=tuple(sorted(groups)),
        labels_per_item=max(depths),
        withheld=Withheld.TIME if wanted.is_timed else None,
        withheld_people=Withheld.CHANGING if changing else Withheld.ORDER if by_priority else None,
    )
