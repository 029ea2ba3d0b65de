"""What the export page tells before anything is downloaded."""

from __future__ import annotations

from annotations.models import Annotation, AnnotationStatus, Case, Consensus, Item, Project


def table_sizes(project: Project) -> dict[str, int]:
    """Rows of each table as an export gives them now."""
    return {
        "items": Item.objects.filter(project=project).count(),
        "annotations": Annotation.objects.filter(project=project, status=AnnotationStatus.CURRENT).count(),
        "consensus": Consensus.objects.filter(project=project).count(),
        "cases": Case.objects.filter(project=project).count(),
    }
