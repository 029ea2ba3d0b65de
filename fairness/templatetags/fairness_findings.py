"""The banner of findings for pages of other apps: it comes with the page, and follows by a socket of its own."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.models import Role
from annotations.models import Project
from fairness.presenting.banner import banner_context

register = template.Library()


@register.inclusion_tag("fairness/banner.html")
def findings_banner(project: Project, role: Role) -> dict[str, Any]:
    """For owners, experts and auditors. The page loads ``js/live.js``."""
    return banner_context(project, role)
