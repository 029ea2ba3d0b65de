"""The palette in both themes: WCAG 2.2 AA, and series that colour-blind readers can tell apart."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.look.colours import SIGHT, contrast, distance, tokens

TOKENS = tokens()
GROUNDS = ("paper", "surface", "sunken", "raised")
TEXT = [  # (ink, ground): 4.5 to 1
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3", "primary", "primary-strong") for ground in GROUNDS],
    *[
        (ink, ground)
        for ink in ("good", "info", "warn", "bad", "accent-ink")
        for ground in ("paper", "surface", "raised")
    ],
    *[(tone, f"{tone}-tint") for tone in ("good", "info", "warn", "bad")],
    *[("ink", f"{tone}-tint") for tone in ("good", "info", "warn", "bad", "accent", "primary")],
    *[("primary", f"{tone}-tint") for tone in ("good", "info", "warn", "bad")],
    ("ink-2", "primary-tint"),
    ("on-ink", "ink"),
    ("on-primary", "primary"),
    ("on-primary", "primary-strong"),
    ("on-accent", "accent"),
    ("on-bad", "bad"),
    ("on-bad", "bad-strong"),
]
SHAPES = [  # (edge, ground): 3 to 1, for what carries meaning without being text
    *[(edge, ground) for edge in ("rule-strong", "focus", "human", "model", "gold") for ground in ("paper", "surface")],
    *[(f"{tone}-line", ground) for tone in ("good", "info", "warn", "bad") for ground in ("paper", "surface")],
    *[(f"s{number}", ground) for number in range(1, 9) for ground in ("paper", "surface")],
    ("rule-strong", "raised"),
    ("focus", "raised"),
    ("primary", "sunken"),
    ("focus", "primary-tint"),
    *[(f"{tone}-line", "sunken") for tone in ("good", "warn", "bad")],
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(theme: str, ink: str, ground: str) -> None:
    assert contrast(TOKENS[theme][ink], TOKENS[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), SHAPES)
def test_meaningful_edges_and_shapes_are_visible(theme: str, edge: str, ground: str) -> None:
    assert contrast(TOKENS[theme][edge], TOKENS[theme][ground]) >= 3.0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_series_can_be_told_apart(theme: str, sight: str) -> None:
    """ΔE of 10 is a plain difference at a glance; shape and pattern repeat it."""
    series = {number: TOKENS[theme][f"s{number}"] for number in range(1, 9)}
    nearest = min((distance(series[a], series[b], sight), a, b) for a, b in combinations(series, 2))
    assert nearest[0] >= 15, f"series {nearest[1]} and {nearest[2]} look alike"


def test_contrast_knows_the_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)
    # the well-known lightest grey that is readable on white
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_red_and_green_merge_for_the_red_green_blind() -> None:
    assert distance("#c00000", "#6b6b00", "deuteranopia") < distance("#c00000", "#6b6b00", "typical") / 2
