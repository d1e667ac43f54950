"""What bad data earn and what good data lose: injected artefacts through pipeline, every rule and the gate.

Artefacts are put on muscles at a true 1:1:1, on 2:4:2 (TFL leads) where TFL falls off, and on rest, one every
2.5 s, with sizes, lengths and moments drawn at random. A case has earned when a hop from its begin to 0.5 s
after its end is good, is not good in the same signal without it, and has a hop at most 0.3 s before whose
power it has changed by half (rules are wrong now and then on clean signal too). Lost windows are hops of
clean, strong, quick work that carry any flag.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

sys.path.insert(0, str(Path(__file__).parent))
from cue import LINE, LSB_UV, MASTER_HZ, UNIT_UV, Bench, recorded

from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.training.calibration import levels_pct
from emgfeedback.training.reward import Gate
from emgfeedback.training.session import RULES
from emgfeedback.values import COUNT_MAX, Chunk, Frame, Setup

EVERY_S, LEAD_IN_S, AFTER_S = 2.5, 2.0, 0.5
CONTAMINATED_S, CHANGED = 0.3, 1.5
GOAL_EARNED_PCT = GOAL_LOST_PCT = 1.0
FULL_SCALE_UV = COUNT_MAX * LSB_UV


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where an artefact goes: signal (n, 3) to be changed in place, from sample ``first`` on."""

    emg_uv: np.ndarray
    first: int
    fs_hz: int
    rng: np.random.Generator

    def part(self, seconds: float) -> np.ndarray:
        """The samples it covers, (n, 3)."""
        return self.emg_uv[self.first : self.first + max(1, round(seconds * self.fs_hz))]


def rail(at: Stretch) -> float:
    seconds = at.rng.uniform(0.01, 1.0)
    at.part(seconds)[:, at.rng.integers(3)] = at.rng.choice([-1, 1]) * FULL_SCALE_UV
    return seconds


def fallen(at: Stretch, wave_uv: Callable[[np.ndarray], np.ndarray]) -> float:
    seconds = at.rng.uniform(0.5, 1.2)
    part = at.part(seconds)
    part[:, 1] = wave_uv(np.arange(at.first, at.first + len(part)) / at.fs_hz)
    return seconds


def fallen_rail(at: Stretch) -> float:
    return fallen(at, lambda t: np.full(len(t), FULL_SCALE_UV))


def fallen_mains(at: Stretch) -> float:
    return fallen(at, lambda t: 2000 * np.sqrt(2) * np.sin(2 * np.pi * 50 * t))


def fallen_quiet(at: Stretch) -> float:
    quiet_uv = 0.3 * UNIT_UV / np.sqrt(10)
    return fallen(at, lambda t: quiet_uv * at.rng.standard_normal(len(t)))


def tug(at: Stretch) -> float:
    """A swing of 4 Hz that dies away, of any size and sign in every channel."""
    t = np.arange(len(at.part(0.5))) / at.fs_hz
    size_uv = at.rng.uniform(300, 3000) * at.rng.standard_normal(3)
    at.part(0.5)[:] += (np.sin(2 * np.pi * 4 * t) * np.exp(-t / 0.1))[:, None] * size_uv
    return 0.5


def common_burst(at: Stretch) -> float:
    """The same noise of 30-100 Hz in all channels, target first."""
    seconds = at.rng.uniform(0.1, 0.5)
    part = at.part(seconds)
    sections = signal.butter(2, (30, 100), "bandpass", fs=at.fs_hz, output="sos")
    wave = signal.sosfilt(sections, at.rng.standard_normal(len(part) + at.fs_hz))[-len(part) :]
    size = UNIT_UV * at.rng.uniform(4, 20) * np.array([1, *at.rng.uniform(0.3, 0.8, 2)])
    part += (wave / wave.std())[:, None] * size
    return seconds


def surge(at: Stretch) -> float:
    """Mains hum that comes at once, most of it in the target."""
    seconds = at.rng.uniform(0.1, 1.0)
    part = at.part(seconds)
    line_hz, phase = at.rng.choice([50.0, 60.0]), at.rng.uniform(0, 2 * np.pi)
    wave = np.sqrt(2) * np.sin(2 * np.pi * line_hz * np.arange(len(part)) / at.fs_hz + phase)
    part += wave[:, None] * UNIT_UV * at.rng.uniform(3, 20) * np.array([1, *at.rng.uniform(0, 0.5, 2)])
    return seconds


