"""The heartbeat in a trunk channel; `benchmarks/heartbeat.py` has the figures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from scipy import signal
from scipy.interpolate import CubicSpline

from emgfeedback.processing.bandwidth import Grid, grid_for
from emgfeedback.processing.beats import Beat
from emgfeedback.processing.ecg import BeatMeter, Heard, Heartbeat, residue_limit_uv
from emgfeedback.processing.filters import Filter, design_bandpass
from emgfeedback.values import Floats

REST_S = 25
MAINS_HZ = 50.0
BROAD = ((-0.17, 0.025, 0.1), (-0.03, 0.008, -0.12), (0, 0.01, 1), (0.03, 0.01, -0.22), (0.25, 0.045, 0.25))
NARROW = ((-0.16, 0.022, 0.12), (-0.022, 0.006, -0.15), (0, 0.007, 1), (0.024, 0.008, -0.35))
INVERTED = tuple((at_s, sd_s, -size) for at_s, sd_s, size in BROAD)
HEARTS = ((BROAD, 70.0, 100.0), (NARROW, 95.0, 300.0), (INVERTED, 120.0, 20.0))


def emg_uv(fs_hz: float, level_uv: Floats, rest_uv: float, rng: np.random.Generator) -> Floats:
    """EMG and rest noise (n,) whose RMS in the band of the product is known, on an electrode offset."""
    n, grid = len(level_uv), grid_for(fs_hz, trunk=True)
    shape = np.concatenate(
        [signal.butter(1, 60, "high", fs=fs_hz, output="sos"), signal.butter(1, 115, fs=fs_hz, output="sos")]
    )
    parts = [signal.sosfilt(shape, rng.standard_normal(n)), rng.standard_normal(n)]
    band = design_bandpass(fs_hz, grid.band_hz)
    emg, white = (part / signal.sosfilt(band, part).std() for part in parts)
    return np.asarray(level_uv * emg + rest_uv * white + 12_000.0)


def heart_uv(
    fs_hz: float, n: int, heart: tuple[tuple[tuple[float, ...], ...], float, float], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Beats (n,) with intervals that vary by 5 % and sizes that breathe by 5 %; times of the R peaks."""
    bells, per_min, peak_uv = heart
    time_s, beats_uv, at_s = np.arange(n) / fs_hz, np.zeros(n), [0.4]
    while at_s[-1] < n / fs_hz:
        at_s.append(at_s[-1] + 60 / per_min * (1 + 0.05 * rng.standard_normal()))
    for beat_s in at_s:
        near = slice(*np.searchsorted(time_s, [beat_s - 0.4, beat_s + 0.5]))
        for middle_s, sd_s, size in bells:
            bell = np.exp(-0.5 * ((time_s[near] - beat_s - middle_s) / sd_s) ** 2)
            beats_uv[near] += peak_uv * size * (1 + 0.05 * math.sin(1.6 * beat_s)) * bell
    return beats_uv, np.array(at_s[:-1])


def band(raw_uv: Floats, grid: Grid) -> Floats:
    return Filter(design_bandpass(grid.fs_hz, grid.band_hz))(raw_uv)


def hops(grid: Grid, raw_uv: Floats, clean_uv: Floats) -> list[tuple[Floats, Floats]]:
    hop = grid.hop_samples
    starts = range(0, len(raw_uv) - hop + 1, hop)
    return [(raw_uv[i : i + hop], clean_uv[i : i + hop]) for i in starts]


def heard(grid: Grid, raw_uv: Floats, clean_uv: Floats, columns: tuple[int, ...] = (0,)) -> Heard:
    meter = BeatMeter(grid, columns, MAINS_HZ)
    for raw, clean in hops(grid, raw_uv, clean_uv):
        meter(raw, clean)
    return meter.heard()


def cleaned(remover: Heartbeat, grid: Grid, raw_uv: Floats, clean_uv: Floats) -> Floats:
    return np.concatenate([remover(raw, clean) for raw, clean in hops(grid, raw_uv, clean_uv)])


def rms(samples: Floats) -> float:
    return float(np.sqrt(np.square(samples).mean()))


def around(samples: Floats, at_s: Floats, fs_hz: float) -> Floats:
    """Pieces (n_beats, n) of a quarter of a second around each beat."""
    inside = np.arange(round(-0.1 * fs_hz), round(0.15 * fs_hz))
    return samples[np.round(at_s * fs_hz).astype(int)[:, None] + inside]


