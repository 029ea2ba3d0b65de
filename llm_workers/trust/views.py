"""Pages: every model of a project with the answer first, and one model in full."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import blame, person, posted
from annotations.access import OWNER, STAFF, Access, project_access
from annotations.models import LabelSchema
from ledger.errors import DomainError
from llm_workers.calibration import reading as calibrated
from llm_workers.calibration.multiples import group_charts
from llm_workers.calibration.plots import reliability_plot
from llm_workers.replacing import reading as replacing
from llm_workers.replacing.testing import rules_of
from llm_workers.tasks import compute_trust, trust_soon
from llm_workers.trust.forms import JudgesForm
from llm_workers.trust.selectors import ModelTrust, model_trust, pseudonyms, trust_of
from llm_workers.trust.services import judges_set

GROUPS_DRAWN = 12  # on a page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def trust(request: HttpRequest, project_id: int) -> HttpResponse:
    changing = request.method == "POST"
    access = project_access(request.user, project_id, OWNER if changing else STAFF)
    request.access = access  # type: ignore[attr-defined]
    form = JudgesForm(posted(request), instance=rules_of(access.project))
    if changing and form.is_valid():
        try:
            _rules, changed = judges_set(
                project=access.project, actor=person(request), judges=form.cleaned_data["judges"]
            )
        except DomainError as error:
            blame(form, error)
        else:
            if changed:
                trust_soon(project_id)
                messages.success(request, _("The test is done anew. Reload this page in a moment."))
            return redirect("trust", project_id)
    return render(request, "llm_workers/trust/page.html", _context(access, form), status=422 if form.errors else 200)


def _context(access: Access, form: JudgesForm) -> dict[str, Any]:
    found = trust_of(access.project)
    schema = access.project.schemas.get(is_current=True)
    return {
        "access": access,
        "project": access.project,
        "found": found,
        "models": [_part(model, schema) for model in found.models],
        "form": form,
    }


def _part(model: ModelTrust, schema: LabelSchema) -> dict[str, Any]:
    """What both pages say of a model first."""
    stand_in = model.stand_in
    return {
        "model": model,
        "may": replacing.answer(model.name, stand_in),
        "where": replacing.where(stand_in),
        "caution": replacing.caution(stand_in, schema),
        "sure": calibrated.answer(model.name, model.calibration),
        "figures": replacing.figures(stand_in) if stand_in is not None else [],
        "scope": calibrated.whole(model.calibration),
        "scope_rows": replacing.scope_rows(stand_in) if stand_in is not None else [],
        "scope_headers": replacing.scope_headers(),
    }


@require_safe
@login_required
def trust_model(request: HttpRequest, project_id: int, annotator_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    model = model_trust(access.project, annotator_id)
    part = _part(model, access.project.schemas.get(is_current=True))
    context = {"access": access, "project": access.project, "least": calibrated.least(), **part}
    if context["scope"] is not None and model.calibration is not None:
        page = Paginator(model.calibration.scopes[1:], GROUPS_DRAWN).get_page(request.GET.get("page"))
        context |= {
            "calibration": model.calibration,
            "tiles": calibrated.figures(context["scope"]),
            "plot": reliability_plot(context["scope"]),
            "bins": calibrated.bin_rows(context["scope"]),
            "bin_headers": calibrated.bin_headers(),
            "page": page,
            "charts": group_charts(page),
            "groups": calibrated.group_rows(model.calibration),
            "group_headers": calibrated.group_headers(),
        }
    if model.calibration is not None:
        context["sources"] = calibrated.sources(model.calibration)
    if model.stand_in is not None and model.stand_in.people:
        names = pseudonyms([one["annotator"] for one in model.stand_in.people])
        context |= {
            "people": replacing.person_rows(model.stand_in, names),
            "person_headers": replacing.person_headers(),
        }
    return render(request, "llm_workers/trust/model.html", context)


@require_POST
@login_required
def trust_compute_now(request: HttpRequest, project_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    compute_trust.delay(project_id)
    messages.success(request, _("The models are being looked at anew. Reload this page in a moment."))
    return redirect("trust", project_id)
