"""Drawing items for a check where errors are expected, each with a chance that is known and never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotations.models import FINISHED, Draw, Stream, StreamRules
from annotations.services.changes import item_changes
from annotations.stream.coin import chance, toss
from ledger.services import SYSTEM, record

BATCH = 1000

# Finished items whose coin was not thrown yet: see ``coin.finished``, of which this is the same in SQL.
DUE = """
SELECT entry.item_id
FROM annotations_queueentry entry
JOIN annotations_item item ON item.id = entry.item_id AND item.gold IS NULL
LEFT JOIN annotations_draw thrown ON thrown.item_id = entry.item_id AND thrown.stream = 'chosen'
LEFT JOIN annotations_consensus decided ON decided.item_id = entry.item_id AND decided.method = 'settled'
JOIN LATERAL (
    SELECT count(*) FILTER (WHERE giver.kind = 'human') AS people,
        count(*) FILTER (WHERE giver.kind = 'model') AS models
    FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
    WHERE given.item_id = entry.item_id AND given.status = 'current'
) said ON said.people + said.models > 0 OR decided.item_id IS NOT NULL
WHERE entry.project_id = %(project)s AND entry.extra >= 0 AND thrown.item_id IS NULL
    AND (decided.item_id IS NOT NULL OR said.people >= entry.redundancy + entry.extra
        OR (%(models_alone)s AND said.models > 0))
ORDER BY entry.item_id
"""


def items_choose(*, project_id: int, errors: Mapping[int, float]) -> int:
    """Throw the coins of finished items that have an expected error (item id → in [0, 1]); how many were drawn.

    Each item's coin is thrown once, by what is expected of it when it is first scored after it was finished. Small
    transactions; may die anywhere and run twice. Nothing where the owner has not switched it on, or the project is
    closed.
    """
    rules = StreamRules.objects.select_related("project").filter(pk=project_id, chosen_share__gt=0).first()
    if rules is None or rules.project.status in FINISHED or not errors:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"project": project_id, "models_alone": rules.models_alone})
        due = [item_id for (item_id,) in cursor.fetchall() if item_id in errors]
    mean = fmean(errors.values())
    chances = {item_id: chance(errors[item_id], mean, rules.chosen_share) for item_id in due}
    return sum(_throw(rules, due[first : first + BATCH], chances) for first in range(0, len(due), BATCH))


def _throw(rules: StreamRules, item_ids: Sequence[int], chances: Mapping[int, float]) -> int:
    now, name = timezone.now(), Stream.CHOSEN.value
    with transaction.atomic():
        StreamRules.objects.select_for_update().get(pk=rules.pk)  # one at a time, from here on
        thrown = set(Draw.objects.filter(item_id__in=item_ids, stream=name).values_list("item_id", flat=True))
        rows = [
            Draw(
                project_id=rules.pk,
                item_id=item_id,
                stream=name,
                probability=chances[item_id],
                is_drawn=toss(rules.seed, name, item_id) < chances[item_id],
                drawn_at=now,
            )
            for item_id in item_ids
            if item_id not in thrown
        ]
        if not rows:
            return 0
        Draw.objects.bulk_create(rows)
        StreamRules.objects.filter(pk=rules.pk).update(judged=F("judged") + len(rows))
        drawn = [row.item_id for row in rows if row.is_drawn]
        with item_changes(project=rules.project, item_ids=drawn):
            pass  # on the way out what was drawn has its case
        record(
            kind="stream.chosen",
            actor=SYSTEM,
            subject=f"project:{rules.pk}",
            project_id=rules.pk,
            data={"judged": len(rows), "drawn": len(drawn)},
        )
    return len(drawn)
