"""The page of a candidate's answers: those behind a figure."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fairness.access import audit_access, candidate_of
from fairness.audits.answers import PARTS, Asked, answers_of, answers_shown

PER_PAGE = 50


@require_safe
@login_required
def audit_answers(request: HttpRequest, audit_id: int, candidate_id: int) -> HttpResponse:
    access, audit = audit_access(request.user, audit_id)
    request.access = access  # type: ignore[attr-defined]
    candidate = candidate_of(audit, candidate_id)
    asked = Asked.of(request.GET.dict())
    found = answers_of(candidate, asked)
    page = Paginator(found.ids, PER_PAGE).get_page(request.GET.get("page"))
    kept = [(name, value) for name in ("task", "attribute", "group") if (value := getattr(asked, name))]
    context = {
        "project": access.project,
        "access": access,
        "audit": audit,
        "candidate": candidate,
        "asked": asked,
        "parts": PARTS,
        "kept": kept,
        "families": found.families,
        "page": page,
        "rows": answers_shown(candidate, list(page)),
        "query": urlencode({"part": asked.part, **dict(kept)}),
    }
    return render(request, "fairness/audits/answers.html", context)
