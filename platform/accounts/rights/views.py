"""Pages of one's own data: what there is, the download, and erasing it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.people import blame, person, posted
from accounts.rights.confirming import EraseForm, check_confirmed
from accounts.rights.selectors import Prospect, prospect, stored
from accounts.rights.services import data_download, person_erase
from ledger.errors import DomainError

FILENAME = "my-evenhand-data.zip"


@never_cache
@require_safe
@login_required
def your_data(request: HttpRequest) -> HttpResponse:
    found = stored(person(request))
    context = {"stored": found, "absent": [one for one in found if one.count == 0]}
    return render(request, "accounts/your_data.html", context)


@never_cache
@require_safe
@login_required
def your_data_download(request: HttpRequest) -> HttpResponseBase:
    return download_of(person(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def your_data_erase(request: HttpRequest) -> HttpResponse:
    user = person(request)
    ahead = prospect(user)
    form = EraseForm(posted(request), ahead=ahead)
    if request.method == "POST" and form.is_valid():
        try:
            erase_confirmed(request, user, ahead, form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("Your account was erased, and you are signed out everywhere. Farewell."))
            return redirect("home")
    context = {"ahead": ahead, "form": form}
    return render(request, "accounts/erase.html", context, status=422 if form.errors else 200)


def download_of(user: User) -> StreamingHttpResponse:
    response = StreamingHttpResponse(data_download(user=user), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{FILENAME}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"  # nginx passes each block on as it comes
    return response


def erase_confirmed(request: HttpRequest, user: User, ahead: Prospect, given: dict[str, object]) -> None:
    """Erase who has confirmed it, and end the session at hand. Raises ``DomainError`` 400 or 409."""
    check_confirmed(request, user, ahead, given)
    person_erase(user=user)
    request.session.flush()
    request.user = AnonymousUser()
