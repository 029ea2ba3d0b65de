"""Pages of items."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from annotations.access import STAFF, item_access, project_access
from annotations.deciding.selectors import posterior_of
from annotations.items.pairs import NOT
from annotations.items.patience import in_time
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
    cases_of,
    count_of,
    flags_of,
    groups_of,
    items_of,
    labels_counted,
    labels_of,
    may_know_givers,
)
from annotations.modalities import modality
from annotations.models import Consensus, Item, Project
from annotations.selectors.keyset import Page, key_in, keyset_page
from annotations.task_types import task_type
from ledger.errors import DomainError

PER_PAGE = 50
LONGEST_GROUP = 1000  # characters of attribute:group; a group is as long as a cell of a file


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
    stream = forms.ChoiceField(
        required=False, choices=[("", "")] + [(name, name) for name in STREAMS], widget=forms.HiddenInput
    )
    checked = forms.ChoiceField(
        required=False, choices=[("", "")] + [(name, name) for name in CHECKED], widget=forms.HiddenInput
    )
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
            for name in ("against", "pair", "differs", "truly", "said", "stream", "checked"):
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
    page, problem = _page(found, request, filtered=bool(chosen))
    context = {
        "project": access.project,
        "access": access,
        "form": form,
        "filtered": bool(chosen),
        "also": _also(wanted),
        "counted": _counted(found, wanted) if chosen and form.is_valid() and not problem else "",
        "problem": problem,
        "rows": [_row(item) for item in page.items],
        "next_url": page.before and f"?{urlencode({**chosen, 'before': page.before})}",
        "prev_url": page.after and f"?{urlencode({**chosen, 'after': page.after})}",
    }
    return render(request, "annotations/items/items.html", context)


def _page(found: QuerySet[Item], request: HttpRequest, *, filtered: bool) -> tuple[Page[Item], str]:
    """The page, or an empty one and why."""
    keys = {name: key_in(request.GET.get(name, "")) for name in ("before", "after")}
    try:
        with in_time() if filtered else nullcontext():
            return keyset_page(found, size=PER_PAGE, **keys), ""
    except DomainError as error:
        return Page([], None, None), error.message


def _counted(found: QuerySet[Item], wanted: ItemFilter) -> str:
    """How many there are behind the filter, so that a number that leads here can be checked."""
    try:
        with in_time():
            items, labels = count_of(found), labels_counted(found, wanted)
    except DomainError:
        return gettext("How many there are would take too long to count.")
    if items > MOST_COUNTED:
        return gettext("More than %(most)s items.") % {"most": number_format(MOST_COUNTED, force_grouping=True)}
    text = ngettext("%(n)s item", "%(n)s items", items) % {"n": number_format(items, force_grouping=True)}
    if labels is None or labels > MOST_COUNTED:
        return f"{text}."
    more = ngettext("%(n)s label that is meant", "%(n)s labels that are meant", labels)
    return f"{text}, {more % {'n': number_format(labels, force_grouping=True)}}."


PAIR_WORDS = {
    "people": _("what people agree on"), "consensus": _("the consensus"), "model": _("the model’s label"),
    "gold": _("the gold label"), "settled": _("what an expert settled"), "own": _("people’s own consensus"),
    "truth": _("the gold label, or else what an expert settled"), "expert": _("the expert’s verdict"),
    "first": _("the first person’s label"),
}  # fmt: skip

STREAM_WORDS = {"audit": _("drawn uniformly for a check"), "chosen": _("drawn for a check where errors are likely")}


def _pair_words(wanted: ItemFilter) -> str:
    who, _colon, what = wanted.pair.partition(":")
    names = {"said": PAIR_WORDS.get(who, who), "true": PAIR_WORDS.get(what, what)}
    if who == what or (who, what) == ("people", "own"):  # the one is there only where the other is
        return gettext("there is %(said)s") % names
    if wanted.differs:
        return gettext("%(said)s is not %(true)s") % names
    return gettext("there is %(said)s and %(true)s") % names


def _also(wanted: ItemFilter) -> list[str]:
    """What a link asked for that the form has no field for."""
    found = [wanted.beside.replace(GROUP_SEPARATOR, ": ", 1)] if wanted.beside else []
    times = (
        (wanted.since, gettext("label given since %(when)s UTC")),
        (wanted.until, gettext("label given before %(when)s UTC")),
    )
    if wanted.pair:
        found.append(_pair_words(wanted))
    if wanted.stream:
        found.append(str(STREAM_WORDS[wanted.stream]))
    if wanted.checked:
        found.append(gettext("checked") if wanted.checked == CHECKED[0] else gettext("waits for its check"))
    for key, text in ((wanted.truly, gettext("true label: %(label)s")), (wanted.said, gettext("said: %(label)s"))):
        if key:
            label = key.removeprefix(NOT)
            found.append(text % {"label": gettext("not %(label)s") % {"label": label} if label != key else key})
    return found + [text % {"when": date_format(when, "DATETIME_FORMAT")} for when, text in times if when is not None]


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
