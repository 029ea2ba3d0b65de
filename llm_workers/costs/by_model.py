"""All that each model used, whatever it was asked for and in which way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from annotations.models import Project
from llm_workers.costs.audits import audits_used
from llm_workers.costs.using import Line, ratings_used, together, trials_used
from llm_workers.models import ModelVersion

PURPOSES = ("runs", "trials", "ratings", "audits")


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What was used ``for`` each purpose; None where nothing was."""

    runs: Line | None = None
    trials: Line | None = None
    ratings: Line | None = None
    audits: Line | None = None

    @cached_property
    def together(self) -> Line | None:
        """The sum of the four."""
        lines = [getattr(self, purpose) for purpose in PURPOSES]
        return together([line for line in lines if line is not None])


@dataclass(frozen=True, kw_only=True)
class ModelUses(Uses):
    """Of the model version ``model``, or what its id was, called ``name``."""

    model: int
    name: str


def uses_of(project: Project, runs: Mapping[int, Line]) -> list[ModelUses]:
    """By model, in the order of names; ``runs``: what its runs used, by model. A fixed number of queries."""
    trials, ratings, audits = trials_used(project), ratings_used(project), audits_used(project)
    ids = runs.keys() | trials.keys() | ratings.keys() | audits.keys()
    known = dict(ModelVersion.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    found = [
        ModelUses(
            model=pk,
            name=known[pk] if pk in known else audits[pk].name,  # an audit outlives its model, and keeps the name
            runs=runs.get(pk),
            trials=trials.get(pk),
            ratings=ratings.get(pk),
            audits=audits.get(pk),
        )
        for pk in ids
    ]
    return sorted(found, key=lambda one: (one.name, one.model))


def uses_summed(models: Sequence[ModelUses]) -> dict[str, Line | None]:
    """The fields of ``Uses`` over all models."""
    return {
        purpose: together([line for one in models if (line := getattr(one, purpose)) is not None])
        for purpose in PURPOSES
    }
