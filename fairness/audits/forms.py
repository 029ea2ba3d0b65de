"""Forms of the audit pages. They parse; the services check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.candidates import Candidate
from annotations.models import ModelRole, Project
from fairness.audits.limits import MAX_PROBES
from fairness.audits.services import MAX_ORDERS, MOST_REQUESTS
from fairness.audits.starting import FAMILIES, GOLD
from fairness.models import AuditCandidate, AuditRules, ProbeKind, ProbeSet
from fairness.probes.catalogue import Catalogue


def candidate_choices(offered: Sequence[Candidate]) -> list[tuple[str, str]]:
    """What may be ticked: each model, plainly and by each prompt."""
    plain = _("plain prompt")
    return [(one.key, f"{one.name} · {one.prompt_name or plain}") for one in offered]


class StartForm(forms.Form):
    """Which candidates are asked about what."""

    candidates = forms.MultipleChoiceField(
        label=_("Candidates"), widget=forms.CheckboxSelectMultiple, help_text=_("Each model with each prompt.")
    )
    about = forms.ChoiceField(label=_("Asked about"))
    families = forms.IntegerField(
        label=_("Families for each task and attribute"),
        min_value=1,
        max_value=1000,
        initial=FAMILIES,
        required=False,
        help_text=_("For new templates. A family is one sentence with every identity of an attribute."),
    )
    count = forms.IntegerField(
        label=_("Gold items"),
        min_value=1,
        max_value=MAX_PROBES,
        initial=GOLD,
        required=False,
        help_text=_("For a new sample of the gold, at most."),
    )
    orders = forms.IntegerField(
        label=_("Orders of the options"),
        min_value=1,
        max_value=MAX_ORDERS,
        initial=2,
        help_text=_("With two or more, it shows how often a label depends on the order. The cost grows with it."),
    )

    def __init__(
        self, data: Any = None, *, offered: Sequence[Candidate], sets: Sequence[ProbeSet], rules: AuditRules
    ) -> None:
        known = {one.pk for one in sets}
        first = f"set:{rules.probe_set_id}" if rules.probe_set_id in known else ProbeKind.TEMPLATES.value
        super().__init__(data, initial={"about": first, "orders": rules.orders})
        self.fields["candidates"].choices = candidate_choices(offered)  # type: ignore[attr-defined]
        self.fields["about"].choices = [  # type: ignore[attr-defined]
            (ProbeKind.TEMPLATES.value, _("New: templates of all tasks and attributes")),
            (ProbeKind.GOLD.value, _("New: a sample of the project's gold")),
            *((f"set:{one.pk}", f"{one.name} ({one.size})") for one in sets),
        ]


class TemplatesForm(forms.Form):
    """A probe set of chosen tasks and attributes."""

    tasks = forms.MultipleChoiceField(label=_("Tasks"), widget=forms.CheckboxSelectMultiple)
    attributes = forms.MultipleChoiceField(label=_("Attributes"), widget=forms.CheckboxSelectMultiple)
    families = forms.IntegerField(
        label=_("Families for each task and attribute"), min_value=1, max_value=1000, initial=FAMILIES
    )
    seed = forms.IntegerField(
        label=_("Seed"), initial=0, min_value=0, max_value=2**31, help_text=_("Another seed draws other sentences.")
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)

    def __init__(self, data: Any = None, *, catalogue: Catalogue) -> None:
        super().__init__(
            data, prefix="templates", initial={"tasks": list(catalogue.tasks), "attributes": list(catalogue.attributes)}
        )
        tasks = [(key, f"{task.name} ({len(task.templates)})") for key, task in catalogue.tasks.items()]
        attributes = [(key, f"{one.name} ({len(one.identities)})") for key, one in catalogue.attributes.items()]
        self.fields["tasks"].choices = tasks  # type: ignore[attr-defined]
        self.fields["attributes"].choices = attributes  # type: ignore[attr-defined]


class UploadForm(forms.Form):
    """A probe set from a file of the project's own."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or JSON Lines, with the columns text and truth, perhaps family, and one for each attribute."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.jsonl,.ndjson,.tsv"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix="set")


class FileForm(forms.Form):
    """Templates of one's own."""

    file = forms.FileField(label=_("YAML file"), widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}))

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix="file")


class RulesForm(forms.Form):
    """What new models are held to."""

    probe_set = forms.ModelChoiceField(
        label=_("Probe set of the project"),
        queryset=ProbeSet.objects.none(),
        required=False,
        help_text=_("Every model, adapter and prompt is measured on it, so that they can be compared."),
    )
    orders = forms.IntegerField(label=_("Orders of the options"), min_value=1, max_value=MAX_ORDERS)
    automatic = forms.BooleanField(
        label=_("Audit new models, adapters and prompts by itself"),
        required=False,
        help_text=_("Also all of them again after labels or guidelines have changed."),
    )
    monthly_requests = forms.IntegerField(
        label=_("Requests of such audits in 30 days, at most"), min_value=0, max_value=MOST_REQUESTS, required=False
    )
    monthly_cost = forms.DecimalField(
        label=_("Cost of such audits in 30 days, at most"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_(
            "In the project's currency. Empty: no limit. With a limit, models whose prices are not known wait for you."
        ),
    )

    def __init__(self, data: Any = None, *, project: Project, rules: AuditRules) -> None:
        initial = {name: getattr(rules, name) for name in ("orders", "automatic", "monthly_requests", "monthly_cost")}
        initial["probe_set"] = rules.probe_set_id
        super().__init__(data, prefix="rules", initial=initial)
        self.fields["probe_set"].queryset = ProbeSet.objects.filter(project=project)  # type: ignore[attr-defined]


class ChooseForm(forms.Form):
    """Which model is chosen, and why; for what is said by the button."""

    candidate = forms.ModelChoiceField(label=_("Model"), queryset=AuditCandidate.objects.none(), empty_label=None)
    role = forms.ChoiceField(label=_("As"), choices=ModelRole.choices, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with the figures of this audit, on its card and in the disclosure."),
    )

    def __init__(self, data: Any = None, *, measured: Sequence[AuditCandidate], chosen: int | None = None) -> None:
        super().__init__(data, initial={"candidate": chosen})
        ids = [one.pk for one in measured]
        self.fields["candidate"].queryset = AuditCandidate.objects.filter(pk__in=ids)  # type: ignore[attr-defined]
