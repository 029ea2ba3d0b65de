"""What the API says of groups of people who label: what the page shows of them, and nothing that it does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from fairness.metrics import Size
from fairness.selectors.behind import PeopleQuestion


class RoundedSerializer(serializers.Serializer[Any]):
    """To two places, without counts."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class PeopleOnItemsSerializer(RoundedSerializer):
    attribute = serializers.CharField()
    group = serializers.CharField()


class OddsSerializer(RoundedSerializer):
    size = serializers.ChoiceField(choices=[one.value for one in Size], allow_null=True)


class PeopleGroupSerializer(serializers.Serializer[Any]):
    """A group of five people or more, beside five others or more."""

    group = serializers.CharField()
    gap = RoundedSerializer(help_text=_("Their rate minus everyone else's, on the same items."))
    rate = RoundedSerializer()
    rate_of_others = RoundedSerializer()
    odds_ratio = OddsSerializer(allow_null=True, help_text=_("At equal difficulty (Mantel–Haenszel)."))
    agreement = serializers.DictField(
        child=serializers.DictField(child=RoundedSerializer(), allow_null=True),
        help_text=_("Of all labels: within, across; each by coefficient, or null."),
    )
    interactions = PeopleOnItemsSerializer(many=True, help_text=_("The gap on items of a group beyond that on others."))


class PeopleQuestionSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    computed_at = serializers.DateTimeField(allow_null=True)
    groups = PeopleGroupSerializer(many=True, help_text=_("Empty: too few people to say anything."))


def people_row(questions: Iterable[PeopleQuestion]) -> list[dict[str, Any]]:
    """What ``PeopleQuestionSerializer`` reads."""
    return [
        {
            "question": question.title,
            "computed_at": question.computed_at,
            "groups": [
                {
                    "group": group.group,
                    "gap": {name: group.gap[name] for name in ("value", "low", "high")},
                    "rate": group.gap["rates"]["own"],
                    "rate_of_others": group.gap["rates"]["others"],
                    "odds_ratio": group.gap["odds"],
                    "agreement": group.gap["agreement"],
                    "interactions": group.interactions,
                }
                for group in question.groups
            ],
        }
        for question in questions
    ]
