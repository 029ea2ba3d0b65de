"""Labels and items in templates: ``{% load labels %}``. Task types and modalities bring their own templates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from annotations.markdown import render_markdown
from annotations.modalities import modality
from annotations.models import Item, LabelSchema
from annotations.task_types import task_type

register = template.Library()


@register.simple_tag
def task_input(
    schema: LabelSchema,
    value: Any = None,
    name: str = "value",
    legend: str = "",
    required: bool = True,
    numbered: bool = False,
    ticked: Collection[str] | None = None,
) -> SafeString:
    """The form fields that ask for a label, named ``name``, with ``value`` filled in.

    ``ticked`` fills in what a form was sent with instead, valid or not. ``numbered`` gives the options the keys 1–9
    instead of their own, where a page needs the letters for something else.
    """
    task = task_type(schema.task_type)
    chosen = ticked or (() if value is None else task.decisions(task.token(value)))
    context = {
        "task": task,
        "config": schema.config,
        "name": name,
        "chosen": chosen,
        "legend": legend,
        "required": required,
        "numbered": numbered,
    }
    return render_to_string(task.input_template, context)


@register.simple_tag
def task_value(schema: LabelSchema, value: Any) -> SafeString:
    """A label, to be read."""
    task = task_type(schema.task_type)
    chosen = () if value is None else task.decisions(task.token(value))
    names = {label["key"]: label["name"] for label in schema.config.get("labels", [])}
    context = {"task": task, "config": schema.config, "value": value, "names": [names.get(k, k) for k in chosen]}
    return render_to_string(task.value_template, context)


@register.simple_tag
def item_view(item: Item) -> SafeString:
    """The item itself, whole."""
    return render_to_string(modality(item.modality).template, {"payload": item.payload})


@register.filter
def excerpt(item: Item, length: int = 120) -> str:
    """A line of plain text that stands for the item."""
    return modality(item.modality).excerpt(item.payload, length)


@register.simple_tag
def describe_label(schema: LabelSchema, value: Any) -> str:
    """A label in words."""
    return "" if value is None else task_type(schema.task_type).describe(schema.config, value)


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as safe HTML."""
    return render_markdown(text)
