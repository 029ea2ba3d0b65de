"""The validator's work as tiles and rows of its page."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from llm_workers.validating.models import Verdict
from llm_workers.validating.selectors import ENOUGH, Compared, Share, ValidatorShown
from llm_workers.validating.words import percent


def verdict_tiles(shown: ValidatorShown) -> list[dict[str, Any]]:
    """Progress, verdicts and cost; empty before the validator's first turn."""
    if shown.validator is None:
        return []
    total = sum(shown.verdicts.values())
    verdicts = [
        {
            "name": Verdict(verdict).label,
            "value": number_format(count, force_grouping=True),
            "note": percent(count / total) if total else "",
        }
        for verdict, count in shown.verdicts.items()
    ]
    used = shown.used
    cost = _("price not known") if used.cost is None else f"{number_format(used.cost, 2)} {used.currency}"
    tokens = number_format(used.tokens, force_grouping=True)
    minutes = _("%(minutes)s minutes of model time") % {"minutes": number_format(used.seconds / 60, 1)}
    return [*verdicts, {"name": _("Tokens"), "value": tokens, "note": f"{cost} · {minutes}"}]


def compared_rows(shown: ValidatorShown) -> list[dict[str, Any]]:
    """How its ratings compare with what experts settled and with gold, for all items and each group."""
    return [
        {
            "title": f"{one.attribute}: {one.group}" if one.attribute else _("All items"),
            "passed": _share(one.passed),
            "caught": _share(one.caught),
        }
        for one in (shown.overall, *shown.groups)
        if _any(one)
    ]


def _any(one: Compared) -> bool:
    return bool(one.passed.total or one.caught.total)


def _share(one: Share) -> str:
    if one.share is None or one.interval is None:
        return _("insufficient data: %(count)s of the %(least)s labels needed") % {"count": one.total, "least": ENOUGH}
    low, high = one.interval
    return _("%(share)s of %(total)s (%(low)s – %(high)s)") % {
        "share": percent(one.share),
        "total": number_format(one.total, force_grouping=True),
        "low": percent(low),
        "high": percent(high),
    }
