"""The heartbeat in the waist channel: what is left of it, what it costs, and whether the reward feels it.

EMG is made as in `cue.py` (reference 100 µV in the band, rest 2.5 or 7.9 µV). Beats of four shapes with P, Q,
R, S and T waves, intervals that vary by 5 % and sizes that breathe by ±5 % are added to one channel. After
20 s of rest, heard by `BeatMeter`, every level of effort lasts 30 s, and then there is rest again.

Residue: RMS, over the quarter of a second around a beat, of the beat average of (output - EMG alone), in % of
rest RMS. It is true, not estimated: EMG alone is known here. Amplitude error: RMS of the output over RMS of
EMG alone. Pulse: RMS in that quarter of a second over RMS outside it.
"""

from __future__ import annotations

import argparse
import json
import platform
import time

import numpy as np
import scipy
from cue import MASTER_HZ, RULES, SNR, UNIT_UV, Bench, recorded, verdicts

from emgfeedback.processing.bandwidth import Grid, grid_for
from emgfeedback.processing.beats import Beat
from emgfeedback.processing.ecg import BeatMeter, Heard, Heartbeat, residue_limit_uv
from emgfeedback.processing.envelope import moving_sum
from emgfeedback.processing.filters import Filter, design_bandpass
from emgfeedback.training.session import DEFAULT_RULE
from emgfeedback.values import Floats, Frame

SHAPES = {
    "broad": (
        (-0.17, -0.03, 0.0, 0.03, 0.25),
        (0.025, 0.008, 0.01, 0.01, 0.045),
        (0.1, -0.12, 1.0, -0.22, 0.25),
    ),
    "narrow": (
        (-0.16, -0.022, 0.0, 0.024, 0.27),
        (0.022, 0.006, 0.007, 0.008, 0.05),
        (0.12, -0.15, 1.0, -0.35, 0.3),
    ),
    "inverted": (
        (-0.15, -0.028, 0.0, 0.032, 0.24),
        (0.025, 0.008, 0.009, 0.01, 0.04),
        (-0.08, 0.1, -1.0, 0.3, -0.2),
    ),
    "biphasic": ((-0.17, -0.012, 0.012, 0.25), (0.025, 0.009, 0.009, 0.045), (0.1, 0.8, -1.0, 0.2)),
}
"""Bells that make a beat: at what time after the R peak (s), how wide (SD, s) and how high."""
HEARTS = (("narrow", 50), ("broad", 70), ("inverted", 90), ("biphasic", 120))
PEAKS_UV = (20, 50, 100, 300)
RESTS_UV = (2.5, UNIT_UV / np.sqrt(SNR))
REST_S, LEVEL_S, SETTLE_S = 20, 30, 1
LEVELS_UV = (0, 5, 10, 25, 50, 0)
WINDOW_S = (-0.1, 0.15)
MAINS_HZ = 50.0


