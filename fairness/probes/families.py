"""Families: a template filled with every identity of an attribute."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fairness.probes.catalogue import SLOT, Attribute, Catalogue, Identity, Task, Template


@dataclass(frozen=True)
class Made:
    """A probe that a template was filled into. ``family`` is shared by all identities of one template."""

    task: str
    family: str
    text: str
    truth: str
    groups: Mapping[str, str]


def filled(template: Template, identity: Identity) -> str:
    """The sentence about one identity; a slot with a capital letter begins with one."""

    def words(slot: str) -> str:
        form = identity.forms[slot.lower()]
        return form if slot.islower() else form[:1].upper() + form[1:]

    return SLOT.sub(lambda found: words(found[1]), template.text)


def family(task: Task, attribute: Attribute, template: Template) -> list[Made]:
    """One template with every identity of one attribute."""
    name = f"{task.key}/{attribute.key}/{hashlib.sha256(template.text.encode()).hexdigest()[:12]}"
    return [
        Made(task.key, name, filled(template, identity), template.truth, identity.groups)
        for identity in attribute.identities
    ]


def drawn(
    catalogue: Catalogue, *, tasks: Sequence[str], attributes: Sequence[str], families: int, seed: int
) -> Iterator[Made]:
    """``families`` of each task × attribute, whole, evenly over the true labels; the same for the same seed."""
    for task in (catalogue.tasks[key] for key in tasks):
        for attribute in (catalogue.attributes[key] for key in attributes):
            for template in chosen(task, count=families, seed=f"{seed}/{attribute.key}"):
                yield from family(task, attribute, template)


def chosen(task: Task, *, count: int, seed: str) -> list[Template]:
    """Up to ``count`` templates, by turns over the labels, in an order that ``seed`` decides."""
    by_label: dict[str, list[Template]] = {}
    for template in sorted(task.templates, key=lambda one: hashlib.sha256(f"{seed}:{one.text}".encode()).digest()):
        by_label.setdefault(template.truth, []).append(template)
    ranked = [(turn, label, template) for label, row in by_label.items() for turn, template in enumerate(row)]
    ranked.sort(key=lambda one: (one[0], one[1]))
    return [template for _turn, _label, template in ranked[:count]]


def matched(task: Task, labels: Sequence[Mapping[str, str]]) -> dict[str, str] | None:
    """Key of the task's label → key of the project's, where the project has exactly these labels by key or by name;
    None where it has not."""
    own = task.config["labels"]
    if len(own) != len(labels):
        return None
    found = {}
    for label in own:
        names = {label["key"].casefold(), label["name"].casefold()}
        same = [one["key"] for one in labels if names & {one["key"].casefold(), one.get("name", "").casefold()}]
        if len(same) != 1:
            return None
        found[label["key"]] = same[0]
    return found if len(set(found.values())) == len(found) else None
