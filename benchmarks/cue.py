"""How true and how quick the cue is: every reward rule on synthetic muscles with known ratios.

Three muscles of Gaussian EMG (spectrum f_l 60, f_h 120 Hz) are made at 4 kHz, decimated through the board's
third-order sinc, and run through the product's own pipeline with a trunk channel. Rest noise lies 10 dB
under a muscle at amplitude 1, which is a quarter of its reference. PAIR: one rival exactly equal, the other
at a quarter. G: GMed rises from 1:1:1 to 2:1:1 and falls back. V: the rivals let go, 2:2:2 to 2:1:1.
Delays run from the true step to the end of the hop that shows it, filters included.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence

import numpy as np
import scipy
from scipy import signal

from emgfeedback.processing.bandwidth import Grid, emg_spectrum, grid_for, statistical_bandwidth_hz
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.training.calibration import chain_of
from emgfeedback.training.session import RULES
from emgfeedback.values import RIVAL, TARGET, Calibration, Channel, Chunk, Frame, StreamInfo

MASTER_HZ = 4000
LINE = 1.32
UNIT_UV = 25.0
SNR = 10.0
LSB_UV = 0.001
STEP_S = 4.0
STEPS = 200
Amplitudes = Sequence[float]


def shaper() -> np.ndarray:
    """Impulse response that turns white noise into EMG of variance 1 at the master rate."""
    f_hz = np.fft.rfftfreq(1 << 15, 1 / MASTER_HZ)
    response = np.roll(np.fft.irfft(np.sqrt(emg_spectrum(f_hz, 60.0, 120.0))), 1 << 14)
    cut = response[(1 << 14) - 1024 : (1 << 14) + 1024]
    return cut / np.sqrt((cut**2).sum())


def recorded(amplitude: np.ndarray, fs_hz: int, rng: np.random.Generator) -> np.ndarray:
    """EMG of amplitudes (n, c) at the master rate, as the board gives it, before rest noise."""
    noise = rng.standard_normal((len(amplitude) + 2047, amplitude.shape[1]))
    emg = signal.fftconvolve(noise, shaper()[:, None], mode="valid", axes=0) * amplitude
    factor = MASTER_HZ // fs_hz
    box = np.ones(factor) / factor
    sinc3 = np.convolve(np.convolve(box, box), box)
    return signal.upfirdn(sinc3, emg, 1, factor, axis=0)[: len(amplitude) // factor]


class Bench:
    """The chain of one rate: scales, calibration and frames."""

    def __init__(self, fs_hz: int, seed: int) -> None:
        self.fs_hz, self._rng = fs_hz, np.random.default_rng(seed)
        roles = {"gmed": TARGET, "tfl": RIVAL, "ql": RIVAL}
        channels = tuple(Channel(muscle, muscle, "right", role) for muscle, role in roles.items())
        self.info = StreamInfo(float(fs_hz), channels, "bench", LSB_UV)
        self.grid: Grid = grid_for(float(fs_hz), trunk=True)
        sections = design_bandpass(fs_hz, self.grid.band_hz)
        emg = recorded(np.ones((400_000, 1)), fs_hz, np.random.default_rng(99))
        white = np.random.default_rng(98).standard_normal((100 * fs_hz, 1))
        in_band = [signal.sosfilt(sections, x, axis=0)[fs_hz:].std() for x in (emg, white)]
        self._scale_uv = UNIT_UV / in_band[0]
        self._noise_uv = UNIT_UV / np.sqrt(SNR) / in_band[1]
        rest_uv = np.full(3, UNIT_UV / np.sqrt(SNR))
        reference_uv = np.sqrt((4 * UNIT_UV) ** 2 + rest_uv**2)
        dof = np.full(3, 2 * statistical_bandwidth_hz(self.grid) * self.grid.hop_s)
        chain = chain_of(self.info, self.grid, 0.0)
        self.calibration = Calibration(rest_uv, rest_uv / 10, reference_uv, dof, "bench", (1, 1, 1), chain)

    def frames(self, amplitude: np.ndarray) -> Iterator[Frame]:
        """Frames of muscles with amplitudes (n, 3) at the master rate."""
        clean = recorded(amplitude, self.fs_hz, self._rng) * self._scale_uv
        emg_uv = clean + self._rng.standard_normal(clean.shape) * self._noise_uv
        counts = np.rint(emg_uv / LSB_UV).astype(np.int32)
        return Pipeline(self.info, self.grid, 50.0).frames(Chunk.from_counts(0, counts, LSB_UV), 4096)

    def steady(self, ratios: Amplitudes, seconds: float) -> list[Frame]:
        """Frames of constant amplitudes."""
        return list(self.frames(np.tile(np.array(ratios, float), (round(seconds * MASTER_HZ), 1))))

    def steps(self, before: Amplitudes, after: Amplitudes) -> tuple[list[Frame], np.ndarray]:
        """Frames of many steps there and back, and the times of the steps, off the hop grid."""
        jitter = self._rng.uniform(0, 0.02, 2 * STEPS)
        lengths = np.round((STEP_S + jitter) * MASTER_HZ).astype(int)
        levels = [np.array(before if i % 2 == 0 else after, float) for i in range(2 * STEPS)]
        amplitude = np.concatenate([np.tile(x, (n, 1)) for x, n in zip(levels, lengths, strict=True)])
        return list(self.frames(amplitude)), np.cumsum(lengths)[:-1] / MASTER_HZ


def verdicts(name: str, bench: Bench, frames: list[Frame]) -> np.ndarray:
    """The rule's verdict for each frame, (n_frames,) of bool."""
    rule = RULES[name](bench.info, bench.grid, bench.calibration)
    met, out = False, []
    for frame in frames:
        rule.observe(frame)
        met = rule.meets(LINE, met)
        out.append(met)
    return np.array(out)


