"""The export page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from annotations.access import READERS, project_access
from annotations.exporting.selectors import table_sizes
from annotations.exporting.writers import WRITERS

TABLES = (
    ("consensus", _("Consensus"), _("Each decided item's label, how it was found, and the votes behind it.")),
    ("annotations", _("Annotations"), _("Every current label: by whom (a pseudonym), when, how, in which version.")),
    ("items", _("Items"), _("What was labelled: text, groups, gold labels, other imported columns.")),
    ("cases", _("Cases"), _("Disagreements, and how experts settled them: label, cause, reason.")),
)  # fmt: skip


@require_safe
@login_required
def exports(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    sizes = table_sizes(access.project)
    tables = [
        {"name": name, "title": title, "text": text, "rows": sizes[name], "formats": list(WRITERS)}
        for name, title, text in TABLES
    ]
    return render(request, "annotations/exports/exports.html", {"project": access.project, "tables": tables})
