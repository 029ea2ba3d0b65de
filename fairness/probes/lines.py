"""YAML as plain values that know their line, so that a complaint can name it. Safe: nothing but text, lists and
mappings is ever made of it, aliases are refused, and its size and depth are bounded before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

from ledger.errors import DomainError, invalid

MAX_BYTES = 512 * 1024
MAX_DEPTH = 8
MAX_NODES = 40_000


class BadTemplates(DomainError):
    """The file cannot be taken. ``line`` 0: as a whole."""

    def __init__(self, line: int, message: str) -> None:
        text = _("Line %(line)s: %(message)s") % {"line": line, "message": message} if line else message
        shown = invalid(text, fields={"file": [text]}, code="bad_templates")
        super().__init__(shown.code, shown.message, shown.status, fields=shown.fields, data={"line": line or None})
        self.line = line


@dataclass(frozen=True)
class Node:
    """A value at a line: ``value`` is text, or a list of nodes, or a mapping of keys to nodes."""

    line: int
    value: Any

    def text(self, what: str, most: int) -> str:
        """The value as text that is not empty and at most ``most`` characters long."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise BadTemplates(self.line, _("%(what)s must be text, and not empty.") % {"what": what})
        text = " ".join(self.value.split())
        if len(text) > most:
            message = _("%(what)s has %(count)s characters; at most %(most)s are allowed.")
            raise BadTemplates(self.line, message % {"what": what, "count": len(text), "most": most})
        return text

    def items(self, what: str) -> list[Node]:
        if not isinstance(self.value, list):
            raise BadTemplates(self.line, _("%(what)s must be a list.") % {"what": what})
        return self.value

    def fields(self, what: str, known: frozenset[str] | None = None) -> dict[str, Node]:
        """The mapping; ``known``: the keys that it may have."""
        if not isinstance(self.value, dict):
            raise BadTemplates(self.line, _("%(what)s must be a mapping of names to values.") % {"what": what})
        for name, node in self.value.items():
            if known is not None and name not in known:
                message = _("“%(name)s” is not known here. Known: %(known)s.")
                raise BadTemplates(node.line, message % {"name": name[:60], "known": ", ".join(sorted(known))})
        return self.value

    def need(self, fields: dict[str, Node], name: str) -> Node:
        if name not in fields:
            raise BadTemplates(self.line, _("“%(name)s” is missing.") % {"name": name})
        return fields[name]


def read(text: str) -> Node:
    """The document. Raises ``BadTemplates`` with the line."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        message = _("The file is larger than %(most)s kB. Split it.") % {"most": MAX_BYTES // 1024}
        raise BadTemplates(0, message)
    try:
        events = list(_checked(yaml.parse(text, Loader=yaml.SafeLoader)))
        root = yaml.compose(text, Loader=yaml.SafeLoader) if events else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadTemplates(mark.line + 1 if mark else 0, _("Not YAML: %(why)s.") % {"why": error.problem}) from None
    except yaml.YAMLError as error:
        raise BadTemplates(0, _("Not YAML: %(why)s.") % {"why": str(error)[:200]}) from None
    if root is None:
        raise BadTemplates(0, _("The file is empty."))
    return _node(root)


def _checked(events: Iterator[Any]) -> Iterator[Any]:
    """The events of the parser, refused where they nest too deeply, are too many, or refer to each other."""
    depth, documents = 0, 0
    for number, event in enumerate(events):
        line = event.start_mark.line + 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadTemplates(line, _("Anchors and aliases (& and *) are not allowed. Write the value out."))
        if documents > 1:
            raise BadTemplates(line, _("There is more than one document (---) in the file."))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise BadTemplates(line, _("This is nested too deeply."))
        if number > MAX_NODES:
            raise BadTemplates(line, _("The file holds too many values. Split it."))
        if not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent):
            yield event


def _node(node: Any) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Node(line, [_node(child) for child in node.value])
    if isinstance(node, yaml.ScalarNode):
        return Node(line, node.value)  # numbers and words such as "no" stay as they are written
    fields: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise BadTemplates(key.start_mark.line + 1, _("A name must be text."))
        if key.value in fields:
            message = _("“%(name)s” is there twice.") % {"name": key.value[:60]}
            raise BadTemplates(key.start_mark.line + 1, message)
        fields[key.value] = _node(value)
    return Node(line, fields)
