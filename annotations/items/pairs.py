"""Items by two labels of theirs that are held against each other, as live counters hold them: what people, a model or
the consensus say, and what is true or what people agree on. The same as the counters' own rules, in SQL; a test holds
them together.
"""

from __future__ import annotations

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from annotations.models import Annotation, AnnotationStatus, ConsensusMethod, Item
from annotations.task_types.multiple_choice import SEPARATOR
from ledger.errors import invalid

NOT = "!"  # before a label key: where it was not given

# People's own consensus, before any expert: a strict majority of their votes, of as many as must agree.
OWN = """
    SELECT vote.key FROM annotations_queueentry entry
    JOIN annotations_consensus decided ON decided.item_id = entry.item_id
    CROSS JOIN LATERAL (
        SELECT sum(one.value::int) AS n FROM jsonb_each_text(decided.evidence -> 'votes') one) total
    CROSS JOIN LATERAL jsonb_each_text(decided.evidence -> 'votes') vote
    WHERE entry.item_id = annotations_item.id AND vote.value::int >= entry.min_support
        AND 2 * vote.value::int > total.n
"""
# The same where all labels are there that the project asks for of any such item.
NEEDED = "entry.redundancy + entry.extra - entry.raised"
AGREED = OWN + f" AND {NEEDED} > 0 AND total.n >= {NEEDED}"
AS_TEXT = """
    CASE jsonb_typeof({value}) WHEN 'array' THEN array_to_string(ARRAY(SELECT jsonb_array_elements_text({value})), %s)
    ELSE {value} #>> '{{}}' END
"""
GOLD = f"SELECT {AS_TEXT.format(value='annotations_item.gold')}"
SETTLED = (
    "SELECT"
    + AS_TEXT.format(value="decided.value")
    + """
    FROM annotations_consensus decided
    WHERE decided.item_id = annotations_item.id AND decided.method = 'settled' AND decided.value IS NOT NULL
"""
)
MODEL = (
    "SELECT"
    + AS_TEXT.format(value="given.value")
    + """
    FROM annotations_annotation given
    WHERE given.item_id = annotations_item.id AND given.status = 'current' AND given.annotator_id = %s
"""
)

# What an expert settled, else what people agree on.
UNSETTLED = """NOT EXISTS (SELECT FROM annotations_consensus other
    WHERE other.item_id = annotations_item.id AND other.method = 'settled')"""
CONCLUDED = f"SELECT COALESCE(({SETTLED}), CASE WHEN {UNSETTLED} THEN ({AGREED}) END)"

# Who says something, and what it is held against; each with the values of its placeholders, "annotator" for the id.
SAID = {
    "people": (AGREED, []),
    "consensus": (CONCLUDED, [SEPARATOR]),
    "model": (MODEL, [SEPARATOR, "annotator"]),
}
TRUE = {
    "gold": (GOLD, [SEPARATOR]),
    "settled": (f"{SETTLED} AND annotations_item.gold IS NULL", [SEPARATOR]),
    "people": (AGREED, []),
    "own": (OWN, []),
}


def paired(
    items: QuerySet[Item], pair: str, *, annotator: int | None, differs: bool, truly: str, said: str
) -> QuerySet[Item]:
    """Those that have both labels of ``pair`` (``model:gold``); ``differs``: and not the same. ``truly``, ``said``: a
    label key that the true label, or the one that was said, has, with ``!`` before it has not.

    Raises ``DomainError`` (400) where it is no such pair, or a model's without its ``annotator``.
    """
    who, _found, what = pair.partition(":")
    if who not in SAID or what not in TRUE or (who == "model" and annotator is None):
        text = _(
            "A pair is people, consensus or model (with its annotator), a colon, and gold, settled, people or own."
        )
        raise invalid(text, fields={"pair": [text]})
    (said_sql, said_values), (true_sql, true_values) = SAID[who], TRUE[what]
    where, values = ["pair.said IS NOT NULL", "pair.truth IS NOT NULL"], []
    if differs:
        where.append("pair.said <> pair.truth")
    for column, key in (("truth", truly), ("said", said)):
        if key:
            where.append(f"{'NOT ' if key.startswith(NOT) else ''}%s = ANY(string_to_array(pair.{column}, %s))")
            values += [key.removeprefix(NOT), SEPARATOR]
    # With OFFSET each label is read once an item, not anew for each condition.
    both = f"SELECT ({said_sql}) AS said, ({true_sql}) AS truth OFFSET 0"
    sql = f"EXISTS (SELECT FROM ({both}) pair WHERE {' AND '.join(where)})"
    filled = [annotator if value == "annotator" else value for value in (*said_values, *true_values)]
    # A consensus is another than what people say only where an expert settled it.
    settled = who == "consensus" and what in ("people", "own") and differs
    near = _near(items, what, annotator if who == "model" else None, settled=settled)
    return near.filter(RawSQL(sql, [*filled, *values], output_field=BooleanField()))  # noqa: S611


def _near(items: QuerySet[Item], what: str, annotator: int | None, *, settled: bool) -> QuerySet[Item]:
    """Those among which any such pair is, by what an index finds: few have a gold label, an expert's, or a model's."""
    near = Q()
    if what == "gold":
        near &= Q(gold__isnull=False)
    elif what == "settled":
        near &= Q(gold__isnull=True, consensus__method=ConsensusMethod.SETTLED, consensus__value__isnull=False)
    elif settled:
        near &= Q(consensus__method=ConsensusMethod.SETTLED)
    else:
        near &= Q(consensus__isnull=False)  # what people agree on is kept, or was until an expert settled it
    if annotator is not None:
        given = Annotation.objects.filter(annotator_id=annotator, status=AnnotationStatus.CURRENT)
        near &= Q(pk__in=given.values("item_id"))
    return items.filter(near)
