"""What the fairness API answers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotations.agreement import Coefficient
from annotations.measuring.api import REASONS as AGREEMENT_REASONS
from fairness.api.people import PeopleQuestionSerializer
from fairness.metrics import Band, Estimate, Reason, Status, Verdict
from fairness.presenting import texts
from fairness.selectors.certainty import Withheld
from fairness.selectors.live import CONSENSUS, MODEL, PEOPLE, LiveView, ModelView, Source
from fairness.selectors.progress import Progress

SOURCES = [PEOPLE, CONSENSUS, MODEL]
REASONS = [reason.value for reason in Reason]
VERDICTS = [verdict.value for verdict in Verdict]


class EstimateSerializer(serializers.Serializer[Estimate]):
    """A number with its 95 % interval, or in ``status`` and ``reason`` why there is none."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text=_("Labels (of the consensus: items) that it rests on."))
    status = serializers.ChoiceField(choices=[status.value for status in Status])
    reason = serializers.ChoiceField(choices=REASONS, allow_null=True)
    explanation = serializers.SerializerMethodField(help_text=_("The reason in words; empty where there is a value."))

    def get_explanation(self, estimate: Estimate) -> str:
        return texts.why_not(estimate, self.context["min_group"])


class KappaSerializer(serializers.Serializer[Coefficient]):
    """Cohen's κ with its 95 % interval, or the reason why it is undefined."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n_items = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=AGREEMENT_REASONS, allow_null=True, source="undefined_reason")
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, coefficient: Coefficient) -> str:
        return texts.why_undefined(coefficient)


class BandSerializer(serializers.Serializer[Band]):
    low = serializers.FloatField()
    high = serializers.FloatField()


class GroupRateSerializer(serializers.Serializer[Any]):
    group = serializers.CharField()
    selected = serializers.IntegerField()
    n = serializers.IntegerField()
    selection_rate = EstimateSerializer()
    band = BandSerializer(
        allow_null=True, help_text=_("Holds the rate at every moment, all groups' together with 95 %.")
    )


class GroupGapSerializer(serializers.Serializer[Any]):
    group = serializers.CharField()
    gap = EstimateSerializer()


class FourFifthsSerializer(serializers.Serializer[Any]):
    """The lowest group's rate as a share of the highest's, against four fifths: for one look, and at every moment."""

    verdict = serializers.ChoiceField(choices=VERDICTS, help_text=_("For one look."))
    ratio = EstimateSerializer(help_text=_("Its interval is at a confidence raised for the number of pairs of groups."))
    certain = serializers.ChoiceField(choices=VERDICTS, allow_null=True, help_text=_("Null: nothing may be called so."))
    band = BandSerializer(allow_null=True, help_text=_("Holds the ratio at every moment."))


class SourceSerializer(serializers.Serializer[Any]):
    """Who gave the labels, and how far the groups lie apart."""

    kind = serializers.ChoiceField(choices=SOURCES)
    annotator = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(help_text=_("Of a model; else empty."))
    groups = GroupRateSerializer(many=True)
    demographic_parity_difference = EstimateSerializer(
        help_text=_("For one look; its interval holds for all pairs of groups together with 95 %.")
    )
    demographic_parity_ratio = EstimateSerializer()
    highest = serializers.CharField(allow_null=True)
    lowest = serializers.CharField(allow_null=True)
    pair_confidence = serializers.FloatField(
        allow_null=True,
        help_text=_("Of the difference's interval by itself: raised for the number of pairs that it was picked from."),
    )
    certain_difference = serializers.FloatField(
        allow_null=True,
        help_text=_("The difference is at least that, at whatever moment one looks; null: see withheld."),
    )
    difference_at_most = serializers.FloatField(
        allow_null=True, help_text=_("No two compared groups lie further apart, at whatever moment one looks.")
    )
    labels_per_item = serializers.IntegerField(
        help_text=_("So many labels of one item count as one, in intervals and in what is certain.")
    )
    withheld = serializers.ChoiceField(
        choices=[reason.value for reason in Withheld],
        allow_null=True,
        help_text=_("Why nothing is called certain; null where something may be."),
    )
    beyond_chance = serializers.BooleanField(
        allow_null=True,
        help_text=_(
            "For one look: the difference's interval, which holds for all pairs together, leaves 0 out; null: nothing "
            "to judge."
        ),
    )
    disparate_impact = FourFifthsSerializer()


class LiveModelSerializer(SourceSerializer):
    """A model, and how it differs from people."""

    kappa = KappaSerializer(
        allow_null=True, help_text=_("Cohen's κ with the people's own consensus; null where a time is asked for.")
    )
    gaps = GroupGapSerializer(many=True)
    gap_spread = EstimateSerializer(
        help_text=_("For one look; its interval holds for all pairs of groups together with 95 %.")
    )
    certain_gap_spread = serializers.FloatField(
        allow_null=True, help_text=_("The gaps of two groups are at least so far apart, at whatever moment one looks.")
    )


def source_row(source: Source | None) -> dict[str, Any] | None:
    """What ``SourceSerializer`` reads."""
    if source is None:
        return None
    parity = source.parity
    return {
        "kind": source.kind,
        "annotator": source.annotator_id,
        "name": source.name,
        "groups": [
            {
                "group": group,
                "selected": counts.selected,
                "n": counts.n,
                "selection_rate": parity.rates[group],
                "band": source.certified.bands.get(group) if source.certified else None,
            }
            for group, counts in source.counts.items()
        ],
        "demographic_parity_difference": parity.difference,
        "demographic_parity_ratio": parity.ratio,
        "highest": parity.highest,
        "lowest": parity.lowest,
        "pair_confidence": parity.pair_confidence,
        "certain_difference": source.certified.lower if source.certified else None,
        "difference_at_most": source.span.difference if source.span else None,
        "labels_per_item": source.certificate.labels_per_item,
        "withheld": source.certificate.withheld,
        "beyond_chance": source.beyond_chance,
        "disparate_impact": {
            "verdict": source.impact.verdict,
            "ratio": source.impact.ratio,
            "certain": source.span.impact if source.span else None,
            "band": source.span.ratio if source.span else None,
        },
    }


def model_row(view: ModelView) -> dict[str, Any]:
    """What ``LiveModelSerializer`` reads."""
    return {
        **(source_row(view.source) or {}),
        "kappa": view.kappa,
        "gaps": [{"group": group, "gap": gap} for group, gap in view.gaps.by_group.items()],
        "gap_spread": view.gaps.spread,
        "certain_gap_spread": view.certain_gaps.spread.lower if view.certain_gaps else None,
    }


class ChosenReadingSerializer(serializers.Serializer[Any]):
    """One way to read the labels of chosen items."""

    demographic_parity_difference = EstimateSerializer()
    highest = serializers.CharField(allow_null=True)
    lowest = serializers.CharField(allow_null=True)


class BalancedSerializer(serializers.Serializer[Any]):
    """Labels of items served in balance over an attribute, weighted by their group's items for each label of it."""

    attribute = serializers.CharField()
    labels = serializers.IntegerField()
    weighted = ChosenReadingSerializer(allow_null=True)
    naive = ChosenReadingSerializer(allow_null=True)


