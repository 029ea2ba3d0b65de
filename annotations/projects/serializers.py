"""REST shapes of projects and label schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Role
from annotations.models import LabelSchema, Project, ProjectStatus, ProtectedAttribute
from annotations.task_types import REGISTRY

# What would sway somebody who labels blind: workers, and people who may join, get null.
STAFF_ONLY = ("redundancy", "min_support", "demand_changed_at", "favourable_label", "attributes")


class AttributeSerializer(serializers.ModelSerializer[ProtectedAttribute]):
    column = serializers.CharField(
        max_length=128, required=False, help_text="Import column with the groups; left out: the attribute's name."
    )

    class Meta:
        model = ProtectedAttribute
        fields = ["name", "column"]


class LabelSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=64, required=False, allow_blank=True, help_text="Made from the name.")
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    shortcut = serializers.CharField(max_length=1, required=False, allow_blank=True)


class SchemaConfigSerializer(serializers.Serializer[Any]):
    labels = LabelSerializer(many=True)
    min_choices = serializers.IntegerField(required=False, help_text="Multiple choice only.")
    max_choices = serializers.IntegerField(required=False, help_text="Multiple choice only.")


class SchemaInputSerializer(serializers.Serializer[Any]):
    task_type = serializers.ChoiceField(choices=sorted(REGISTRY))
    config = SchemaConfigSerializer()
    guidelines = serializers.CharField(required=False, allow_blank=True, help_text="Markdown.")


class SchemaChangeSerializer(SchemaInputSerializer):
    """What is left out stays as it is."""

    task_type = serializers.ChoiceField(choices=sorted(REGISTRY), required=False)
    config = SchemaConfigSerializer(required=False)
    favourable_label = serializers.CharField(
        max_length=64, required=False, allow_blank=True, help_text="Key of a label of the new version; empty for none."
    )
    expected_version = serializers.IntegerField(
        required=False, help_text="The version that your change was made from: 409 where another was saved meanwhile."
    )


class SchemaSerializer(serializers.ModelSerializer[LabelSchema]):
    config = SchemaConfigSerializer(read_only=True)

    class Meta:
        model = LabelSchema
        fields = ["id", "version", "is_current", "task_type", "config", "guidelines", "created_at"]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project as the one who asks may see it."""

    role = serializers.ChoiceField(
        choices=Role.choices, allow_null=True, read_only=True, help_text="Your role; null: you may join."
    )
    schema = serializers.SerializerMethodField()
    attributes = AttributeSerializer(many=True, read_only=True, allow_null=True, help_text="Null for workers.")
    redundancy = serializers.IntegerField(read_only=True, allow_null=True, help_text="Null for workers.")
    min_support = serializers.IntegerField(read_only=True, allow_null=True, help_text="Null for workers.")
    demand_changed_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Since when items are being brought in line with another number of labels; null: they are.",
    )
    favourable_label = serializers.CharField(read_only=True, allow_null=True, help_text="Null for workers.")

    class Meta:
        model = Project
        fields = [
            "id",
            "name",
            "summary",
            "status",
            "role",
            "is_open",
            "simulated",
            "schema",
            "redundancy",
            "min_support",
            "demand_changed_at",
            "favourable_label",
            "attributes",
            "wage_per_hour",
            "currency",
            "expected_seconds",
            "content_warning",
            "lease_seconds",
            "created_at",
        ]

    @extend_schema_field(SchemaSerializer)
    def get_schema(self, project: Any) -> Any:
        return SchemaSerializer(project.current_schemas[0]).data

    def to_representation(self, project: Any) -> dict[str, Any]:
        shown = super().to_representation(project)
        if project.role in (None, Role.WORKER):
            shown |= dict.fromkeys(STAFF_ONLY)
        return shown


class ProjectStatusAnswerSerializer(ProjectSerializer):
    warnings = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Why the project cannot work yet, if so."
    )

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "warnings"]


class ProjectChangeSerializer(serializers.ModelSerializer[Project]):
    """What is left out stays as it is."""

    attributes = AttributeSerializer(many=True, required=False)
    redundancy = serializers.IntegerField(min_value=1, max_value=50, required=False)
    min_support = serializers.IntegerField(min_value=1, max_value=50, required=False)

    class Meta:
        model = Project
        fields = [
            "name",
            "summary",
            "is_open",
            "redundancy",
            "min_support",
            "favourable_label",
            "attributes",
            "wage_per_hour",
            "currency",
            "expected_seconds",
            "content_warning",
            "lease_seconds",
        ]


class ProjectCreateSerializer(ProjectChangeSerializer):
    schema = SchemaInputSerializer()
    simulated = serializers.BooleanField(
        default=False, help_text="Programs play the people: said on every page and in every event, for good."
    )

    class Meta(ProjectChangeSerializer.Meta):
        fields = [*ProjectChangeSerializer.Meta.fields, "schema", "simulated"]


class StatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=ProjectStatus.choices)
