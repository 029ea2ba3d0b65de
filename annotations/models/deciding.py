"""What a fitted method of consensus makes of a project's labels."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FitMethod(models.TextChoices):
    """The methods of ``annotations.aggregation.Method``."""

    MAJORITY = "majority", _("Majority")
    WEIGHTED = "weighted_majority", _("Weighted majority")
    WAWA = "wawa", _("Wawa: weighted by agreement with the majority")
    DAWID_SKENE = "dawid_skene", _("Dawid–Skene: a confusion matrix for each annotator")
    GLAD = "glad", _("GLAD: abilities of annotators, difficulties of items")
    MACE = "mace", _("MACE: an annotator knows the label, or answers by habit")


class ConsensusRules(models.Model):
    """How one project's labels are fitted. Models' labels count only where the owner says so, with restraint."""

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="consensus_rules"
    )
    method = models.CharField(_("method"), max_length=17, choices=FitMethod.choices, default=FitMethod.DAWID_SKENE)
    count_models = models.BooleanField(
        _("count models' labels"),
        default=False,
        help_text=_("All prompts of one model count as one label; all models together at most as much as the people."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(method__in=FitMethod.values), name="consensus_rules_method_known")
        ]

    def __str__(self) -> str:
        return f"{self.method} in project {self.project_id}"


class ConsensusFit(models.Model):
    """A project's latest fit. ``tokens``: the labels in the order of ``prior`` and of every confusion matrix.

    ``head``: the project's newest ledger event that the fit is sure to have seen. ``note``: why another method than the
    chosen one was used. ``seconds``: what reading, fitting and storing took.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="fit")
    schema = models.ForeignKey("annotations.LabelSchema", models.CASCADE, related_name="+")
    method = models.CharField(max_length=17, choices=FitMethod.choices)
    count_models = models.BooleanField()
    note = models.TextField(blank=True)
    tokens = models.JSONField()
    prior = models.JSONField()
    items = models.PositiveIntegerField()
    labels = models.PositiveIntegerField()
    annotators = models.PositiveIntegerField()
    anchors = models.PositiveIntegerField()  # items whose label is known: gold, or settled by an expert
    iterations = models.PositiveIntegerField()
    converged = models.BooleanField()
    # The share of people's labels that is expected to be right; null where too many labels were given for matrices.
    accuracy = models.FloatField(null=True)
    head = models.BigIntegerField()
    seconds = models.FloatField()
    fitted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.method} of project {self.project_id}"


class AnnotatorSkill(models.Model):
    """What a fit found an annotator to be worth. ``skill``: the probability that a label of theirs is right.

    ``confusion``: P(said | true) with the true label in rows, labels as in ``ConsensusFit.tokens``. ``told``: what a
    label of theirs tells an item that is waiting for more, see ``annotations.aggregation.adaptive.told``: the labels
    said in rows. Both are empty where there are too many labels.
    """

    annotator = models.OneToOneField("annotations.Annotator", models.CASCADE, primary_key=True, related_name="skill")
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+")
    skill = models.FloatField()
    labels = models.PositiveIntegerField()
    confusion = models.JSONField()
    told = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    def __str__(self) -> str:
        return f"annotator {self.annotator_id}: {self.skill:.2f}"


class ItemPosterior(models.Model):
    """What a fit makes of an item. ``probabilities``: token → P(true label | labels), those of at least .0005.

    ``value`` is the most probable label, ``certainty`` its probability.
    """

    item = models.OneToOneField("annotations.Item", models.CASCADE, primary_key=True, related_name="posterior")
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    value = models.JSONField()
    certainty = models.FloatField()
    probabilities = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["project", "certainty", "item"], name="posterior_by_certainty")]

    def __str__(self) -> str:
        return f"item {self.item_id}: {self.certainty:.2f}"
