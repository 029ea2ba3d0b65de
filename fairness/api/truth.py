"""What the API says of labels against the truth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from fairness.api.serializers import SOURCES, EstimateSerializer
from fairness.presenting.truth import between, of_group
from fairness.selectors.truth import AgainstTruth, Truth


class TruthGroupSerializer(serializers.Serializer[Any]):
    """Outcomes of the label in question in one group, and errors of whatever label; by item."""

    group = serializers.CharField()
    tp = serializers.IntegerField()
    fp = serializers.IntegerField()
    fn = serializers.IntegerField()
    tn = serializers.IntegerField()
    wrong = serializers.IntegerField(help_text=_("Items with another label than the true one."))
    true_positive_rate = EstimateSerializer()
    false_positive_rate = EstimateSerializer()
    error_rate = EstimateSerializer()


class AgainstTruthSerializer(serializers.Serializer[Any]):
    """One source against one truth. Intervals are for one look; a monitor's limit holds at every moment."""

    truth = serializers.ChoiceField(
        choices=[truth.value for truth in Truth],
        help_text=_("Settled: by an expert, of items without gold. Consensus: the people's own, before any expert."),
    )
    provisional = serializers.BooleanField(help_text=_("Against the consensus: it may change, and people may err."))
    kind = serializers.ChoiceField(choices=SOURCES, help_text=_("Of people, what they agree on before any expert."))
    annotator = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    equalized_odds_difference = EstimateSerializer()
    equalized_odds_ratio = EstimateSerializer()
    equal_opportunity_difference = EstimateSerializer()
    equal_opportunity_ratio = EstimateSerializer()
    false_positive_difference = EstimateSerializer()
    error_difference = EstimateSerializer()
    groups = TruthGroupSerializer(many=True)


def truth_row(found: Iterable[AgainstTruth]) -> list[dict[str, Any]]:
    """What ``AgainstTruthSerializer`` reads."""
    return [
        {
            "truth": one.truth.value,
            "provisional": one.truth.provisional,
            "kind": one.source.kind,
            "annotator": one.source.annotator_id,
            "name": one.source.name,
            **between(one),
            "groups": [
                {
                    "group": group,
                    **{name: getattr(outcome, name) for name in ("tp", "fp", "fn", "tn")},
                    "wrong": one.errors[group].selected,
                    **{name: estimate for name, (_counts, estimate) in of_group(one, group).items()},
                }
                for group, outcome in one.outcomes.items()
            ],
        }
        for one in found
    ]
