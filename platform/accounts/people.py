"""The person behind a request, typed; and a refusal shown on the form that it is about."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from accounts.models import User
from ledger.errors import DomainError


def person(request: Any) -> User:
    """Who is signed in. For views that let nobody else in (``login_required``, ``IsAuthenticated``)."""
    return cast(User, request.user)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form takes: the fields that were sent, also where none was; None where the form is only asked for."""
    return request.POST if request.method == "POST" else None


def blame(form: BaseForm, error: DomainError) -> None:
    """Put a refusal of input onto the fields that it names, else onto the whole form."""
    known = {name: texts for name, texts in error.fields.items() if name in form.fields}
    for name, texts in known.items():
        form.add_error(name, texts)
    others = [text for name, texts in error.fields.items() if name not in known for text in texts]
    if others or not known:
        form.add_error(None, others or [error.message])


def told(request: HttpRequest, error: DomainError, to: str, *args: object) -> HttpResponse:
    """Back to a page that says why something could not be done. What may not be seen at all stays a 403 or 404."""
    if error.status in (403, 404):
        raise error
    messages.error(request, error.message)
    return redirect(to, *args)