class ChosenSerializer(serializers.Serializer[Any]):
    """Where items were chosen by a rule: estimates weighted by their chances, beside those drawn uniformly."""

    known = serializers.IntegerField(
        help_text=_("Items drawn for a check where errors are likely, each with its logged chance, and checked.")
    )
    unknown = serializers.IntegerField(
        help_text=_("Labels of chosen items that had no chance, or an unknown one: no weighted estimate is possible.")
    )
    audited = serializers.IntegerField(help_text=_("Items drawn uniformly for a check, and checked."))
    cut = serializers.BooleanField(help_text=_("Only the newest labels are taken in."))
    weighted = ChosenReadingSerializer(
        allow_null=True, help_text=_("Experts' labels of the known ones, each weighted by 1/chance.")
    )
    audit = ChosenReadingSerializer(allow_null=True, help_text=_("Experts' labels of those drawn uniformly."))
    naive = ChosenReadingSerializer(allow_null=True, help_text=_("As if nothing had been chosen."))
    balanced = BalancedSerializer(allow_null=True)
    beside = serializers.IntegerField(help_text=_("Labels of items that came at random beside those that were chosen."))
    uniform_share = serializers.FloatField(help_text=_("Share of the items that is to come at random beside them."))
    uniform = ChosenReadingSerializer(allow_null=True, help_text=_("Labels of items that came at random."))
    audit_share = serializers.FloatField(
        help_text=_(
            "Share of finished items drawn uniformly for a check: what is wrong among these, whatever the order was."
        )
    )


