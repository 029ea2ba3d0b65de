"""Pages on which an owner invites people and says what they are. The only pages with members' names and addresses."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.demographics.anonymity import K
from accounts.demographics.vault import is_on
from accounts.forms import InvitationForm
from accounts.models import Role
from accounts.people import blame, person, posted, told
from accounts.selectors import live_invitations, members_of
from accounts.services.invitations import invitation_create, invitation_revoke
from accounts.services.members import member_remove, member_role_change
from annotations.access import OWNER, project_access
from annotations.demographics.selectors import figures_of
from ledger.errors import DomainError

PAGE = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def people(request: HttpRequest, project_id: int) -> HttpResponse:
    """Members, links, and the form; the answer to the form is the only place where a link is ever shown."""
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form, link = InvitationForm(posted(request)), ""
    if request.method == "POST" and form.is_valid():
        try:
            link = _invite(request, project_id, form)
            form = InvitationForm()
        except DomainError as error:
            blame(form, error)
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "link": link,
        "page": Paginator(members_of(project_id), PAGE).get_page(request.GET.get("page")),
        "invitations": live_invitations(project_id),
        "roles": Role.choices,
        "figures": figures_of(access.project),
        "is_on": is_on(),
        "least": K,
    }
    return render(request, "annotations/projects/people.html", context, status=422 if form.errors else 200)


def _invite(request: HttpRequest, project_id: int, form: InvitationForm) -> str:
    given: dict[str, Any] = {name: form.cleaned_data[name] for name in ("role", "max_uses", "email")}
    _invitation, secret = invitation_create(
        project_id=project_id, actor=person(request), expires_at=form.expires_at, **given
    )
    return request.build_absolute_uri(reverse("join", args=[secret]))


@require_POST
@login_required
def people_role(request: HttpRequest, project_id: int, member_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    role = request.POST.get("role", "")
    try:
        member = member_role_change(project_id=project_id, member_id=member_id, role=role, actor=person(request))
    except DomainError as error:
        return told(request, error, "people", project_id)
    text = _("%(name)s is now %(role)s.")
    messages.success(request, text % {"name": member.user, "role": member.get_role_display().lower()})
    gave_up = member.user_id == person(request).pk and member.role != Role.OWNER
    return redirect("project" if gave_up else "people", project_id)


@require_POST
@login_required
def people_remove(request: HttpRequest, project_id: int, member_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    own = members_of(project_id).filter(pk=member_id, user=person(request)).exists()
    try:
        member_remove(project_id=project_id, member_id=member_id, actor=person(request))
    except DomainError as error:
        return told(request, error, "people", project_id)
    messages.success(request, _("The member was removed. Labels that were given stay."))
    return redirect("home") if own else redirect("people", project_id)


@require_POST
@login_required
def people_invitation_revoke(request: HttpRequest, project_id: int, invitation_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    invitation_revoke(project_id=project_id, invitation_id=invitation_id, actor=person(request))
    messages.success(request, _("The link does not work any more."))
    return redirect("people", project_id)
