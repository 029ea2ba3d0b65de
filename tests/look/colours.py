"""Colours of the design tokens, and how people see them.

Contrast is WCAG 2.2's ratio of relative luminances. Colour-blind sight is simulated with the matrices of
Machado, Oliveira and Fernandes (2009) at full severity, in linear RGB; the distance of two colours is the
Euclidean one in CIELAB under D65 (ΔE*ab of 1976).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
DECLARATION = re.compile(r"--([\w-]+):\s*(?:light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)|var\(--([\w-]+)\));")
SIGHT = {
    "typical": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_D65 = np.array([0.95047, 1.0, 1.08883])


def tokens() -> dict[str, dict[str, str]]:
    """The colour tokens by theme: ``{"light": {"ink": "#13212e", …}, "dark": {…}}``."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for name, day, night, other in DECLARATION.findall((CSS / "tokens.css").read_text(encoding="utf-8")):
        if other and other not in light:
            continue  # a token that stands for something else than a colour
        light[name], dark[name] = (light[other], dark[other]) if other else (day, night)
    return {"light": light, "dark": dark}


def linear(colour: str) -> NDArray[np.float64]:
    """``#rrggbb`` as linear RGB, shape (3,), each in 0…1."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, 1…21."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, bright = sorted(float(linear(colour) @ weights) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def lab(colour: str, sight: str) -> NDArray[np.float64]:
    """CIELAB of a colour as somebody with that sight sees it, shape (3,)."""
    seen = np.clip(SIGHT[sight] @ linear(colour), 0, 1)
    ratio = _XYZ @ seen / _D65
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, sight: str) -> float:
    """ΔE*ab between two colours as somebody with that sight sees them."""
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))
