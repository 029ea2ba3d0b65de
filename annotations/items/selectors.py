"""Reading items for the people who may see other people's labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import Role
from annotations.access import Access
from annotations.items.pairs import paired
from annotations.items.served import Served
from annotations.items.voices import by_voices
from annotations.models import (
    Annotation,
    AnnotationStatus,
    AnnotatorKind,
    Assignment,
    AssignmentStatus,
    Case,
    CaseStatus,
    ConsensusMethod,
    Draw,
    Item,
    ItemFlag,
    Project,
    QueueEntry,
    Stream,
)
from ledger.errors import forbidden, invalid

DECIDED, UNDECIDED, LABELLED, INCOMPLETE = "decided", "undecided", "labelled", "incomplete"
STATES = (DECIDED, LABELLED, UNDECIDED, INCOMPLETE)
MOST_COUNTED = 10_000
STREAMS = (Stream.AUDIT.value, Stream.CHOSEN.value)
CHECKED = ("yes", "no")
BY = {"people": AnnotatorKind.HUMAN, "model": AnnotatorKind.MODEL}
GOLD, CONSENSUS, SETTLED, TRUTH = "gold", "consensus", "settled", "truth"
GROUP_SEPARATOR = ":"
GROUPS_SHOWN = 200
GROUPS_CACHED = 60  # seconds


@dataclass(frozen=True)
class ItemFilter:
    """Which items are wanted. ``group`` is ``attribute:group``, ``label`` a label key that the consensus gives.
    ``state``: decided or not, decided with a label, or (``incomplete``) unsettled and without all labels that the
    project asks for.

    ``given``: a label key that somebody gave; ``by`` (``people`` or ``model``) and ``annotator`` (an id) say who, and
    without ``given`` ask for any label of theirs. ``since`` and ``until`` (not included): when it was given. ``beside``
    is a second ``group``, of another attribute. ``pair``, with ``differs``, ``truly`` and ``said``: two labels held
    against each other, see ``annotations.items.pairs``. ``against``: items on which that label, or without one of these
    the consensus, is not what the ``gold`` label says, or not the ``truth`` (the gold label, or where there is none
    what an expert settled), or (of a label given) not the ``consensus``, or not what an expert ``settled`` on an item
    without gold. ``stream``: items that the ``audit`` or the ``chosen`` stream drew for a check, with ``checked``
    (``yes`` or ``no``) those that an expert has settled, or has not, with ``drawn_from`` those of this draw's id on.
    ``attribute``: items that have any group of it. ``people``: items that several people labelled, see
    ``annotations.items.voices``. ``served``, with the three after it: labels given for leases as
    ``annotations.items.served`` describes them.
    """

    dataset: int | None = None
    group: str = ""
    state: str = ""
    label: str = ""
    case: bool = False
    flagged: bool = False
    external_id: str = ""
    given: str = ""
    by: str = ""
    annotator: int | None = None
    against: str = ""
    beside: str = ""
    since: datetime | None = None
    until: datetime | None = None
    pair: str = ""
    differs: bool = False
    truly: str = ""
    said: str = ""
    stream: str = ""
    checked: str = ""
    drawn_from: int | None = None
    attribute: str = ""
    people: str = ""
    served: str = ""
    served_since: datetime | None = None
    served_until: datetime | None = None
    served_from: int | None = None

    @property
    def of_givers(self) -> bool:
        """Whether it asks for labels that somebody gave."""
        return bool(
            self.given
            or self.by
            or self.annotator is not None
            or self.since
            or self.until
            or self.of_leases is not None
        )

    @property
    def of_draws(self) -> bool:
        """Whether it asks for items that were drawn for a check."""
        return bool(self.stream or self.checked or self.drawn_from is not None)

    @property
    def of_leases(self) -> Served | None:
        """Which leases the labels are meant to be given for, where that is asked."""
        asked = Served(self.served, self.served_since, self.served_until, self.served_from)
        return None if asked == Served() else asked


def allowed_filter(access: Access, wanted: ItemFilter) -> ItemFilter:
    """Raises ``DomainError`` (403) where the answer would tell an expert what they are to judge by themselves."""
    if may_know_givers(access):
        return wanted
    if wanted.annotator is not None:
        text = _("Who gave which label is not for experts to know. Ask for the labels of people or of models instead.")
        raise forbidden(text, "annotators_hidden")
    if wanted.of_draws or wanted.of_leases is not None:
        text = _("Experts judge drawn items like any others, so which were drawn is not for them to know.")
        raise forbidden(text, "draws_hidden")
    if wanted.against or wanted.pair:
        raise forbidden(_("Experts judge labels without knowing which of them are wrong. Leave out “against”."))
    return wanted


def items_of(project: Project, wanted: ItemFilter) -> QuerySet[Item]:
    """The items that ``wanted`` describes, in no order. Raises ``DomainError`` (400) where it is no filter."""
    items = Item.objects.filter(project=project).select_related("consensus__schema", "dataset")
    if wanted.dataset is not None:
        items = items.filter(dataset_id=wanted.dataset)
    if wanted.external_id:
        items = items.filter(external_id=wanted.external_id)
    items = _of_groups(items, wanted)
    if wanted.state:
        items = _in_state(project, items, wanted.state)
    if wanted.of_draws:
        items = _drawn(project, items, wanted)
    if wanted.people:
        items = by_voices(items, wanted.people)
    if wanted.label:
        # jsonb containment holds for a text that equals the value and for an array that has it: any choice task.
        items = items.filter(consensus__value__contains=wanted.label)
    if wanted.pair:
        items = paired(
            items,
            wanted.pair,
            annotator=wanted.annotator,
            differs=wanted.differs,
            truly=wanted.truly,
            said=wanted.said,
        )
        if wanted.since is None and wanted.until is None:
            wanted = replace(wanted, annotator=None)  # whose the label is, and that it is there, is said by the pair
    return _with_case_and_flag(_labelled(project, items, wanted), wanted)


def _of_groups(items: QuerySet[Item], wanted: ItemFilter) -> QuerySet[Item]:
    for name in ("group", "beside"):
        attribute, found, group = getattr(wanted, name).partition(GROUP_SEPARATOR)
        if attribute and not found:
            text = _("Write a group as attribute:group, such as religion:none.")
            raise invalid(text, fields={name: [text]})
        if found:
            items = items.filter(groups__contains={attribute: group})
    return items.filter(groups__has_key=wanted.attribute) if wanted.attribute else items


def _in_state(project: Project, items: QuerySet[Item], state: str) -> QuerySet[Item]:
    if state == INCOMPLETE:
        return _incomplete(project, items)
    if state not in STATES:
        text = _(
            "The state is decided or undecided, labelled (decided, and not as a bad item), or incomplete (without all "
            "the labels by people that it needs)."
        )
        raise invalid(text, fields={"state": [text]})
    if state == LABELLED:
        return items.filter(consensus__value__isnull=False)
    return items.filter(consensus__isnull=state == UNDECIDED)


def _incomplete(project: Project, items: QuerySet[Item]) -> QuerySet[Item]:
    """Those whose missing labels the bars of completeness count; what an expert has settled gets no more."""
    people = Annotation.objects.filter(
        item=OuterRef("pk"), status=AnnotationStatus.CURRENT, annotator__kind=AnnotatorKind.HUMAN
    )
    given = people.order_by().values("item").annotate(n=Count("pk")).values("n")
    # Each of them has a place left or a lease out: that narrows a finished project down by an index.
    places = QueueEntry.objects.filter(project=project, remaining__gt=0).values("item_id")
    leases = Assignment.objects.filter(project=project, status=AssignmentStatus.LEASED).values("item_id")
    return items.filter(
        Q(pk__in=places) | Q(pk__in=leases),
        ~Q(consensus__method=ConsensusMethod.SETTLED) | Q(consensus__isnull=True),
        queue__redundancy__gt=Coalesce(Subquery(given), 0) + F("queue__raised") - F("queue__extra"),
    )


def _drawn(project: Project, items: QuerySet[Item], wanted: ItemFilter) -> QuerySet[Item]:
    if wanted.stream not in STREAMS or wanted.checked not in ("", *CHECKED):
        text = _("A stream is audit or chosen; whether its items are checked is yes or no.")
        raise invalid(text, fields={"stream": [text]})
    drawn = Draw.objects.filter(project=project, stream=wanted.stream, is_drawn=True)
    if wanted.drawn_from is not None:
        drawn = drawn.filter(pk__gte=wanted.drawn_from)
    items = items.filter(pk__in=drawn.values("item_id"))
    settled = Q(consensus__method=ConsensusMethod.SETTLED, consensus__isnull=False)
    return items.filter(settled if wanted.checked == CHECKED[0] else ~settled) if wanted.checked else items


def count_of(items: QuerySet[Item]) -> int:
    """How many, up to ``MOST_COUNTED``: one more than that is "more"."""
    return items.order_by()[: MOST_COUNTED + 1].count()


def labels_counted(items: QuerySet[Item], wanted: ItemFilter) -> int | None:
    """How many labels the givers that are asked for gave these items, up to ``MOST_COUNTED``; None where none are."""
    if not wanted.of_givers or wanted.against or wanted.pair:
        return None
    of = Annotation.objects.filter(item_id__in=items.order_by().values("pk"), status=AnnotationStatus.CURRENT)
    return _given(of, wanted)[: MOST_COUNTED + 1].count()


def _labelled(project: Project, items: QuerySet[Item], wanted: ItemFilter) -> QuerySet[Item]:
    """Those with a current label as ``wanted`` describes it."""
    if wanted.by and wanted.by not in BY:
        text = _("The labels are by people or by model.")
        raise invalid(text, fields={"by": [text]})
    known = ("", GOLD, TRUTH, CONSENSUS, SETTLED) if wanted.of_givers else ("", GOLD, TRUTH)
    if wanted.against not in known:
        text = _(
            "Labels differ from gold or truth; those that somebody gave (given, by, annotator) also from consensus, "
            "and settled."
        )
        raise invalid(text, fields={"against": [text]})
    if not wanted.of_givers:
        if wanted.against:  # what an expert settled is the consensus, and never differs from itself
            items = items.filter(gold__isnull=False, consensus__isnull=False).exclude(consensus__value=F("gold"))
        return items
    if wanted.of_leases is not None:  # few are: it begins with these
        leases = Assignment.objects.filter(project=project, **wanted.of_leases.leases())
        items = items.filter(pk__in=leases.values("item_id"))
    labels = _given(Annotation.objects.filter(item=OuterRef("pk"), status=AnnotationStatus.CURRENT), wanted)
    if wanted.against:
        return _against(items, labels, wanted.against)
    return items.filter(Exists(labels))


def _given(labels: QuerySet[Annotation], wanted: ItemFilter) -> QuerySet[Annotation]:
    """Those that the filter asks for: which, by whom, when."""
    if wanted.given:
        labels = labels.filter(value__contains=wanted.given)
    if wanted.by:
        labels = labels.filter(annotator__kind=BY[wanted.by])
    if wanted.annotator is not None:
        labels = labels.filter(annotator_id=wanted.annotator)
    if wanted.since is not None:
        labels = labels.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        labels = labels.filter(created_at__lt=wanted.until)
    if wanted.of_leases is not None:
        labels = labels.filter(**wanted.of_leases.leases("assignment__"))
    return labels


def _against(items: QuerySet[Item], labels: QuerySet[Annotation], against: str) -> QuerySet[Item]:
    """Those of which one of the labels is not what it is held against."""
    wrong_by_gold = Exists(labels.exclude(value=OuterRef("gold")))
    if against == GOLD:
        return items.filter(wrong_by_gold, gold__isnull=False)
    wrong_by_consensus = Exists(labels.exclude(value=OuterRef("consensus__value")))
    if against == CONSENSUS:
        return items.filter(wrong_by_consensus, consensus__value__isnull=False)
    settled = Q(gold__isnull=True, consensus__method=ConsensusMethod.SETTLED, consensus__value__isnull=False)
    if against == SETTLED:
        return items.filter(settled & Q(wrong_by_consensus))
    return items.filter((Q(gold__isnull=False) & Q(wrong_by_gold)) | (settled & Q(wrong_by_consensus)))


def _with_case_and_flag(items: QuerySet[Item], wanted: ItemFilter) -> QuerySet[Item]:
    has_case = Exists(Case.objects.filter(item=OuterRef("pk"), status=CaseStatus.OPEN))
    has_flag = Exists(ItemFlag.objects.filter(item=OuterRef("pk")))
    items = items.annotate(has_open_case=has_case, is_flagged=has_flag)
    if wanted.case:
        items = items.filter(has_open_case=True)
    return items.filter(is_flagged=True) if wanted.flagged else items


def may_know_givers(access: Access) -> bool:
    """Whether a list may tell what a model said: an expert judges labels and not their givers."""
    return access.role != Role.EXPERT


def groups_of(project: Project) -> dict[str, list[str]]:
    """Attribute → the groups that the project's items have, at most 200 each; up to a minute old."""
    key = f"items:groups:{project.pk}"
    found: dict[str, list[str]] | None = cache.get(key)
    if found is None:
        found = {}
        with connection.cursor() as cursor:
            for name in project.attributes.values_list("name", flat=True):
                cursor.execute(
                    f"SELECT DISTINCT groups ->> %s AS name FROM {Item._meta.db_table}"  # noqa: S608
                    " WHERE project_id = %s AND groups ? %s ORDER BY name LIMIT %s",
                    [name, project.pk, name, GROUPS_SHOWN],
                )
                found[name] = [row[0] for row in cursor.fetchall() if row[0]]
        cache.set(key, found, GROUPS_CACHED)
    return found
