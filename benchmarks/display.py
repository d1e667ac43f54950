"""How quick and how steady the display is: every amplitude estimator on steps and slow efforts of known size.

Gaussian EMG of one muscle (spectrum f_l 60, f_h 120 Hz, third-order sinc decimator, see `cue.py`) through the
causal band-pass of the grid with a trunk channel. Delays run from the true step to the end of the hop that
shows it, filter and wait for the hop included; "4 ms" is the same estimator on hops of 4 ms.

t90: an amplitude of 5 jumps to 50, the first 45 shown. dn10: back to 5, the first 9.5 shown. 2x: 25 to 50,
the first 45 shown. over: how far above 50 the highest value of the first 0.5 s is, 95th percentile of trials.
CV: standard deviation over mean of all that is shown from 1 s after the step to the end of the plateau, all
trials pooled. slow: RMS error in % of the mean while effort swings from 5 to 50 at 0.5 Hz. The noisy rows
have rest noise 10 dB under an amplitude of 25. Rest and whitening are learnt before from 30 s each.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import scipy
from cue import MASTER_HZ, recorded
from scipy import signal

from emgfeedback.processing.bandwidth import Grid, grid_for
from emgfeedback.processing.display import DISPLAYS, display_for
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.processing.spectrum import lag_products, n_lags, whitening_filters
from emgfeedback.values import Setup

LOW_UV, HALF_UV, HIGH_UV = 5.0, 25.0, 50.0
PLATEAU_S = 3.0
LEARN_S = 31
GOALS = {250: (85.0, 7.0), 1000: (40.0, 6.0)}
WINDOWS = {"rms 100": 0.1, "rms 250": 0.25}
NOISE_UV = {"clean": 0.0, "10 dB": HALF_UV / np.sqrt(10)}


@dataclass(frozen=True, slots=True)
class Row:
    """What one estimator does at one rate; milliseconds and percent."""

    fs_hz: int
    estimator: str
    noise: str
    hop_ms: float
    t90_ms: float
    t90_p95_ms: float
    dn10_ms: float
    over_pct: float
    cv_pct: float
    double_ms: float
    double_p95_ms: float
    slow_pct: float
    bias_pct: float


class Chain:
    """The way of a muscle to the display at one rate: decimator, rest noise, band-pass."""

    def __init__(self, fs_hz: int, noise_uv: float, seed: int) -> None:
        self.fs_hz, self.noise_uv, self.rng = fs_hz, noise_uv, np.random.default_rng(seed)
        self.grid: Grid = grid_for(float(fs_hz), trunk=True)
        self._sections = design_bandpass(fs_hz, self.grid.band_hz)
        emg = recorded(np.ones((400_000, 1)), fs_hz, np.random.default_rng(99))
        white = np.random.default_rng(98).standard_normal((100 * fs_hz, 1))
        self._emg_scale, self._noise_scale = (
            1 / signal.sosfilt(self._sections, x, axis=0)[fs_hz:].std() for x in (emg, white)
        )

    def clean_uv(self, amplitude_uv: np.ndarray) -> np.ndarray:
        """Filtered samples of amplitudes (n, trials) at the master rate."""
        emg_uv = recorded(amplitude_uv, self.fs_hz, self.rng) * self._emg_scale
        noise_uv = self.rng.standard_normal(emg_uv.shape) * self._noise_scale * self.noise_uv
        return signal.sosfilt(self._sections, emg_uv + noise_uv, axis=0)

    def setup(self, n_trials: int) -> Setup:
        """Rest and whitening, learnt from rest and from a reference of 100 µV."""
        lags = []
        for amplitude_uv in (0.0, 100.0):
            clean_uv = self.clean_uv(np.full((LEARN_S * MASTER_HZ, 1), amplitude_uv))[self.fs_hz :]
            before = n_lags(self.fs_hz) - 1
            lags.append(lag_products(clean_uv[:before], clean_uv[before:]))
        rest_uv2, filters = float(lags[0][0, 0]), whitening_filters(lags[1], lags[0])
        return Setup(rest_power_uv2=(rest_uv2,) * n_trials, whitening=filters * n_trials)


def shown_uv(name: str, clean_uv: np.ndarray, grid: Grid, setup: Setup) -> np.ndarray:
    """What is drawn at every hop end, (n_hops, trials)."""
    hops = clean_uv[: len(clean_uv) // grid.hop_samples * grid.hop_samples]
    if name in WINDOWS:
        window = round(WINDOWS[name] * grid.fs_hz)
        sums = np.cumsum(np.vstack([np.zeros((window, hops.shape[1])), hops**2]), axis=0)
        return np.sqrt((sums[window:] - sums[:-window])[grid.hop_samples - 1 :: grid.hop_samples] / window)
    display = display_for(name, grid, hops.shape[1])
    display.configure(setup)
    return np.array([display(hop) for hop in hops.reshape(-1, grid.hop_samples, hops.shape[1])])


def step(chain: Chain, low_uv: float, trials: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Filtered samples of trials low, high, low, and the times of the steps, off the hop grid."""
    times_s = np.arange(round((3 * PLATEAU_S + 0.1) * MASTER_HZ))[:, None] / MASTER_HZ
    up_s = PLATEAU_S + chain.rng.uniform(0, 0.02, trials)
    down_s = 2 * PLATEAU_S + chain.rng.uniform(0, 0.02, trials)
    high = (times_s >= up_s) & (times_s < down_s)
    return chain.clean_uv(np.where(high, HIGH_UV, low_uv)), up_s, down_s


