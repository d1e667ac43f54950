"""How well a placement check tells the leak between electrode pairs: simulated muscles, known mixing.

Three muscles of Gaussian EMG (the spectrum of `cue.py`) of 50 to 150 µV press one after the other for 5 s, of
which the middle 3 s count, while the two others work along at up to ``along`` of their own test. Every
channel hears every other muscle with a leak of its own, 0 to 40 % of the amplitude, ``late`` ms later. The
samples go through the product's band-pass and its placement check. "power alone" is what the level in the
other channel would say.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cue import MASTER_HZ, shaper
from scipy import signal

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.training.placement import Placement, Report
from emgfeedback.values import RIVAL, TARGET, Channel, Floats, Frame, StreamInfo

MUSCLES = ("gmed", "tfl", "ql")
MOST_LEAK, GOAL = 0.4, 0.05
NOISE_UV = 3.0
OFF_DIAGONAL = ~np.eye(3, dtype=bool)


@dataclass(frozen=True, slots=True)
class HopOfSamples(Frame):
    """A frame with its filtered samples, (hop_samples, n_used)."""

    band_uv: Floats | None = None


class Person:
    """One person with electrodes on; amplitudes and leaks are drawn by lot."""

    def __init__(self, fs_hz: int, late_ms: float, rng: np.random.Generator) -> None:
        roles = (TARGET, RIVAL, RIVAL)
        channels = tuple(Channel(m, m, "right", role) for m, role in zip(MUSCLES, roles, strict=True))
        self.info = StreamInfo(float(fs_hz), channels, "bench", 0.001)
        self.grid = grid_for(float(fs_hz), trunk=True)
        self.leak = np.where(OFF_DIAGONAL, rng.uniform(0, MOST_LEAK, (3, 3)), 1.0)
        self._own_uv = rng.uniform(50, 150, 3)
        self._late = round(late_ms * MASTER_HZ / 1000)
        self._rng = rng

    def hops(self, levels: Sequence[float], seconds: float) -> list[HopOfSamples]:
        """Frames of muscles at constant levels, filters settled."""
        fs_hz, hop = round(self.info.fs_hz), self.grid.hop_samples
        noise = self._rng.standard_normal((round((seconds + 1) * MASTER_HZ) + 2047, 3))
        emg = signal.fftconvolve(noise, shaper()[:, None], mode="valid", axes=0) * self._own_uv * levels
        leaked = np.roll(emg, self._late, axis=0) @ (self.leak - np.eye(3)).T
        factor = MASTER_HZ // fs_hz
        box = np.ones(factor) / factor
        sinc3 = np.convolve(np.convolve(box, box), box)
        board = signal.upfirdn(sinc3, emg + leaked, 1, factor, axis=0)[: len(emg) // factor]
        board = board + self._rng.standard_normal(board.shape) * NOISE_UV
        band_uv = signal.sosfilt(design_bandpass(fs_hz, self.grid.band_hz), board, axis=0)[fs_hz:]
        whole = len(band_uv) // hop
        return [
            self._frame(i, samples) for i, samples in enumerate(band_uv[: whole * hop].reshape(-1, hop, 3))
        ]

    def _frame(self, i: int, samples_uv: Floats) -> HopOfSamples:
        power_uv2 = (samples_uv**2).mean(axis=0)
        return HopOfSamples(
            (i + 1) * len(samples_uv),
            power_uv2,
            np.sqrt(power_uv2),
            np.zeros(3, np.uint8),
            np.zeros(3),
            band_uv=samples_uv,
        )

    def checked(self, along: float) -> Report:
        """What the placement check says of this person."""
        placement = Placement(self.info, self.grid)
        for frame in self.hops((0, 0, 0), 10):
            placement.add_rest(frame)
        for i, muscle in enumerate(MUSCLES):
            levels = self._rng.uniform(0, along, 3)
            levels[i] = 1.0
            for frame in self.hops(levels, 3):
                placement.add(frame)
            placement.close(muscle)
        report = placement.report()
        assert report is not None
        return report

    def by_power_alone(self, report: Report) -> Floats:
        """Errors of the levels taken for leaks, (6,)."""
        matrix = np.array([report.matrix_pct[muscle] for muscle in MUSCLES]).T / 100
        return (matrix * self._own_uv[:, None] / self._own_uv - self.leak)[OFF_DIAGONAL]


def figures(fs_hz: int, along: float, late_ms: float, persons: int, seed: int) -> dict[str, Any]:
    """Errors over many persons; ``told`` counts what the check dares to say."""
    rng = np.random.default_rng(seed)
    errors, widths, naive = [], [], []
    for _ in range(persons):
        person = Person(fs_hz, late_ms, rng)
        report = person.checked(along)
        assert report.leaks is not None
        errors.append((report.leaks.fraction - person.leak)[OFF_DIAGONAL])
        widths.append(report.leaks.half_width[OFF_DIAGONAL])
        naive.append(person.by_power_alone(report))
    error, width = np.abs(np.concatenate(errors)), np.concatenate(widths)
    told = width <= GOAL
    return {
        "fs_hz": fs_hz,
        "along": along,
        "late_ms": late_ms,
        "leaks": len(error),
        "told_pct": 100 * float(told.mean()),
        "told_within_5_pct": 100 * float((error[told] <= GOAL).mean()) if told.any() else None,
        "all_within_5_pct": 100 * float((error <= GOAL).mean()),
        "p95_points": 100 * float(np.percentile(error, 95)),
        "coverage_pct": 100 * float((error <= width).mean()),
        "power_alone_within_5_pct": 100 * float((np.abs(np.concatenate(naive)) <= GOAL).mean()),
    }


def main() -> None:
    """Print a row per rate, company of muscles and lateness."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cases = [(fs, along, 0.0) for fs in (125, 250, 1000) for along in (0.0, 0.3, 0.6)]
    cases += [(250, 0.3, 4.0), (1000, 0.3, 2.0)]
    rows = [figures(fs, along, late, options.persons, options.seed) for fs, along, late in cases]
    if options.json:
        print(json.dumps(rows))
        return
    print("goal: leaks of 0-40 % within 5 points; told: the 95 % interval is no wider than that")
    for row in rows:
        within = row["told_within_5_pct"]
        print(
            f"{row['fs_hz']:5} Hz  along {row['along']:.1f}  late {row['late_ms']:.0f} ms  "
            f"told {row['told_pct']:5.1f} %, of these within 5 points "
            f"{'  none' if within is None else f'{within:5.1f} %'}  all {row['all_within_5_pct']:5.1f} %  "
            f"p95 {row['p95_points']:4.1f}  covered {row['coverage_pct']:5.1f} %  "
            f"power alone {row['power_alone_within_5_pct']:5.1f} %"
        )


if __name__ == "__main__":
    main()
