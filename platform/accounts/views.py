"""Pages of one's own account, and the page behind an invitation link."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import ProfileForm, TokenForm
from accounts.models import Invitation, Role
from accounts.people import blame, person, posted
from accounts.selectors import memberships_of, tokens_of
from accounts.services import invitations, profile, tokens
from ledger.errors import DomainError

# What a role means to somebody who is offered it.
ROLE_OFFERS = {
    Role.OWNER: gettext_lazy("set the project up, import data, run models, and see its labels and figures"),
    Role.EXPERT: gettext_lazy("settle the items that people and models disagree about"),
    Role.WORKER: gettext_lazy("label items, at your own pace"),
    Role.AUDITOR: gettext_lazy("read everything about how the labels came to be, and change nothing"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = ProfileForm(posted(request), initial={"display_name": user.display_name})
    if request.method == "POST" and form.is_valid():
        profile.profile_update(user=user, display_name=form.cleaned_data["display_name"])
        messages.success(request, _("Your profile was saved."))
        return redirect("profile")
    context = {"form": form, "memberships": memberships_of(user)}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tokens_page(request: HttpRequest) -> HttpResponse:
    """The list, and the form; the answer to the form is the only place where a token is ever shown."""
    user = person(request)
    form, made, secret = TokenForm(posted(request)), None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = tokens.token_create(
                user=user,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
            )
            form = TokenForm()
        except DomainError as error:
            blame(form, error)
    context = {"form": form, "tokens": tokens_of(user), "made": made, "secret": secret}
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = tokens.token_revoke(user=person(request), token_id=token_id)
    messages.success(request, _("The token “%(name)s” was revoked.") % {"name": token.name})
    return redirect("tokens")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What the invitation offers, and a button that accepts. Signed-out people sign in or up first and come back."""
    if request.method == "POST" and request.user.is_authenticated:
        membership, created = invitations.invitation_accept(user=person(request), raw=token)
        request.session.pop("invitation", None)
        text = _("Welcome to “%(project)s”.") if created else _("You are a member of “%(project)s” already.")
        messages.success(request, text % {"project": membership.project.name})
        return redirect("project", membership.project_id)
    invitation = invitations.invitation_of(token)
    if not request.user.is_authenticated:
        request.session["invitation"] = token  # lets them sign up where accounts are by invitation only
    return render(request, "accounts/join.html", _offer(request, invitation))


def _offer(request: HttpRequest, invitation: Invitation) -> dict[str, object]:
    user = request.user
    other = bool(invitation.email) and user.is_authenticated and user.email.lower() != invitation.email
    return {
        "invitation": invitation,
        "project_name": invitation.project.name,
        "summary": invitation.project.summary,
        "role": invitation.get_role_display(),
        "offer": ROLE_OFFERS[Role(invitation.role)],
        "other_address": other,
        "here": request.path,
    }
