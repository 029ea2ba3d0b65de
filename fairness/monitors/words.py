"""What a monitor watches and what it found, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fairness.models import Finding, Monitor
from fairness.monitors.measures import FALSE_POSITIVE, LESS, MORE, TRUE_POSITIVE
from fairness.monitors.models import Measure, Truth, Whose
from fairness.monitors.standing import Standing, Stands

SHOWN_GROUPS = 5


def number(value: float | None) -> str:
    """At most three places, none that say nothing; a dash where there is none."""
    return "–" if value is None else _trimmed(value, 3)


def points(value: float | None) -> str:
    """A share or a difference of shares, in percent."""
    return "–" if value is None else _trimmed(100 * value, 1)


def _trimmed(value: float, places: int) -> str:
    plain = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return str(number_format(Decimal(plain), use_l10n=True)).replace("-", "−")


def source_of(monitor: Monitor, annotator: str = "") -> str:
    if monitor.whose == Whose.MODEL:
        return annotator or _("each model")
    return _("people’s consensus") if monitor.whose == Whose.PEOPLE else _("the consensus")


def title_of(monitor: Monitor, labels: Mapping[str, str], annotator: str = "") -> str:
    """What is watched, in a line. ``labels``: names of labels by key."""
    texts = {
        Measure.PARITY: _("How much more often one %(attribute)s than another is labelled “%(label)s” by %(source)s"),
        Measure.ODDS: _("How differently %(source)s err about “%(label)s” between groups of %(attribute)s"),
        Measure.GAP: _("How far %(source)s and people are apart on “%(label)s” within a %(attribute)s"),
        Measure.KAPPA: _("How well %(source)s and people’s consensus agree%(across)s"),
        Measure.COMPLETENESS: _("How far one %(attribute)s is behind another in labels"),
        Measure.ERROR: _("How often %(source)s are wrong on items with a known label%(across)s"),
    }
    if monitor.measure == Measure.ERROR and monitor.truth == Truth.AUDIT:
        texts[Measure.ERROR] = _("How often %(source)s are wrong on items drawn uniformly for a check%(across)s")
    across = _(", for each %(attribute)s") % {"attribute": monitor.attribute} if monitor.attribute else ""
    return texts[Measure(monitor.measure)] % {
        "attribute": monitor.attribute,
        "label": labels.get(monitor.label, monitor.label),
        "source": source_of(monitor, annotator),
        "across": across,
    }


@dataclass(frozen=True)
class Badge:
    text: str
    tone: str
    icon: str = ""
    title: str = ""


def badge_of(stands: Stands) -> Badge:
    """How a monitor stands, in a few words: one that looks at nothing is not said to have found nothing."""
    if stands.standing == Standing.FOUND:
        return Badge(_("Found something"), "bad", "alert")
    if stands.standing == Standing.BLIND:
        return Badge(_("Watches nothing"), "bad", "alert", _("The groups that it watches are there no more."))
    if stands.standing == Standing.PARTLY:
        missing = ", ".join(stands.unwatched[:SHOWN_GROUPS])
        if missing:
            return Badge(_("Not watching %(groups)s") % {"groups": missing}, "warn", "alert")
        return Badge(_("Groups have changed"), "warn", "alert", ", ".join(stands.gone[:SHOWN_GROUPS]))
    if stands.standing == Standing.UNNAMED:
        return Badge(_("Waits for its groups"), "info", "", _("They are named when all items are there."))
    if stands.standing == Standing.NO_LABELS:
        return Badge(_("No labels yet"), "neutral")
    return Badge(_("Nothing certain"), "good", "check")


def unit_of(monitor: Monitor) -> str:
    """What the certain and the plain value are counted in."""
    if monitor.measure == Measure.KAPPA:
        return "κ"
    return "%" if monitor.measure == Measure.ERROR else _("points")


def limit_of(monitor: Monitor) -> str:
    """The limit in words."""
    if monitor.measure == Measure.KAPPA:
        return _("at least %(tau)s") % {"tau": number(monitor.tau)}
    if monitor.measure == Measure.ERROR:
        return _("at most %(tau)s %%") % {"tau": points(monitor.tau)}
    return _("at most %(tau)s points") % {"tau": points(monitor.tau)}


def found_text(monitor: Monitor, certificate: Mapping[str, Any], labels: Mapping[str, str], annotator: str = "") -> str:
    """What was found and how sure it is. ``certificate``: of a finding, or a verdict as JSON."""
    return f"{what_text(monitor, certificate, labels, annotator)} {how_sure(monitor, certificate)}"


def what_text(monitor: Monitor, certificate: Mapping[str, Any], labels: Mapping[str, str], annotator: str) -> str:
    """What was found, in a sentence."""
    groups, certain = certificate["groups"], certificate["certain"]
    shown = {
        "source": source_of(monitor, annotator),
        "label": labels.get(monitor.label, monitor.label),
        "first": groups[0] if groups else _("all items"),
        "second": groups[1] if len(groups) > 1 else "",
        "certain": points(certain),
        "plain": points(certificate["plain"]),
    }
    if monitor.measure == Measure.PARITY:
        text = _("%(source)s: items about %(first)s get “%(label)s” more often than items about %(second)s, by at "
                 "least %(certain)s points (%(plain)s as counted).")  # fmt: skip
    elif monitor.measure == Measure.ODDS and certificate["rate"] == TRUE_POSITIVE:
        text = _("%(source)s: where “%(label)s” is right it is found more often for %(first)s than for %(second)s, by "
                 "at least %(certain)s points (%(plain)s as counted).")  # fmt: skip
    elif monitor.measure == Measure.ODDS:
        text = _("%(source)s: where “%(label)s” is wrong it is given more often for %(first)s than for %(second)s, by "
                 "at least %(certain)s points (%(plain)s as counted).")  # fmt: skip
    elif monitor.measure == Measure.GAP:
        row = certificate["table"][groups[0]]
        more = row[0] >= row[1]
        text = _("%(source)s: items about %(first)s get “%(label)s” more often than people give it, by at least "
                 "%(certain)s points (%(plain)s as counted).") if more else _(
                 "%(source)s: items about %(first)s get “%(label)s” less often than people give it, by at least "
                 "%(certain)s points (%(plain)s as counted).")  # fmt: skip
    elif monitor.measure == Measure.COMPLETENESS:
        text = _("Items about %(first)s have %(plain)s points more of the labels that they need than items about "
                 "%(second)s.")  # fmt: skip
    elif monitor.measure == Measure.ERROR and monitor.truth == Truth.AUDIT:
        text = _("%(source)s: of %(first)s that were drawn uniformly an expert labels at least %(certain)s %% "
                 "otherwise (%(plain)s %% so far, as if all that waits for a check were right).")  # fmt: skip
    elif monitor.measure == Measure.ERROR:
        text = _("%(source)s: of %(first)s with a known label at least %(certain)s %% are labelled otherwise "
                 "(%(plain)s %% as counted).")  # fmt: skip
    else:
        shown |= {"certain": number(certain), "plain": number(certificate["plain"])}
        text = _("%(source)s and people’s consensus agree less on %(first)s than the limit asks: κ is at most "
                 "%(certain)s (%(plain)s as counted; 1 would be complete agreement, 0 is chance).")  # fmt: skip
    return text % shown


def also_found(finding: Finding) -> list[str]:
    """What else is certain to be beyond the limit, in a line each: with what the finding names, all that accepting it
    accepts."""
    certificate = finding.certificate
    named = (certificate["rate"], certificate["groups"])
    others = (one for one in certificate.get("found", ()) if (one["rate"], one["groups"]) != named)
    return [_also(finding.monitor, one) for one in others]


def _also(monitor: Monitor, one: Mapping[str, Any]) -> str:
    groups = one["groups"]
    shown = {
        "first": groups[0] if groups else _("all items"),
        "second": groups[1] if len(groups) > 1 else "",
        "plain": number(one["plain"]) if monitor.measure == Measure.KAPPA else points(one["plain"]),
    }
    if monitor.measure == Measure.KAPPA:
        return _("%(first)s: κ %(plain)s as counted") % shown
    if monitor.measure == Measure.ERROR:
        return _("%(first)s: %(plain)s %% wrong as counted") % shown
    texts = {
        MORE: _("%(first)s: %(plain)s points more often than people, as counted"),
        LESS: _("%(first)s: %(plain)s points less often than people, as counted"),
        TRUE_POSITIVE: _("%(first)s above %(second)s where it is right: %(plain)s points as counted"),
        FALSE_POSITIVE: _("%(first)s above %(second)s where it is wrong: %(plain)s points as counted"),
    }
    return texts.get(one["rate"], _("%(first)s above %(second)s: %(plain)s points as counted")) % shown


def how_sure(monitor: Monitor, certificate: Mapping[str, Any]) -> str:
    if certificate.get("exact"):
        return _("This is counted, not estimated. The limit is %(limit)s.") % {"limit": limit_of(monitor)}
    alpha = certificate.get("alpha", monitor.alpha)
    since = certificate.get("since")
    shown = {
        "limit": limit_of(monitor),
        "alpha": points(alpha),
        "since": date_format(datetime.fromisoformat(since) if since else monitor.since, "DATE_FORMAT"),
        "times": certificate.get("renewed", monitor.renewed),
    }
    if monitor.measure == Measure.COMPLETENESS:
        text = _("In an order of labels that knows no groups, chance would bring two groups further apart than "
                 "allowed (%(limit)s) in at most %(alpha)s %% of projects, however often one looks since "
                 "%(since)s.")  # fmt: skip
    # Each model is watched with the whole α, so the promise is about one of them.
    elif monitor.whose == Whose.MODEL:
        text = _("If the truth were within the limit (%(limit)s), chance would bring this about for this model in at "
                 "most %(alpha)s %% of projects, however often one looks since %(since)s.")  # fmt: skip
    else:
        text = _("If the truth were within the limit (%(limit)s), chance would bring this about in at most %(alpha)s "
                 "%% of projects, however often one looks since %(since)s.")  # fmt: skip
    if shown["times"]:
        text += " " + ngettext(
            "The same was watched %(times)s time before, with as much again.",
            "The same was watched %(times)s times before, each time with as much again.",
            shown["times"],
        )
    return text % shown


def share_of(value: float) -> str:
    return _("%(share)s %%") % {"share": points(value)}


def rate_text(monitor: Monitor, rate: float | None) -> str:
    """What was counted of one group: a share, or for a gap a difference of shares."""
    if rate is None:
        return "–"
    return points(rate) if monitor.measure == Measure.GAP else share_of(rate)


def band_text(monitor: Monitor, low: float | None, high: float | None) -> str:
    """The limits of a group's value, that of κ where κ is watched."""
    if low is None or high is None:
        return "–"
    shown = number if monitor.measure == Measure.KAPPA else points
    return f"{shown(low)} – {shown(high)}"


def table_titles(monitor: Monitor) -> tuple[str, str]:
    """What ``rate_text`` and ``band_text`` are of."""
    if monitor.measure == Measure.KAPPA:
        return _("Share that agrees"), _("Limits of κ that hold at every moment")
    if monitor.measure == Measure.GAP:
        return _("Gap in points"), _("Limits in points that hold at every moment")
    return _("Share"), _("Limits in % that hold at every moment")


def reason_of(finding: Finding, labels: Mapping[str, str], annotator: str) -> str:
    """Why a run is paused, on the run's own page: what was found and where to answer it; at most 500 characters."""
    text = what_text(finding.monitor, finding.certificate, labels, annotator)
    return f"{text[:360]} {to_answer(finding)}"


def to_answer(finding: Finding) -> str:
    text = _("Fairness → Monitors → finding %(number)s says more, and waits for the owner’s decision.")
    return text % {"number": finding.pk}
