"""Templates parse, and those of the worst moments need nothing of the running system."""

from __future__ import annotations

from pathlib import Path

import pytest
from django import forms
from django.template.loader import get_template, render_to_string
from django.utils.html import escape

FOLDER = Path(__file__).resolve().parents[2] / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))


class Named(forms.Form):
    name = forms.CharField(help_text="What labellers will see.")


@pytest.mark.parametrize("name", NAMES)
def test_every_template_parses(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in NAMES
        if name.startswith("components/") and "pagination" not in name and "form_errors" not in name
    ],
)
def test_components_bear_the_absence_of_what_is_optional(name: str) -> None:
    required = {"value": 0.5, "field": Named()["name"]}
    assert render_to_string(name, required).strip()


@pytest.mark.parametrize(("count", "bones"), [(None, 3), (5, 5)])
def test_a_skeleton_has_as_many_bones_as_asked(count: int | None, bones: int) -> None:
    context = {"count": count} if count else {}
    assert render_to_string("components/skeleton.html", context).count('class="bone') == bones


@pytest.mark.parametrize(("name", "says"), [("400.html", "could not make sense"), ("500.html", "broke on our side")])
def test_pages_for_a_broken_system_need_no_context_and_no_database(name: str, says: str) -> None:
    page = get_template(name).render()
    assert says in page
    assert 'href="/"' in page  # a way out


def test_a_tile_without_a_value_says_why() -> None:
    tile = render_to_string("components/stat.html", {"label": "κ", "undefined": "Every label is the same.", "value": 0})
    assert "Every label is the same." in tile
    assert "undefined" in tile
    assert ">0<" not in tile


def test_progress_without_a_value_is_indeterminate() -> None:
    assert " value=" not in render_to_string("components/progress.html", {"label": "Sealing"})
    assert ' value="0"' in render_to_string("components/progress.html", {"label": "Sealing", "value": 0})


def test_an_empty_table_offers_the_next_step() -> None:
    context = {
        "caption": "Imports",
        "headers": [{"label": "Name"}],
        "rows": [],
        "empty_title": "No imports yet",
        "empty_action_url": "/import/",
        "empty_action_label": "Import a file",
    }
    table = render_to_string("components/table.html", context)
    assert "<table" not in table
    assert "No imports yet" in table
    assert 'href="/import/"' in table


def test_cells_carry_their_heading_for_phones_and_are_escaped() -> None:
    rows = [{"cells": [{"text": "<b>women</b>"}, {"text": "0.41", "num": True}]}]
    context = {
        "caption": "Groups",
        "headers": [{"label": "Group"}, {"label": "Rate", "num": True}],
        "rows": rows,
    }
    table = render_to_string("components/table.html", context)
    assert 'data-label="Group"' in table
    assert 'data-label="Rate"' in table
    assert escape("<b>women</b>") in table
    assert "<b>women</b>" not in table


def test_a_toast_for_htmx_goes_to_the_corner_by_itself() -> None:
    toast = render_to_string("components/toast.html", {"level": "error", "text": "No.", "oob": True})
    assert 'hx-swap-oob="beforeend:#toasts"' in toast
    assert 'role="alert"' in toast


def test_errors_stand_beside_the_field_with_the_ids_that_it_names() -> None:
    form = Named({})
    field = render_to_string("components/field.html", {"field": form["name"]})
    assert 'aria-describedby="id_name_helptext id_name_error"' in field
    assert 'id="id_name_helptext"' in field
    assert 'id="id_name_error"' in field
    assert 'href="#id_name"' in render_to_string("components/form_errors.html", {"form": form})
