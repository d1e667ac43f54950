"""The fatigue guard on EMG whose spectrum falls while its amplitude stays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal, stats

from emgfeedback.processing.bandwidth import Grid, emg_spectrum, grid_for
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.training import fatigue
from emgfeedback.training.claims import student_975
from emgfeedback.values import Floats

MASTER_HZ = 4000
HOLD_S = 40


def hold_uv(grid: Grid, scales: Floats, end_gain: float = 1.0, seed: int = 1) -> Floats:
    """A second of EMG for each scale of its spectrum, of constant power from 20 to 450 Hz, in µV."""
    rng = np.random.default_rng(seed)
    f_hz = np.fft.rfftfreq(MASTER_HZ, 1 / MASTER_HZ)
    droop = np.sinc(f_hz / grid.fs_hz) ** 3
    parts = []
    for scale, done in zip(scales, np.linspace(0, 1, len(scales)), strict=True):
        shape = emg_spectrum(f_hz, 60 * scale, 120 * scale)
        shape /= shape[(f_hz >= 20) & (f_hz <= 450)].sum()
        lines = np.fft.rfft(rng.standard_normal(MASTER_HZ)) * np.sqrt(shape) * droop
        parts.append(np.fft.irfft(lines)[:: MASTER_HZ // int(grid.fs_hz)] * 1000 * end_gain**done)
    return signal.sosfilt(design_bandpass(grid.fs_hz, grid.band_hz), np.concatenate(parts))


def hop_powers(clean_uv: Floats, grid: Grid) -> Floats:
    return np.square(clean_uv).reshape(-1, grid.hop_samples).mean(axis=1)


def judged(fs_hz: float, end_scale: float, end_gain: float = 1.0, seed: int = 1) -> fatigue.Fatigue:
    grid = grid_for(fs_hz, trunk=False)
    clean_uv = hold_uv(grid, np.geomspace(1, end_scale, HOLD_S), end_gain, seed)
    found = fatigue.judge_hold(hop_powers(clean_uv, grid), 0.0, grid, clean_uv)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fs_hz", "averaged", "rise_pct"), [(1000, 1, 2), (250, 1, 15), (200, 1, 18), (125, 2, 24)]
)
def test_a_fall_of_20_percent_inflates_the_rms_as_the_table_says(
    fs_hz: float, averaged: int, rise_pct: float
) -> None:
    found = fatigue.spectral_inflation(grid_for(fs_hz, trunk=False), 0.2, averaged=averaged)
    assert 100 * found == pytest.approx(rise_pct, abs=1)


@pytest.mark.parametrize("fs_hz", [1000.0, 500.0, 250.0])
def test_constant_amplitude_with_a_falling_spectrum_is_marked(fs_hz: float) -> None:
    marks = [judged(fs_hz, 0.8, seed=seed) for seed in range(4)]
    assert all(found.may_be_fatigue and "may be fatigue" in found.words for found in marks)


@pytest.mark.parametrize("fs_hz", [1000.0, 500.0])
def test_the_corrected_amplitude_is_true_within_5_percent(fs_hz: float) -> None:
    for end_scale in (0.8, 1.0):
        found = judged(fs_hz, end_scale, seed=7)
        end_over_start = math.exp(found.amplitude.change_ln)
        assert fatigue.corrected_uv(end_over_start, found.inflation) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("fs_hz", [1000.0, 500.0, 250.0, 200.0, 125.0])
def test_a_known_fall_is_corrected_within_5_percent_at_every_rate(fs_hz: float) -> None:
    grid = grid_for(fs_hz, trunk=False)
    tired_uv, fresh_uv = (hold_uv(grid, np.full(60, scale)).std() for scale in (0.8, 1.0))
    inflation = fatigue.spectral_inflation(grid, 0.2)
    assert fatigue.corrected_uv(tired_uv, inflation) == pytest.approx(fresh_uv, rel=0.05)


@pytest.mark.parametrize("fs_hz", [1000.0, 500.0])
def test_the_fall_of_the_spectrum_is_measured(fs_hz: float) -> None:
    found = judged(fs_hz, 0.8)
    assert found.frequency is not None
    assert found.frequency.low_ln < math.log(0.8) < found.frequency.high_ln
    assert found.frequency.high_ln - found.frequency.low_ln < 0.2
    assert found.frequency_off == ""


@pytest.mark.parametrize("fs_hz", [1000.0, 250.0])
def test_a_steady_hold_is_seldom_marked(fs_hz: float) -> None:
    assert sum(judged(fs_hz, 1.0, seed=seed).may_be_fatigue for seed in range(20)) <= 2


def test_more_effort_with_a_steady_spectrum_is_not_marked() -> None:
    found = judged(1000.0, 1.0, end_gain=1.5)
    assert found.amplitude.low_ln > math.log(1.2)
    assert not found.may_be_fatigue
    assert found.words == ""


def test_a_rise_that_the_spectrum_explains_by_less_than_a_tenth_is_not_marked() -> None:
    found = judged(1000.0, 0.9, end_gain=2.0)
    assert found.frequency is not None
    assert found.frequency.high_ln < 0
    assert not found.may_be_fatigue


def test_below_500_hz_the_spectrum_is_off_and_the_reason_stands_there() -> None:
    found = judged(250.0, 0.8)
    assert found.frequency is None
    assert "250 Hz" in found.frequency_off
    assert found.inflation == fatigue.spectral_inflation(grid_for(250.0, trunk=False), 0.2)


def test_without_samples_the_spectrum_is_off_at_any_rate() -> None:
    grid = grid_for(1000.0, trunk=False)
    found = fatigue.judge_hold(hop_powers(hold_uv(grid, np.ones(HOLD_S)), grid), 0.0, grid)
    assert found is not None
    assert "not kept" in found.frequency_off


def test_a_hold_under_ten_seconds_is_not_judged() -> None:
    grid = grid_for(250.0, trunk=False)
    assert fatigue.judge_hold(np.ones(499), 0.0, grid) is None
    assert fatigue.judge_hold(np.ones(500) + np.arange(500) / 1e4, 0.0, grid) is not None


def test_rest_power_is_out_of_the_trend_and_rest_has_none() -> None:
    rise = np.exp(np.linspace(0, 0.4, 1000))
    found = fatigue.amplitude_trend(rise**2 + 5.0, 0.02, 5.0)
    assert found.change_ln == pytest.approx(0.4, rel=0.01)
    assert math.isnan(fatigue.amplitude_trend(rise**2, 0.02, 5.0).change_ln)


def test_the_trend_holds_the_truth_in_95_percent_of_holds() -> None:
    rng = np.random.default_rng(6)
    level = np.exp(np.linspace(0, 0.2, 1000)) ** 2
    held = [
        abs(found.change_ln - 0.2) <= found.high_ln - found.change_ln
        for found in (
            fatigue.amplitude_trend(level * rng.chisquare(3, 1000) / 3, 0.02, 0.0) for _ in range(400)
        )
    ]
    assert 0.92 <= np.mean(held) <= 0.98


def test_median_frequency_and_its_error_are_those_of_many_stretches() -> None:
    grid = grid_for(1000.0, trunk=False)
    clean_uv = np.concatenate([hold_uv(grid, np.ones(HOLD_S), seed=seed) for seed in range(5)])
    found = np.array([fatigue.median_frequency_hz(part, 1000.0) for part in clean_uv.reshape(-1, 4000)])
    f_hz, density = signal.welch(clean_uv, 1000.0, nperseg=1000)
    part = np.cumsum(density) / density.sum()
    assert found[:, 0].mean() == pytest.approx(np.interp(0.5, part, f_hz), rel=0.02)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.3)
    assert fatigue.spectrum_scale(grid, found[:, 0].mean()) == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("dof", [8, 18, 60])
def test_the_quantile_is_students(dof: int) -> None:
    assert student_975(dof) == pytest.approx(stats.t.ppf(0.975, dof), rel=0.003)
