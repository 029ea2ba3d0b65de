"""Reading the groups of a project's items, as they were counted last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from annotations.grouping.values import (
    Likeness,
    Shown,
    alike_names,
    is_numeric,
    largest,
    lookalikes,
    quantile_edges,
    regrouped,
)
from annotations.models import GroupSurvey, Project, Regrouping, RegroupingKind

OFFERED_BINS = 4


@dataclass(frozen=True)
class AttributeGroups:
    """One attribute: its values as imported, its groups as they are, each with its items.

    ``watched``: it is an attribute of the project; ``meant``: the one that it may be, misspelt. ``missing``:
    items without a group. ``left_out``: rare values that were counted but are not listed. ``edges``: offered for bins,
    where the values are numbers. ``binned``: the groups are bins already.
    """

    name: str
    watched: bool
    raw: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    left_out: int = 0
    meant: str | None = None
    edges: list[float] = field(default_factory=list)
    binned: bool = False
    alike: list[Likeness] = field(default_factory=list)

    @property
    def shown(self) -> Shown:
        return largest(self.groups)

    @property
    def edges_text(self) -> str:
        return "; ".join(f"{edge:g}" for edge in self.edges)


@dataclass(frozen=True)
class ProjectGroups:
    survey: GroupSurvey | None
    attributes: tuple[AttributeGroups, ...]
    running: Regrouping | None
    regroupings: tuple[Regrouping, ...]


def project_groups(project: Project) -> ProjectGroups:
    """What the last count found: every watched attribute, and every other that items have groups of."""
    survey = GroupSurvey.objects.filter(project=project).first()
    rules = list(project.regroupings.select_related("created_by"))
    counted = survey.counts if survey else {}
    watched = list(project.attributes.values_list("name", flat=True))
    names = [*watched, *sorted(name for name in counted if name not in watched)]
    items = survey.items if survey else 0
    attributes = tuple(_attribute(name, counted.get(name), watched, items, rules) for name in names)
    running = next((one for one in rules if one.done_at is None), None)
    return ProjectGroups(survey, attributes, running, tuple(reversed(rules)))


def _attribute(
    name: str, counted: dict[str, list[list[object]]] | None, watched: list[str], items: int, rules: list[Regrouping]
) -> AttributeGroups:
    raw: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for value, group, n in (counted or {}).get("values", []):
        raw[str(value)] += int(str(n))
        groups[str(group)] += int(str(n))
    left_out, left_items = (counted or {}).get("left_out", [0, 0])
    numeric = is_numeric(raw)
    return AttributeGroups(
        name=name,
        watched=name in watched,
        raw=dict(raw),
        groups=dict(groups),
        missing=max(0, items - sum(groups.values()) - int(str(left_items))),
        left_out=int(str(left_out)),
        meant=None if name in watched else alike_names(name, watched),
        edges=quantile_edges(raw, OFFERED_BINS) if numeric else [],
        binned=any(one.kind == RegroupingKind.BINS and one.attribute == name for one in rules),
        alike=[] if numeric else lookalikes(groups),
    )


class GroupRules:
    """The bins and merges of a project, for items that come in: made once for each import."""

    def __init__(self, project: Project) -> None:
        kinds = [RegroupingKind.BINS, RegroupingKind.MERGE]
        self._rules: dict[str, list[dict[str, object]]] = {}
        for attribute, kind, rules in project.regroupings.filter(kind__in=kinds).values_list(
            "attribute", "kind", "rules"
        ):
            # Bins go by the numbers as they were imported: whatever was before them holds no more.
            earlier = [] if kind == RegroupingKind.BINS else self._rules.get(attribute, [])
            self._rules[attribute] = [*earlier, rules]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def group(self, attribute: str, value: str) -> str:
        """The group of an imported value."""
        for rules in self._rules.get(attribute, ()):
            value = regrouped(value, rules)
        return value
