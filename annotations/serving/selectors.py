"""The rules by which a project serves, as stored or by default."""

from __future__ import annotations

from annotations.models import Project, ServingRules

FIELDS = tuple(field.name for field in ServingRules._meta.concrete_fields if field.name != "project")


def rules_of(project: Project) -> ServingRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    return ServingRules.objects.filter(project=project).first() or ServingRules(project=project)


def rules_as_data(rules: ServingRules) -> dict[str, object]:
    return {name: getattr(rules, name) for name in FIELDS}
