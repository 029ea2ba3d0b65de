"""Style sheets, templates and icons hang together; nothing named is missing or refused by the CSP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def identity(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s.name != "tokens.css"], ids=identity)
def test_colours_are_written_down_in_tokens_only(sheet: Path) -> None:
    assert not COLOUR.findall(re.sub(r"url\([^)]*\)", "", text(sheet)))


def test_every_custom_property_that_is_used_is_set() -> None:
    together = "\n".join(map(text, SHEETS))
    used = {name for name in re.findall(r"var\(--([\w-]+)", together) if not name.startswith("pico-")}
    assert used <= set(re.findall(r"--([\w-]+):", together))


@pytest.mark.parametrize("sheet", SHEETS, ids=identity)
def test_sheets_are_balanced_and_short(sheet: Path) -> None:
    body = re.sub(r"/\*.*?\*/", "", text(sheet), flags=re.DOTALL)
    assert body.count("{") == body.count("}")
    assert len(text(sheet).splitlines()) <= 400


@pytest.mark.parametrize("template", TEMPLATES, ids=identity)
def test_templates_hold_nothing_that_the_content_security_policy_refuses(template: Path) -> None:
    body = text(template)
    assert not re.search(r"\sstyle=|<style\b|\son[a-z]+=\"|hx-on:|javascript:|[\"']js:", body)
    scripts = re.findall(r"<script\b([^>]*)>", re.sub(r"{%.*?%}", "x", body))
    assert all("src=" in attributes or 'type="application/json"' in attributes for attributes in scripts)


@pytest.mark.parametrize("template", TEMPLATES, ids=identity)
def test_icons_and_shapes_that_templates_name_exist(template: Path) -> None:
    icons = set(re.findall(r'<symbol id="([\w-]+)"', text(ROOT / "static" / "img" / "icons.svg")))
    named = re.findall(r'components/icon\.html" with name="([\w-]+)"', text(template))
    named += re.findall(r'\bicon(?:=|\|default:)"([\w-]+)"', text(template))
    assert set(named) <= icons


def test_every_static_file_and_template_that_a_template_names_exists() -> None:
    missing = []
    for template in TEMPLATES:
        for name in re.findall(r'{% static "((?:css|js|img)/[^"]+)" %}', text(template)):
            if not (ROOT / "static" / name).is_file():
                missing.append(f"{identity(template)}: {name}")
        ours = r'{% (?:include|extends) "((?:components|errors|styleguide)/[^"]+)"'
        for name in re.findall(ours, text(template)):
            if not (ROOT / "templates" / name).is_file():
                missing.append(f"{identity(template)}: {name}")
    assert missing == []
