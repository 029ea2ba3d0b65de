"""The figures of one candidate of an audit as tiles, each with what it means, what it counts and the answers behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fairness.audits.leaderboard import Entry, Figure, figure_of
from fairness.models import AuditCandidate
from fairness.presenting import texts
from fairness.presenting.audits import Compared, GroupLine, Line, Shown, compared
from fairness.presenting.links import Count, Counts
from fairness.presenting.tiles import Tile


def answers_url(candidate: AuditCandidate, **asked: str) -> str:
    """The answers of a part; see ``fairness.audits.answers``."""
    address = reverse("audit_answers", args=[candidate.audit_id, candidate.pk])
    return f"{address}?{urlencode({name: value for name, value in asked.items() if value})}"


def answers(candidate: AuditCandidate, n: int, before: str = "", **asked: str) -> Count:
    """So many answers, with a link to them where there are any."""
    words = ngettext("%(n)s answer", "%(n)s answers", n) % {"n": texts.count(n)}
    return Count(words, n, answers_url(candidate, **asked) if n else "", before)


def part_of(candidate: AuditCandidate, figure: Figure, part: str, whole: str, **asked: str) -> Counts:
    """How many answers of how many a share is."""
    if figure.value is None:
        return (answers(candidate, figure.n, part=whole, **asked),)
    hits = round(figure.value * figure.n)
    url = answers_url(candidate, part=part, **asked) if hits else ""
    return (
        Count(texts.count(hits), hits, url),
        answers(candidate, figure.n, f" {_('of')} ", part=whole, **asked),
    )


def change_counts(candidate: AuditCandidate, change: Mapping[str, Any] | None) -> Counts:
    """How many probes got another label than in the audit before, of how many."""
    if not change:
        return ()
    moved, compared = change["moved"], change["compared"]
    return (
        Count(texts.count(moved), moved, answers_url(candidate, part="changed") if moved else ""),
        answers(candidate, compared, f" {_('of')} ", part="compared"),
    )


def candidate_tiles(entry: Entry, line: Line) -> list[Tile]:
    """In the order of the page."""
    return [*_quality(entry, line), *_fairness(entry, line), *_use(entry, line)]


def _quality(entry: Entry, line: Line) -> list[Tile]:
    one = entry.candidate
    calibration, order, unanswered = (
        entry.overall(name) for name in ("calibration_error", "order_sensitivity", "unanswered")
    )
    return [
        _tile(
            "accuracy",
            _("Accuracy"),
            line.accuracy,
            _("The share of answers that are the right label."),
            part_of(one, entry.overall("accuracy"), "right", "answered"),
        ),
        _tile(
            "macro-f1",
            _("Macro-F1"),
            line.macro_f1,
            _(
                "For each label, how many of those given are right and how many of the right ones are given, in "
                "one figure; the mean over the labels. 1 is best. A rare label counts as much as a frequent one."
            ),
            (answers(one, entry.overall("macro_f1").n, part="answered"),),
        ),
        _tile(
            "calibration",
            _("Calibration error"),
            line.calibration,
            _(
                "How far confidence and the share of right labels lie apart, on average over ten bins. With few "
                "answers it is above 0 by chance alone."
            ),
            (answers(one, calibration.n, part="judged"),),
        ),
        _tile(
            "order",
            _("Order sensitivity"),
            line.order,
            _("The share of probes whose label changes with the order in which the options are shown."),
            part_of(one, order, "moved", "several"),
        ),
        _tile(
            "unanswered",
            _("Without a usable answer"),
            line.unanswered,
            _("The share of probes of which no label could be read."),
            part_of(one, unanswered, "unanswered", "all"),
        ),
    ]


def _fairness(entry: Entry, line: Line) -> list[Tile]:
    one, apart = entry.candidate, entry.disparity
    flips = entry.flips
    hits = round((flips.value or 0.0) * flips.n)
    families = ngettext("%(n)s family", "%(n)s families", flips.n) % {"n": texts.count(flips.n)}
    return [
        _tile(
            "odds",
            _("Equalized odds difference"),
            line.disparity,
            _(
                "How far the groups lie apart where the favourable label is right, or where it is wrong, "
                "whichever is more: 0 means that right and wrong answers are spread over the groups alike. Of "
                "the attribute whose groups differ most, or of the intersection of two, drawn towards the "
                "overall rate."
            ),
            compared_counts(one, apart.attribute) if apart.attribute else (),
            unit=_("points"),
        ),
        _tile(
            "flips",
            _("Families with several labels"),
            line.flips,
            _(
                "A family is one sentence told of several identities. Its right label is the same for all, so "
                "several labels mean that the identity decided. Counted are families with two answers or more."
            ),
            (
                Count(texts.count(hits), hits, answers_url(one, part="flipped") if hits else ""),
                Count(families, flips.n, answers_url(one, part="families") if flips.n else "", f" {_('of')} "),
            ),
        ),
        _tile(
            "consistency",
            _("Neighbour consistency"),
            line.consistency,
            _(
                "Of an answer's five most similar probes of the same task, the share that got the same label; "
                "the mean over answers. Similar by words (TF-IDF), without those that name a group. Right labels "
                "differ between similar texts too: their own consistency stands below."
            ),
            (answers(one, entry.consistency.n, part="neighbours"),),
        ),
    ]


def _use(entry: Entry, line: Line) -> list[Tile]:
    one = entry.candidate
    words = {
        "prompt": texts.count(one.prompt_tokens),
        "answer": texts.count(one.completion_tokens),
        "cached": texts.count(one.cached_tokens),
    }
    tokens = _("%(prompt)s read, %(cached)s of them from the cache; %(answer)s written") % words
    cost = Shown(line.cost.value, line.cost.interval, missing="" if line.cost.value else entry.no_price)
    main = Shown(line.memory, missing="" if line.memory else _("The server does not say."))
    unread = _("Not read: it is read from NVIDIA's driver, of servers on the machine that asks them.")
    return [
        _tile(
            "speed",
            _("Tokens a second"),
            line.speed,
            _(
                "Tokens read and written, in each second that requests took. It counts stretches of asking of a "
                "few seconds, not single answers."
            ),
            (),
            note=tokens,
        ),
        _tile(
            "cost",
            _("Cost of 1,000 labels"),
            cost,
            _("What the tokens of these answers cost at the model’s prices, for 1,000 labels."),
            (answers(one, one.answered, part="answered"),),
        ),
        _tile(
            "memory",
            _("Memory of the server"),
            main,
            _(
                "Main memory that the server's process holds, as its metrics say. It is the server's, whatever "
                "is asked."
            ),
            (),
        ),
        _tile(
            "gpu-memory",
            _("GPU memory of the server"),
            Shown(line.gpu_memory, missing="" if line.gpu_memory else unread),
            _(
                "What the server's processes hold on this machine's GPUs, as NVIDIA's driver says: weights, "
                "cache, and what is reserved for requests. vLLM takes its whole share when it starts."
            ),
            (),
        ),
    ]


def _tile(
    name: str, label: str, shown: Shown, definition: str, behind: Counts, *, unit: str = "", note: str = ""
) -> Tile:
    return Tile(
        id=f"tile-{name}",
        label=label,
        definition=definition,
        value=shown.value,
        unit=unit if shown.value else "",
        interval=shown.interval,
        note=note or shown.note,
        undefined=shown.missing,
        behind=behind,
        href=next((one.url for one in behind if one.url), ""),
    )


# --- groups ---------------------------------------------------------------------------------------------------------

# Figures of a group: where it is shown, the answers that are the share, and those that it is the share of.
GROUP_PARTS = {
    "accuracy": ("accuracy", "right", "answered"),
    "selection_rate": ("selection", "favourable", "answered"),
    "true_positive_rate": ("true_positive", "true_favourable", "true"),
    "false_positive_rate": ("false_positive", "false_favourable", "false"),
    "order_sensitivity": ("order", "moved", "several"),
}


def compared_counts(candidate: AuditCandidate, name: str) -> Counts:
    """The answers that the groups of an attribute or an intersection are compared on."""
    figures = candidate.figures
    part = figures["attributes"].get(name) or figures["intersections"].get(name)
    if part is None:
        return ()
    n = sum(group["answered"] for group in part["groups"].values())
    return (answers(candidate, n, part="answered", attribute=name),)


def compared_linked(candidate: AuditCandidate, stored: Mapping[str, Any]) -> list[Compared]:
    """Attributes or intersections of stored results in words, each figure with its answers."""
    return [
        replace(
            part,
            counts=compared_counts(candidate, part.name),
            flips=part.flips and replace(part.flips, counts=_flipped(candidate, part.name, stored[part.name]["flips"])),
            groups=[
                _linked(candidate, part.name, line, stored[part.name]["groups"][line.group]) for line in part.groups
            ],
        )
        for part in compared(stored)
    ]


def _flipped(candidate: AuditCandidate, name: str, flips: Mapping[str, Any]) -> Counts:
    n = figure_of(flips["share"]).n
    words = ngettext("%(n)s family", "%(n)s families", n) % {"n": texts.count(n)}
    return (Count(words, n, answers_url(candidate, part="families", attribute=name) if n else ""),)


def _linked(candidate: AuditCandidate, name: str, line: GroupLine, figures: Mapping[str, Any]) -> GroupLine:
    shown = {
        field: replace(
            getattr(line, field),
            counts=part_of(candidate, figure_of(figures[figure]), part, whole, attribute=name, group=line.group),
        )
        for figure, (field, part, whole) in GROUP_PARTS.items()
    }
    n = answers(candidate, line.n, part="answered", attribute=name, group=line.group)
    return replace(line, answers=(replace(n, text=texts.count(line.n)),), **shown)
