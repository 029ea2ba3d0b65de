"""What a run's rules make of its figures: go on, pause, or stop, and why. No database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor
from typing import Protocol

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from annotations.models import RunDecision
from llm_workers.models.rules import LIMITS, RuleAction, RuleKind

FIRST = 8  # items that are asked about before it is known what one costs


class Rule(Protocol):
    """``RunRule``, or what somebody asks for."""

    @property
    def kind(self) -> str: ...
    @property
    def bound(self) -> Decimal: ...
    @property
    def least(self) -> int: ...
    @property
    def action(self) -> str: ...


@dataclass(frozen=True)
class Asked:
    """A rule as its owner asks for it."""

    kind: str
    bound: Decimal
    least: int = 1
    action: str = RuleAction.PAUSE


@dataclass(frozen=True)
class Progress:
    """How far a run is. ``money``, counted by tokens or server time (``money_by``), is None where ``money_why`` says
    what is missing; ``agreed`` of ``compared`` labels equal what people decided.
    """

    items: int = 0
    unanswered: int = 0
    tokens: int = 0
    money: Decimal | None = None
    currency: str = ""
    money_by: str = ""
    money_why: str = ""
    minutes: float = 0.0
    compared: int = 0
    agreed: int = 0

    def used(self, kind: str) -> Decimal | None:
        """How much of what the limit ``kind`` is about; None for money that is not known."""
        if kind == RuleKind.MONEY:
            return self.money
        if kind == RuleKind.MINUTES:
            return Decimal(str(self.minutes))
        return Decimal(self.items if kind == RuleKind.ITEMS else self.tokens)


@dataclass(frozen=True)
class Judgement:
    decision: str = RunDecision.GO_ON
    reason: str = ""


def judge(rules: Iterable[Rule], progress: Progress, *, shares: bool) -> Judgement:
    """The strictest of what the rules say; ``shares``: also those about agreement and unanswered items."""
    broken = [(rule, text) for rule in rules if (text := _broken(rule, progress, shares=shares))]
    if not broken:
        return Judgement()
    stopping = [text for rule, text in broken if rule.action == RuleAction.STOP and not _is_unknown(rule, progress)]
    if stopping:
        return Judgement(RunDecision.STOP, " ".join(stopping))
    return Judgement(RunDecision.PAUSE, " ".join([*(text for _rule, text in broken), _advice(broken, progress)]))


def _advice(broken: Sequence[tuple[Rule, str]], progress: Progress) -> str:
    """What to do about a pause."""
    if any(_is_unknown(rule, progress) for rule, _text in broken):
        return _("Set the price, or take the limit of money away, then resume the run.")
    if all(rule.kind not in LIMITS for rule, _text in broken):
        return _("See which items they are, then resume or cancel the run.")
    return _("Raise the limit to go on, or cancel the run.")


def _is_unknown(rule: Rule, progress: Progress) -> bool:
    """Whether nobody knows how much of a limit is used: a price was taken away, or a server without one joined."""
    return rule.kind == RuleKind.MONEY and progress.money is None


def room(rules: Iterable[Rule], progress: Progress, *, leased: int) -> int | None:
    """How many more items may be asked about so that no limit is passed, by what an item has cost so far; None: any
    number. The first few items show what one costs; where that cannot be known, none are asked about.
    """
    rooms = []
    for rule in rules:
        if rule.kind not in LIMITS or rule.kind == RuleKind.MINUTES:
            continue
        used = progress.used(rule.kind)
        if used is None or used >= rule.bound:
            return 0
        if rule.kind == RuleKind.ITEMS:
            rooms.append(int(rule.bound - used) - leased)
        elif not progress.items:
            rooms.append(FIRST - leased)
        elif used:
            rooms.append(max(floor((rule.bound - used) * progress.items / used), 1) - leased)
    return max(min(rooms), 0) if rooms else None


def _broken(rule: Rule, progress: Progress, *, shares: bool) -> str:
    """Why the rule is broken; empty where it is not."""
    if rule.kind in LIMITS:
        used = progress.used(rule.kind)
        if used is None:
            text = _("The limit of %(bound)s on money cannot be kept: what the run costs is not known. %(why)s")
            return text % {"bound": number(rule.bound), "why": progress.money_why}
        return _reached(rule, used, progress) if used >= rule.bound else ""
    if not shares:
        return ""
    if rule.kind == RuleKind.AGREEMENT:
        part, whole = progress.agreed, progress.compared
        text = _("%(is)s of the labels that can be compared equal what people decided, fewer than %(bound)s.")
        wrong = whole >= rule.least and part < rule.bound * whole
    else:
        part, whole = progress.unanswered, progress.items
        text = _("%(is)s of the items had no usable answer, more than %(bound)s.")
        wrong = whole >= rule.least and part > rule.bound * whole
    shown = {"is": _percent(Decimal(part) / whole) if whole else "", "bound": _percent(rule.bound)}
    return text % shown if wrong else ""


def _reached(rule: Rule, used: Decimal, progress: Progress) -> str:
    texts = {
        RuleKind.ITEMS: _("The limit of %(bound)s items is reached."),
        RuleKind.TOKENS: _("The limit of %(bound)s tokens is reached: %(used)s were read and written."),
        RuleKind.MONEY: _("The limit of %(bound)s %(unit)s is reached: %(used)s were spent."),
        RuleKind.MINUTES: _("The limit of %(bound)s minutes is reached."),
    }
    shown = {"bound": number(rule.bound), "used": number(used), "unit": progress.currency}
    return texts[RuleKind(rule.kind)] % shown


def number(value: Decimal) -> str:
    """Up to four places, none that say nothing."""
    plain = format(round(value, 4).normalize(), "f")
    return str(number_format(Decimal(plain), use_l10n=True, force_grouping=True))


def _percent(share: Decimal) -> str:
    return f"{number(round(share * 100, 1))} %"
