"""Feedback that is drawn by lot, for the control block of a study; it says nothing about the muscles."""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.processing.bandwidth import Grid

GOOD_S, OFF_S = 2.0, 1.0
"""Mean length of the stretches that are called good, and of those between them."""


class Sham:
    """Two states that follow one another by chance, hop by hop; the first is off.

    ``good_s`` is the made-up good time so far. Stretches have no memory: each hop ends one with probability
    1 - exp(-hop / mean length).

    Parameters
    ----------
    rng : seeded for this repetition, so that a replay shows the same
    """

    def __init__(self, grid: Grid, rng: np.random.Generator) -> None:
        self.good, self.good_s = False, 0.0
        self._hop_s, self._rng = grid.hop_s, rng

    def hop(self) -> None:
        """Go on by one hop."""
        mean_s = GOOD_S if self.good else OFF_S
        if self._rng.random() < 1 - math.exp(-self._hop_s / mean_s):
            self.good = not self.good
        self.good_s += self._hop_s * self.good
