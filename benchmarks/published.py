"""Published amplitudes fed as truth: does the chain give their ratios back at every rate?

Group means in % of MVIC (surface EMG; tables that were read, none from memory): Cynn et al. 2006, Arch Phys
Med Rehabil 87:1454, GMed and quadratus lumborum; Phys Ther Korea 31(2):123, table 2, GMed and TFL. Each
muscle has a spectrum of its own (medians of 72 and 120 Hz). EMG is made at 4 kHz, decimated through a
third-order sinc (averaged in pairs at 125 Hz, as a Daisy's radio does), given white noise, and put on the
board's integer grid. Rest and one reference per muscle go through the same chain; pipeline, calibration
and dominance are the product's own. Without references the ratio of microvolts is set against its truth.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from dataclasses import asdict, dataclass
from statistics import fmean, median, stdev

import numpy as np
import scipy
from scipy import signal

from emgfeedback.processing.bandwidth import emg_spectrum
from emgfeedback.run.job import grid_of
from emgfeedback.run.offline import calibrate_from, frames_of
from emgfeedback.training.calibration import levels_pct
from emgfeedback.training.dominance import Dominator
from emgfeedback.training.honesty import DEEP_HZ, SHALLOW_HZ, raw_ratio_bias
from emgfeedback.values import RIVAL, TARGET, Calibration, Channel, Frame, Recording, Setup, StreamInfo

MASTER_HZ = 4000
LSB_UV = 4.5 / (2**23 - 1) / 24 * 1e6
AVERAGED = {1000: 1, 250: 1, 200: 1, 125: 2}
"""Rates, and how many conversions the radio makes one sample of."""

GOAL_PCT = {1000: 5.0, 250: 5.0, 200: 5.0, 125: 10.0}
MVIC_UV = {"gmed": 120.0, "tfl": 100.0, "ql": 80.0}
"""RMS of each muscle's EMG at its reference, all frequencies."""

CORNERS_HZ = {"gmed": DEEP_HZ, "tfl": SHALLOW_HZ, "ql": SHALLOW_HZ}
NOISE_UV = 2.2
SETTLE_S = 1.0
REST_S = 20.0
TRIAL_S = 3.0

Parts = dict[str, tuple[float, float, float]]
"""Name → seconds, level of GMed and level of the rival, both in % of the reference."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Task:
    """Published means of one exercise, in % of MVIC."""

    study: str
    name: str
    gmed_pct: float
    rival_pct: float

    @property
    def ratio(self) -> float:
        """GMed over the rival."""
        return self.gmed_pct / self.rival_pct


TASKS = {
    "ql": (
        Task("Cynn 2006", "side-lying abduction, preferred", 25.03, 60.39),
        Task("Cynn 2006", "the same, lumbar spine stabilised", 46.06, 27.90),
    ),
    "tfl": (
        Task("PTK 31(2):123", "side-lying abduction", 36.6, 31.0),
        Task("PTK 31(2):123", "the same with hip extension", 51.2, 29.8),
    ),
}


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the chain gave back of a task: of levels, of the median margin, and of plain microvolts."""

    study: str
    name: str
    fs_hz: int
    true_ratio: float
    level_ratio: float
    margin_ratio: float
    raw_bias: float
    expected_bias: float
    trial_sd_pct: float

    @property
    def error_pct(self) -> float:
        """The larger error of the two calibrated ratios."""
        worse = max(self.level_ratio, self.margin_ratio, key=lambda r: abs(math.log(r / self.true_ratio)))
        return 100 * (worse / self.true_ratio - 1)

    @property
    def met(self) -> bool:
        """Whether the error is within the goal of the rate."""
        return abs(self.error_pct) <= GOAL_PCT[self.fs_hz]


