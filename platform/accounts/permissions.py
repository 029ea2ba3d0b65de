"""What a token may do. A signed-in browser has every scope; a token has those it was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView  # the settings name this class, so views may not be loaded yet

from accounts.models import ApiToken, Scope
from ledger.errors import forbidden


class TokenScopePermission(BasePermission):
    """Views say ``token_scope = Scope.X`` for their unsafe methods (default: manage), ``read_scope`` for the safe ones.

    Either may also be a mapping from method to scope.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        safe = request.method in SAFE_METHODS
        needed = getattr(view, "read_scope", Scope.READ) if safe else getattr(view, "token_scope", Scope.MANAGE)
        if isinstance(needed, dict):
            needed = needed.get(request.method, Scope.READ if safe else Scope.MANAGE)
        if needed not in request.auth.scopes:
            text = _("This token lacks the scope “%(scope)s”. Make one that has it on your account's token page.")
            raise forbidden(text % {"scope": needed}, "scope_missing")
        return True