class Case:
    """A waist channel that rests, then works at one level, with and without its heart."""

    def __init__(self, fs_hz: float, heart: tuple, work_uv: float, work_s: int = 25, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.fs_hz, self.grid = fs_hz, grid_for(fs_hz, trunk=True)
        level_uv = np.repeat([0.0, work_uv], np.array([REST_S, work_s]) * int(fs_hz))
        alone = emg_uv(fs_hz, level_uv, 2.5, rng)[:, None]
        beats_uv, self.at_s = heart_uv(fs_hz, len(alone), heart, rng)
        self.raw_uv, self.alone_uv = alone + beats_uv[:, None], band(alone, self.grid)
        self.clean_uv = band(self.raw_uv, self.grid)
        self.rest = slice(0, REST_S * int(fs_hz))
        self.heard = heard(self.grid, self.raw_uv[self.rest], self.clean_uv[self.rest])

    def after(self) -> tuple[Heartbeat, Floats]:
        """What removal leaves, its delay taken back, (n,); the last 60 ms are missing."""
        remover = Heartbeat(self.grid, 1, (0,), MAINS_HZ, self.heard.beat)
        late_uv = cleaned(remover, self.grid, self.raw_uv, self.clean_uv)
        return remover, late_uv[remover.delay_hops * self.grid.hop_samples :, 0]

    def locked_uv(self, samples: Floats, begin_s: float, end_s: float) -> float:
        """True RMS that is locked to the beat: of the mean piece, EMG alone subtracted."""
        at_s = self.at_s[(self.at_s > begin_s + 0.2) & (self.at_s < end_s - 0.4)]
        error_uv = samples - self.alone_uv[: len(samples), 0]
        return rms(around(error_uv, at_s, self.fs_hz).mean(axis=0))


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
@pytest.mark.parametrize("heart", HEARTS)
def test_rate_and_residue_are_measured_at_rest(fs_hz: float, heart: tuple) -> None:
    case = Case(fs_hz, heart, 0.0, 1)
    assert case.heard.rate_bpm == pytest.approx(heart[1], rel=0.04)
    true_uv = case.locked_uv(case.clean_uv[:, 0], 0.5, REST_S)
    assert case.heard.residue_uv[0] == pytest.approx(true_uv, rel=0.15)


@pytest.mark.parametrize("fs_hz", [125.0, 250.0, 1000.0])
@pytest.mark.parametrize("seed", range(4))
def test_muscle_alone_has_no_heart_at_rest_or_in_bursts(fs_hz: float, seed: int) -> None:
    rng, grid = np.random.default_rng(seed), grid_for(fs_hz, trunk=True)
    level_uv = np.repeat([0.0, 20.0] * 5, int(2.5 * fs_hz)) if seed % 2 else np.full(int(25 * fs_hz), 5.0)
    shape = np.diff(rng.standard_normal(len(level_uv) + 1))
    raw_uv = (level_uv * shape + 2.5 * rng.standard_normal(len(level_uv)))[:, None]
    found = heard(grid, raw_uv, band(raw_uv, grid))
    assert found.beat is None
    assert math.isnan(found.rate_bpm)
    assert np.isnan(found.residue_uv).all()


def test_a_flat_channel_has_no_heart() -> None:
    grid = grid_for(250.0, trunk=True)
    assert heard(grid, np.full((5000, 1), 3.0), np.zeros((5000, 1))).beat is None


def test_a_handful_of_beats_is_not_enough() -> None:
    case = Case(250.0, HEARTS[0], 0.0, 1)
    six_s = slice(0, 6 * 250)
    assert heard(case.grid, case.raw_uv[six_s], case.clean_uv[six_s]).beat is None


def test_hum_does_not_hide_the_heart() -> None:
    case = Case(250.0, HEARTS[0], 0.0, 1)
    hum_uv = 80.0 * np.sin(2 * np.pi * 50.2 / 250.0 * np.arange(len(case.raw_uv)))[:, None]
    found = heard(case.grid, (case.raw_uv + hum_uv)[case.rest], case.clean_uv[case.rest])
    assert found.rate_bpm == pytest.approx(70, rel=0.04)


def test_the_limit_is_a_fifth_of_rest_or_a_tenth_of_the_gate() -> None:
    limit_uv = residue_limit_uv(np.array([2.0, 2.0]), np.array([3.0, 8.0]))
    assert limit_uv.tolist() == pytest.approx([0.4, 0.8])


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
@pytest.mark.parametrize("heart", HEARTS)
def test_a_tenth_of_rest_is_left_at_rest(fs_hz: float, heart: tuple) -> None:
    case = Case(fs_hz, heart, 0.0)
    remover, after_uv = case.after()
    rest_uv = rms(case.alone_uv[case.rest][250:])
    assert case.locked_uv(case.clean_uv[:, 0], REST_S, 2 * REST_S) > 0.2 * rest_uv
    assert case.locked_uv(after_uv, REST_S, 2 * REST_S) < 0.1 * rest_uv
    assert remover.residue_uv[0] < 0.1 * rest_uv
    assert remover.rate_bpm == pytest.approx(heart[1], rel=0.1)
    assert remover.beats == pytest.approx(len(case.at_s), abs=3)
    late = slice(case.rest.stop, len(after_uv))
    assert rms(after_uv[late]) == pytest.approx(rms(case.alone_uv[late]), rel=0.02)


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
@pytest.mark.parametrize("work_uv", [5.0, 10.0, 25.0, 50.0])
@pytest.mark.parametrize("heart", HEARTS[::2])
def test_the_muscle_at_work_keeps_its_amplitude(fs_hz: float, work_uv: float, heart: tuple) -> None:
    case = Case(fs_hz, heart, work_uv, 15)
    _, after_uv = case.after()
    work = slice(case.rest.stop + int(fs_hz), len(after_uv))
    assert rms(after_uv[work]) == pytest.approx(rms(case.alone_uv[work]), rel=0.01)


def test_the_power_does_not_pulse() -> None:
    case = Case(250.0, HEARTS[1], 25.0, 90)
    _, after_uv = case.after()
    at_s = case.at_s[(case.at_s > REST_S + 1) & (case.at_s < REST_S + 89)]
    before, after = (
        rms(around(x, at_s, 250.0)) / rms(around(x, at_s + 0.3, 250.0)) - 1
        for x in (case.clean_uv[:, 0], after_uv)
    )
    alone = (
        rms(around(case.alone_uv[:, 0], at_s, 250.0)) / rms(around(case.alone_uv[:, 0], at_s + 0.3, 250.0))
        - 1
    )
    assert before - alone > 0.1
    assert abs(after - alone) < 0.01


@pytest.mark.parametrize(
    ("fs_hz", "delay_hops"), [(125.0, 2), (200.0, 3), (250.0, 3), (1000.0, 3), (1600.0, 3)]
)
def test_without_a_heart_the_signal_only_comes_60_ms_later(fs_hz: float, delay_hops: int) -> None:
    rng, grid = np.random.default_rng(3), grid_for(fs_hz, trunk=True)
    raw_uv = rng.standard_normal((int(12 * fs_hz) // grid.hop_samples * grid.hop_samples, 3))
    clean_uv = band(raw_uv, grid)
    remover = Heartbeat(grid, 3, (2,), MAINS_HZ)
    late_uv = cleaned(remover, grid, raw_uv, clean_uv)
    late = delay_hops * grid.hop_samples
    assert remover.delay_hops == delay_hops
    assert remover.delay_hops * grid.hop_s <= 0.06
    assert not late_uv[:late].any()
    np.testing.assert_array_equal(late_uv[late:], clean_uv[:-late])


def three_channels(case: Case) -> tuple[Floats, Floats]:
    raw_uv = np.concatenate([case.raw_uv[::-1] / 2, case.raw_uv / 3, case.raw_uv], axis=1)
    return raw_uv, band(raw_uv, case.grid)


def test_only_the_chosen_columns_change() -> None:
    case = Case(250.0, HEARTS[0], 0.0, 5)
    raw_uv, clean_uv = three_channels(case)
    late_uv = cleaned(Heartbeat(case.grid, 3, (2,), MAINS_HZ, case.heard.beat), case.grid, raw_uv, clean_uv)
    late = 3 * case.grid.hop_samples
    np.testing.assert_array_equal(late_uv[late:, :2], clean_uv[:-late, :2])
    assert rms(late_uv[late:, 2]) < rms(clean_uv[:-late, 2])


def test_a_weak_heart_is_taken_out_by_the_beats_of_the_clear_one() -> None:
    rng, case = np.random.default_rng(5), Case(250.0, HEARTS[0], 0.0, 25)
    weak_uv = emg_uv(250.0, np.zeros(len(case.raw_uv)), 8.0, rng)
    raw_uv = np.stack([weak_uv + 0.5 * (case.raw_uv - case.raw_uv.mean())[:, 0], case.raw_uv[:, 0]], axis=1)
    clean_uv = band(raw_uv, case.grid)
    found = heard(case.grid, raw_uv, clean_uv, (0, 1))
    assert found.beat is not None
    assert found.beat.lead == 1
    remover = Heartbeat(case.grid, 2, (0, 1), MAINS_HZ, found.beat)
    cleaned(remover, case.grid, raw_uv, clean_uv)
    assert (remover.residue_uv < [0.2 * found.residue_uv[0] + 0.6, 0.2 * found.residue_uv[1]]).all()


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
def test_where_the_samples_lie_in_memory_changes_no_bit(fs_hz: float) -> None:
    case = Case(fs_hz, HEARTS[0], 20.0, 10)
    raw_uv, clean_uv = three_channels(case)
    wide = np.zeros((len(raw_uv) + 7, 9))[7:, 1:8:3]
    wide[:] = clean_uv
    outcomes = [
        cleaned(Heartbeat(case.grid, 3, (2,), MAINS_HZ, case.heard.beat), case.grid, raw, clean)
        for raw, clean in ((raw_uv, clean_uv), (np.asfortranarray(raw_uv), wide))
    ]
    np.testing.assert_array_equal(*outcomes)


def test_after_a_gap_all_starts_afresh_but_the_shape_of_the_beat() -> None:
    case = Case(250.0, HEARTS[0], 0.0, 10)
    remover, _ = case.after()
    remover.reset()
    again = cleaned(remover, case.grid, case.raw_uv, case.clean_uv)
    late = remover.delay_hops * case.grid.hop_samples
    assert remover.known
    assert not again[:late].any()
    assert case.locked_uv(again[late:, 0], 3, REST_S) < 0.1 * rms(case.alone_uv[case.rest])


def test_a_remover_that_was_told_nothing_learns_the_beat_by_itself() -> None:
    case = Case(250.0, HEARTS[0], 0.0)
    remover = Heartbeat(case.grid, 1, (0,), MAINS_HZ)
    assert np.isnan(remover.residue_uv).all()
    late_uv = cleaned(remover, case.grid, case.raw_uv, case.clean_uv)[3 * case.grid.hop_samples :, 0]
    assert remover.known
    assert case.locked_uv(late_uv, REST_S, 2 * REST_S) < 0.12 * rms(case.alone_uv[case.rest])


def test_a_meter_that_was_reset_has_heard_nothing() -> None:
    case = Case(250.0, HEARTS[0], 0.0, 1)
    meter = BeatMeter(case.grid, (0,), MAINS_HZ)
    for raw, clean in hops(case.grid, case.raw_uv, case.clean_uv):
        meter(raw, clean)
    assert isinstance(meter.heard().beat, Beat)
    meter.reset()
    assert meter.heard().beats == 0


def trunk_recording(folder: Path, fs_hz: float) -> Floats:
    """Rectus abdominis and erector spinae of the Delsys recording, (n, 2) in µV at one rate."""
    file = scipy.io.loadmat(folder / "delsys_mat_trunk_ecg/data_delsys.mat")
    names = [str(name).strip() for name in file["Channels"]]
    columns = []
    for name in ("Retto Addominale: EMG 1", "Spinale: EMG 2"):
        row = names.index(name)
        own_hz = float(file["Fs"][row, 0])
        volts = file["Data"][row, : int(7.95 * own_hz)]
        low_pass = signal.butter(8, 0.45 * fs_hz, fs=own_hz, output="sos")
        smooth_uv = 1e6 * signal.sosfiltfilt(low_pass, volts - volts[0])
        spline = CubicSpline(np.arange(len(volts)) / own_hz, smooth_uv)
        columns.append(spline(np.arange(int(7.9 * fs_hz)) / fs_hz))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
def test_in_a_real_trunk_the_rest_level_falls_and_the_bursts_do_not(shared_data: Path, fs_hz: float) -> None:
    """Eight seconds, 10 beats of about 12 µV: heard in the whole of it, then taken out of it.

    Subtracting the mean of 10 beats takes 1/10 of the EMG under them as well, 1 % of the level at rest.
    """
    grid, raw_uv = grid_for(fs_hz, trunk=True), trunk_recording(shared_data, fs_hz)
    clean_uv = band(raw_uv, grid)
    found = heard(grid, raw_uv, clean_uv, (0, 1))
    assert found.rate_bpm == pytest.approx(88, abs=4)
    remover = Heartbeat(grid, 2, (0, 1), MAINS_HZ, found.beat)
    after_uv = cleaned(remover, grid, raw_uv, clean_uv)[remover.delay_hops * grid.hop_samples :]
    for column, (fall, most) in enumerate(((0.03, 0.10), (0.02, 0.10))):
        rest, burst = (slice(int(a * fs_hz), int(b * fs_hz)) for a, b in ((0.4, 2.7), (2.9, 4.3)))
        ratio = rms(after_uv[rest, column]) / rms(clean_uv[rest, column])
        assert 1 - most < ratio < 1 - fall
        assert rms(after_uv[burst, column]) / rms(clean_uv[burst, column]) > 0.975
