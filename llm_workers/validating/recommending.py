"""Which model should rate people's labels: the one that was chosen from an audit, or that an audit proposes. Until a
project has audits, its models' agreement with people is what there is to go by.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from annotations.agreement.intervals import wilson
from annotations.models import Checkpoint, ModelChoice, ModelRole, Project, Run
from llm_workers.models import ModelVersion
from llm_workers.selectors.runs import models_served

ENOUGH = 30  # labels compared with what people agreed on


@dataclass(frozen=True)
class Recommendation:
    """``agreed`` of ``compared`` labels of this model equal what people agreed on; ``why``: the choice in words.

    ``labels_here``: this model has labelled the project itself. ``audit``: the one that it rests on, if any.
    """

    model: ModelVersion
    agreed: int
    compared: int
    labels_here: bool
    why: str
    audit: int | None = None


def recommended_validator(project: Project) -> Recommendation | None:
    """The served model that was chosen from an audit, or that one proposes; else the one with the best agreement with
    people here, other than the one that labels. None: none served.

    Without an audit, models are ranked by the lower end of the 95 % interval of their agreement, so that ten lucky
    labels win nothing. The labelling model is the one with the most labels here. It comes last: what it got wrong as a
    labeller it would find right as a validator.
    """
    served = list(models_served())
    if not served:
        return None
    found = _agreement(project)
    most = max((total for _agreed, _compared, total in found.values()), default=0)
    labelling = {pk for pk, (_agreed, _compared, total) in found.items() if total == most and most}

    choice = ModelChoice.objects.filter(project=project, role=ModelRole.VALIDATOR, is_current=True).first()
    audited = next((model for model in served if choice is not None and model.pk == choice.model), None)
    if choice is not None and audited is not None:
        agreed, compared, _total = found.get(audited.pk, (0, 0, 0))
        here = audited.pk in labelling
        return Recommendation(audited, agreed, compared, here, _of_audit(choice, here), choice.audit)

    def rank(model: ModelVersion) -> tuple[bool, float, int]:
        agreed, compared, _total = found.get(model.pk, (0, 0, 0))
        low = wilson(agreed, compared)[0] if compared >= ENOUGH else 0.0
        return model.pk not in labelling, low, -model.pk

    best = max(served, key=rank)
    agreed, compared, _total = found.get(best.pk, (0, 0, 0))
    return Recommendation(best, agreed, compared, best.pk in labelling, _why(best.pk in labelling, agreed, compared))


def _of_audit(choice: ModelChoice, labels_here: bool) -> str:
    text = _("Chosen from audit %(audit)s: %(reason)s") if choice.chosen_by_id else _("By audit %(audit)s: %(reason)s")
    text %= {"audit": choice.audit, "reason": choice.reason}
    if labels_here:
        text += " " + _("It labels here too, and will not see its own mistakes.")
    return text


def _agreement(project: Project) -> dict[int, tuple[int, int, int]]:
    """Model id → (labels that equal what people agreed on, labels compared, labels), by each run's last checkpoint."""
    last = Checkpoint.objects.filter(run=OuterRef("pk")).order_by("-number")
    runs = Run.objects.filter(project=project, annotator__model_annotator__isnull=False).order_by()
    rows = runs.annotate(figures=Subquery(last.values("figures")[:1])).values_list(
        "annotator__model_annotator__model", "labelled", "figures"
    )
    found: dict[int, tuple[int, int, int]] = {}
    for model, labelled, figures in rows:
        agreed, compared, total = found.get(model, (0, 0, 0))
        figures = figures or {}
        more = figures.get("agreed", 0), figures.get("compared", 0)
        found[model] = (agreed + more[0], compared + more[1], total + labelled)
    return found


def _why(labels_here: bool, agreed: int, compared: int) -> str:
    if labels_here:
        text = _("It is the only model that is served, and it labels here too: it will not see its own mistakes.")
    elif compared >= ENOUGH:
        facts = {"agreed": agreed, "compared": compared}
        text = _("It agrees best with people here: on %(agreed)s of %(compared)s labels.") % facts
    else:
        text = _("It does not label here itself. How well it agrees with people is not known yet.")
    return f"{text} {_('No audit has compared the models yet, so nothing is said about which of them is fairest.')}"
