"""The answers behind a figure of an audit: which of a candidate's answers it counts, by the same rules as measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.task_types import task_type
from fairness.audits.comparing import compared_ids
from fairness.audits.consistency import with_neighbours
from fairness.audits.finishing import rows_of
from fairness.audits.measuring import compared_rows, families_of, group_of
from fairness.audits.rows import Row
from fairness.audits.selectors import truth_of
from fairness.models import AuditAnswer, AuditCandidate
from ledger.errors import invalid

PARTS = {
    "all": gettext_lazy("All probes"),
    "answered": gettext_lazy("With a usable answer"),
    "unanswered": gettext_lazy("Without a usable answer"),
    "right": gettext_lazy("Right answers"),
    "wrong": gettext_lazy("Wrong answers"),
    "judged": gettext_lazy("Answers with a confidence"),
    "several": gettext_lazy("Asked in several orders of the options"),
    "moved": gettext_lazy("Changed with the order of the options"),
    "favourable": gettext_lazy("Got the favourable label"),
    "true": gettext_lazy("Answered, where the favourable label is right"),
    "true_favourable": gettext_lazy("Got the favourable label, where it is right"),
    "false": gettext_lazy("Answered, where the favourable label is wrong"),
    "false_favourable": gettext_lazy("Got the favourable label, where it is wrong"),
    "neighbours": gettext_lazy("Answers with similar ones beside them"),
    "compared": gettext_lazy("Also answered in the audit before"),
    "changed": gettext_lazy("Got another label than in the audit before"),
    "families": gettext_lazy("Of a family with two answers or more"),
    "flipped": gettext_lazy("Of a family with several labels"),
}


@dataclass(frozen=True)
class Asked:
    """``part``: one of ``PARTS``; ``task``: of one task; ``attribute``: an attribute or an intersection
    (``one × two``), of which the answers are those that its groups are compared on; ``group``: of one group of it."""

    part: str = "all"
    task: str = ""
    attribute: str = ""
    group: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Raises ``DomainError`` (400) where there is no such part."""
        asked = cls(query.get("part", "all"), *(query.get(name, "") for name in ("task", "attribute", "group")))
        if asked.part not in PARTS:
            text = _("There is no such part of the answers.")
            raise invalid(text, fields={"part": [text]})
        return asked

    @property
    def words(self) -> list[str]:
        return [str(PARTS[self.part]), *(text for text in (self.task, self.attribute, self.group) if text)]


@dataclass(frozen=True)
class Found:
    """Ids of answers, in the order of their probes; ``families``: how many families they are of."""

    ids: Sequence[int]
    families: int


def answers_of(candidate: AuditCandidate, asked: Asked) -> Found:
    """The answers that the figure counts. Reads all answers of the candidate, a few thousand at most."""
    numbered = rows_of(candidate)
    place = {id(row): pk for pk, row in numbered}
    rows = [row for _pk, row in numbered if not asked.task or row.task == asked.task]
    by_family = asked.part in ("families", "flipped")
    if asked.attribute and not by_family:
        names = tuple(asked.attribute.split(" × "))
        rows = list(compared_rows(rows, names))
        if asked.group:
            rows = [row for row in rows if group_of(row, names) == asked.group]
    if by_family:
        sets = families_of(rows, asked.attribute or None)
        names_of = {name for name, own in sets if asked.part == "families" or len({row.given for row in own}) > 1}
        rows = [row for name, own in sets if name in names_of for row in own]
        rows = list({id(row): row for row in rows}.values())
    elif asked.part == "neighbours":
        rows = with_neighbours(rows)
    elif asked.part in ("compared", "changed"):
        ids_compared = compared_ids(candidate, moved=asked.part == "changed")
        rows = [row for row in rows if place[id(row)] in ids_compared]
    else:
        rows = [row for row in rows if _is_in(row, asked.part)]
    order = {pk: number for number, (pk, _row) in enumerate(numbered)}
    ids = sorted((place[id(row)] for row in rows), key=order.__getitem__)
    return Found(ids, len({row.family for row in rows if row.family}))


def _is_in(row: Row, part: str) -> bool:
    said, true = row.given is not None, row.favourable in row.truth
    favourable = row.given is not None and row.favourable in row.given
    return {
        "all": True,
        "answered": said,
        "unanswered": not said,
        "right": said and row.given == row.truth,
        "wrong": said and row.given != row.truth,
        "judged": said and row.confidence is not None,
        "several": len(row.votes) > 1,
        "moved": len(set(row.votes)) > 1,
        "favourable": favourable,
        "true": said and true,
        "true_favourable": favourable and true,
        "false": said and not true,
        "false_favourable": favourable and not true,
    }[part]


@dataclass(frozen=True)
class AnswerShown:
    groups: str
    text: str
    truth: str
    label: str
    right: bool
    answered: bool
    problem: str


def answers_shown(candidate: AuditCandidate, ids: Sequence[int]) -> list[AnswerShown]:
    """A page of them, in words; one query."""
    found = AuditAnswer.objects.filter(candidate=candidate).select_related("probe").in_bulk(list(ids))
    return [_shown(found[pk], candidate.audit.tasks) for pk in ids if pk in found]


def _shown(answer: AuditAnswer, tasks: Mapping[str, Any]) -> AnswerShown:
    probe = answer.probe
    task = tasks[probe.task]
    kind, truth = task_type(task["task_type"]), truth_of(probe, task)
    return AnswerShown(
        groups=" · ".join(probe.groups.values()),
        text=probe.payload.get("text", ""),
        truth=kind.describe(task["config"], truth),
        label="" if answer.value is None else kind.describe(task["config"], answer.value),
        right=answer.value == truth,
        answered=answer.value is not None,
        problem=answer.problem,
    )
