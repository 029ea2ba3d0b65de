"""One label out of several. A value is a label key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from annotations.task_types.base import Config, check_labels, key_from_text, label_keys, label_name
from ledger.errors import invalid


class SingleChoice:
    name: ClassVar[str] = "single_choice"
    title: ClassVar[Any] = _("One label per item")
    exclusive: ClassVar[bool] = True
    input_template: ClassVar[str] = "annotations/tasks/choice_input.html"
    value_template: ClassVar[str] = "annotations/tasks/choice_value.html"

    def check_config(self, config: Any) -> dict[str, Any]:
        return {"labels": check_labels(config)}

    def check_value(self, config: Config, raw: Any) -> str:
        if not isinstance(raw, str):
            raise invalid("The label must be one label key, as text.", fields={"value": ["Must be text."]})
        if raw not in label_keys(config):
            known = ", ".join(label_keys(config))
            raise invalid(f"“{raw[:60]}” is not a label of this project. Labels: {known}.", code="unknown_label")
        return raw

    def value_from_form(self, config: Config, chosen: Sequence[str]) -> str:
        if len(chosen) != 1:
            raise invalid("Choose one label.", fields={"value": ["Choose one label."]})
        return self.check_value(config, chosen[0])

    def value_from_text(self, config: Config, text: str) -> str:
        return key_from_text(config, text)

    def token(self, value: Any) -> str:
        return str(value)

    def value_of_token(self, token: str) -> str:
        return token

    def decisions(self, token: str) -> tuple[str, ...]:
        return (token,)

    def distance(self, one: Any, other: Any) -> float:
        return 0.0 if one == other else 1.0

    def output_schema(self, config: Config) -> dict[str, Any]:
        return {"type": "string", "enum": label_keys(config)}

    def value_from_answer(self, config: Config, answer: Mapping[str, Any]) -> str:
        return self.check_value(config, answer.get("label"))

    def describe(self, config: Config, value: Any) -> str:
        return label_name(config, value)

    def columns(self, config: Config) -> dict[str, type]:
        return {"label": str}

    def flatten(self, config: Config, value: Any) -> dict[str, Any]:
        return {"label": value}