def emg(corners_hz: tuple[float, float], n: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian EMG (n,) at the master rate with RMS 1."""
    f_hz = np.fft.rfftfreq(1 << 14, 1 / MASTER_HZ)
    response = np.roll(np.fft.irfft(np.sqrt(emg_spectrum(f_hz, *corners_hz))), 1 << 13)
    taps = response[(1 << 13) - 1024 : (1 << 13) + 1024]
    taps /= np.linalg.norm(taps)
    return signal.oaconvolve(rng.standard_normal(n + len(taps) - 1), taps, mode="valid")


def through_board(emg_uv: np.ndarray, fs_hz: int) -> np.ndarray:
    """What a sinc³ converter makes of EMG (n, n_channels) at the master rate, averaged by the radio."""
    averaged = AVERAGED[fs_hz]
    factor = MASTER_HZ // (fs_hz * averaged)
    box = np.ones(factor) / factor
    converted = signal.upfirdn(np.convolve(np.convolve(box, box), box), emg_uv, 1, factor, axis=0)
    n = len(emg_uv) // factor // averaged
    return converted[: n * averaged].reshape(n, averaged, -1).mean(axis=1)


def stream(rival: str, fs_hz: int) -> StreamInfo:
    """GMed and one rival on the right side."""
    channels = (Channel("1", "gmed", "right", TARGET), Channel("2", rival, "right", RIVAL))
    return StreamInfo(float(fs_hz), channels, "simulated board", LSB_UV)


def parts_of(rival: str, seconds: float) -> Parts:
    """Rest, a reference of each muscle, and every published task against this rival."""
    parts = {"rest": (REST_S, 0.0, 0.0), "gmed": (seconds, 100.0, 0.0), rival: (seconds, 0.0, 100.0)}
    return parts | {task.name: (seconds, task.gmed_pct, task.rival_pct) for task in TASKS[rival]}


def recorded(rival: str, fs_hz: int, parts: Parts, seed: int) -> tuple[Recording, dict[str, Span]]:
    """Record the parts one after the other; say where each stands in s, its first second left out."""
    rng = np.random.default_rng(seed)
    lengths_s = [SETTLE_S + part[0] for part in parts.values()]
    samples = [round(length_s * MASTER_HZ) for length_s in lengths_s]
    columns = []
    for i, muscle in enumerate(("gmed", rival), start=1):
        level_pct = np.repeat([part[i] for part in parts.values()], samples)
        columns.append(emg(CORNERS_HZ[muscle], sum(samples), rng) * MVIC_UV[muscle] * level_pct / 100)
    sampled_uv = through_board(np.column_stack(columns), fs_hz)
    sampled_uv += NOISE_UV * rng.standard_normal(sampled_uv.shape)
    counts = np.rint(sampled_uv / LSB_UV).astype(np.int32)
    ends_s = np.cumsum(lengths_s).tolist()
    spans = {
        name: (end_s - length_s + SETTLE_S, end_s)
        for name, end_s, length_s in zip(parts, ends_s, lengths_s, strict=True)
    }
    return Recording(stream(rival, fs_hz), counts, (), (), (), {}), spans


def calibrated(recording: Recording, rival: str, spans: dict[str, Span]) -> Calibration:
    """Calibrate from the rest and the references of a recording, without a doubt."""
    references = {muscle: spans[muscle] for muscle in ("gmed", rival)}
    calibration, doubts = calibrate_from(recording, recording.info, [50.0], spans["rest"], references)
    assert not doubts, doubts
    return calibration


def recover(rival: str, fs_hz: int, seconds: float, seed: int) -> list[Recovered]:
    """Feed every task of one rival through the chain of one rate."""
    recording, spans = recorded(rival, fs_hz, parts_of(rival, seconds), seed)
    info, grid = recording.info, grid_of(recording.info)
    calibration = calibrated(recording, rival, spans)
    frames = list(frames_of(recording, info, grid, 50.0, Setup()))
    judge = Dominator(info, grid, calibration)
    scatter = [
        trial_sd_pct(within(frames, fs_hz, spans[m]), i, grid.hop_s) for i, m in enumerate(("gmed", rival))
    ]
    out = []
    for task in TASKS[rival]:
        inside = within(frames, fs_hz, spans[task.name])
        rms_uv = np.sqrt(np.mean([frame.power_uv2 for frame in inside], axis=0))
        level_pct = levels_pct(rms_uv, calibration)
        margins_ln = (judge(frame.envelope_uv).margin_ln for frame in inside)
        above_uv = np.sqrt(rms_uv**2 - calibration.rest_uv**2)
        true_raw = task.ratio * MVIC_UV["gmed"] / MVIC_UV[rival]
        out.append(
            Recovered(
                study=task.study,
                name=task.name,
                fs_hz=fs_hz,
                true_ratio=task.ratio,
                level_ratio=float(level_pct[0] / level_pct[1]),
                margin_ratio=math.exp(median(filter(math.isfinite, margins_ln))),
                raw_bias=float(above_uv[0] / above_uv[1]) / true_raw,
                expected_bias=raw_ratio_bias(grid, AVERAGED[fs_hz]),
                trial_sd_pct=math.hypot(*scatter),
            )
        )
    return out


def within(frames: list[Frame], fs_hz: int, span_s: Span) -> list[Frame]:
    """Frames that end inside a span."""
    return [frame for frame in frames if span_s[0] * fs_hz < frame.end_sample <= span_s[1] * fs_hz]


def trial_sd_pct(frames: list[Frame], column: int, hop_s: float) -> float:
    """Scatter of a reference taken from 3 s: SD of ln RMS between the pieces of a long one, in %."""
    per_trial = round(TRIAL_S / hop_s)
    power = [float(frame.power_uv2[column]) for frame in frames]
    pieces = [power[i : i + per_trial] for i in range(0, len(power) - per_trial + 1, per_trial)]
    return 100 * stdev(0.5 * math.log(fmean(piece)) for piece in pieces)


def main() -> None:
    """Print a row per rate and task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each reference and task")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        row
        for fs_hz in AVERAGED
        for rival in TASKS
        for row in recover(rival, fs_hz, options.seconds, options.seed)
    ]
    if options.json:
        print(json.dumps([{**asdict(row), "error_pct": row.error_pct, "met": row.met} for row in rows]))
        return
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}")
    print("raw: ratio of microvolts over its truth, and as the model of the chain expects it")
    print("trial: SD of a ratio when both references are one 3 s trial")
    for row in rows:
        print(
            f"{row.fs_hz:5} Hz  {row.study:14} {row.name:34} true {row.true_ratio:5.3f}  levels "
            f"{row.level_ratio:5.3f}  margin {row.margin_ratio:5.3f}  error {row.error_pct:+5.1f} %  goal "
            f"{GOAL_PCT[row.fs_hz]:g} %  {'met' if row.met else 'NOT MET'}  raw {row.raw_bias:4.2f} "
            f"(expected {row.expected_bias:4.2f})  trial {row.trial_sd_pct:3.1f} %"
        )


if __name__ == "__main__":
    main()
