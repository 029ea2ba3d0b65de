"""What may be said about a project, and the checks that hold for every way of saying it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotations.models import Project
from annotations.task_types import task_type
from annotations.task_types.base import label_keys
from ledger.errors import invalid
from ledger.hashing import digest_hex

MAX_GUIDELINES = 50_000  # characters of Markdown
MAX_ATTRIBUTES = 20
CURRENCY = re.compile(r"[A-Z]{3}")


class ProjectSettings(TypedDict, total=False):
    """The settings that an owner may give; what is left out keeps its value or gets the default."""

    name: str
    summary: str
    is_open: bool
    redundancy: int
    min_support: int
    favourable_label: str
    wage_per_hour: Decimal
    currency: str
    expected_seconds: int
    content_warning: str
    lease_seconds: int


class SchemaInput(TypedDict, total=False):
    """``task_type`` and its ``config`` (see ``LabelSchema``); ``guidelines`` is Markdown."""

    task_type: str
    config: Mapping[str, Any]
    guidelines: str


class AttributeInput(TypedDict, total=False):
    """A protected attribute, and the import column with the items' groups (left out: same name)."""

    name: str
    column: str


SETTINGS = tuple(ProjectSettings.__annotations__)


def check_settings(project: Project) -> None:
    """Canonical text, numbers within range; raises ``DomainError`` (400) naming each field at fault."""
    project.name = project.name.strip()
    project.summary = project.summary.strip()
    project.content_warning = project.content_warning.strip()
    project.currency = project.currency.strip().upper()
    fields: dict[str, list[str]] = {}
    try:
        project.clean_fields(exclude={"created_by"})
    except ValidationError as error:
        fields = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    if "currency" not in fields and not CURRENCY.fullmatch(project.currency):
        fields["currency"] = [_("Give the three letters of a currency, such as EUR.")]
    if "wage_per_hour" not in fields and project.wage_per_hour < 0:
        fields["wage_per_hour"] = [_("The wage cannot be negative. Give 0 where the work is not paid.")]
    if not {"redundancy", "min_support"} & set(fields) and project.min_support > project.redundancy:
        text = _("No more labels can be asked to agree than an item gets: at most %(number)d.")
        fields["min_support"] = [text % {"number": project.redundancy}]
    if fields:
        name, texts = next(iter(fields.items()))
        raise invalid(f"{name}: {texts[0]}", fields=fields)


def check_schema(schema: SchemaInput) -> tuple[str, dict[str, Any], str]:
    """(task type, canonical config, guidelines); raises ``DomainError`` (400) with the field at fault."""
    task = task_type(schema.get("task_type", ""))
    config = task.check_config(schema.get("config", {}))
    guidelines = schema.get("guidelines", "").replace("\r\n", "\n").strip()
    if len(guidelines) > MAX_GUIDELINES:
        text = _("The guidelines have %(length)d characters; at most %(limit)d can be kept. Shorten them.")
        message = text % {"length": len(guidelines), "limit": MAX_GUIDELINES}
        raise invalid(message, fields={"guidelines": [message]}, code="invalid_schema")
    return task.name, config, guidelines


def schema_digest(task: str, config: Mapping[str, Any], guidelines: str) -> str:
    """SHA-256 of all that a version of a schema asks: what its ledger event holds it to."""
    return digest_hex({"task_type": task, "config": config, "guidelines": guidelines})


def check_favourable(key: str, config: Mapping[str, Any]) -> None:
    """The favourable label is empty (none is) or one of the schema's keys."""
    if key and key not in label_keys(config):
        text = _("“%(key)s” is not a label here, so it cannot be the favourable one. Labels: %(known)s.")
        message = text % {"key": key[:64], "known": ", ".join(label_keys(config))}
        raise invalid(message, fields={"favourable_label": [message]}, code="unknown_label")


def check_attributes(attributes: Sequence[AttributeInput]) -> list[tuple[str, str]]:
    """(name, column) pairs in order; raises ``DomainError`` (400): a name missing, too long, used twice."""
    if len(attributes) > MAX_ATTRIBUTES:
        raise _attributes_at(_("At most %(limit)d protected attributes can be watched.") % {"limit": MAX_ATTRIBUTES})
    pairs: list[tuple[str, str]] = []
    for attribute in attributes:
        name = attribute.get("name", "").strip()
        column = attribute.get("column", "").strip() or name
        if not name or len(name) > 64 or len(column) > 128:
            text = _("Each attribute needs a name of at most 64 characters and a column of at most 128.")
            raise _attributes_at(text)
        if name.casefold() in {known.casefold() for known, _column in pairs}:
            raise _attributes_at(_("The attribute “%(name)s” is listed twice. Name each once.") % {"name": name})
        pairs.append((name, column))
    return pairs


def _attributes_at(message: str) -> Exception:
    return invalid(message, fields={"attributes": [message]}, code="invalid_attributes")
