"""Agreement in words: what the page's tiles and tables print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.agreement import Coefficient, CoefficientName
from annotations.measuring.selectors import GroupAgreement, ModelAgreement, PairAgreement, ProjectAgreement

# Krippendorff (2004), Content Analysis, chapter 11: below .667 no conclusion, from .8 on reliable.
TENTATIVE, RELIABLE = 0.667, 0.8

NAMES = {
    CoefficientName.RAW_AGREEMENT: gettext_lazy("Raw agreement"),
    CoefficientName.COHEN_KAPPA: gettext_lazy("Cohen's κ"),
    CoefficientName.LINEAR_KAPPA: gettext_lazy("Linear κ"),
    CoefficientName.QUADRATIC_KAPPA: gettext_lazy("Quadratic κ"),
    CoefficientName.FLEISS_KAPPA: gettext_lazy("Fleiss' κ"),
    CoefficientName.KRIPPENDORFF_ALPHA: gettext_lazy("Krippendorff's α"),
    CoefficientName.GWET_AC1: gettext_lazy("Gwet's AC1"),
}
MEANINGS = {
    CoefficientName.RAW_AGREEMENT: gettext_lazy(
        "How often two labels of one item are equal. Ignores that some would be equal by chance."
    ),
    CoefficientName.COHEN_KAPPA: gettext_lazy(
        "Agreement of two sides beyond what their own label shares would give by chance: 1 complete, 0 chance."
    ),
    CoefficientName.FLEISS_KAPPA: gettext_lazy(
        "Agreement of any number of people beyond chance: 1 complete, 0 chance. Falls where one label is rare."
    ),
    CoefficientName.KRIPPENDORFF_ALPHA: gettext_lazy(
        "Agreement beyond chance that allows missing labels and few items: 1 complete, 0 chance. From .8 on labels "
        "are called reliable, below .667 not."
    ),
    CoefficientName.GWET_AC1: gettext_lazy(
        "Agreement beyond a chance that stays sensible where almost everything has one label."
    ),
}
AMONG_PEOPLE = (
    CoefficientName.RAW_AGREEMENT,
    CoefficientName.FLEISS_KAPPA,
    CoefficientName.KRIPPENDORFF_ALPHA,
    CoefficientName.GWET_AC1,
)
WITH_MODEL = (CoefficientName.RAW_AGREEMENT, CoefficientName.COHEN_KAPPA, CoefficientName.GWET_AC1)


@dataclass(frozen=True)
class Figure:
    """One coefficient as text; ``missing`` says why there is none."""

    name: str
    meaning: str
    value: str
    interval: str
    note: str
    missing: str


@dataclass(frozen=True)
class Line:
    """A row of a table: who or what, and its figures in the order of the columns."""

    title: str
    group: str
    items: int
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ModelPart:
    """A model beside people: its answer in words, the tiles against the consensus, the rest as tables."""

    name: str
    anchor: str
    answer: str
    figures: tuple[Figure, ...]
    groups: Table
    labels: Table


def figure(coefficient: Coefficient) -> Figure:
    n = coefficient.n_items
    return Figure(
        name=str(NAMES[coefficient.name]),
        meaning=str(MEANINGS[coefficient.name]),
        value="" if coefficient.value is None else _number(coefficient.value),
        interval=_interval(coefficient),
        note=ngettext("%(n)s item compared", "%(n)s items compared", n) % {"n": number_format(n, force_grouping=True)},
        missing="" if coefficient.undefined_reason is None else _(coefficient.undefined_reason.sentence),
    )


def figures(part: GroupAgreement | PairAgreement, names: Iterable[CoefficientName]) -> tuple[Figure, ...]:
    return tuple(figure(part.coefficients[name]) for name in names)


def people_answer(found: ProjectAgreement) -> str:
    """How far people can be relied on to say the same, in a sentence or two."""
    alpha = found.overall[CoefficientName.KRIPPENDORFF_ALPHA]
    raw = found.overall[CoefficientName.RAW_AGREEMENT]
    if alpha.value is None or raw.value is None:
        return _("Agreement among people cannot be said yet.") + " " + figure(alpha).missing
    words = {"share": number_format(round(100 * raw.value), 0), "alpha": _number(alpha.value)}
    first = _("Two people give one item the same label %(share)s %% of the time; beyond chance that is α = %(alpha)s.")
    # The whole interval must lie on one side: a lucky sample is not yet reliable labels.
    low = alpha.value if alpha.low is None else alpha.low
    high = alpha.value if alpha.high is None else alpha.high
    if low >= RELIABLE:
        second = _("The labels are reliable by the usual standard (.8).")
    elif high < TENTATIVE:
        second = _("That is below the usual standard (.667): sharpen the guidelines before relying on the labels.")
    elif low >= TENTATIVE:
        second = _("That allows tentative conclusions (between .667 and .8).")
    else:
        second = _("More labels are needed to say whether that is reliable.")
    return f"{first % words} {second}"


def model_answer(model: ModelAgreement) -> str:
    kappa = model.consensus[0].coefficients[CoefficientName.COHEN_KAPPA]
    raw = model.consensus[0].coefficients[CoefficientName.RAW_AGREEMENT]
    if raw.value is None:
        return _("No item has both a consensus of people and a label of this model yet.")
    words = {"share": number_format(round(100 * raw.value), 0), "name": model.name}
    first = _("%(name)s gives the label that people agree on for %(share)s %% of the items.") % words
    if kappa.value is None:
        return f"{first} {figure(kappa).missing}"
    return f"{first} " + _("Beyond chance that is κ = %(kappa)s.") % {"kappa": _number(kappa.value)}


def scope_table(parts: Iterable[GroupAgreement], names: tuple[CoefficientName, ...]) -> Table:
    """The groups of every attribute; the whole project is left out where it has tiles of its own."""
    lines = [
        Line(
            part.attribute or _("All items"),
            part.group,
            part.coefficients[CoefficientName.RAW_AGREEMENT].n_items,
            figures(part, names),
        )
        for part in parts
    ]
    return Table(tuple(str(NAMES[name]) for name in names), tuple(lines))


def model_part(model: ModelAgreement) -> ModelPart:
    return ModelPart(
        name=model.name,
        anchor=f"model-{model.annotator_id}",
        answer=model_answer(model),
        figures=figures(model.consensus[0], WITH_MODEL),
        groups=scope_table(model.consensus[1:], WITH_MODEL),
        labels=scope_table(model.labels, WITH_MODEL),
    )


def label_table(found: ProjectAgreement, names: Mapping[str, str]) -> Table:
    """One line per label; ``names`` are those of the current schema, older keys stand for themselves."""
    lines = [
        Line(names.get(part.key, part.key), "", part.labels, tuple(figure(part.coefficients[n]) for n in AMONG_PEOPLE))
        for part in found.by_label
    ]
    return Table(tuple(str(NAMES[name]) for name in AMONG_PEOPLE), tuple(lines))


def label_answer(found: ProjectAgreement, names: Mapping[str, str]) -> str:
    """The label that people agree on least, where there are several to choose from."""
    known = [
        (alpha.value, part.key)
        for part in found.by_label
        if (alpha := part.coefficients[CoefficientName.KRIPPENDORFF_ALPHA]).value is not None
    ]
    if len(known) < 2:
        return ""
    value, key = min(known)
    words = {"label": names.get(key, key), "alpha": _number(value)}
    return _("People agree least on whether an item is “%(label)s” (α = %(alpha)s).") % words


def pair_table(pairs: Iterable[PairAgreement]) -> Table:
    names = (CoefficientName.RAW_AGREEMENT, CoefficientName.COHEN_KAPPA)
    lines = [Line(pair.first, pair.second, pair.shared, figures(pair, names)) for pair in pairs if pair.enough]
    return Table(tuple(str(NAMES[name]) for name in names), tuple(lines))


def _number(value: float) -> str:
    return number_format(round(value, 3) + 0.0, 3).replace("-", "−")


def _interval(coefficient: Coefficient) -> str:
    if coefficient.low is None or coefficient.high is None:
        return ""
    return f"{_number(coefficient.low)} – {_number(coefficient.high)}"