def delays_ms(reached: np.ndarray, ends_s: np.ndarray, steps_s: np.ndarray) -> np.ndarray:
    """From each step to the first hop end that shows it; the whole plateau if none does."""
    after = reached & (ends_s[:, None] > steps_s)
    waits_s = ends_s[after.argmax(axis=0)] - steps_s
    return 1000 * np.where(after.any(axis=0), waits_s, PLATEAU_S)


def measured(name: str, noise: str, fs_hz: int, hop_s: float, trials: int, seed: int) -> Row:
    """Run one estimator through steps and slow effort."""
    chain = Chain(fs_hz, NOISE_UV[noise], seed)
    grid = replace(chain.grid, hop_samples=round(hop_s * fs_hz))
    setup = chain.setup(trials)
    rest_uv2 = setup.rest_power_uv2[0]
    with_rest = {uv: np.sqrt(uv**2 + rest_uv2) for uv in (0.9 * HIGH_UV, 1.9 * LOW_UV, HIGH_UV)}
    clean_uv, up_s, down_s = step(chain, LOW_UV, trials)
    drawn = shown_uv(name, clean_uv, grid, setup)
    ends_s = np.arange(1, len(drawn) + 1) * grid.hop_s
    up_ms = delays_ms(drawn >= with_rest[0.9 * HIGH_UV], ends_s, up_s)
    down_ms = delays_ms(drawn <= with_rest[1.9 * LOW_UV], ends_s, down_s)
    first = drawn[(ends_s > PLATEAU_S) & (ends_s < PLATEAU_S + 0.5)]
    plateau = drawn[(ends_s > PLATEAU_S + 1) & (ends_s < 2 * PLATEAU_S)]
    clean_uv, up_s, _ = step(chain, HALF_UV, trials)
    double = shown_uv(name, clean_uv, grid, setup)
    double_ms = delays_ms(double >= with_rest[0.9 * HIGH_UV], ends_s, up_s)
    p50, p95 = np.percentile(up_ms, [50, 95])
    double_p50, double_p95 = np.percentile(double_ms, [50, 95])
    return Row(
        fs_hz=fs_hz,
        estimator=name,
        noise=noise,
        hop_ms=1000 * hop_s,
        t90_ms=p50,
        t90_p95_ms=p95,
        dn10_ms=float(np.median(down_ms)),
        over_pct=100 * (float(np.percentile(first.max(axis=0), 95)) / with_rest[HIGH_UV] - 1),
        cv_pct=100 * plateau.std() / plateau.mean(),
        double_ms=double_p50,
        double_p95_ms=double_p95,
        slow_pct=slow_error_pct(name, chain, grid, setup, trials),
        bias_pct=100 * (plateau.mean() / with_rest[HIGH_UV] - 1),
    )


def slow_error_pct(name: str, chain: Chain, grid: Grid, setup: Setup, trials: int) -> float:
    """RMS difference from the true amplitude of a swinging effort, in % of its mean."""
    times_s = np.arange(8 * MASTER_HZ)[:, None] / MASTER_HZ
    phase = chain.rng.uniform(0, 2 * np.pi, trials)
    mean_uv, swing_uv = (HIGH_UV + LOW_UV) / 2, (HIGH_UV - LOW_UV) / 2
    effort_uv = mean_uv + swing_uv * np.sin(np.pi * times_s + phase)
    drawn = shown_uv(name, chain.clean_uv(effort_uv), grid, setup)
    ends = np.round(np.arange(1, len(drawn) + 1) * grid.hop_s * MASTER_HZ).astype(int)
    true_uv = np.sqrt(effort_uv[np.minimum(ends, len(effort_uv)) - 1] ** 2 + setup.rest_power_uv2[0])
    settled = len(drawn) // 4
    return float(100 * np.sqrt(np.mean((drawn - true_uv)[settled:] ** 2)) / mean_uv)


def rows(trials: int, seed: int) -> Iterator[Row]:
    """All estimators at both rates: as the window shows them, on short hops, and in noise."""
    for fs_hz in GOALS:
        for noise, hop_s in (("clean", 0.02), ("clean", 0.004), ("10 dB", 0.02)):
            for name in (*WINDOWS, *(name for name in DISPLAYS if name != "rms")):
                yield measured(name, noise, fs_hz, hop_s, trials, seed)


def words(row: Row) -> str:
    """One line of the table."""
    return (
        f"{row.fs_hz:5} Hz {row.noise:5} hop {row.hop_ms:2.0f} ms {row.estimator:14}"
        f" t90 {row.t90_ms:3.0f}/{row.t90_p95_ms:3.0f} ms  CV {row.cv_pct:4.1f} %  dn10 {row.dn10_ms:3.0f}"
        f"  over {row.over_pct:3.0f} %  2x {row.double_ms:3.0f}/{row.double_p95_ms:3.0f}"
        f"  slow {row.slow_pct:4.1f} %  bias {row.bias_pct:+4.1f} % "
    )


def main() -> None:
    """Print a row per rate, noise and estimator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args()
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}"
    table = []
    for row in rows(options.trials, options.seed):
        t90_ms, cv_pct = GOALS[row.fs_hz]
        met = bool(row.t90_ms <= t90_ms and row.cv_pct <= cv_pct)
        table.append({**asdict(row), "goal_t90_ms": t90_ms, "goal_cv_pct": cv_pct, "met": met})
        if not options.json:
            print(words(row), f"goal {t90_ms:g} ms, {cv_pct:g} %: {'met' if met else 'not met'}", flush=True)
    print(json.dumps({"versions": versions, "rows": table}) if options.json else versions)


if __name__ == "__main__":
    main()
