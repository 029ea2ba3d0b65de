"""Pages of a worker's own labels."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.people import person, told
from annotations.access import WORKERS, Access, annotator_of, project_access
from annotations.models import AnnotationStatus, Annotator
from annotations.selectors.keyset import key_in, keyset_page
from annotations.task_types import task_type
from annotations.working.care import care_for, rules_of
from annotations.working.changing import change_answer, own_label, take_back
from annotations.working.selectors import given, history_of
from ledger.errors import DomainError

PER_PAGE = 25


class HistoryFilter(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=[("", gettext_lazy("Any")), *AnnotationStatus.choices],
    )


def _worker(request: HttpRequest, project_id: int) -> tuple[Access, Annotator]:
    access = project_access(request.user, project_id, WORKERS)
    request.access = access  # type: ignore[attr-defined]
    return access, annotator_of(access)


@never_cache
@require_safe
@login_required
def history(request: HttpRequest, project_id: int) -> HttpResponse:
    """One's own labels, newest first, and which of them can still be changed."""
    access, annotator = _worker(request, project_id)
    form = HistoryFilter(request.GET)
    status = form.cleaned_data["status"] if form.is_valid() else ""
    page = keyset_page(
        history_of(annotator, status),
        size=PER_PAGE,
        before=key_in(request.GET.get("before", "")),
        after=key_in(request.GET.get("after", "")),
    )
    chosen = {"status": status} if status else {}
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "filtered": bool(status),
        "rows": given(access.project, page.items),
        "minutes": rules_of(access.project).change_minutes,
        "blur": care_for(person(request), access.project).blur,
        "next_url": page.before and f"?{urlencode({**chosen, 'before': page.before})}",
        "prev_url": page.after and f"?{urlencode({**chosen, 'after': page.after})}",
    }
    return render(request, "annotations/working/history.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def history_label(request: HttpRequest, project_id: int, annotation_id: int) -> HttpResponse:
    """One's own label, to be changed in place or taken back while that is possible."""
    access, annotator = _worker(request, project_id)
    own_label(annotator, annotation_id)
    if request.method == "POST":
        return _changed(request, annotator, project_id, annotation_id)
    (row,) = given(access.project, history_of(annotator).filter(pk=annotation_id))
    context = {
        "access": access,
        "project": access.project,
        "row": row,
        "schema": row.annotation.schema,
        "blur": care_for(person(request), access.project).blur,
    }
    return render(request, "annotations/working/label.html", context)


def _changed(request: HttpRequest, annotator: Annotator, project_id: int, annotation_id: int) -> HttpResponse:
    try:
        if request.POST.get("do") == "take_back":
            take_back(annotator=annotator, annotation_id=annotation_id)
            messages.info(request, _("Your label is taken back. Label the item again."))
            return redirect("label", project_id)
        schema = own_label(annotator, annotation_id).schema
        value = task_type(schema.task_type).value_from_form(schema.config, request.POST.getlist("value"))
        changed = change_answer(annotator=annotator, annotation_id=annotation_id, value=value)
    except DomainError as refusal:
        return told(request, refusal, "history_label", project_id, annotation_id)
    if changed.pk == annotation_id:
        messages.info(request, _("Your label stays as it was."))
    else:
        messages.success(request, _("Your label was changed."))
    return redirect("history", project_id)
