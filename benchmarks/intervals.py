"""How honest the 95 % intervals of share, ratios and margin are: how often they hold the truth.

Muscles of Gaussian EMG at known levels, seen through sinc³ and the product's band, with white rest noise.
The SNR is that of the quietest muscle. Rest is measured anew in 10 s for every 25 s judged, so that its error
is in the figures. A cell is a rate, an SNR, a ratio of the target to the stronger rival, a second rival that
is equal or half of it, and levels that begin at 3 % of the reference or end at 150 %; cells whose reference
would be under 4 x rest are left out. Goal: 92 to 97 % in each cell. Then two figures for the point estimates:
a true ratio of 3 with the quiet muscle at 3 dB, and the leader at a true 2:1 with the rivals at 6 dB.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from cue import Bench, recorded
from scipy import signal

from emgfeedback.processing.filters import design_bandpass
from emgfeedback.training.dominance import Dominator
from emgfeedback.values import Calibration, Dominance

SNR_DB = (3.0, 6.0, 10.0, 20.0, 30.0)
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0)
SECOND = {"equal": 1.0, "half": 0.5}
GOAL = (92.0, 97.0)
LEAST_REFERENCE = 4.0
JUDGED_S, REST_S = 25.0, 10.0
KINDS = ("share", "ratio 1", "ratio 2", "margin")


@dataclass(frozen=True, slots=True)
class Cell:
    """True levels and rest, in fractions of the reference."""

    fs_hz: int
    snr_db: float
    ratio: float
    second: str
    levels: tuple[float, float, float]
    rest: float


def cells(fs_hz: int) -> Iterator[Cell]:
    """All cells that could be calibrated."""
    for snr_db, ratio, second, end in itertools.product(SNR_DB, RATIOS, SECOND, ("low", "high")):
        raw = (ratio, 1.0, SECOND[second])
        scale = 0.03 / min(raw) if end == "low" else 1.5 / max(raw)
        rest = scale * min(raw) * 10 ** (-snr_db / 20)
        if math.sqrt(1 + rest**2) >= LEAST_REFERENCE * rest:
            levels = (raw[0] * scale, raw[1] * scale, raw[2] * scale)
            yield Cell(fs_hz, snr_db, ratio, second, levels, rest)


class Stretch:
    """In-band EMG and noise of unit power, and their windowed products, from which any mixture follows."""

    def __init__(self, fs_hz: int, seconds: float, seed: int) -> None:
        bench = Bench(fs_hz, seed)
        self.info, self.grid, self._dof = bench.info, bench.grid, bench.calibration.dof
        rng = np.random.default_rng(seed)
        sections = design_bandpass(fs_hz, self.grid.band_hz)
        emg = signal.sosfilt(sections, recorded(np.ones((round(seconds * 4000), 3)), fs_hz, rng), axis=0)
        noise, rest = (
            signal.sosfilt(sections, rng.standard_normal((round(s * fs_hz), 3)), axis=0)
            for s in (seconds, seconds * REST_S / JUDGED_S)
        )
        emg, noise, rest = (x[fs_hz:] for x in (emg, noise, rest))
        power = np.mean(noise**2)
        emg, noise, rest = emg / np.sqrt(np.mean(emg**2)), noise / np.sqrt(power), rest / np.sqrt(power)
        self._products = [self._windows(x) for x in (emg**2, emg * noise, noise**2)]
        self._rest_power = [part.mean(axis=0) for part in self._rests(rest**2)]
        self._rest_sd = [part.std(axis=0) for part in self._rests(np.sqrt(self._windows(rest**2)))]

    def judge(self, levels: Sequence[float], rest: float) -> Iterator[Dominance]:
        """What is said of each window, with the calibration of its stretch of rest."""
        a = np.array(levels)
        emg2, product, noise2 = self._products
        envelopes = np.sqrt(a**2 * emg2 + 2 * a * rest * product + rest**2 * noise2)
        n = len(self._rest_power)
        for part, power, sd in zip(
            np.array_split(envelopes, n), self._rest_power, self._rest_sd, strict=True
        ):
            measured = Calibration(
                rest * np.sqrt(power),
                rest * sd,
                np.full(3, math.sqrt(1 + rest**2)),
                self._dof,
                "bench",
                (1, 1, 1),
                {},
            )
            yield from map(Dominator(self.info, self.grid, measured), part)

    def _windows(self, x: np.ndarray) -> np.ndarray:
        """Means over the RMS window, four windows overlapping."""
        length = self.grid.window_samples
        total = np.concatenate([np.zeros((1, 3)), np.cumsum(x, axis=0)])
        ends = np.arange(length, len(total), length // 4)
        return (total[ends] - total[ends - length]) / length

    def _rests(self, x: np.ndarray) -> list[np.ndarray]:
        return np.array_split(x, max(1, round(len(self._products[0]) / (4 * JUDGED_S / 0.25))))


def coverage_pct(stretch: Stretch, cell: Cell) -> tuple[list[float], float]:
    """How often each interval holds its truth, and the share of windows without a margin, in %."""
    target, *rivals = cell.levels
    ratios = [math.log(target / rival) for rival in rivals]
    truth = np.array([target / sum(cell.levels), *ratios, min(ratios)])
    held, unknown = [], []
    for who in stretch.judge(cell.levels, cell.rest):
        unknown.append(math.isnan(who.margin_ln))
        if who.measurable:
            low = np.array([who.share_low, *who.ratio_low_ln, who.margin_low_ln])
            high = np.array([who.share_high, *who.ratio_high_ln, who.margin_high_ln])
            held.append((low <= truth) & (truth <= high))
    return (100 * np.mean(held, axis=0)).tolist(), 100 * float(np.mean(unknown))


def ratio_of_three(stretch: Stretch) -> tuple[float, float]:
    """Median of a true ratio 3.0 with the rivals at 3 dB, over a minute: the least and the greatest."""
    levels = (0.3, 0.1, 0.1)
    first = np.array(
        [who.ratio_ln[0] for who in stretch.judge(levels, 0.1 * 10 ** (-3 / 20)) if who.ratio_ln]
    )
    minutes = np.array_split(first, max(1, len(first) // 960))
    medians = [float(np.exp(np.nanmedian(part))) for part in minutes]
    return min(medians), max(medians)


def leader_pct(stretch: Stretch) -> float:
    """Windows whose leader is right at a true 2:1 with the rivals at 6 dB."""
    named = [who.leader for who in stretch.judge((0.2, 0.1, 0.1), 0.1 * 10 ** (-6 / 20))]
    return 100 * named.count("gmed") / len(named)


def main() -> None:
    """Print the coverage of each cell, then the worst, the mean and the point estimates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for fs_hz in (250, 1000):
        stretch = Stretch(fs_hz, 60 * options.minutes, options.seed)
        rows = [(cell, *coverage_pct(stretch, cell)) for cell in cells(fs_hz)]
        table = np.array([covered for _, covered, _ in rows])
        three = ratio_of_three(stretch)
        results[fs_hz] = {
            "least_pct": dict(zip(KINDS, table.min(axis=0).tolist(), strict=True)),
            "mean_pct": dict(zip(KINDS, table.mean(axis=0).tolist(), strict=True)),
            "greatest_pct": dict(zip(KINDS, table.max(axis=0).tolist(), strict=True)),
            "cells": len(rows),
            "cells_outside": int(((table < GOAL[0]) | (table > GOAL[1])).any(axis=1).sum()),
            "ratio_three": three,
            "leader_pct": leader_pct(stretch),
        }
        if not options.json:
            _print(fs_hz, rows, results[fs_hz])
    if options.json:
        print(json.dumps(results))


def _print(fs_hz: int, rows: list[tuple[Cell, list[float], float]], summary: dict) -> None:
    print(f"{fs_hz} Hz, goal {GOAL[0]:g} to {GOAL[1]:g} %:  {'  '.join(KINDS)}")
    for cell, covered, unknown in rows:
        levels = "/".join(f"{100 * level:.3g}" for level in cell.levels)
        outside = any(not GOAL[0] <= value <= GOAL[1] for value in covered)
        print(
            f"{cell.snr_db:3g} dB {levels:>16} %  "
            + "  ".join(f"{value:5.1f}" for value in covered)
            + f"  no margin {unknown:.1f} %{'  <' if outside else ''}"
        )
    for name, value in summary.items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
