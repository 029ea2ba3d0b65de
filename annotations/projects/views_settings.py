"""Pages on which an owner changes a project."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.people import blame, person, posted, told
from annotations.access import OWNER, Access, project_access
from annotations.projects.editor import AttributesEditor, SchemaEditor
from annotations.projects.forms import SettingsForm, label_rows, schema_initial, settings_of
from annotations.projects.schemas import schema_change, used_keys
from annotations.projects.services import attributes_set, project_update
from annotations.projects.status import TRANSITIONS, project_set_status, status_warnings
from annotations.tasks import demand_soon
from ledger.errors import DomainError


def _owner(request: HttpRequest, project_id: int) -> Access:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    return access


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_settings(request: HttpRequest, project_id: int) -> HttpResponse:
    access = _owner(request, project_id)
    form = SettingsForm(posted(request), initial=settings_of(access.project))
    if request.method == "POST" and form.is_valid():
        try:
            changed = project_update(project=access.project, actor=person(request), **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            if changed.demand_version != access.project.demand_version:
                demand_soon(project_id)
            messages.success(request, _("The settings were saved."))
            return redirect("project_settings", project_id)
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "section": "general",
        "next_statuses": TRANSITIONS[access.project.status],
    }
    return render(request, "annotations/projects/settings_general.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_labels(request: HttpRequest, project_id: int) -> HttpResponse:
    """Task type, labels, guidelines: saving a change makes a new version."""
    access = _owner(request, project_id)
    current = access.project.schemas.get(is_current=True)
    editor = SchemaEditor(
        posted(request),
        initial=schema_initial(current),
        rows=label_rows(current, access.project.favourable_label),
    )
    if editor.is_sent and editor.is_valid():
        saved = editor.attempt(
            lambda given: schema_change(
                project=access.project,
                actor=person(request),
                expected_version=editor.form.cleaned_data["version"],
                **given,
            )
        )
        if saved is not None:
            made, new = saved
            text = _("Saved as version %(number)d.") if new else _("Saved; version %(number)d stays as it is.")
            messages.success(request, text % {"number": made.version})
            return redirect("project_setting_labels", project_id)
    context = {
        "access": access,
        "project": access.project,
        "schema": current,
        "versions": access.project.schemas.order_by("-version")[:20],
        "used": sorted(used_keys(access.project).items()),
        "editor": editor,
        "section": "labels",
    }
    return render(request, "annotations/projects/settings_labels.html", context, status=editor.status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_attributes(request: HttpRequest, project_id: int) -> HttpResponse:
    access = _owner(request, project_id)
    editor = AttributesEditor(
        posted(request), rows=[dict(one) for one in access.project.attributes.values("name", "column")]
    )
    if editor.is_sent and editor.is_valid():
        saved = editor.attempt(lambda given: attributes_set(project=access.project, actor=person(request), **given))
        if saved is not None:
            messages.success(request, _("The protected attributes were saved."))
            return redirect("project_setting_attributes", project_id)
    context = {"access": access, "project": access.project, "editor": editor, "section": "attributes"}
    return render(request, "annotations/projects/settings_attributes.html", context, status=editor.status)


@require_POST
@login_required
def project_setting_status(request: HttpRequest, project_id: int) -> HttpResponse:
    access = _owner(request, project_id)
    status = request.POST.get("status", "")
    try:
        project = project_set_status(project=access.project, actor=person(request), status=status)
    except DomainError as error:
        return told(request, error, "project_settings", project_id)
    text = _("“%(project)s” is now %(status)s.")
    messages.success(request, text % {"project": project.name, "status": project.get_status_display().lower()})
    for warning in status_warnings(project):
        messages.warning(request, warning)
    return redirect("project", project_id)
