"""Setting items with a known label aside: out of the work, into training or the quiz."""

from __future__ import annotations

import random
from secrets import randbits

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import (
    Annotation,
    Assignment,
    Project,
    Purpose,
    QualityRules,
    TrainingAnswer,
    TrainingItem,
)
from annotations.services.changes import item_changes
from annotations.services.holding import project_held
from ledger.errors import invalid
from ledger.services import actor_of, record

MOST = 500
RING_START, RING_END = -(2**31), 2**31 - 1  # what hashint8 gives

# Look-ups item by item, in the order of the index: as joins, the planner may read all assignments and labels instead.
FREE = """
SELECT item.id FROM annotations_item item
WHERE item.project_id = %(project)s AND item.gold IS NOT NULL AND hashint8(item.id) BETWEEN %(start)s AND %(end)s
    AND (SELECT entry.extra FROM annotations_queueentry entry WHERE entry.item_id = item.id) >= 0
    AND (SELECT given.id FROM annotations_assignment given WHERE given.item_id = item.id LIMIT 1) IS NULL
    AND (SELECT labelled.id FROM annotations_annotation labelled WHERE labelled.item_id = item.id LIMIT 1) IS NULL
ORDER BY hashint8(item.id), item.id
LIMIT %(most)s
"""


def set_aside(*, project: Project, actor: User, training: int, quiz: int) -> dict[str, int]:
    """Have so many items for training and for the quiz; how many there are of each afterwards.

    More are drawn at random from the items with a known label that nobody has been given or labelled; those that are
    not needed any more, and that nobody has answered, go back into the work. Raises ``DomainError``: 400 naming the
    field where there are not enough, 409 where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
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
    return len(_free(project, 2 * MOST, start=RING_START))


def _check(project: Project, wanted: dict[Purpose, int]) -> None:
    for purpose, count in wanted.items():
        if not 0 <= count <= MOST:
            text = _("Between 0 and %(most)s.") % {"most": MOST}
            raise invalid(text, fields={str(purpose): [text]})
    needed = QualityRules.objects.filter(project=project).values_list("quiz_questions", flat=True).first() or 0
    if wanted[Purpose.QUIZ] < needed:
        text = _("The quiz asks %(needed)s questions, so it needs as many items.") % {"needed": needed}
        raise invalid(text, fields={str(Purpose.QUIZ): [text]})


def _free(project: Project, most: int, *, start: int, end: int = RING_END) -> list[int]:
    """Items with a known label that are open work and that nobody has had: up to ``most`` of them, as they follow each
    other on the ring of gold items (``item_gold_ring``) from ``start`` to ``end``."""
    with connection.cursor() as cursor:
        cursor.execute(FREE, {"project": project.pk, "start": start, "end": end, "most": most})
        return [item_id for (item_id,) in cursor.fetchall()]


def _drawn(project: Project, most: int) -> list[int]:
    """The same from a random point of the ring on, and around it: what is drawn grows with ``most`` alone."""
    start = randbits(32) + RING_START
    found = _free(project, most, start=start)
    return found + _free(project, most - len(found), start=RING_START, end=start - 1)


def _take(project: Project, purpose: Purpose, count: int) -> None:
    with item_changes(project=project, item_ids=_drawn(project, 2 * count)) as changes:
        # Those that somebody was given before their lock was taken are work.
        given = Assignment.objects.filter(item__in=list(changes.items)).values_list("item_id", flat=True)
        labelled = Annotation.objects.filter(item__in=list(changes.items)).values_list("item_id", flat=True)
        free = sorted(changes.items.keys() - set(given) - set(labelled))
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