def spike(at: Stretch) -> float:
    """Thirty milliseconds of ten times the target's signal."""
    at.part(0.03)[:, 0] *= 10
    return 0.03


def pulse(at: Stretch) -> float:
    """A square pulse on the target."""
    seconds = at.rng.uniform(0.001, 0.03)
    at.part(seconds)[:, 0] += at.rng.choice([-1, 1]) * at.rng.uniform(500, 3000)
    return seconds


def offset_step(at: Stretch) -> float:
    """The target's electrode takes another offset, and keeps it for a second."""
    at.part(1.0)[:, 0] += at.rng.choice([-1, 1]) * at.rng.uniform(300, 5000)
    return 1.0


def loss(at: Stretch) -> float:
    """Rows that never came: NaN here, a gap in the stream."""
    if at.rng.random() < 0.5:
        seconds = at.rng.uniform(0.005, 0.3)
        at.part(seconds)[:] = np.nan
        return seconds
    part = at.part(0.5)
    part[at.rng.random(len(part)) < 0.05] = np.nan
    return 0.5


EQUAL, TFL_LEADS, REST = (1.0, 1.0, 1.0), (2.0, 4.0, 2.0), (0.0, 0.0, 0.0)
ARTEFACTS: dict[str, tuple[Callable[[Stretch], float], tuple[tuple[float, ...], ...]]] = {
    "loss": (loss, (EQUAL, REST)),
    "rail": (rail, (EQUAL, REST)),
    "detached: rail": (fallen_rail, (EQUAL, TFL_LEADS)),
    "detached: mains": (fallen_mains, (EQUAL, TFL_LEADS)),
    "detached: quiet": (fallen_quiet, (EQUAL, TFL_LEADS)),
    "motion: tug": (tug, (EQUAL, REST)),
    "motion: common burst": (common_burst, (EQUAL, REST)),
    "mains surge": (surge, (EQUAL, REST)),
    "pulse: spike": (spike, (EQUAL, REST)),
    "pulse: square": (pulse, (EQUAL, REST)),
    "pulse: offset step": (offset_step, (EQUAL, REST)),
}


