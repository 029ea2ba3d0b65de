"""Other weights under the same names: another model, told by nobody but an operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.errors import DomainError
from llm_workers.models import ModelVersion

SAYS = {"stated_base": "base", "stated_adapter": "adapter", "stated_quantization": "quantization", "file_hash": ""}
NAMES = ("name", "base", "adapter", "quantization")


def is_another(model: ModelVersion, changed: Mapping[str, Any]) -> bool:
    """Whether ``changed`` says that another model is served than the one whose labels there are: another hash, base,
    adapter or quantization than was written. What was not written yet, or what the server says itself, is none."""
    other = any(
        changed.get(name) and getattr(model, name) and not (says and getattr(model, says))
        for name, says in SAYS.items()
    )
    return other and (model.annotators.exists() or model.validators.exists())


def latest_revision(names: Mapping[str, str]) -> int:
    """The revision that servers which say these names serve now; 1 where there is none yet."""
    found: int | None = ModelVersion.objects.filter(**names).aggregate(last=Max("revision"))["last"]
    return found or 1


def revision_make(model: ModelVersion, changed: Mapping[str, Any]) -> ModelVersion:
    """The model that takes the place of ``model`` (locked by the caller) at its servers. Its labels, runs and prices
    stay with the old one. Raises ``DomainError`` (409) where another one has done so already."""
    names = {name: getattr(model, name) for name in NAMES}
    last = latest_revision(names)
    if model.revision < last:
        text = _("Revision %(last)s has taken the place of this one. Describe that one instead.")
        raise DomainError("model_replaced", text % {"last": last})
    servers, now = list(model.endpoints.all()), timezone.now()
    made = ModelVersion.objects.get(pk=model.pk)
    made.pk, made.revision, made.first_seen_at, made.last_seen_at = None, last + 1, now, now
    for name, value in changed.items():
        setattr(made, name, value)
    made.save(force_insert=True)
    model.endpoints.clear()
    made.endpoints.set(servers)
    return made
