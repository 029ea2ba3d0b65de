"""What the header and the project tabs offer to this person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Role

ALL = frozenset(Role)
OWNER, EXPERT, WORKER, AUDITOR = Role.OWNER, Role.EXPERT, Role.WORKER, Role.AUDITOR

# (address name, label, icon, roles that see it)
PROJECT_TABS: tuple[tuple[str, Any, str, frozenset[Role]], ...] = (
    ("project", _("Overview"), "home", ALL),
    ("label", _("Label"), "tag", frozenset({WORKER})),
    ("items", _("Items"), "list", frozenset({OWNER, EXPERT, AUDITOR})),
    ("imports", _("Import"), "upload", frozenset({OWNER, AUDITOR})),
    ("runs", _("Model runs"), "cpu", frozenset({OWNER, AUDITOR})),
    ("cases", _("Cases"), "scale", frozenset({OWNER, EXPERT, AUDITOR})),
    ("agreement", _("Agreement"), "users", frozenset({OWNER, EXPERT, AUDITOR})),
    ("fairness", _("Fairness"), "balance", frozenset({OWNER, EXPERT, AUDITOR})),
    ("ledger", _("Ledger"), "link", frozenset({OWNER, AUDITOR})),
    ("exports", _("Export"), "download", frozenset({OWNER, AUDITOR})),
    ("people", _("People"), "user", frozenset({OWNER})),
    ("project_settings", _("Settings"), "settings", frozenset({OWNER})),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """``nav_items`` for the header; pages of a project add ``project_nav`` through ``project_context``."""
    current = request.resolver_match.url_name if request.resolver_match else ""
    entries = [("home", _("Home")), ("models", _("Models")), ("api_reference", _("API"))]
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        entries = [("home", _("Home")), ("api_reference", _("API"))]
    items = [{"url": reverse(name), "label": label, "current": name == current} for name, label in entries]
    return {"nav_items": items, "project_nav": _ProjectTabs(request)}


class _ProjectTabs:
    """The tabs of the project at hand: iterates when a template asks, empty outside a project.

    The page's view leaves ``request.access`` (an ``annotations.access.Access``), which holds project and role.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __iter__(self) -> Any:
        access = getattr(self.request, "access", None)
        if access is None:
            return
        current = self.request.resolver_match.url_name if self.request.resolver_match else ""
        for name, label, icon, roles in PROJECT_TABS:
            if access.role in roles:
                url = reverse(name, args=[access.project.pk])
                yield {"url": url, "label": label, "icon": icon, "current": _belongs(current or "", name)}


def _belongs(url_name: str, tab: str) -> bool:
    """``import_detail`` belongs to the tab ``imports``: a page under a tab starts with the tab's singular and ``_``."""
    return url_name == tab or (tab != "project" and url_name.startswith(tab.rstrip("s") + "_"))
