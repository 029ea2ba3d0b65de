"""The consensus page: what the fit says beside the majority, what annotators are worth, and the owner's choice."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.people import blame, person, posted
from annotations.access import OWNER, STAFF, Access, project_access
from annotations.deciding.forms import ConsensusForm
from annotations.deciding.reading import answer, disputed_rows, figures, skill_rows
from annotations.deciding.selectors import ENOUGH_LABELS, disputed_items, fit_of, rules_of, skills_of_project
from annotations.deciding.services import rules_update
from annotations.models import ConsensusRules
from annotations.tasks import refit_consensus, refit_soon
from ledger.errors import DomainError

MAX_DISPUTED, MAX_ANNOTATORS = 25, 100


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def consensus(request: HttpRequest, project_id: int) -> HttpResponse:
    changing = request.method == "POST"
    access = project_access(request.user, project_id, OWNER if changing else STAFF)
    request.access = access  # type: ignore[attr-defined]
    rules = rules_of(access.project)
    form = ConsensusForm(posted(request), instance=rules)
    if changing and form.is_valid():
        try:
            _rules, changed = rules_update(project=access.project, actor=person(request), values=form.values)
        except DomainError as error:
            blame(form, error)
        else:
            if changed:
                refit_soon(project_id)
                messages.success(request, _("The method was changed. The new fit is here within moments."))
            return redirect("consensus", project_id)
    context = _context(access, rules) | {"form": form}
    return render(request, "annotations/deciding/page.html", context, status=422 if form.errors else 200)


def _context(access: Access, rules: ConsensusRules) -> dict[str, Any]:
    shown = fit_of(access.project)
    context = {"access": access, "project": access.project, "rules": rules, "shown": shown}
    if shown is None:
        return context
    skills = skills_of_project(shown.fit)
    return context | {
        "answer": answer(shown),
        "figures": figures(shown),
        "disputed": disputed_rows(disputed_items(access.project)[:MAX_DISPUTED], shown.fit),
        "annotators": skill_rows(skills[:MAX_ANNOTATORS]),
        "annotators_left_out": max(len(skills) - MAX_ANNOTATORS, 0),
        "enough": ENOUGH_LABELS,
    }


@require_POST
@login_required
def consensus_refit(request: HttpRequest, project_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    refit_consensus.delay(project_id)
    messages.success(request, _("The labels are being fitted anew. Reload this page in a moment."))
    return redirect("consensus", project_id)
