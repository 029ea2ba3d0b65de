"""Forms of the prompt and playground pages."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Project
from llm_workers.examples.named import items_named, picked_as_text, picked_from
from llm_workers.forms import ModelChoice
from llm_workers.models import ModelVersion, Prompt
from llm_workers.models.prompts import Language, Thinking, Way
from llm_workers.recipe import COOLEST, HAND, HOTTEST, MAX_EXAMPLES, MAX_INSTRUCTIONS, MAX_ORDERS, MAX_SAMPLES, Recipe
from llm_workers.selectors.prompts import prompts_of, recipe_of
from llm_workers.selectors.runs import models_served
from llm_workers.services.trials import ITEMS, Pick

BIGGEST = 2**63 - 1


class PromptForm(forms.Form):
    """A recipe and its name. ``recipe`` needs a valid form, and raises ``DomainError`` for items that are not there."""

    name = forms.CharField(label=_("Name"), max_length=80)
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        max_length=MAX_INSTRUCTIONS,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Empty: the project's guidelines, as people read them. Every request begins with these words."),
    )
    language = forms.ChoiceField(
        label=_("Language of the fixed sentences"),
        choices=Language.choices,
        help_text=_("Instructions, options and items stay as they are."),
    )
    thinking = forms.ChoiceField(
        label=_("Reasoning"),
        choices=Thinking.choices,
        help_text=_("A reason is kept with the label. Experts see it on cases; workers never before their own label."),
    )
    stated = forms.BooleanField(
        label=_("Ask how sure the model is (0–100)"),
        required=False,
        help_text=_("Kept apart: the confidence stays that of the label's probability."),
    )
    orders = forms.IntegerField(
        label=_("Orders of the options per item"),
        min_value=1,
        max_value=MAX_ORDERS,
        help_text=_("Probabilities are averaged over the orders, which cancels a liking for a place."),
    )
    samples = forms.IntegerField(
        label=_("Samples in each order"),
        min_value=1,
        max_value=MAX_SAMPLES,
        help_text=_(
            "With more than one, the label is what most samples say. Requests per item = orders × samples: the cost is"
            " multiplied by that."
        ),
    )
    temperature = forms.FloatField(
        label=_("Temperature of the samples"),
        min_value=COOLEST,
        max_value=HOTTEST,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text=_("One sample is drawn at 0, whatever stands here."),
    )
    way = forms.ChoiceField(
        label=_("Examples with their right label"),
        choices=Way.choices,
        help_text=_(
            "From gold and settled cases, unless picked by hand. An item that is shown as an example is not labelled by"
            " this prompt; looked up by likeness, an item is never its own example."
        ),
    )
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MAX_EXAMPLES)
    attribute = forms.ChoiceField(label=_("Balanced over the groups of"), required=False)
    seed = forms.IntegerField(
        label=_("Seed"), min_value=-BIGGEST, max_value=BIGGEST, help_text=_("Another number draws other examples.")
    )
    picked = forms.CharField(
        label=_("Picked by hand"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("A line for each: the item's id in the source, =, the label. Several labels have | between them."),
    )

    def __init__(self, *args: Any, project: Project, prompt: Prompt | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        names = project.attributes.values_list("name", flat=True)
        self.fields["attribute"].choices = [("", _("labels alone")), *((name, name) for name in names)]  # type: ignore[attr-defined]
        recipe = recipe_of(prompt) if prompt else Recipe()
        self.initial = {name: getattr(recipe, name) for name in self.fields if hasattr(recipe, name)}
        self.initial["name"] = prompt.name if prompt else ""
        self.initial["picked"] = picked_as_text(project=project, picked=recipe.picked) if recipe.picked else ""

    def recipe(self) -> Recipe:
        data = dict(self.cleaned_data)
        data.pop("name")
        lines = data.pop("picked")
        picked = picked_from(project=self.project, text=lines) if data["way"] == HAND else ()
        return Recipe(**data, picked=picked)


class TryForm(forms.Form):
    """Which model is asked about which items."""

    model = ModelChoice(label=_("Model"), queryset=ModelVersion.objects.none(), empty_label=None)
    spread = forms.ChoiceField(
        label=_("Items"), required=False, help_text=_("Ten, drawn at random by the seed of the draw.")
    )
    draw = forms.IntegerField(label=_("Seed of the draw"), min_value=-BIGGEST, max_value=BIGGEST, initial=0)
    items = forms.CharField(
        label=_("Or these items"),
        required=False,
        help_text=_("Up to %(most)s ids, with commas between. Empty: drawn at random.") % {"most": ITEMS},
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["model"].queryset = models_served()  # type: ignore[attr-defined]
        names = project.attributes.values_list("name", flat=True)
        evenly = [(name, _("evenly over the groups of %(name)s") % {"name": name}) for name in names]
        self.fields["spread"].choices = [("", _("at random")), *evenly]  # type: ignore[attr-defined]

    def pick(self) -> Pick:
        """Raises ``DomainError`` for items that are not there."""
        names = [name for name in re.split(r"[,\s]+", self.cleaned_data["items"]) if name]
        found = items_named(project=self.project, names=names, field="items") if names else {}
        return Pick(tuple(found.values()), self.cleaned_data["spread"], self.cleaned_data["draw"])


class PlaygroundForm(TryForm):
    """A saved prompt, or the one of a run without a prompt of its own."""

    prompt = forms.ModelChoiceField(
        label=_("Prompt"),
        queryset=Prompt.objects.none(),
        required=False,
        empty_label=_("The plain one: guidelines, options, item"),
    )
    field_order = ["prompt", "model"]

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        self.fields["prompt"].queryset = prompts_of(project)  # type: ignore[attr-defined]

    def recipe(self) -> Recipe:
        prompt = self.cleaned_data["prompt"]
        return recipe_of(prompt) if prompt else Recipe()
