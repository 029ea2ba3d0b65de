"""The answers that stand beside each other on top of the page: where not, since when."""

from __future__ import annotations

from django.core.cache import cache
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from annotations.models import Project
from fairness.presenting import texts
from fairness.presenting.reading import headline
from fairness.presenting.timeplot import since_when
from fairness.selectors.live import LiveView, Source
from fairness.selectors.timeline import timeline

KEPT_SECONDS = 60
MOST_NAMED = 3


def where_not(view: LiveView) -> str:
    """Which groups lie apart in the labels that the answer is about, and which cannot be told of."""
    source, _answer = headline(view)
    if source is None:
        return _("Nothing can be said yet: no two groups have enough labels.")
    return " ".join([_apart(source), *_too_small(source)])


def _apart(source: Source) -> str:
    # The pairs that the headline's certificate is about, which may be certain while two bands still overlap.
    apart = [(low, high) for high, low in source.certified.beyond] if source.certified else []
    if apart:
        named = ", ".join(_("%(low)s below %(high)s") % {"low": low, "high": high} for low, high in apart[:MOST_NAMED])
        more = len(apart) - MOST_NAMED
        if more > 0:
            named += ", " + ngettext("%(n)s pair more", "%(n)s pairs more", more) % {"n": texts.count(more)}
        return _("Certain for these groups: %(pairs)s.") % {"pairs": named}
    parity = source.parity
    if parity.lowest is None or parity.highest is None or not parity.difference.value:
        return _("So far all groups get it equally often.")
    words = {
        "low": parity.lowest,
        "high": parity.highest,
        "low_rate": texts.percent(parity.rates[parity.lowest].value or 0.0),
        "high_rate": texts.percent(parity.rates[parity.highest].value or 0.0),
    }
    return _("Lowest is %(low)s (%(low_rate)s), highest %(high)s (%(high_rate)s).") % words


def _too_small(source: Source) -> list[str]:
    small = source.parity.excluded
    if not small:
        return []
    words = {"groups": ", ".join(small[:MOST_NAMED]), "number": texts.count(len(small))}
    if len(small) > MOST_NAMED:
        return [_("%(number)s groups have too few labels to say.") % words]
    text = ngettext("%(groups)s has too few labels to say.", "%(groups)s have too few labels to say.", len(small))
    return [text % words]


def since_briefly(project: Project, view: LiveView) -> str:
    """Since when a difference is certain, up to a minute old: it takes the whole history, which no label waits for."""
    # What is withheld meanwhile was not withheld when it was kept, and the other way round.
    withheld = view.ground.withheld_people if view.ground else None
    key = f"fairness:since:{project.pk}:{get_language()}:{withheld or ''}:{view.wanted.query()}"
    kept: str | None = cache.get(key)
    if kept is None:
        kept = since_when(view, timeline(project, view))
        cache.set(key, kept, KEPT_SECONDS)
    return kept
