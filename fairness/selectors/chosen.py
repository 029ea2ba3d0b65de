"""What labels say of a project whose items were chosen: weighted by their chances, beside those drawn at random.

Only people's items are chosen; a model's run takes items in random order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from annotations.models import AnnotationStatus, Assignment, Project, Stream
from annotations.task_types import task_type
from fairness.metrics import ActiveParity, GroupCounts, active_parity, inverse_weights
from fairness.selectors.live import Question

MOST = 20_000  # newest labels of chosen and audited items that are read


@dataclass(frozen=True)
class ChosenView:
    """``known`` and ``unknown``: labels of chosen items whose chance was logged, or not; ``audited``: of the uniform
    audit stream. ``parity`` is None without a question, or without any label of a known chance. ``cut``: there are more
    labels than were read, the newest ones.
    """

    known: int
    unknown: int
    audited: int
    parity: ActiveParity[str] | None
    cut: bool

    @property
    def read(self) -> int:
        return self.known + self.unknown + self.audited


def chosen_view(project: Project, question: Question | None) -> ChosenView | None:
    """None where no item was ever chosen, which one look-up in an empty index tells."""
    given = Assignment.objects.filter(project=project, stream__in=[Stream.CHOSEN, Stream.AUDIT])
    if not given.exists():
        return None
    labelled = given.filter(annotations__status=AnnotationStatus.CURRENT).order_by("-id")
    rows = list(labelled.values_list("stream", "probability", "item__groups", "annotations__value")[: MOST + 1])
    cut, rows = len(rows) > MOST, rows[:MOST]
    tally = Counter((stream, chance is not None) for stream, chance, _groups, _value in rows)
    known, unknown = tally[Stream.CHOSEN, True], tally[Stream.CHOSEN, False]
    parity = None
    if question is not None and known:
        parity = _parity(project, question, rows)
    return ChosenView(known, unknown, len(rows) - known - unknown, parity, cut)


def _parity(
    project: Project, question: Question, rows: list[tuple[str, float | None, dict[str, str], object]]
) -> ActiveParity[str]:
    task = task_type(project.schemas.get(is_current=True).task_type)
    groups: list[str] = []
    selected: list[bool] = []
    chances: list[float] = []
    audit: dict[str, list[bool]] = defaultdict(list)
    for stream, chance, of, value in rows:
        group = of.get(question.attribute)
        if group is None:
            continue
        hit = question.label in task.decisions(task.token(value))
        if stream == Stream.AUDIT:
            audit[group].append(hit)
        elif chance is not None:
            groups.append(group)
            selected.append(hit)
            chances.append(chance)
    counts = {group: GroupCounts(sum(hits), len(hits)) for group, hits in audit.items()}
    return active_parity(groups, selected, inverse_weights(chances), counts)
