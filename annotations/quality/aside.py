"""Setting items with a known label aside: out of the work, into training or the quiz."""

from __future__ import annotations

import random

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import (
    Annotation,
    Assignment,
    Item,
    Project,
    Purpose,
    QualityRules,
    TrainingAnswer,
    TrainingItem,
)
from annotations.projects.services import project_locked, refuse_if_closed
from annotations.services.changes import item_changes
from ledger.errors import invalid
from ledger.services import actor_of, record

MOST = 500


def set_aside(*, project: Project, actor: User, training: int, quiz: int) -> dict[str, int]:
    """Have so many items for training and for the quiz; how many there are of each afterwards.

    More are drawn at random from the items with a known label that nobody has been given or labelled; those that are
    not needed any more, and that nobody has answered, go back into the work. Raises ``DomainError``: 400 naming the
    field where there are not enough, 409 where the project is closed.
    """
    with transaction.atomic():
        project = project_locked(project)
        refuse_if_closed(project)
        wanted = {Purpose.TRAINING: training, Purpose.QUIZ: quiz}
        _check(project, wanted)
        before = aside_of(project)
        for purpose, count in wanted.items():
            have = before[purpose]
            if count < have:
                _put_back(project, purpose, have - count)
        for purpose, count in wanted.items():
            have = before[purpose]
            if count > have:
                _take(project, purpose, count - have)
        after = aside_of(project)
        if after != before:
            record(
                kind="quality.set_aside",
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data={"training": after[Purpose.TRAINING], "quiz": after[Purpose.QUIZ]},
                simulated=actor.is_simulated,
            )
    return {str(purpose): number for purpose, number in after.items()}


def aside_of(project: Project) -> dict[str, int]:
    """Purpose → number of items set aside for it."""
    purposes = list(project.training_items.values_list("purpose", flat=True))
    return {purpose: purposes.count(purpose) for purpose in Purpose.values}


def available(project: Project) -> int:
    """Items that could be set aside on top, counted up to what may be."""
    return _free(project)[: 2 * MOST].count()


def _check(project: Project, wanted: dict[Purpose, int]) -> None:
    for purpose, count in wanted.items():
        if not 0 <= count <= MOST:
            text = _("Between 0 and %(most)s.") % {"most": MOST}
            raise invalid(text, fields={str(purpose): [text]})
    needed = QualityRules.objects.filter(project=project).values_list("quiz_questions", flat=True).first() or 0
    if wanted[Purpose.QUIZ] < needed:
        text = _("The quiz asks %(needed)s questions, so it needs as many items.") % {"needed": needed}
        raise invalid(text, fields={str(Purpose.QUIZ): [text]})


def _free(project: Project) -> QuerySet[Item]:
    """Items with a known label that are open work and that nobody has had."""
    given = Assignment.objects.filter(item=OuterRef("pk"))
    labelled = Annotation.objects.filter(item=OuterRef("pk"))
    known = Item.objects.filter(project=project, gold__isnull=False, queue__extra__gte=0)
    return known.filter(~Exists(given), ~Exists(labelled))


def _take(project: Project, purpose: Purpose, count: int) -> None:
    drawn = list(_free(project).order_by("?").values_list("pk", flat=True)[: 2 * count])
    with item_changes(project=project, item_ids=drawn) as changes:
        # Those that somebody was given before their lock was taken are work.
        free = list(_free(project).filter(pk__in=list(changes.items)).values_list("pk", flat=True))
        if len(free) < count:
            text = _("There are not enough items with a known label that nobody has been given: %(free)s are left.")
            raise invalid(text % {"free": len(free)}, fields={str(purpose): [text % {"free": len(free)}]})
        chosen = random.SystemRandom().sample(free, count)
        TrainingItem.objects.bulk_create(
            TrainingItem(item_id=item_id, project=project, purpose=purpose) for item_id in chosen
        )
        for item_id in chosen:
            changes.set_aside(item_id=item_id, aside=True)


def _put_back(project: Project, purpose: Purpose, count: int) -> None:
    answered = TrainingAnswer.objects.filter(item=OuterRef("item"))
    rows = project.training_items.filter(~Exists(answered), purpose=purpose)
    item_ids = list(rows.order_by("-item").values_list("item_id", flat=True)[:count])
    if len(item_ids) < count:
        text = _("People have answered some of these already, so they stay: at most %(most)s can go back.")
        raise invalid(text % {"most": len(item_ids)}, fields={str(purpose): [text % {"most": len(item_ids)}]})
    with item_changes(project=project, item_ids=item_ids) as changes:
        for item_id in changes.items:
            changes.set_aside(item_id=item_id, aside=False)
        TrainingItem.objects.filter(item_id__in=item_ids).delete()