def heart_uv(
    shape: str, per_min: float, peak_uv: float, n: int, fs_hz: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Heartbeat (n,) in µV, and the times of its R peaks."""
    time_s, heart, at_s = np.arange(n) / fs_hz, np.zeros(n), [0.4]
    while at_s[-1] < n / fs_hz:
        at_s.append(at_s[-1] + 60 / per_min * (1 + 0.05 * rng.standard_normal()))
    for beat_s in at_s:
        reach = slice(*np.searchsorted(time_s, [beat_s - 0.4, beat_s + 0.5]))
        size_uv = peak_uv * (1 + 0.05 * np.sin(2 * np.pi * 0.25 * beat_s))
        for middle_s, sd_s, size in zip(*SHAPES[shape], strict=True):
            heart[reach] += size_uv * size * np.exp(-0.5 * ((time_s[reach] - beat_s - middle_s) / sd_s) ** 2)
    return heart, np.array(at_s[:-1])


class Muscles:
    """EMG of one rate whose amplitude is stated in the band of the product."""

    def __init__(self, fs_hz: int, rng: np.random.Generator) -> None:
        self.fs_hz, self.rng = fs_hz, rng
        self.grid: Grid = grid_for(float(fs_hz), trunk=True)
        emg = recorded(np.ones((400_000, 1)), fs_hz, np.random.default_rng(99))
        white = np.random.default_rng(98).standard_normal((100 * fs_hz, 1))
        self._emg, self._white = (self.band(x)[fs_hz:].std() for x in (emg, white))

    def band(self, raw_uv: Floats, low_hz: float | None = None) -> Floats:
        """Filtered as in the product, or with another low edge."""
        edges_hz = (low_hz or self.grid.band_hz[0], self.grid.band_hz[1])
        return Filter(design_bandpass(self.grid.fs_hz, edges_hz))(raw_uv)

    def raw_uv(self, amplitude_uv: Floats, rest_uv: float) -> Floats:
        """Samples (n, c) of muscles with amplitudes (n, c) at the master rate, and rest noise."""
        emg_uv = recorded(amplitude_uv, self.fs_hz, self.rng) / self._emg
        return emg_uv + self.rng.standard_normal(emg_uv.shape) * (rest_uv / self._white)


def rms(samples: Floats) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.square(samples).mean()))


def heard(raw_uv: Floats, clean_uv: Floats, grid: Grid, column: int) -> Heard:
    """What `BeatMeter` makes of a stretch of rest."""
    meter = BeatMeter(grid, [column], MAINS_HZ)
    for i in range(0, len(raw_uv) - grid.hop_samples + 1, grid.hop_samples):
        meter(raw_uv[i : i + grid.hop_samples], clean_uv[i : i + grid.hop_samples])
    return meter.heard()


def removed(raw_uv: Floats, clean_uv: Floats, grid: Grid, column: int, beat: Beat | None) -> Floats:
    """The cleaned signal with the delay taken back; its last 60 ms are missing."""
    remover, hop = Heartbeat(grid, raw_uv.shape[1], [column], MAINS_HZ, beat), grid.hop_samples
    hops = range(0, len(raw_uv) - hop + 1, hop)
    cleaned_uv = [remover(raw_uv[i : i + hop], clean_uv[i : i + hop]) for i in hops]
    return np.concatenate(cleaned_uv[remover.delay_hops :])


def around(at_s: Floats, fs_hz: int) -> Floats:
    """Samples (n_beats, n) of the quarter of a second around each beat."""
    inside = np.arange(round(WINDOW_S[0] * fs_hz), round(WINDOW_S[1] * fs_hz))
    return np.round(at_s * fs_hz).astype(int)[:, None] + inside


def case(muscles: Muscles, rest_uv: float, peak_uv: float, heart: tuple[str, int]) -> dict:
    """One heart at all levels: limit, residue before and after, amplitude errors."""
    fs_hz, grid = muscles.fs_hz, muscles.grid
    level_uv = np.repeat((0, *LEVELS_UV), np.array([REST_S, *[LEVEL_S] * len(LEVELS_UV)]) * MASTER_HZ)
    emg_uv = muscles.raw_uv(level_uv[:, None].astype(float), rest_uv)
    beats_uv, at_s = heart_uv(*heart, peak_uv, len(emg_uv), fs_hz, muscles.rng)
    raw_uv = emg_uv + beats_uv[:, None]
    alone_uv, clean_uv = muscles.band(emg_uv), muscles.band(raw_uv)
    at_rest = heard(raw_uv[: REST_S * fs_hz], clean_uv[: REST_S * fs_hz], grid, 0)
    out_uv = removed(raw_uv, clean_uv, grid, 0, at_rest.beat)
    true_rest_uv = rms(alone_uv[fs_hz : REST_S * fs_hz])
    limit_uv = residue_limit_uv(np.array([true_rest_uv]), np.array([1.3 * true_rest_uv]))[0]
    rows = []
    for i, level in enumerate(LEVELS_UV):
        begin_s, end_s = REST_S + i * LEVEL_S + SETTLE_S, REST_S + (i + 1) * LEVEL_S
        part = slice(begin_s * fs_hz, min(end_s * fs_hz, len(out_uv)))
        pieces = around(at_s[(at_s > begin_s + 0.1) & (at_s < end_s - 0.3)], fs_hz)
        before, after = ((x - alone_uv[: len(x)])[pieces].mean(axis=0) for x in (clean_uv, out_uv))
        rows.append(
            {
                "level_uv": level,
                "residue_before_pct": 100 * rms(before) / true_rest_uv,
                "residue_pct": 100 * rms(after) / true_rest_uv,
                "amplitude_before_pct": 100 * (rms(clean_uv[part]) / rms(alone_uv[part]) - 1),
                "amplitude_pct": 100 * (rms(out_uv[part]) / rms(alone_uv[part]) - 1),
            }
        )
    needed = bool(at_rest.residue_uv[0] > limit_uv)
    return {"heart": heart, "seen": at_rest.beats > 0, "needed": needed, "levels": rows}


def figures(fs_hz: int, rng: np.random.Generator) -> list[dict]:
    """All cases of one rate, a line of print for each peak and rest."""
    muscles, cases = Muscles(fs_hz, rng), []
    print(f"\n{fs_hz} Hz, residue before > after in % of rest RMS at efforts in % of reference, median of 4")
    print(
        "rest µV   R µV   on  seen"
        + "".join(f"{f'{x} %':>14}" for x in LEVELS_UV)
        + "   worst: rest  amplitude %"
    )
    for rest_uv in RESTS_UV:
        for peak_uv in PEAKS_UV:
            hearts = [case(muscles, rest_uv, peak_uv, heart) for heart in HEARTS]
            table = np.array([[list(row.values()) for row in one["levels"]] for one in hearts])
            middle = np.median(table, axis=0)
            needed, seen = (sum(bool(one[key]) for one in hearts) for key in ("needed", "seen"))
            print(f"{rest_uv:7.1f} {peak_uv:6} {needed:3}/4 {seen:3}/4", end="")
            print("".join(f"{before:7.0f} >{after:4.0f} " for before, after in middle[:, 1:3]), end="")
            worst_before, worst = np.abs(table[:, :, 3:]).max(axis=(0, 1))
            print(f" {table[:, [0, -1], 2].max():10.0f} {worst_before:6.1f} > {worst:.1f}")
            cases += [{"fs_hz": fs_hz, "rest_uv": rest_uv, "peak_uv": peak_uv, **one} for one in hearts]
    return cases


def gated(power_uv2: Floats, at_s: Floats, hop_s: float) -> Floats:
    """Hop powers (n, c) with the last one held within 60 ms of a beat: gating that knows every beat."""
    middle_s = (np.arange(len(power_uv2)) + 0.5) * hop_s
    near = np.abs(middle_s[:, None] - 0.02 - at_s).min(axis=1) < 0.06
    last = np.maximum.accumulate(np.where(near, 0, np.arange(len(power_uv2))))
    return power_uv2[last]


def frames_of(power_uv2: Floats, grid: Grid) -> list[Frame]:
    """Frames of hop powers (n, c), nothing wrong with any."""
    hops = grid.window_samples // grid.hop_samples
    early_uv2 = np.concatenate([np.repeat(power_uv2[:1], hops - 1, axis=0), power_uv2])
    envelope_uv = np.sqrt(moving_sum(early_uv2, hops) / hops)
    fine, unknown = np.zeros(power_uv2.shape[1], np.uint8), np.full(power_uv2.shape[1], np.nan)
    pairs = enumerate(zip(power_uv2, envelope_uv, strict=True))
    return [Frame((i + 1) * grid.hop_samples, power, level, fine, unknown) for i, (power, level) in pairs]


def hop_powers(samples_uv: Floats, grid: Grid) -> Floats:
    """Mean power of each whole hop, (n_hops, c)."""
    whole = len(samples_uv) // grid.hop_samples * grid.hop_samples
    return np.square(samples_uv[:whole]).reshape(-1, grid.hop_samples, samples_uv.shape[1]).mean(axis=1)


def chains(
    muscles: Muscles, ratio: float, peak_uv: float, seconds: float
) -> tuple[dict[str, Floats], Floats]:
    """Hop powers of target, a quiet rival and the waist at a true ratio, by method, and the beats."""
    grid, fs_hz, rng = muscles.grid, muscles.fs_hz, muscles.rng
    work = np.tile([ratio, 0.25, 1.0], (round(seconds * MASTER_HZ), 1))
    amplitude_uv = UNIT_UV * np.concatenate([np.zeros((REST_S * MASTER_HZ, 3)), work])
    emg_uv = muscles.raw_uv(amplitude_uv, RESTS_UV[1])
    beats_uv, at_s = heart_uv("narrow", 70, peak_uv, len(emg_uv), fs_hz, rng)
    raw_uv = emg_uv + beats_uv[:, None] * [0, 0, 1]
    clean_uv = muscles.band(raw_uv)
    rest = slice(0, REST_S * fs_hz)
    beat = heard(raw_uv[rest], clean_uv[rest], grid, 2).beat
    high_uv = muscles.band(raw_uv, 40.0)
    high_uv *= rms(clean_uv[rest.stop :, 0]) / rms(high_uv[rest.stop :, 0])
    powers = {
        "no heart": hop_powers(muscles.band(emg_uv), grid),
        "left in": hop_powers(clean_uv, grid),
        "40 Hz high-pass": hop_powers(high_uv, grid),
        "template": hop_powers(removed(raw_uv, clean_uv, grid, 2, beat), grid),
    }
    powers["gating"] = gated(powers["left in"], at_s, grid.hop_s)
    first = round(REST_S / grid.hop_s)
    return {name: power_uv2[first:] for name, power_uv2 in powers.items()}, at_s[at_s > REST_S] - REST_S


def rewards(fs_hz: int, rule: str, minutes: float, seed: int) -> list[dict]:
    """What the rule in use makes of each method at 1:1 and at a true 2:1."""
    bench, muscles, rows = Bench(fs_hz, seed), Muscles(fs_hz, np.random.default_rng(seed)), []
    print(f"\n{fs_hz} Hz, rule {rule}: time it is met, flips a minute, pulse (RMS at beats over RMS between)")
    for peak_uv in (100.0, 300.0):
        for ratio in (1.0, 2.0):
            powers, at_s = chains(muscles, ratio, peak_uv, 60 * minutes)
            for name, power_uv2 in powers.items():
                met = verdicts(rule, bench, frames_of(power_uv2, muscles.grid))[50:]
                near = np.zeros(len(power_uv2), bool)
                near[np.clip(around(at_s, fs_hz) // muscles.grid.hop_samples, 0, len(near) - 1)] = True
                pulse = np.sqrt(power_uv2[near, 2].mean() / power_uv2[~near, 2].mean())
                flips = np.count_nonzero(np.diff(met)) / minutes
                print(
                    f"  R {peak_uv:3.0f} µV  {ratio:g}:1  {name:16} met {100 * met.mean():6.2f} %  "
                    f"at beats {100 * met[near[50:]].mean():6.2f} %  "
                    f"flips {flips:5.1f}  pulse {100 * (pulse - 1):+6.1f} %"
                )
                found = {"met_pct": 100 * met.mean(), "flips_per_min": flips, "pulse_pct": 100 * (pulse - 1)}
                rows.append({"fs_hz": fs_hz, "peak_uv": peak_uv, "ratio": ratio, "method": name, **found})
    return rows


def cost(fs_hz: int, rng: np.random.Generator) -> dict[str, float]:
    """Delay, and CPU time of a hop of three channels, one of them cleaned."""
    muscles = Muscles(fs_hz, rng)
    grid, hop = muscles.grid, muscles.grid.hop_samples
    raw_uv = muscles.raw_uv(np.zeros((60 * MASTER_HZ, 3)), RESTS_UV[0])
    raw_uv[:, 2] += heart_uv("broad", 70, 100, len(raw_uv), fs_hz, rng)[0]
    clean_uv = muscles.band(raw_uv)
    rest = heard(raw_uv[: REST_S * fs_hz], clean_uv[: REST_S * fs_hz], grid, 2)
    remover = Heartbeat(grid, 3, [2], MAINS_HZ, rest.beat)
    spent_us = []
    for i in range(0, len(raw_uv) - hop + 1, hop):
        begun = time.thread_time_ns()
        remover(raw_uv[i : i + hop], clean_uv[i : i + hop])
        spent_us.append((time.thread_time_ns() - begun) / 1000)
    p50, p99 = np.percentile(spent_us, [50, 99])
    delay_ms = 1000 * remover.delay_hops * grid.hop_s
    print(
        f"\n{fs_hz} Hz: late {delay_ms:.0f} ms (goal 60), CPU of a hop {p50:.0f} µs (goal 100), p99 {p99:.0f}"
    )
    return {"fs_hz": fs_hz, "delay_ms": delay_ms, "hop_us_p50": p50, "hop_us_p99": p99}


def main() -> None:
    """Print the tables, and write the figures as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="of work for each reward figure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", choices=tuple(RULES), default=DEFAULT_RULE)
    parser.add_argument("--json", default="", help="file to write all figures to")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}")
    print("goals: residue at rest <= 10 % of rest RMS, amplitude error <= 5 %, delay <= 60 ms")
    rng = np.random.default_rng(options.seed)
    found: dict[str, list] = {"cases": [], "rewards": [], "cost": []}
    for fs_hz in (250, 1000):
        found["cases"] += figures(fs_hz, rng)
        found["rewards"] += rewards(fs_hz, options.rule, options.minutes, options.seed)
        found["cost"].append(cost(fs_hz, rng))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
