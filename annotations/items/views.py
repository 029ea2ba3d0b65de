"""Pages of items."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from annotations.access import STAFF, item_access, project_access
from annotations.deciding.selectors import posterior_of
from annotations.items.selectors import (
    CONSENSUS,
    DECIDED,
    GOLD,
    GROUP_SEPARATOR,
    SETTLED,
    TRUTH,
    UNDECIDED,
    ItemFilter,
    allowed_filter,
    cases_of,
    flags_of,
    groups_of,
    items_of,
    labels_of,
    may_know_givers,
)
from annotations.modalities import modality
from annotations.models import Consensus, Item, Project
from annotations.selectors.keyset import key_in, keyset_page
from annotations.task_types import task_type

PER_PAGE = 50


class FilterForm(forms.Form):
    dataset = forms.TypedChoiceField(label=_("Dataset"), required=False, coerce=int, empty_value=None)
    group = forms.ChoiceField(label=_("Group"), required=False)
    state = forms.ChoiceField(
        label=_("Consensus"),
        required=False,
        choices=[("", _("Any")), (DECIDED, _("Decided")), (UNDECIDED, _("Not decided yet"))],
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
    beside = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    since = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    external_id = forms.CharField(label=_("Id"), required=False, max_length=200)
    case = forms.BooleanField(label=_("With an open case"), required=False)
    flagged = forms.BooleanField(label=_("Flagged"), required=False)

    def __init__(self, *args: Any, project: Project, knows_givers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        anything = [("", _("Any"))]
        fields["dataset"].choices = anything + [(row.pk, row.name) for row in project.datasets.all()[:500]]
        fields["group"].choices = anything + [
            (name, [(f"{name}{GROUP_SEPARATOR}{group}", group) for group in groups])
            for name, groups in groups_of(project).items()
            if groups
        ]
        config = project.schemas.get(is_current=True).config
        labels = anything + [(row["key"], row["name"]) for row in config.get("labels", [])]
        fields["label"].choices = fields["given"].choices = labels
        if not knows_givers:
            del fields["against"]


@require_safe
@login_required
def items(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    form = FilterForm(request.GET, project=access.project, knows_givers=may_know_givers(access))
    wanted = allowed_filter(access, ItemFilter(**form.cleaned_data) if form.is_valid() else ItemFilter())
    chosen = {name: value for name, value in request.GET.items() if name in form.fields and value}
    page = keyset_page(
        items_of(access.project, wanted),
        size=PER_PAGE,
        before=key_in(request.GET.get("before", "")),
        after=key_in(request.GET.get("after", "")),
    )
    context = {
        "project": access.project,
        "access": access,
        "form": form,
        "filtered": bool(chosen),
        "also": _also(wanted),
        "rows": [_row(item) for item in page.items],
        "next_url": page.before and f"?{urlencode({**chosen, 'before': page.before})}",
        "prev_url": page.after and f"?{urlencode({**chosen, 'after': page.after})}",
    }
    return render(request, "annotations/items/items.html", context)


def _also(wanted: ItemFilter) -> list[str]:
    """What a link asked for that the form has no field for."""
    found = [wanted.beside.replace(GROUP_SEPARATOR, ": ", 1)] if wanted.beside else []
    times = (
        (wanted.since, gettext("label given since %(when)s UTC")),
        (wanted.until, gettext("label given before %(when)s UTC")),
    )
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
