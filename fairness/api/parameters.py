"""Which labels a request is about, for the reference of the API."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter

from fairness.selectors.wanted import KINDS

ATTRIBUTE = OpenApiParameter("attribute", str, description="A protected attribute; the project's first where left out.")
LABEL = OpenApiParameter("label", str, description="A label's key; the project's favourable label where left out.")
SHARED = [
    ATTRIBUTE,
    LABEL,
    OpenApiParameter("by", str, enum=list(KINDS), description="Whose labels; all where left out."),
    OpenApiParameter("model", int, description="Only this model, by its annotator's id."),
    OpenApiParameter("dataset", int, description="Only items of this dataset."),
    OpenApiParameter("since", str, description="Labels given from this day or hour (UTC) on; without the consensus."),
    OpenApiParameter("until", str, description="Labels given until the end of this day or hour (UTC)."),
]
BESIDE = OpenApiParameter("beside", str, description="A second attribute, for the intersections.")
FILTER = [*SHARED, BESIDE]
