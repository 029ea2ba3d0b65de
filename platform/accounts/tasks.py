"""Background work of accounts."""

from __future__ import annotations

from celery import shared_task

from accounts.rights import services


@shared_task(name="accounts.tasks.sweep_erased", soft_time_limit=240, time_limit=300)
def sweep_erased() -> None:
    """Clear what is left of people who were erased a few minutes ago. Twice, or half done, it does no harm."""
    services.sweep_erased()