def delays_ms(
    met: np.ndarray, frames: list[Frame], fs_hz: int, steps_s: np.ndarray, wanted: bool
) -> np.ndarray:
    """From each step to the end of the first hop with the wanted verdict; all of it if none came."""
    ends_s = np.array([frame.end_sample for frame in frames]) / fs_hz
    delays = []
    for step_s in steps_s[0 if wanted else 1 :: 2]:
        inside = (ends_s > step_s) & (ends_s < step_s + STEP_S)
        shown = ends_s[inside & (met == wanted)]
        delays.append(shown[0] - step_s if len(shown) else STEP_S)
    return 1000 * np.array(delays)


def main() -> None:
    """Print a row per rule and rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seconds = 60 * options.minutes
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}")
    print("false and flips at 1:1 (PAIR); delays p50/p95 in ms; on at a true ratio in % of time")
    for fs_hz in (250, 1000):
        bench = Bench(fs_hz, options.seed)
        pair = bench.steady((1, 1, 0.25), seconds)
        ratios = {ratio: bench.steady((ratio, 1, 1), seconds / 4) for ratio in (2.0, 1.5, 1.2)}
        steps = {"G": bench.steps((1, 1, 1), (2, 1, 1)), "V": bench.steps((2, 2, 2), (2, 1, 1))}
        for name in RULES:
            met = verdicts(name, bench, pair)
            flips = np.count_nonzero(np.diff(met)) / options.minutes
            on = [100 * verdicts(name, bench, frames)[100:].mean() for frames in ratios.values()]
            print(
                f"{fs_hz:5} Hz {name:15} false {100 * met.mean():5.2f} %  flips/min {flips:5.1f}  on", end=" "
            )
            print(
                " ".join(f"{ratio:g}:1 {value:.0f}" for ratio, value in zip(ratios, on, strict=True)),
                end="  ",
            )
            for step, (frames, times_s) in steps.items():
                seen = verdicts(name, bench, frames)
                for wanted, word in ((True, "ON"), (False, "OFF")):
                    p50, p95 = np.percentile(delays_ms(seen, frames, fs_hz, times_s, wanted), [50, 95])
                    print(f"{word} {step} {p50:.0f}/{p95:.0f}", end="  ")
            print()


if __name__ == "__main__":
    main()
