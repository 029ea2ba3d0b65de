"""Forms of monitors and of decisions. They parse; what can be watched is for the services to say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Project
from annotations.task_types.base import label_keys, label_name
from fairness.metrics import ALPHA
from fairness.models import Monitor
from fairness.monitors.models import ASK_AGAIN, LONGEST_TEXT, MOST_ASK_AGAIN, Action, Measure, Truth, Whose
from fairness.monitors.services import CHANGEABLE, FIELDS


class LimitForm(forms.Form):
    """The limit, and what follows where it is passed."""

    tau = forms.FloatField(
        label=_("Limit (τ)"),
        min_value=0,
        max_value=1,
        initial=0.1,
        help_text=_(
            "What you allow: 0.1 lets two groups be ten points apart. Of agreement it is the least κ, of errors the "
            "largest share. Nothing is said before it is certain that the limit is passed."
        ),
    )
    alpha = forms.FloatField(
        label=_("False pauses allowed (α)"),
        min_value=0,
        max_value=1,
        initial=ALPHA,
        help_text=_(
            "If nothing is wrong, the probability that this monitor ever pauses, over the whole project and however "
            "often one looks. Of completeness: if labels come in an order that knows no groups. It is shared among the "
            "groups; each model is watched with it by itself, and each monitor has its own: two monitors, or one of "
            "two models, at 5 % may be wrong in up to 10 % of projects. A larger α, or the same limit set again, is a "
            "promise of its own."
        ),
    )
    at_checkpoints = forms.BooleanField(
        label=_("Pause at every checkpoint"),
        required=False,
        help_text=_("A model run stops after each step of k items, whatever was found, until you resume it."),
    )
    pause_labelling = forms.BooleanField(
        label=_("Pause the project’s labelling as well"),
        required=False,
        help_text=_("Model runs are paused in any case. With this, people are given no items either."),
    )

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in CHANGEABLE}


class ChangeForm(LimitForm):
    """Of a monitor that is there."""

    groups_anew = forms.BooleanField(
        label=_("Watch the groups that the items have now"),
        required=False,
        help_text=_(
            "Groups that came later are not watched until you say so. α is then shared among all of them anew, and is "
            "spent once more: what was watched before has had its own."
        ),
    )

    @classmethod
    def of(cls, monitor: Monitor, data: Any) -> ChangeForm:
        return cls(data, initial={name: getattr(monitor, name) for name in CHANGEABLE})


class MonitorForm(LimitForm):
    """A new monitor."""

    measure = forms.ChoiceField(label=_("What is watched"), choices=Measure.choices, initial=Measure.PARITY)
    whose = forms.ChoiceField(
        label=_("Whose labels"),
        choices=Whose.choices,
        initial=Whose.MODEL,
        help_text=_("A model’s run can be paused; people and the consensus are only told about."),
    )
    attribute = forms.ChoiceField(
        label=_("Across"),
        required=False,
        help_text=_("The groups of this attribute. Agreement and errors can do without."),
    )
    label = forms.ChoiceField(
        label=_("Label"), required=False, help_text=_("For differences of rates, odds and gaps: how often it is given.")
    )
    truth = forms.ChoiceField(
        label=_("Held against"),
        choices=Truth.choices,
        initial=Truth.GOLD,
        help_text=_(
            "For odds and errors. Gold items were chosen before anybody labelled them. Items drawn uniformly need the "
            "project’s audit stream (settings); of errors, what still waits for its check counts as right. "
            "Settled items were chosen because somebody disagreed: the promise of α is then about such items only."
        ),
    )
    field_order = FIELDS

    def __init__(self, data: Any = None, *, project: Project, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        fields: dict[str, Any] = self.fields
        names = list(project.attributes.values_list("name", flat=True))
        fields["attribute"].choices = [("", _("All items"))] + [(name, name) for name in names]
        fields["attribute"].initial = names[0] if names else ""
        config = project.schemas.get(is_current=True).config
        keys = label_keys(config)
        fields["label"].choices = [("", _("None"))] + [(key, label_name(config, key)) for key in keys]
        fields["label"].initial = project.favourable_label if project.favourable_label in keys else keys[0]

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


class DecisionForm(forms.Form):
    """An owner's answer to a finding."""

    action = forms.ChoiceField(
        label=_("What you do"), choices=Action.choices, initial=Action.ACCEPT, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Needed to accept it, and to let runs go on. It goes into the ledger and the disclosure: name nobody."
        ),
    )
    ask_again = forms.IntegerField(
        label=_("Ask again after so many more labels"),
        min_value=1,
        max_value=MOST_ASK_AGAIN,
        initial=ASK_AGAIN,
        help_text=_(
            "Unless you accept it: until then the remedy has time to work, then the limit is asked about again. What "
            "you accept is not asked about again, unless it is certain to be worse."
        ),
    )
    resume = forms.BooleanField(
        label=_("Let the paused runs go on"),
        required=False,
        help_text=_("A run that goes on is paused again where something is certain that you did not accept."),
    )
