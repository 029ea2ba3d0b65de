"""Markdown that people write, as HTML that is safe to show."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TEXT = {"a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre", "strong", "ul"}
TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
HEADINGS = {1: "h3", 2: "h4", 3: "h5", 4: "h5", 5: "h5", 6: "h5"}  # the page itself has h1 and h2


@lru_cache(maxsize=256)
def render_markdown(text: str) -> SafeString:
    """``text`` as sanitised HTML: no images, no raw HTML, links leave without telling where they come from."""
    renderer = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    tokens = renderer.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = HEADINGS[int(token.tag[1])]
    html = renderer.renderer.render(tokens, renderer.options, {})
    clean = nh3.clean(
        html,
        tags=TEXT | TABLE,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308 — cleaned by nh3 just above
