"""What the header and the project tabs offer to this person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role
from fairness.monitors.selectors import waiting_findings

VERSION = version("evenhand")
ALL = frozenset(Role)
OWNER, EXPERT, WORKER, AUDITOR = Role.OWNER, Role.EXPERT, Role.WORKER, Role.AUDITOR

# (address name, label, icon, roles that see it)
PROJECT_TABS: tuple[tuple[str, Any, str, frozenset[Role]], ...] = (
    ("project", _("Overview"), "home", ALL),
    ("label", _("Label"), "tag", frozenset({WORKER})),
    ("history", _("History"), "clock", frozenset({WORKER})),
    ("items", _("Items"), "list", frozenset({OWNER, EXPERT, AUDITOR})),
    ("imports", _("Import"), "upload", frozenset({OWNER, AUDITOR})),
    ("audits", _("Audits"), "target", frozenset({OWNER, AUDITOR})),
    ("runs", _("Model runs"), "cpu", frozenset({OWNER, AUDITOR})),
    ("trust", _("Trust"), "shield", frozenset({OWNER, EXPERT, AUDITOR})),
    ("cases", _("Cases"), "gavel", frozenset({OWNER, EXPERT, AUDITOR})),
    ("agreement", _("Agreement"), "users", frozenset({OWNER, EXPERT, AUDITOR})),
    ("consensus", _("Consensus"), "check-circle", frozenset({OWNER, EXPERT, AUDITOR})),
    ("validation", _("Validation"), "shield", frozenset({OWNER, EXPERT, AUDITOR})),
    ("fairness", _("Fairness"), "scale", frozenset({OWNER, EXPERT, AUDITOR})),
    ("ledger", _("Ledger"), "ledger", frozenset({OWNER, AUDITOR})),
    ("exports", _("Export"), "download", frozenset({OWNER, AUDITOR})),
    ("people", _("People"), "user", frozenset({OWNER})),
    ("people_suspicions", _("Suspicions"), "alert", frozenset({AUDITOR})),  # an owner's are under People
    ("pay", _("Pay"), "coin", frozenset({OWNER})),
    ("project_settings", _("Settings"), "settings", frozenset({OWNER})),
)

# What waits behind a tab for somebody's decision.
COUNTS: dict[str, Callable[[int], int]] = {"fairness": waiting_findings}

SWITCHER_LENGTH = 8


def navigation(request: HttpRequest) -> dict[str, Any]:
    """What the header, the tabs and the footer read; each part asks the database only where it is shown."""
    return {
        "nav_items": _header(request),
        "project_nav": _ProjectTabs(request),
        "project_switcher": _Switcher(request),
        "user_menu": [
            {"url": reverse("profile"), "label": _("Profile"), "icon": "user"},
            {"url": reverse("work_preferences"), "label": _("Breaks and care"), "icon": "hand"},
            {"url": reverse("demographics"), "label": _("About you"), "icon": "users"},
            {"url": reverse("tokens"), "label": _("API tokens"), "icon": "key"},
            {"url": reverse("your_data"), "label": _("Your data"), "icon": "shield"},
        ],
        "app_version": VERSION,
    }


def _header(request: HttpRequest) -> list[dict[str, Any]]:
    current = request.resolver_match.url_name if request.resolver_match else ""
    entries = [("home", _("Home")), ("models", _("Models")), ("api_reference", _("API"))]
    if not _signed_in(request):
        entries = [("home", _("Home")), ("api_reference", _("API"))]
    return [{"url": reverse(name), "label": label, "current": name == current} for name, label in entries]


def _signed_in(request: HttpRequest) -> bool:
    return bool(getattr(request, "user", None) and request.user.is_authenticated)


class _Switcher:
    """The projects that a person works in, newest first; asked for only where the header is rendered."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __iter__(self) -> Iterator[dict[str, Any]]:
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            return
        access = getattr(self.request, "access", None)
        current = access.project.pk if access else None
        rows = Membership.objects.filter(user_id=user.pk).select_related("project").order_by("-pk")
        for row in rows[:SWITCHER_LENGTH]:
            project = row.project
            yield {
                "url": reverse("project", args=[project.pk]),
                "name": project.name,
                "current": project.pk == current,
                "simulated": project.simulated,
            }


class _ProjectTabs:
    """The tabs of the project at hand: iterates when a template asks, empty outside a project.

    The page's view leaves ``request.access`` (an ``annotations.access.Access``), which holds project and role.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __iter__(self) -> Iterator[dict[str, Any]]:
        access = getattr(self.request, "access", None)
        if access is None:
            return
        current = self.request.resolver_match.url_name if self.request.resolver_match else ""
        for name, label, icon, roles in PROJECT_TABS:
            if access.role in roles:
                url = reverse(name, args=[access.project.pk])
                count = COUNTS[name](access.project.pk) if name in COUNTS else 0
                shown = {"url": url, "label": label, "icon": icon, "count": count}
                yield {**shown, "current": _belongs(current or "", name)}


def _belongs(url_name: str, tab: str) -> bool:
    """``import_detail`` belongs to the tab ``imports``: a page under a tab starts with the tab's singular and ``_``."""
    return url_name == tab or (tab != "project" and url_name.startswith((f"{tab}_", tab.rstrip("s") + "_")))
