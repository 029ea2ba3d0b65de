"""Boxes: a person's answers, consents and counts, opened and sealed. The only module that reads or writes the table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.demographics.questions import BY_KEY
from accounts.demographics.vault import SealError, Vault, vault
from accounts.models import DemographicBox

AT_ONCE = 1000


@dataclass
class Box:
    """What one person told. ``answers``: question → options; ``consents`` and ``counted``: project → questions.

    ``counted`` holds no answer, only that the person is in a project's figures already and is never counted again.
    """

    user_id: int
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    consents: dict[int, frozenset[str]] = field(default_factory=dict)
    counted: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.answers or self.consents or self.counted)

    def answer(self, question: str) -> tuple[str, ...]:
        """The options chosen that the question still offers; empty is "prefer not to say"."""
        known = BY_KEY.get(question)
        return known.known(self.answers.get(question, ())) if known else ()

    def usable(self, project_id: int, question: str) -> tuple[str, ...]:
        """The answer, where the person lets this project use it; else empty."""
        return self.answer(question) if question in self.consents.get(project_id, ()) else ()


def box_of(user_id: int) -> Box:
    """A person's box; an empty one where there is none. Raises ``DomainError`` (409) without a key."""
    return boxes_of([user_id]).get(user_id) or Box(user_id)


def boxes_of(user_ids: Collection[int], *, locked: bool = False) -> dict[int, Box]:
    """User → box, of those who have one. ``locked``: for the rest of the transaction, in one order."""
    safe, found = vault(), {}
    for names in _in_parts(safe, user_ids):
        rows = DemographicBox.objects.filter(name__in=names).order_by("name")
        for row in rows.select_for_update() if locked else rows:
            box = _opened(safe, row)
            if box is not None and box.user_id == names[row.name]:
                found[box.user_id] = box
    return found


def box_save(box: Box) -> None:
    """Seal the box under the newest key; an empty one is taken away. The caller holds the person's lock."""
    names = vault().pseudonyms(box.user_id)
    if box.is_empty:
        DemographicBox.objects.filter(name__in=names).delete()
        return
    sealed = vault().seal(_plain(box), names[0])
    DemographicBox.objects.update_or_create(name=names[0], defaults={"sealed": sealed})
    DemographicBox.objects.filter(name__in=names[1:]).delete()


def box_delete(user_id: int) -> None:
    """Take the box away, whatever it holds."""
    DemographicBox.objects.filter(name__in=vault().pseudonyms(user_id)).delete()


def all_boxes() -> Iterator[tuple[str, Box | None, bool]]:
    """(name, box or None where no key opens it, whether the newest key sealed it) of every row."""
    safe = vault()
    for row in DemographicBox.objects.order_by("name").iterator(AT_ONCE):
        box = _opened(safe, row)
        current = box is not None and row.name == safe.pseudonyms(box.user_id)[0]
        yield row.name, box, current


def _in_parts(safe: Vault, user_ids: Iterable[int]) -> Iterator[dict[str, int]]:
    """Name → user, some at a time, always in the same order."""
    ordered = sorted(set(user_ids))
    for start in range(0, len(ordered), AT_ONCE):
        part = ordered[start : start + AT_ONCE]
        yield {name: user_id for user_id in part for name in safe.pseudonyms(user_id)}


def _opened(safe: Vault, row: DemographicBox) -> Box | None:
    try:
        plain = safe.open(row.sealed, row.name)
    except SealError:
        return None  # sealed by a key that is gone: as if nothing had been told (the doctor says so)
    return Box(
        user_id=plain["user"],
        answers={question: tuple(chosen) for question, chosen in plain["answers"].items()},
        consents=_by_project(plain["consents"]),
        counted=_by_project(plain["counted"]),
    )


def _by_project(plain: Mapping[str, list[str]]) -> dict[int, frozenset[str]]:
    return {int(project): frozenset(questions) for project, questions in plain.items()}


def _plain(box: Box) -> dict[str, Any]:
    return {
        "user": box.user_id,
        "answers": {question: list(chosen) for question, chosen in box.answers.items()},
        "consents": {str(project): sorted(questions) for project, questions in box.consents.items()},
        "counted": {str(project): sorted(questions) for project, questions in box.counted.items()},
    }
