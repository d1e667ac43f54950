"""The palettes, for four kinds of colour vision.

Simulation: Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113, table 1, severity 1.0, applied to
linear RGB. Distance: CIE76 in CIELAB (D65). Contrast: WCAG 2.2, 1.4.3.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from emgfeedback.app.theme import THEMES

MACHADO = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = XYZ.sum(axis=1)


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = XYZ @ np.clip(rgb, 0.0, 1.0) / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((float(XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("vision", MACHADO)
def test_the_muscles_stay_apart_for_every_kind_of_colour_vision(theme, vision):
    seen = [lab(MACHADO[vision] @ linear(colour)) for colour in (theme.target, theme.front, theme.back)]
    distances = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) >= 35.0


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_and_muscles_stand_out_from_the_background(theme):
    for background in (theme.background, theme.background_end):
        assert contrast(theme.ink, background) >= 10.0
        for colour in (theme.dim, theme.target, theme.front, theme.back, theme.done, theme.warning):
            assert contrast(colour, background) >= 4.5


@pytest.mark.parametrize("name", ["dark", "light"])
def test_no_colour_of_the_patient_screen_is_red(name):
    theme = THEMES[name]
    for colour in (theme.target, theme.front, theme.back, theme.done, theme.ink, theme.dim, theme.warning):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert not (red > 120 and green < red / 2.2 and blue < red / 2.2)