class Chain:
    """The chain of one rate, from microvolts to the verdicts of every rule."""

    def __init__(self, fs_hz: int, seed: int) -> None:
        self.bench, self.fs_hz, self.rng = Bench(fs_hz, seed), fs_hz, np.random.default_rng(seed)
        rest_uv2 = tuple((self.bench.calibration.rest_uv**2).tolist())
        self._setup = Setup(0.0, rest_uv2, (0.02,) * 3)

    def emg_uv(self, amplitude: np.ndarray) -> np.ndarray:
        """Muscles of amplitudes (n, 3) at the master rate, with rest noise, in µV."""
        clean = recorded(amplitude, self.fs_hz, self.rng) * self.bench._scale_uv
        return clean + self.rng.standard_normal(clean.shape) * self.bench._noise_uv

    def frames(self, emg_uv: np.ndarray) -> list[Frame]:
        """Frames of a signal; rows of NaN were lost."""
        pipeline = Pipeline(self.bench.info, self.bench.grid, 50.0)
        pipeline.configure(self._setup)
        there = np.isfinite(emg_uv[:, 0])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]])))
        frames: list[Frame] = []
        for first, end in edges.reshape(-1, 2).tolist():
            counts = np.rint(np.clip(emg_uv[first:end] / LSB_UV, -COUNT_MAX, COUNT_MAX)).astype(np.int32)
            frames += pipeline.frames(Chunk.from_counts(first, counts, LSB_UV), hops_at_once=1024)
        return frames

    def good(self, rule: str, frames: list[Frame]) -> np.ndarray:
        """The verdict on each hop of the grid, (n_hops,) of bool."""
        calibration, grid = self.bench.calibration, self.bench.grid
        judge = RULES[rule](self.bench.info, grid, calibration)
        gate = Gate(self.bench.info, calibration, 10.0, None)
        good = np.zeros(frames[-1].end_sample // grid.hop_samples + 1, bool)
        met = False
        for frame in frames:
            judge.observe(frame)
            met = judge.meets(LINE, met)
            missing = gate(frame, levels_pct(frame.envelope_uv, calibration))
            good[frame.end_sample // grid.hop_samples] = met and not missing
        return good


def contaminated(clean: list[Frame], false: list[Frame], hops: int) -> np.ndarray:
    """Hops of the grid with a hop at most ``hops`` before whose power is changed by half, or lost."""
    by_end = {frame.end_sample: frame.power_uv2 for frame in false}
    touched = np.zeros(len(clean) + 1 + hops, bool)
    for i, frame in enumerate(clean, start=1):
        power = by_end.get(frame.end_sample)
        if power is None or not (np.abs(np.log(power / frame.power_uv2)) < np.log(CHANGED)).all():
            touched[i : i + hops + 1] = True
    return touched[: len(clean) + 1]


def earned(chain: Chain, name: str, n_cases: int) -> dict[str, float]:
    """Share of cases that earned, in percent, for each rule."""
    inject, scenes = ARTEFACTS[name]
    hits, cases = dict.fromkeys(RULES, 0), 0
    for levels in scenes:
        n = n_cases // len(scenes)
        seconds = LEAD_IN_S + EVERY_S * n
        clean = chain.emg_uv(np.tile(np.array(levels), (round(seconds * MASTER_HZ), 1)))
        false, spans = clean.copy(), []
        for i in range(n):
            begin_s = LEAD_IN_S + EVERY_S * (i + chain.rng.uniform(0, 0.1))
            length_s = inject(Stretch(false, round(begin_s * chain.fs_hz), chain.fs_hz, chain.rng))
            spans.append((begin_s, begin_s + length_s + AFTER_S))
        cases += n
        hop_s = chain.bench.grid.hop_s
        pair = chain.frames(clean), chain.frames(false)
        touched = contaminated(*pair, round(CONTAMINATED_S / hop_s))
        for rule in RULES:
            before, after = (chain.good(rule, frames) for frames in pair)
            undue = after & ~before & touched
            hits[rule] += sum(bool(undue[int(a / hop_s) : int(b / hop_s) + 1].any()) for a, b in spans)
    return {rule: 100 * hit / cases for rule, hit in hits.items()}


def strong_clean_work(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Amplitudes (n, 3) at the master rate: holds at 2:1, bursts to 150 %, risen in 50-150 ms."""
    states = np.array(
        [(2, 1, 1), (6, 1, 1), (6, 3, 3), (0, 0, 0), (3, 1, 1), (1, 1, 1), (1, 2, 2), (4, 0, 0)]
    )
    times_s, levels = [0.0], [np.zeros(3)]
    while times_s[-1] < seconds:
        times_s += [times_s[-1] + rng.uniform(1.0, 5.0)]
        times_s += [times_s[-1] + rng.uniform(0.05, 0.15)]
        levels += [levels[-1], states[rng.integers(len(states))]]
    at_s = np.arange(round(seconds * MASTER_HZ)) / MASTER_HZ
    return np.column_stack([np.interp(at_s, times_s, column) for column in np.array(levels).T])


def lost(chain: Chain, seconds: float) -> dict[str, float]:
    """Share of hops of clean work that carry a flag, in percent: of any channel, and by channel and flag."""
    frames = chain.frames(chain.emg_uv(strong_clean_work(seconds, chain.rng)))[50:]
    bits = np.array([frame.quality for frame in frames])
    shares = {"any": 100 * float((bits > 0).any(axis=1).mean())}
    for c, channel in enumerate(chain.bench.info.channels):
        for bit in np.unique(bits[:, c][bits[:, c] > 0]).tolist():
            shares[f"{channel.muscle} {bit}"] = 100 * float((bits[:, c] == bit).mean())
    return shares


def main() -> None:
    """Print a row per artefact and rate, and what clean work loses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200, help="per artefact and rate")
    parser.add_argument("--minutes", type=float, default=10.0, help="of clean work per rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="artefacts whose name contains this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for fs_hz in (250, 1000):
        chain, rows = Chain(fs_hz, options.seed), {}
        for name in ARTEFACTS:
            if options.only in name:
                rows[name] = earned(chain, name, options.cases)
        rows["clean work lost"] = lost(chain, 60 * options.minutes)
        figures[f"{fs_hz} Hz"] = rows
        if not options.json:
            print(f"{fs_hz} Hz: cases that earned, %, goal < {GOAL_EARNED_PCT:g}; lost < {GOAL_LOST_PCT:g}")
            for name, shares in rows.items():
                print(f"  {name:22}", "  ".join(f"{k} {v:.2f}" for k, v in shares.items()), flush=True)
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
