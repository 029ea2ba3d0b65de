"""What every task type answers: is a value valid, how far are two apart, how is it asked of a model, shown, counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from ledger.errors import invalid

Config = Mapping[str, Any]
Value = Any

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MIN_LABELS, MAX_LABELS = 2, 50


class TaskType(Protocol):
    """One kind of question. ``config`` is ``LabelSchema.config``; a *value* is what ``Annotation.value`` stores.

    A *token* is a value as one short string: equal tokens mean equal labels. A *decision* is a label key that bias
    metrics count as given or not given; ``decisions`` lists those that a token gives.
    """

    name: ClassVar[str]
    title: ClassVar[Any]  # translated text
    exclusive: ClassVar[bool]  # every value is one label, whose key is its token
    input_template: ClassVar[str]  # form fields of the labelling and settling pages
    value_template: ClassVar[str]  # read-only view of a value

    def check_config(self, config: Any) -> dict[str, Any]:
        """The config in canonical form; raises ``DomainError`` (400) with the field at fault."""

    def check_value(self, config: Config, raw: Any) -> Value:
        """The value in canonical form; raises ``DomainError`` (400) where it is outside the schema."""

    def value_from_form(self, config: Config, chosen: Sequence[str]) -> Value:
        """The value that a form's list of ticked label keys means, checked."""

    def value_from_text(self, config: Config, text: str) -> Value:
        """The value that a cell of an uploaded file means: label keys or names; several separated by ``|``."""

    def token(self, value: Value) -> str:
        """The value as one short string."""

    def value_of_token(self, token: str) -> Value:
        """The value that ``token`` stands for."""

    def decisions(self, token: str) -> tuple[str, ...]:
        """The label keys that ``token`` gives."""

    def distance(self, one: Value, other: Value) -> float:
        """0.0 the same … 1.0 nothing in common."""

    def output_schema(self, config: Config) -> dict[str, Any]:
        """JSON Schema of a model's answer: ``{"label": …, "reason": …}``."""

    def value_from_answer(self, config: Config, answer: Mapping[str, Any]) -> Value:
        """The value in a model's parsed answer, checked against the schema."""

    def describe(self, config: Config, value: Value) -> str:
        """The value in words."""

    def columns(self, config: Config) -> dict[str, type]:
        """Names and types (``str``, ``bool``, ``float``) of what ``flatten`` gives, in order; first the token."""

    def flatten(self, config: Config, value: Value) -> dict[str, Any]:
        """The value as columns of a table."""


def check_labels(config: Any) -> list[dict[str, str]]:
    """The labels of a choice schema, checked: 2–50, keys and names and shortcuts each used once."""
    labels = config.get("labels") if isinstance(config, Mapping) else None
    if not isinstance(labels, list) or not MIN_LABELS <= len(labels) <= MAX_LABELS:
        raise _at("labels", f"Give between {MIN_LABELS} and {MAX_LABELS} labels.")
    checked = [_check_label(label, number) for number, label in enumerate(labels, 1)]
    for field in ("key", "name", "shortcut"):
        used = [label[field].casefold() for label in checked if label[field]]
        twice = sorted({text for text in used if used.count(text) > 1})
        if twice:
            raise _at("labels", f"Each label needs its own {field}: “{twice[0]}” is used twice.")
    return _with_shortcuts(checked)


def _check_label(label: Any, number: int) -> dict[str, str]:
    if not isinstance(label, Mapping):
        raise _at("labels", f"Label {number} must be an object with key, name, description and shortcut.")
    texts = {field: label.get(field, "") for field in ("key", "name", "description", "shortcut")}
    for field, text in texts.items():
        if not isinstance(text, str):
            raise _at("labels", f"Label {number}: {field} must be text.")
    clean = {field: text.strip() for field, text in texts.items()}
    name = clean["name"]
    if not name or len(name) > 80:
        raise _at("labels", f"Label {number} needs a name of at most 80 characters.")
    clean["key"] = clean["key"] or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64]
    if not KEY.fullmatch(clean["key"]):
        raise _at("labels", f"Label {number}: the key must be lower-case letters, digits, - or _ (at most 64).")
    if len(clean["shortcut"]) > 1:
        raise _at("labels", f"Label {number}: the shortcut is one key.")
    if len(clean["description"]) > 500:
        raise _at("labels", f"Label {number}: the description is at most 500 characters.")
    clean["shortcut"] = clean["shortcut"].lower()
    return clean


# Keys that the labelling page uses for itself: undo, skip, flag, guidelines, help.
RESERVED_SHORTCUTS = frozenset("usfg?")


def _with_shortcuts(labels: list[dict[str, str]]) -> list[dict[str, str]]:
    """Every label without a shortcut gets a digit, or a letter that is free."""
    for label in labels:
        if label["shortcut"] in RESERVED_SHORTCUTS and label["shortcut"]:
            raise _at("labels", f"Shortcut “{label['shortcut']}” belongs to the labelling page. Choose another.")
    taken = {label["shortcut"] for label in labels}
    free = [key for key in "123456789abcdehijklmnopqrtvwxyz" if key not in taken]
    for label in labels:
        if not label["shortcut"] and free:
            label["shortcut"] = free.pop(0)
    return labels


def _at(field: str, message: str) -> Exception:
    return invalid(message, fields={field: [message]}, code="invalid_schema")


def label_keys(config: Config) -> list[str]:
    return [label["key"] for label in config["labels"]]


def label_name(config: Config, key: str) -> str:
    return next((label["name"] for label in config["labels"] if label["key"] == key), key)


def key_from_text(config: Config, text: str) -> str:
    """The key of the label whose key or name is ``text``, ignoring case and outer space."""
    wanted = text.strip().casefold()
    for label in config["labels"]:
        if wanted in (label["key"].casefold(), label["name"].casefold()):
            return label["key"]
    known = ", ".join(label_keys(config))
    raise invalid(f"“{text.strip()[:60]}” is not a label of this project. Labels: {known}.", code="unknown_label")
