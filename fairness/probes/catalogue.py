"""Tasks, attributes and templates as plain values: those that are shipped, and those that a project adds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext as _

from annotations.task_types import task_type
from fairness.probes.lines import BadTemplates, Node, read
from ledger.errors import DomainError

FORMS = ("person", "people", "adjective", "an_adjective", "their", "them")
NAMING = frozenset(FORMS[:4])  # without one of these a sentence does not say who it is about
SLOT = re.compile(r"\{([^{}]*)\}")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")
MAX_TASKS, MAX_ATTRIBUTES, MAX_IDENTITIES, MAX_TEMPLATES = 40, 40, 40, 1000
MAX_TEXT, MAX_FORM, MAX_GUIDELINES = 2000, 120, 4000


@dataclass(frozen=True)
class Identity:
    """Who a sentence is about. ``groups``: attribute → group, for the metrics; ``forms``: slot → words."""

    key: str
    groups: Mapping[str, str]
    forms: Mapping[str, str]


@dataclass(frozen=True)
class Attribute:
    key: str
    name: str
    identities: tuple[Identity, ...]


@dataclass(frozen=True)
class Template:
    """A sentence with slots and its true label."""

    text: str
    truth: str


@dataclass(frozen=True)
class Task:
    """A question with one right label for each template. ``config`` is that of a single choice."""

    key: str
    name: str
    guidelines: str
    config: Mapping[str, Any]
    favourable: str
    templates: tuple[Template, ...]


@dataclass(frozen=True)
class Catalogue:
    tasks: Mapping[str, Task] = field(default_factory=dict)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def families(self) -> int:
        """How many families there are: templates × attributes."""
        return sum(len(task.templates) for task in self.tasks.values()) * len(self.attributes)


@cache
def shipped() -> Catalogue:
    """What comes with the platform: at least six tasks, four attributes, forty families for each pair."""
    found = Catalogue()
    for path in sorted(files("fairness.probes").joinpath("data").iterdir(), key=lambda one: one.name):
        if path.name.endswith(".yaml"):
            found = extended(found, path.read_text(encoding="utf-8"))
    return found


def catalogue_of(texts: Iterable[str]) -> Catalogue:
    """The shipped catalogue with the files of a project added in order."""
    found = shipped()
    for text in texts:
        found = extended(found, text)
    return found


def extended(known: Catalogue, text: str) -> Catalogue:
    """``known`` with a file added: new tasks and attributes, and more templates for known tasks.

    Raises ``BadTemplates`` with the line at fault.
    """
    root = read(text)
    fields = root.fields(_("The file"), frozenset({"tasks", "attributes"}))
    if not fields:
        raise BadTemplates(root.line, _("The file has neither tasks nor attributes."))
    attributes = dict(known.attributes)
    for node in fields["attributes"].items("attributes") if "attributes" in fields else []:
        attribute = _attribute(node)
        if attribute.key in attributes:
            message = _("There is an attribute “%(key)s” already. Choose another key.")
            raise BadTemplates(node.line, message % {"key": attribute.key})
        attributes[attribute.key] = attribute
    tasks = dict(known.tasks)
    for node in fields["tasks"].items("tasks") if "tasks" in fields else []:
        task = _task(node, tasks)
        tasks[task.key] = task
    if len(tasks) > MAX_TASKS or len(attributes) > MAX_ATTRIBUTES:
        message = _("There may be %(tasks)s tasks and %(attributes)s attributes at most.")
        raise BadTemplates(root.line, message % {"tasks": MAX_TASKS, "attributes": MAX_ATTRIBUTES})
    return Catalogue(tasks, attributes)


# --- attributes -----------------------------------------------------------------------------------------------------


def _attribute(node: Node) -> Attribute:
    fields = node.fields(_("An attribute"), frozenset({"key", "name", "identities"}))
    key = _key(node.need(fields, "key"))
    listed = node.need(fields, "identities")
    identities = [_identity(one, key) for one in listed.items("identities")]
    if not 2 <= len(identities) <= MAX_IDENTITIES:
        message = _("An attribute has between 2 and %(most)s identities.")
        raise BadTemplates(listed.line, message % {"most": MAX_IDENTITIES})
    keys = [one.key for one in identities]
    for one, identity in zip(listed.items("identities"), identities, strict=True):
        if keys.count(identity.key) > 1:
            raise BadTemplates(one.line, _("The identity “%(key)s” is there twice.") % {"key": identity.key})
    name = node.need(fields, "name").text("name", 80)
    return Attribute(key, name, tuple(identities))


def _identity(node: Node, attribute: str) -> Identity:
    fields = node.fields(_("An identity"), frozenset({"key", "groups", *FORMS}))
    key = _key(node.need(fields, "key"))
    groups = {attribute: key}
    if "groups" in fields:
        named = fields["groups"].fields("groups")
        groups = {_checked_key(name, one.line): one.text(_("A group"), 64) for name, one in named.items()}
        if attribute not in groups:
            message = _("groups must name the group of “%(attribute)s”.") % {"attribute": attribute}
            raise BadTemplates(fields["groups"].line, message)
    forms = {name: node.need(fields, name).text(name, MAX_FORM) for name in FORMS}
    return Identity(key, groups, forms)


# --- tasks ----------------------------------------------------------------------------------------------------------


def _task(node: Node, known: Mapping[str, Task]) -> Task:
    names = frozenset({"key", "name", "guidelines", "labels", "favourable", "templates"})
    fields = node.fields(_("A task"), names)
    key = _key(node.need(fields, "key"))
    if key in known:
        return _with_more(node, fields, known[key])
    labels = node.need(fields, "labels")
    config = _config(labels)
    keys = [label["key"] for label in config["labels"]]
    favourable = node.need(fields, "favourable")
    if favourable.value not in keys:
        message = _("The favourable label must be one of %(labels)s.") % {"labels": ", ".join(keys)}
        raise BadTemplates(favourable.line, message)
    return Task(
        key=key,
        name=node.need(fields, "name").text("name", 80),
        guidelines=node.need(fields, "guidelines").text("guidelines", MAX_GUIDELINES),
        config=config,
        favourable=favourable.value,
        templates=_templates(node.need(fields, "templates"), keys),
    )


def _with_more(node: Node, fields: Mapping[str, Node], task: Task) -> Task:
    for name, one in fields.items():
        if name not in ("key", "templates"):
            message = _("There is a task “%(key)s” already: only templates can be added to it, not %(name)s.")
            raise BadTemplates(one.line, message % {"key": task.key, "name": name})
    keys = [label["key"] for label in task.config["labels"]]
    more = _templates(node.need(dict(fields), "templates"), keys)
    known = {template.text for template in task.templates}
    new = tuple(template for template in more if template.text not in known)
    if len(task.templates) + len(new) > MAX_TEMPLATES:
        raise BadTemplates(node.line, _("A task has at most %(most)s templates.") % {"most": MAX_TEMPLATES})
    return replace(task, templates=task.templates + new)


def _config(node: Node) -> dict[str, Any]:
    known = frozenset({"key", "name", "description"})
    labels = []
    for one in node.items("labels"):
        fields = one.fields(_("A label"), known)
        labels.append({name: part.text(name, 500) for name, part in fields.items()})
    try:
        return task_type("single_choice").check_config({"labels": labels})
    except DomainError as error:
        raise BadTemplates(node.line, error.message) from None


def _templates(node: Node, keys: list[str]) -> tuple[Template, ...]:
    found: dict[str, Template] = {}
    for label, listed in node.fields("templates").items():
        if label not in keys:
            message = _("“%(label)s” is no label of this task. Labels: %(labels)s.")
            raise BadTemplates(listed.line, message % {"label": label[:60], "labels": ", ".join(keys)})
        for one in listed.items(label):
            text = one.text(_("A template"), MAX_TEXT)
            _check_slots(text, one.line)
            if text in found:
                raise BadTemplates(one.line, _("This template is there twice."))
            found[text] = Template(text, label)
    if not 1 <= len(found) <= MAX_TEMPLATES:
        message = _("A task has between 1 and %(most)s templates.") % {"most": MAX_TEMPLATES}
        raise BadTemplates(node.line, message)
    return tuple(found.values())


def _check_slots(text: str, line: int) -> None:
    slots = SLOT.findall(text)
    if "{" in SLOT.sub("", text) or "}" in SLOT.sub("", text):
        raise BadTemplates(line, _("A brace is not closed. Slots look like {person}."))
    for slot in slots:
        if slot.lower() not in FORMS or slot not in (slot.lower(), slot.capitalize()):
            message = _(
                "{%(slot)s} is no slot. Slots: %(known)s; with a capital first letter at the start of a sentence."
            )
            shown = ", ".join(f"{{{name}}}" for name in FORMS)
            raise BadTemplates(line, message % {"slot": slot[:40], "known": shown})
    if not NAMING & {slot.lower() for slot in slots}:
        message = _("The template does not say who it is about: use {person}, {people}, {adjective} or {an_adjective}.")
        raise BadTemplates(line, message)


def _key(node: Node) -> str:
    return _checked_key(node.text("key", 64), node.line)


def _checked_key(text: str, line: int) -> str:
    if not KEY.fullmatch(text):
        raise BadTemplates(line, _("A key has letters, digits, blanks, - and _ (at most 64)."))
    return text
