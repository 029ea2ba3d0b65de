"""Cases of labels that nobody disputes but that look wrong: opened, kept up to date and closed by what a scorer says.

Who scores is not known here. The scorer gives the doubts that should stand now; everything else about a case (that a
disagreement takes it over, that a settlement ends it) follows in ``annotations.services.changes``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from annotations.deciding.cases import settling_time
from annotations.models import FINISHED, Case, CaseKind, CaseStatus, Item, Project
from annotations.services.changes import item_changes
from annotations.state import Doubt

BATCH = 200

MINUTES = """
UPDATE annotations_case SET minutes = row.minutes
FROM jsonb_to_recordset(%(rows)s) AS row(item_id bigint, minutes double precision)
WHERE annotations_case.item_id = row.item_id AND status = 'open' AND kind = 'low_score'
    AND annotations_case.minutes <> row.minutes
"""


@dataclass(frozen=True)
class Followed:
    """How many cases of low scores stand now, and how many were closed because their doubt has gone."""

    standing: int
    closed: int


def doubts_follow(*, project_id: int, doubts: Mapping[int, Doubt]) -> Followed:
    """Have a case open for each doubted item (item id → doubt) that has none, and for no other item on that ground.

    Items that were settled, lost their labels or are disputed meanwhile are left as they are. A case that an expert
    holds stays until they let go. Works in small transactions, may die anywhere and be called twice.
    """
    project = Project.objects.filter(pk=project_id).exclude(status__in=FINISHED).first()
    if project is None:
        return Followed(0, 0)
    free = Q(claimed_by=None) | Q(claim_expires_at__lte=timezone.now())
    standing = Case.objects.filter(project=project, status=CaseStatus.OPEN, kind=CaseKind.LOW_SCORE)
    gone = list(standing.filter(free).exclude(item_id__in=doubts).values_list("item_id", flat=True))
    wanted: dict[int, Doubt | None] = {**dict.fromkeys(gone), **doubts}
    item_ids = sorted(wanted)
    for first in range(0, len(item_ids), BATCH):
        _tell(project, {item_id: wanted[item_id] for item_id in item_ids[first : first + BATCH]})
    return Followed(standing.count(), len(gone))


def _tell(project: Project, wanted: Mapping[int, Doubt | None]) -> None:
    time = settling_time(project.pk)
    lengths = Item.objects.filter(pk__in=[item_id for item_id, doubt in wanted.items() if doubt])
    rows = [
        {"item_id": item_id, "minutes": round(time.minutes(len(json.dumps(payload))), 4)}
        for item_id, payload in lengths.values_list("pk", "payload")
    ]
    with transaction.atomic():
        with item_changes(project=project, item_ids=wanted) as changes:
            for item_id in changes.items:
                changes.doubt(item_id=item_id, doubt=wanted[item_id])
        with connection.cursor() as cursor:
            cursor.execute(MINUTES, {"rows": json.dumps(rows)})
