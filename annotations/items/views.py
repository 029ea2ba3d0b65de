"""Pages of items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from annotations.access import STAFF, item_access, project_access
from annotations.deciding.selectors import posterior_of
from annotations.items.labels import cases_of, flags_of, labels_of
from annotations.items.patience import Looked, in_time, page_in_time
from annotations.items.selectors import (
    CHECKED,
    CONSENSUS,
    DECIDED,
    GOLD,
    GROUP_SEPARATOR,
    INCOMPLETE,
    LABELLED,
    MOST_COUNTED,
    SETTLED,
    STREAMS,
    TRUTH,
    UNDECIDED,
    ItemFilter,
    allowed_filter,
    count_of,
    groups_of,
    items_of,
    labels_counted,
    may_know_givers,
)
from annotations.items.served import SERVED
from annotations.items.voices import VOICES
from annotations.items.words import asked_beside
from annotations.modalities import modality
from annotations.models import Consensus, Item, Project
from annotations.selectors.keyset import Page, key_in, keyset_page
from annotations.task_types import task_type
from ledger.errors import DomainError

PER_PAGE = 50
HIDDEN_FROM_EXPERTS = (
    "against", "pair", "differs", "truly", "said", "stream", "checked", "drawn_from",
    "served", "served_since", "served_until", "served_from",
)  # fmt: skip
LONGEST_GROUP = 1000  # characters of attribute:group; a group is as long as a cell of a file


def _hidden(names: Iterable[str]) -> list[tuple[str, str]]:
    """Choices that a link makes and nobody reads."""
    return [("", ""), *((name, name) for name in names)]


class FilterForm(forms.Form):
    dataset = forms.TypedChoiceField(label=_("Dataset"), required=False, coerce=int, empty_value=None)
    group = forms.CharField(
        label=_("Group"), required=False, max_length=LONGEST_GROUP, widget=forms.TextInput({"list": "groups-known"})
    )
    state = forms.ChoiceField(
        label=_("Consensus"),
        required=False,
        choices=[
            ("", _("Any")),
            (DECIDED, _("Decided")),
            (LABELLED, _("Decided, with a label")),
            (UNDECIDED, _("Not decided yet")),
            (INCOMPLETE, _("Labels still missing")),
        ],
    )
    label = forms.ChoiceField(label=_("Consensus says"), required=False)
    given = forms.ChoiceField(label=_("Label given"), required=False)
    by = forms.ChoiceField(
        label=_("By"), required=False, choices=[("", _("Anybody")), ("people", _("People")), ("model", _("A model"))]
    )
    annotator = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    against = forms.ChoiceField(
        label=_("Differs from"),
        required=False,
        choices=[
            ("", _("Any")),
            (GOLD, _("Gold label")),
            (TRUTH, _("Gold label, or what an expert settled")),
            (SETTLED, _("Expert’s label")),
            (CONSENSUS, _("Consensus")),
        ],
    )
    beside = forms.CharField(required=False, max_length=LONGEST_GROUP, widget=forms.HiddenInput)
    since = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    pair = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    differs = forms.BooleanField(required=False, widget=forms.HiddenInput)
    truly = forms.CharField(required=False, max_length=65, widget=forms.HiddenInput)
    said = forms.CharField(required=False, max_length=65, widget=forms.HiddenInput)
    stream = forms.ChoiceField(required=False, choices=_hidden(STREAMS), widget=forms.HiddenInput)
    checked = forms.ChoiceField(required=False, choices=_hidden(CHECKED), widget=forms.HiddenInput)
    drawn_from = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    attribute = forms.CharField(required=False, max_length=LONGEST_GROUP, widget=forms.HiddenInput)
    people = forms.ChoiceField(required=False, choices=_hidden(VOICES), widget=forms.HiddenInput)
    served = forms.ChoiceField(required=False, choices=_hidden(SERVED), widget=forms.HiddenInput)
    served_since = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    served_until = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    served_from = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    external_id = forms.CharField(label=_("Id"), required=False, max_length=200)
    case = forms.BooleanField(label=_("With an open case"), required=False)
    flagged = forms.BooleanField(label=_("Flagged"), required=False)

    def __init__(self, *args: Any, project: Project, knows_givers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        anything = [("", _("Any"))]
        fields["dataset"].choices = anything + [(row.pk, row.name) for row in project.datasets.all()[:500]]
        # Offered and not demanded: there may be more groups than are offered, and newer ones.
        self.groups_known = [
            f"{name}{GROUP_SEPARATOR}{group}" for name, groups in groups_of(project).items() for group in groups
        ]
        config = project.schemas.get(is_current=True).config
        labels = anything + [(row["key"], row["name"]) for row in config.get("labels", [])]
        fields["label"].choices = fields["given"].choices = labels
        if not knows_givers:
            for name in HIDDEN_FROM_EXPERTS:
                del fields[name]

    def clean_group(self) -> str:
        return self._group_in("group")

    def clean_beside(self) -> str:
        return self._group_in("beside")

    def _group_in(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        if text and GROUP_SEPARATOR not in text:
            raise forms.ValidationError(gettext("Write a group as attribute:group, such as religion:none."))
        return text


@require_safe
@login_required
def items(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    form = FilterForm(request.GET, project=access.project, knows_givers=may_know_givers(access))
    wanted = allowed_filter(access, ItemFilter(**form.cleaned_data) if form.is_valid() else ItemFilter())
    found = items_of(access.project, wanted) if form.is_valid() else Item.objects.none()
    chosen = {name: value for name, value in request.GET.items() if name in form.fields and value}
    looked, problem = _looked(access.project, found, request, filtered=bool(chosen))
    page = looked.page
    context = {
        "project": access.project,
        "access": access,
        "form": form,
        "filtered": bool(chosen),
        "also": asked_beside(wanted),
        "counted": _counted(found, wanted, looked) if chosen and form.is_valid() and not problem else "",
        "problem": problem,
        "is_part": looked.is_part,
        "rows": [_row(item) for item in page.items],
        "next_url": page.before and f"?{urlencode({**chosen, 'before': page.before})}",
        "prev_url": page.after and f"?{urlencode({**chosen, 'after': page.after})}",
    }
    return render(request, "annotations/items/items.html", context)


def _looked(project: Project, found: QuerySet[Item], request: HttpRequest, *, filtered: bool) -> tuple[Looked, str]:
    """The page, or an empty one and why."""
    keys = {name: key_in(request.GET.get(name, "")) for name in ("before", "after")}
    try:
        if filtered:
            return page_in_time(project, found, size=PER_PAGE, **keys), ""
        return Looked(keyset_page(found, size=PER_PAGE, **keys)), ""
    except DomainError as error:
        return Looked(Page([], None, None)), error.message


def _counted(found: QuerySet[Item], wanted: ItemFilter, looked: Looked) -> str:
    """How many there are behind the filter, so that a number that leads here can be checked."""
    too_long = gettext("How many there are would take too long to count.")
    if looked.is_part:
        return too_long
    try:
        with in_time():
            items, labels = count_of(found), labels_counted(found, wanted)
    except DomainError:
        return too_long
    if items > MOST_COUNTED:
        return gettext("More than %(most)s items.") % {"most": number_format(MOST_COUNTED, force_grouping=True)}
    text = ngettext("%(n)s item", "%(n)s items", items) % {"n": number_format(items, force_grouping=True)}
    if labels is None or labels > MOST_COUNTED:
        return f"{text}."
    more = ngettext("%(n)s label that is meant", "%(n)s labels that are meant", labels)
    return f"{text}, {more % {'n': number_format(labels, force_grouping=True)}}."


def _row(item: Any) -> dict[str, Any]:
    consensus = getattr(item, "consensus", None)
    return {
        "item": item,
        "excerpt": modality(item.modality).excerpt(item.payload),
        "groups": list(item.groups.items()),
        "consensus": consensus,
        "label": _words(consensus) if consensus else "",
    }


def _words(consensus: Consensus) -> str:
    if consensus.value is None:
        return str(_("Bad item: no label"))
    schema = consensus.schema
    return task_type(schema.task_type).describe(schema.config, consensus.value)


@require_safe
@login_required
def item_detail(request: HttpRequest, item_id: int) -> HttpResponse:
    access, item = item_access(request.user, item_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    consensus = Consensus.objects.select_related("schema").filter(item=item).first()
    shown = labels_of(access, item)
    context = {
        "project": access.project,
        "access": access,
        "item": item,
        "payload_template": modality(item.modality).template,
        "excerpt": modality(item.modality).excerpt(item.payload, 60),
        "consensus": consensus,
        "consensus_words": _words(consensus) if consensus else "",
        "gold_words": _gold(access.project, item),
        "shown": shown,
        "posterior": [] if shown.hidden else posterior_of(item),
        "cases": cases_of(item),
        "flags": flags_of(item),
    }
    return render(request, "annotations/items/detail.html", context)


def _gold(project: Project, item: Item) -> str:
    if item.gold is None:
        return ""
    schema = project.schemas.get(is_current=True)
    return task_type(schema.task_type).describe(schema.config, item.gold)
