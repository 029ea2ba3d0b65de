"""Several labels out of many. A value is a sorted list of label keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from annotations.task_types.base import Config, check_labels, key_from_text, label_keys, label_name
from ledger.errors import invalid

SEPARATOR = "|"


class MultipleChoice:
    name: ClassVar[str] = "multiple_choice"
    title: ClassVar[Any] = _("Several labels per item")
    exclusive: ClassVar[bool] = False
    input_template: ClassVar[str] = "annotations/tasks/choice_input.html"
    value_template: ClassVar[str] = "annotations/tasks/choice_value.html"

    def check_config(self, config: Any) -> dict[str, Any]:
        labels = check_labels(config)
        low, high = config.get("min_choices", 1), config.get("max_choices", len(labels))
        whole = all(isinstance(number, int) and not isinstance(number, bool) for number in (low, high))
        if not whole or not 0 <= low <= high <= len(labels) or high < 1:
            message = f"Choices per item: from 0 or more to at most {len(labels)}, the first no larger than the second."
            raise invalid(message, fields={"max_choices": [message]}, code="invalid_schema")
        return {"labels": labels, "min_choices": low, "max_choices": high}

    def check_value(self, config: Config, raw: Any) -> list[str]:
        if not isinstance(raw, list) or not all(isinstance(key, str) for key in raw):
            raise invalid("The label must be a list of label keys.", fields={"value": ["Must be a list of keys."]})
        unknown = [key for key in raw if key not in label_keys(config)]
        if unknown:
            known = ", ".join(label_keys(config))
            raise invalid(f"“{unknown[0][:60]}” is not a label of this project. Labels: {known}.", code="unknown_label")
        chosen = sorted(set(raw))
        low, high = config["min_choices"], config["max_choices"]
        if not low <= len(chosen) <= high:
            message = f"Choose between {low} and {high} labels; {len(chosen)} were chosen."
            raise invalid(message, fields={"value": [message]})
        return chosen

    def value_from_form(self, config: Config, chosen: Sequence[str]) -> list[str]:
        return self.check_value(config, list(chosen))

    def value_from_text(self, config: Config, text: str) -> list[str]:
        parts = [part for part in text.split(SEPARATOR) if part.strip()]
        return self.check_value(config, [key_from_text(config, part) for part in parts])

    def token(self, value: Any) -> str:
        return SEPARATOR.join(sorted(value))

    def value_of_token(self, token: str) -> list[str]:
        return token.split(SEPARATOR) if token else []

    def decisions(self, token: str) -> tuple[str, ...]:
        return tuple(token.split(SEPARATOR)) if token else ()

    def distance(self, one: Any, other: Any) -> float:
        """Jaccard distance between the two sets of labels."""
        union = set(one) | set(other)
        return 1 - len(set(one) & set(other)) / len(union) if union else 0.0

    def output_schema(self, config: Config) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "enum": label_keys(config)},
            "minItems": config["min_choices"],
            "maxItems": config["max_choices"],
            "uniqueItems": True,
        }

    def value_from_answer(self, config: Config, answer: Mapping[str, Any]) -> list[str]:
        return self.check_value(config, answer.get("label"))

    def describe(self, config: Config, value: Any) -> str:
        return ", ".join(label_name(config, key) for key in value) or str(_("none of them"))

    def columns(self, config: Config) -> dict[str, type]:
        return {"label": str} | {f"label_{key}": bool for key in label_keys(config)}

    def flatten(self, config: Config, value: Any) -> dict[str, Any]:
        chosen = set(value)
        columns: dict[str, Any] = {"label": SEPARATOR.join(sorted(chosen))}
        return columns | {f"label_{key}": key in chosen for key in label_keys(config)}
