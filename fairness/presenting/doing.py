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
from fairness.selectors.live import CONSENSUS, LiveView, ModelView, Source

MOST_GROUPS_NAMED = 3


class Standing(StrEnum):
    """How sure it is that a source treats the groups differently."""

    CERTAIN = "certain"  # at every moment
    UNSURE = "unsure"
    UNASKED = "unasked"  # nothing may be called certain here
    MISSING = "missing"


@dataclass(frozen=True)
class Whom:
    """Because of whom: a sentence, and one more for each model that shifts the groups against people."""

    verdict: str  # both, people, models, nobody, unasked, missing
    answer: str
    shifts: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """Something to do. ``url`` empty: nothing that this person may open."""

    text: str
    url: str
    link: str


def standing(source: Source | None) -> Standing:
    if source is None or not source.parity.difference.is_ok:
        return Standing.MISSING
    if source.certified is None:
        return Standing.UNASKED
    return Standing.CERTAIN if source.certain_difference > 0 else Standing.UNSURE


def because_of_whom(view: LiveView) -> Whom:
    people = standing(view.people)
    differing = [model for model in view.models if standing(model.source) is Standing.CERTAIN]
    shifts = tuple(_shift(model) for model in view.models if model.certain_spread > 0)
    in_people = people is Standing.CERTAIN and view.people is not None
    if in_people and differing and view.people is not None:
        words = {"people": _sized(view.people), "models": _named(differing)}
        text = _("Both: a difference is certain in people's labels (%(people)s) and in those of %(models)s.")
        opposed = [model for model in differing if _opposed(model.source, view.people)]
        if opposed:
            text += " " + _("Not in one direction: the group that is certain to get the label less often is another.")
        return Whom("both", text % words, shifts)
    if in_people and view.people is not None:
        text = _("People: a difference is certain in their labels (%(people)s).") % {"people": _sized(view.people)}
        return Whom("people", f"{text} {_beside(view)}".strip(), shifts)
    if differing:
        text = _("Models: a difference is certain in the labels of %(models)s.") % {"models": _named(differing)}
        if people is Standing.UNSURE:
            text += " " + _("In people's labels none is certain yet.")
        return Whom("models", text, shifts)
    return _of_nobody(view, shifts)


def _of_nobody(view: LiveView, shifts: tuple[str, ...]) -> Whom:
    known = {standing(source) for source in view.sources if source is not view.consensus} - {Standing.MISSING}
    if Standing.UNSURE in known:
        return Whom("nobody", _("In nobody's labels alone is a difference certain."), shifts)
    if Standing.UNASKED in known or view.wanted.by == CONSENSUS:
        return Whom("unasked", _("That is told where something is certain; here nothing is called so."), shifts)
    return Whom("missing", _("Nobody has labelled enough yet for a difference to be somebody's."), shifts)


def _opposed(one: Source, other: Source) -> bool:
    """Whether what is certain of the one runs against what is certain of the other."""
    if one.certified is None or other.certified is None:
        return False
    return (one.certified.highest, one.certified.lowest) == (other.certified.lowest, other.certified.highest)


def _beside(view: LiveView) -> str:
    if not view.models:
        return ""
    if all(standing(model.source) is Standing.MISSING for model in view.models):
        return _("Models have labelled too little to be compared.")
    return _("In models' labels none is certain yet.")


def _sized(source: Source) -> str:
    return _("at least %(points)s points") % {"points": texts.points(source.certain_difference, 1)}


def _named(models: list[ModelView]) -> str:
    return ", ".join(f"{model.source.name} ({_sized(model.source)})" for model in models)


def _shift(model: ModelView) -> str:
    gaps = model.certain_gaps
    words = {
        "model": model.source.name,
        "high": gaps.spread.highest if gaps else "",
        "low": gaps.spread.lowest if gaps else "",
        "points": texts.points(model.certain_spread, 1),
    }
    text = _(
        "Compared with people, %(model)s moves %(high)s and %(low)s apart by at least %(points)s points: that is "
        "certain at every moment, and its own."
    )
    return text % words


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
    if people is None or standing(people) is not Standing.CERTAIN or view.question is None:
        return
    yield from _read(project, view, people)
    text = _("If the guidelines leave room for it, say more clearly when “%(label)s” applies.")
    words = {"label": view.question.label_name}
    yield Action(text % words, _owners(role, "project_setting_labels", project), _("Guidelines"))
    text = _(
        "Decide how large a difference between groups in people's labels you accept, and have runs pause beyond it."
    )
    yield Action(text, _owners(role, "fairness_monitor_new", project), _("Set a limit"))


def _read(project: Project, view: LiveView, source: Source) -> Iterator[Action]:
    """Where a difference is certain, the items are looked at first."""
    if view.question is None or source.certified is None or source.certified.lowest is None:
        return
    words = {
        "low": source.certified.lowest,
        "high": source.certified.highest,
        "label": view.question.label_name,
        "who": source.name or _("people"),
    }
    text = _(
        "Read items about %(low)s that %(who)s did not label “%(label)s”, beside such about %(high)s: is the "
        "difference in the items, or in the guidelines?"
    )
    yield Action(text % words, items_url(project, view, source.certified.lowest), _("Items about %(low)s") % words)


def _models(project: Project, view: LiveView, role: Role) -> Iterator[Action]:
    """What a model adds to people's labels is its own; where that is not certain, its labels may differ still."""
    in_people = standing(view.people) is Standing.CERTAIN
    limited = False
    for model in view.models:
        name = {"model": model.source.name}
        if model.certain_spread > 0:
            text = _("Change the prompt of %(model)s, or leave its labels out of decisions, before it labels more.")
            yield Action(text % name, _readers(role, "run_prompts", project), _("Prompts"))
        elif standing(model.source) is Standing.CERTAIN:
            if not in_people:
                yield from _read(project, view, model.source)
            text = _(
                "Have people label the same groups beside %(model)s: whether it adds to the difference, or finds what "
                "is there, is told by the gap to people."
            )
            yield Action(text % name, _owners(role, "project_setting_serving", project), _("Serve groups evenly"))
        else:
            continue
        limited = True
    if limited:
        text = _("Decide how large a difference in a model's labels you accept, and have its runs pause beyond it.")
        yield Action(text, _owners(role, "fairness_monitor_new", project), _("Set a limit"))


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
