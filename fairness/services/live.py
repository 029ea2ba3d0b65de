"""What live pages listen to, and how they hear of what changed without a label."""

from __future__ import annotations

from django.db.models import F

from fairness.models import Pulse


def live_group(project_id: int) -> str:
    """The channel-layer group that hears of every fold in a project."""
    return f"project.{project_id}.live"


def live_moved(project_id: int) -> None:
    """Have what live pages show made anew, and monitors asked, though no label came: a finding, a decision, a limit.

    In the transaction that changes it; the relay finds out by itself and tells the pages.
    """
    Pulse.objects.filter(project_id=project_id).update(version=F("version") + 1)
