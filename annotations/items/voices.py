"""Items by how many people labelled them, and whether all said the same: what agreement among people is of."""

from __future__ import annotations

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from annotations.models import ConsensusMethod, Item
from ledger.errors import invalid

COMPARED, AGREE, DIFFER = "compared", "agree", "differ"
VOICES = (COMPARED, AGREE, DIFFER)

# A label is compared as a whole, as the coefficients do. Two are enough to differ, so nothing has to be counted there.
LABELS = """
    FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
    WHERE given.item_id = annotations_item.id AND given.status = 'current' AND giver.kind = 'human'
"""
OF = {
    COMPARED: f"(SELECT count(*) >= 2 {LABELS})",
    AGREE: f"(SELECT count(*) >= 2 AND min(given.value::text) = max(given.value::text) {LABELS})",
    DIFFER: f"(SELECT count(*) >= 2 AND min(given.value::text) <> max(given.value::text) {LABELS})",
}


def by_voices(items: QuerySet[Item], which: str) -> QuerySet[Item]:
    """Those that two people or more have labelled: all (``compared``), those on which these ``agree``, or ``differ``.

    Raises ``DomainError`` (400) for anything else.
    """
    if which not in VOICES:
        text = _(
            "Of items that several people labelled one can ask for all compared, those where they agree or differ."
        )
        raise invalid(text, fields={"people": [text]})
    if which == DIFFER:  # what is decided unanimously needs no look at its labels
        items = items.filter(Q(consensus__isnull=True) | ~Q(consensus__method=ConsensusMethod.UNANIMOUS))
    return items.filter(RawSQL(OF[which], [], output_field=BooleanField()))  # noqa: S611
