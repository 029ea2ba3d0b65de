"""Only operators of the installation may add or change servers, or see more of them than the models page shows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ledger.errors import forbidden, not_found
from llm_workers.models import Endpoint, ModelVersion
from llm_workers.registry.selectors import models_known, servers_listed


def is_operator(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_active and user.is_staff)


def operator(user: Any) -> None:
    """Raises ``DomainError`` (403) for anybody else."""
    if not is_operator(user):
        raise forbidden(_("Only an operator of this installation can do this. Ask whoever runs it."))


def server_access(user: Any, endpoint_id: int) -> Endpoint:
    """The server, for operators; 403 for anybody else, 404 where there is none."""
    operator(user)
    endpoint = servers_listed().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise not_found(_("The server"))
    return endpoint


def model_found(model_id: int) -> ModelVersion:
    """The model, for everybody who is signed in; 404 where there is none."""
    model = models_known().filter(pk=model_id).first()
    if model is None:
        raise not_found(_("The model"))
    return model
