"""Because of whom, and what now: sentences from the numbers, and the next sensible things to do, with where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from annotations.models import Project
from fairness.presenting import texts
from fairness.presenting.links import items_url
from fairness.presenting.reading import waiting
from fairness.selectors.behind import MOST_CASES, open_cases
from fairness.selectors.live import LiveView, ModelView, Source

MOST_GROUPS_NAMED = 3


class Standing(StrEnum):
    """How sure it is that a source treats the groups differently."""

    CERTAIN = "certain"  # at every moment
    LIKELY = "likely"  # more than chance explains, for one look
    UNSURE = "unsure"
    MISSING = "missing"


@dataclass(frozen=True)
class Whom:
    """Because of whom: a sentence, and one more for each model that shifts the groups against people."""

    verdict: str  # both, people, models, nobody, missing
    answer: str
    shifts: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """Something to do. ``url`` empty: nothing that this person may open."""

    text: str
    url: str
    link: str


def standing(source: Source | None) -> Standing:
    if source is None or source.beyond_chance is None:
        return Standing.MISSING
    if source.certified is not None and source.certified.lower > 0:
        return Standing.CERTAIN
    return Standing.LIKELY if source.beyond_chance else Standing.UNSURE


def because_of_whom(view: LiveView) -> Whom:
    people = standing(view.people)
    stands = (Standing.CERTAIN, Standing.LIKELY)
    differing = [model for model in view.models if standing(model.source) in stands]
    shifts = tuple(_shift(model) for model in view.models if (model.gaps.spread.low or 0.0) > 0)
    in_people = people in stands and view.people is not None
    if in_people and differing and view.people is not None:
        words = {"people": _sized(view.people), "models": _named(differing)}
        text = _("Both: the difference stands in people's labels (%(people)s) and in those of %(models)s.")
        opposed = [model for model in differing if model.source.parity.highest == view.people.parity.lowest]
        if opposed:
            text += " " + _("Not in one direction: the group that gets the label most is another.")
        return Whom("both", text % words, shifts)
    if in_people and view.people is not None:
        text = _("People: the difference stands in their labels (%(people)s).") % {"people": _sized(view.people)}
        return Whom("people", f"{text} {_beside(view)}".strip(), shifts)
    if differing:
        text = _("Models: the difference stands in the labels of %(models)s.") % {"models": _named(differing)}
        if people is Standing.UNSURE:
            text += " " + _("In people's labels chance may explain what there is.")
        return Whom("models", text, shifts)
    known = [source for source in view.sources if source is not view.consensus]
    if all(standing(source) is Standing.MISSING for source in known):
        return Whom("missing", _("Nobody has labelled enough yet for a difference to be somebody's."), shifts)
    return Whom("nobody", _("Nobody's labels alone differ by more than chance explains."), shifts)


def _beside(view: LiveView) -> str:
    if not view.models:
        return ""
    if all(standing(model.source) is Standing.MISSING for model in view.models):
        return _("Models have labelled too little to be compared.")
    return _("In models' labels chance may explain what there is.")


def _sized(source: Source) -> str:
    """“20 points, 5 – 34”."""
    difference = source.parity.difference
    words = {
        "points": texts.points(difference.value or 0.0),
        "interval": texts.interval(difference.low, difference.high, texts.points),
    }
    return _("%(points)s points, %(interval)s") % words


def _named(models: list[ModelView]) -> str:
    return ", ".join(f"{model.source.name} ({_sized(model.source)})" for model in models)


def _shift(model: ModelView) -> str:
    spread = model.gaps.spread
    words = {
        "model": model.source.name,
        "high": model.gaps.highest,
        "low": model.gaps.lowest,
        "points": texts.points(spread.value or 0.0),
        "interval": texts.interval(spread.low, spread.high, texts.points),
    }
    return (
        _(
            "Compared with people, %(model)s moves %(high)s and %(low)s apart by %(points)s points (%(interval)s): "
            "that much is its own."
        )
        % words
    )


def what_now(project: Project, view: LiveView, role: Role) -> list[Action]:
    """The most useful first. What only owners may do is said to others without a link."""
    if view.question is None:
        return []
    return [
        *_missing(project, view, role),
        *_people(project, view, role),
        *_models(project, view, role),
        *_cases(project),
    ]


def _missing(project: Project, view: LiveView, role: Role) -> Iterator[Action]:
    lacking = [one for one in waiting(view) if one.n < view.min_group]
    for one in lacking[:MOST_GROUPS_NAMED]:
        more = view.min_group - one.n
        text = ngettext(
            "Collect %(more)s more label about %(group)s: until then its rate would mostly show chance.",
            "Collect %(more)s more labels about %(group)s: until then its rate would mostly show chance.",
            more,
        )
        words = {"more": more, "group": one.group}
        yield Action(text % words, _owners(role, "project_setting_serving", project), _("Serve groups evenly"))


def _people(project: Project, view: LiveView, role: Role) -> Iterator[Action]:
    people = view.people
    if people is None or standing(people) not in (Standing.CERTAIN, Standing.LIKELY) or view.question is None:
        return
    if people.parity.lowest is None or people.parity.highest is None:
        return
    words = {"low": people.parity.lowest, "high": people.parity.highest, "label": view.question.label_name}
    text = _(
        "Read items about %(low)s that people did not label “%(label)s”, beside such about %(high)s: is the difference "
        "in the items, or in the guidelines?"
    )
    url = items_url(project, view, people.parity.lowest)
    yield Action(text % words, url, _("Items about %(low)s") % words)
    text = _("If the guidelines leave room for it, say more clearly when “%(label)s” applies.")
    yield Action(text % words, _owners(role, "project_setting_labels", project), _("Guidelines"))
    text = _("Decide how large a difference you accept, and have runs pause beyond it.")
    yield Action(text, _owners(role, "runs", project), _("Limits of runs"))


def _models(project: Project, view: LiveView, role: Role) -> Iterator[Action]:
    for model in view.models:
        if (model.gaps.spread.low or 0.0) <= 0:
            continue
        text = _("Change the prompt of %(model)s, or leave its labels out of decisions, before it labels more.")
        url = _readers(role, "run_prompts", project)
        yield Action(text % {"model": model.source.name}, url, _("Prompts"))


def _cases(project: Project) -> Iterator[Action]:
    n = open_cases(project)
    if n:
        many = _("more than %(n)s") if n >= MOST_CASES else "%(n)s"
        shown = many % {"n": texts.count(n)}
        text = ngettext(
            "Settle the open case: disagreements are where labels are wrong most often.",
            "Settle the open cases (%(n)s): disagreements are where labels are wrong most often.",
            n,
        )
        yield Action(text % {"n": shown}, reverse("cases", args=[project.pk]), _("Cases"))


def _owners(role: Role, name: str, project: Project) -> str:
    return reverse(name, args=[project.pk]) if role == Role.OWNER else ""


def _readers(role: Role, name: str, project: Project) -> str:
    return reverse(name, args=[project.pk]) if role in (Role.OWNER, Role.AUDITOR) else ""
