"""Names of the channel-layer groups that live pages listen on."""

from __future__ import annotations


def live_group(project_id: int) -> str:
    """The group that hears of every fold in a project."""
    return f"project.{project_id}.live"
