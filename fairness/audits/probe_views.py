"""Pages of probe sets and of the templates that owners add."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import blame, person, told
from annotations.access import OWNER, READERS, Access, project_access
from annotations.task_types import task_type
from fairness.access import probe_file_access, probe_set_access
from fairness.audits.files import decoded, probe_file_add, probe_file_remove, project_catalogue
from fairness.audits.forms import FileForm, TemplatesForm, UploadForm
from fairness.audits.selectors import sets_of
from fairness.audits.sets import PROJECT_TASK, set_from_templates, set_from_upload
from fairness.models import Probe, ProbeFile, ProbeSet
from ledger.errors import DomainError

PER_PAGE, PROBES_PER_PAGE = 25, 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def audit_probes(request: HttpRequest, project_id: int) -> HttpResponse:
    """The sets of a project, the templates that there are, and the forms that make more. ``do`` says which was sent."""
    changing = request.method == "POST"
    access = project_access(request.user, project_id, OWNER if changing else READERS)
    request.access = access  # type: ignore[attr-defined]
    catalogue = project_catalogue(access.project)
    doing = request.POST.get("do", "") if changing else ""
    data = (request.POST, request.FILES)
    forms = {
        "templates": TemplatesForm(request.POST if doing == "templates" else None, catalogue=catalogue),
        "upload": UploadForm(*data) if doing == "upload" else UploadForm(),
        "file": FileForm(*data) if doing == "file" else FileForm(),
    }
    if doing in forms and forms[doing].is_valid():
        try:
            return redirect(_made(request, access, doing, forms[doing].cleaned_data))
        except DomainError as error:
            blame(forms[doing], error)
    page = Paginator(sets_of(access.project), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": access.project,
        "access": access,
        "catalogue": catalogue,
        "files": list(ProbeFile.objects.filter(project=access.project).defer("text")),
        "page": page,
        "headers": [{"label": _("Probe set")}, {"label": _("From")}, {"label": _("Probes"), "num": True},
                    {"label": _("Families"), "num": True}, {"label": _("Audits"), "num": True}, {"label": _("Made")}],
        "rows": [_set_row(one) for one in page],
        "forms": forms,
    }  # fmt: skip
    return render(request, "fairness/audits/probes.html", context, status=422 if changing else 200)


def _set_row(one: ProbeSet) -> dict[str, Any]:
    cells = [
        {"text": one.name, "href": reverse("audit_probes_set", args=[one.project_id, one.pk])},
        {"text": one.get_kind_display()},
        {"text": one.size, "num": True},
        {"text": one.families, "num": True},
        {"text": one.used, "num": True},  # type: ignore[attr-defined]
        {"time": one.created_at},
    ]
    return {"id": f"set-{one.pk}", "cells": cells}


def _made(request: HttpRequest, access: Access, doing: str, values: dict[str, Any]) -> str:
    who: dict[str, Any] = {"project": access.project, "by": person(request)}
    if doing == "file":
        upload = values["file"]
        probe_file_add(name=upload.name, text=decoded(upload.read()), **who)
        messages.success(request, _("The templates are added. Make a set to ask about them."))
        return reverse("audit_probes", args=[access.project.pk])
    if doing == "templates":
        made = set_from_templates(**values, **who)
    else:
        made = set_from_upload(stream=values["file"], filename=values["file"].name, name=values["name"], **who)
    messages.success(request, _("The probe set is there. It never changes."))
    return reverse("audit_probes_set", args=[access.project.pk, made.pk])


@require_safe
@login_required
def audit_probes_set(request: HttpRequest, project_id: int, set_id: int) -> HttpResponse:
    """Every probe of a set."""
    access, found = probe_set_access(request.user, project_id, set_id)
    request.access = access  # type: ignore[attr-defined]
    page = Paginator(Probe.objects.filter(probe_set=found), PROBES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": access.project,
        "access": access,
        "set": found,
        "page": page,
        "rows": [_probe_row(one, found, access) for one in page],
    }
    return render(request, "fairness/audits/set.html", context)


def _probe_row(probe: Probe, found: ProbeSet, access: Access) -> dict[str, Any]:
    task = found.tasks[probe.task]
    truth = str(probe.truth)
    if probe.task != PROJECT_TASK:
        truth = task_type(task["task_type"]).describe(task["config"], probe.truth)
    elif isinstance(probe.truth, list):
        truth = ", ".join(map(str, probe.truth))
    groups = " · ".join(f"{name}: {group}" for name, group in probe.groups.items())
    text = probe.payload.get("text", "")
    return {"number": probe.number, "text": text, "task": task["name"] or access.project.name, "truth": truth,
            "groups": groups}  # fmt: skip


@require_POST
@login_required
def audit_probes_file_remove(request: HttpRequest, project_id: int, file_id: int) -> HttpResponse:
    access, found = probe_file_access(request.user, project_id, file_id, OWNER)
    try:
        probe_file_remove(probe_file=found, by=access.user)
    except DomainError as error:
        return told(request, error, "audit_probes", project_id)
    messages.success(request, _("The file is removed. Sets that were made with it stay as they are."))
    return redirect("audit_probes", project_id)
