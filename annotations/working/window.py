"""Until when a person may change a label, and why not any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.models import Annotation, Annotator
from annotations.working.care import rules_of
from ledger.errors import DomainError


def change_window(annotation: Annotation) -> timedelta:
    return timedelta(minutes=rules_of(annotation.project).change_minutes)


def first_given(annotator: Annotator, item_id: int) -> datetime:
    """When the person first labelled the item: the window starts there, so that changing does not prolong it."""
    found = annotator.annotations.filter(item_id=item_id).aggregate(Min("created_at"))["created_at__min"]
    return found or timezone.now()


def refuse_late_change(annotator: Annotator, annotation: Annotation, *, settled: bool) -> None:
    """Raises ``DomainError`` (409 ``already_settled`` or ``too_late_to_undo``) where a label stays as it is."""
    if settled:
        raise DomainError("already_settled", _("An expert has settled this item, so its labels stay as they are."))
    window = change_window(annotation)
    if first_given(annotator, annotation.item_id) < timezone.now() - window:
        raise DomainError("too_late_to_undo", too_late(window))


def too_late(window: timedelta) -> str:
    if not window:
        return _("Labels of this project cannot be changed once they are given.")
    text = _("A label can be changed or taken back for %(time)s; this one is older.")
    return text % {"time": in_words(window)}


def in_words(window: timedelta) -> str:
    """Whole days or hours where it is those, else minutes."""
    minutes = int(window.total_seconds() // 60)
    if minutes and minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}
    if minutes and minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