class ErrorReadingSerializer(serializers.Serializer[Any]):
    """One way to read how often labels are wrong."""

    wrong = EstimateSerializer(source="errors", help_text=_("Share of the labels that an expert contradicted."))
    worth = serializers.FloatField(help_text=_("Checked items of equal weight that it is worth (Kish)."))
    waiting = serializers.IntegerField(help_text=_("Drawn items that no expert has looked at yet: not in it."))


class ErrorsOfSerializer(serializers.Serializer[Any]):
    """How often one source's labels are wrong, in all items (an empty group) or those of a group."""

    kind = serializers.ChoiceField(choices=["people", "model"])
    annotator = serializers.IntegerField(source="annotator_id", allow_null=True)
    name = serializers.CharField()
    group = serializers.CharField()
    uniform = ErrorReadingSerializer(help_text=_("Items drawn uniformly: the figure to rely on."))
    weighted = ErrorReadingSerializer(help_text=_("Items drawn where errors are likely, weighted by 1/chance (Hájek)."))
    naive = ErrorReadingSerializer(help_text=_("The same as if they had not been chosen."))
    total = EstimateSerializer(
        allow_null=True, help_text=_("Wrong labels as a share of all judged items (Horvitz and Thompson).")
    )


class DrawnCountSerializer(serializers.Serializer[Any]):
    drawn = serializers.IntegerField()
    checked = serializers.IntegerField()
    waiting = serializers.IntegerField()


class ErrorsSerializer(serializers.Serializer[Any]):
    """How often labels are wrong, by what experts said of items that were drawn to be checked."""

    attribute = serializers.CharField(allow_null=True)
    uniform = DrawnCountSerializer()
    chosen = DrawnCountSerializer()
    judged = serializers.IntegerField(help_text=_("Items that might have been drawn where errors are likely."))
    cut = serializers.BooleanField(help_text=_("Only the newest chosen items are taken in."))
    readings = ErrorsOfSerializer(many=True)


class PaceSerializer(serializers.Serializer[Any]):
    people = serializers.FloatField()
    models = serializers.FloatField()


class LiveProgressSerializer(serializers.Serializer[Progress]):
    items = serializers.IntegerField()
    labels_given = serializers.IntegerField(help_text=_("By people; an item counts no more than it needs."))
    labels_spared = serializers.IntegerField(
        help_text=_("That items lacked when an expert settled them: nobody will give them.")
    )
    labels_needed = serializers.IntegerField()
    completeness = serializers.FloatField(allow_null=True, help_text=_("Labels given or spared, of those needed."))
    complete = serializers.IntegerField(help_text=_("Items with all the labels they need, or settled."))
    decided = serializers.IntegerField(help_text=_("Items with a consensus."))
    labels_per_minute = PaceSerializer(source="pace")


class FairnessSerializer(serializers.Serializer[Any]):
    attribute = serializers.CharField(allow_null=True)
    label_key = serializers.CharField(allow_null=True)
    attributes = serializers.ListField(child=serializers.CharField())
    labels = serializers.ListField(child=serializers.CharField(), help_text=_("Keys of the label schema."))
    min_group = serializers.IntegerField(help_text=_("Labels that a group needs before its rate is given."))
    people = SourceSerializer(allow_null=True)
    consensus = SourceSerializer(allow_null=True)
    models = LiveModelSerializer(many=True)
    chosen = ChosenSerializer(allow_null=True, help_text=_("Null: no item was chosen by a rule."))
    errors_found = ErrorsSerializer(
        allow_null=True, help_text=_("Null: nothing was ever drawn for a check. See the project's audit-stream.")
    )
    groups_of_people = PeopleQuestionSerializer(
        many=True, allow_null=True, help_text=_("Of those who label, for owners and auditors; null for others.")
    )
    progress = LiveProgressSerializer()
    version = serializers.IntegerField(help_text=_("Grows with every fold of labels."))
    folded_at = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        # "label" is an argument of every field, so it cannot be declared as one.
        return {"label" if name == "label_key" else name: field for name, field in super().get_fields().items()}


def fairness_row(view: LiveView) -> dict[str, Any]:
    """What ``FairnessSerializer`` reads."""
    return {
        "attribute": view.question.attribute if view.question else None,
        "label": view.question.label if view.question else None,
        "attributes": view.attributes,
        "labels": [key for key, _name in view.labels],
        "min_group": view.min_group,
        "people": source_row(view.people),
        "consensus": source_row(view.consensus),
        "models": [model_row(model) for model in view.models],
        "progress": view.progress,
        "version": view.progress.version,
        "folded_at": view.progress.folded_at,
    }
