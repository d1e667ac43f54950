"""Lag products: what they say about independence, bandwidth and whitening, on processes that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from emgfeedback.processing.bandwidth import emg_spectrum, grid_for
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.processing.spectrum import (
    bandwidth_hz,
    dof_of_window,
    dof_per_hop,
    lag_products,
    lift,
    n_lags,
    whitening_filters,
)
from emgfeedback.values import Floats


def long_lags(samples_uv: Floats, fs_hz: float) -> Floats:
    """Lag products of a whole stretch as one hop."""
    before = n_lags(fs_hz) - 1
    return lag_products(samples_uv[:before], samples_uv[before:])


def emg(fs_hz: int, seconds: int, seed: int, channels: int = 1) -> Floats:
    """EMG through the product's band with a trunk channel, variance about 1.

    At 250 Hz as a third-order sinc decimator droops it, at 1000 Hz without: the set-up of the cue page.
    """
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((fs_hz * (seconds + 2), channels)), axis=0)
    f_hz = np.fft.rfftfreq(fs_hz * (seconds + 2), 1 / fs_hz)
    droop = np.sinc(f_hz / fs_hz) ** 3 if fs_hz == 250 else np.ones_like(f_hz)
    shape = np.sqrt(emg_spectrum(f_hz, 60.0, 120.0)) * droop
    shaped = np.fft.irfft(spectrum * shape[:, np.newaxis], axis=0)
    banded = in_band(shaped, fs_hz)
    return np.asarray(banded / banded.std(axis=0))


def in_band(samples: Floats, fs_hz: int) -> Floats:
    sections = design_bandpass(fs_hz, grid_for(float(fs_hz), trunk=True).band_hz)
    return np.asarray(signal.sosfilt(sections, samples, axis=0)[2 * fs_hz :])


def autoregressive(pole: float, n: int, seed: int) -> Floats:
    """x[t] = pole·x[t−1] + white, whose correlation is poleᵏ."""
    white = np.random.default_rng(seed).standard_normal((n, 1))
    return np.asarray(signal.lfilter([1.0], [1.0, -pole], white, axis=0)[1000:])


def test_a_lag_product_is_the_mean_of_sample_times_earlier_sample() -> None:
    samples = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    lags = lag_products(samples[:2], samples[2:])
    expected = [(9 + 16 + 25) / 3, (3 * 2 + 4 * 3 + 5 * 4) / 3, (3 * 1 + 4 * 2 + 5 * 3) / 3]
    assert lags[:, 0].tolist() == pytest.approx(expected)


def test_memory_layout_changes_no_bit_of_a_lag_product() -> None:
    samples = np.random.default_rng(3).standard_normal((200, 3))
    for order in ("C", "F"):
        laid = np.asarray(samples, order=order)
        hops = [lag_products(laid[i - 60 : i], laid[i : i + 20]) for i in range(60, 180, 20)]
        alone = [
            lag_products(samples[i - 60 : i].copy(), samples[i : i + 20].copy()) for i in range(60, 180, 20)
        ]
        assert np.array_equal(hops, alone)


def test_the_mean_over_hops_is_the_lag_product_of_the_whole() -> None:
    samples = autoregressive(0.8, 5000, 1)[:2060]
    hops = [lag_products(samples[i - 60 : i], samples[i : i + 20]) for i in range(60, 2060, 20)]
    np.testing.assert_allclose(np.mean(hops, axis=0), lag_products(samples[:60], samples[60:]))


@pytest.mark.parametrize("pole", [0.0, 0.5, -0.7, 0.9])
def test_an_autoregressive_process_has_its_known_bandwidth(pole: float) -> None:
    lags = long_lags(autoregressive(pole, 100_000, 2), 1000.0)
    assert bandwidth_hz(lags, 1000.0)[0] == pytest.approx(500 * (1 - pole**2) / (1 + pole**2), rel=0.04)


@pytest.mark.parametrize(("fs_hz", "known_hz"), [(250, 71.0), (1000, 190.0)])
def test_emg_through_the_band_has_the_bandwidth_of_its_spectrum(fs_hz: int, known_hz: float) -> None:
    measured = bandwidth_hz(long_lags(emg(fs_hz, 200, 3), fs_hz), fs_hz)
    assert measured[0] == pytest.approx(known_hz, rel=0.04)


@pytest.mark.parametrize("fs_hz", [250, 1000])
def test_windows_scatter_as_their_degrees_of_freedom_say(fs_hz: int) -> None:
    samples = emg(fs_hz, 300, 4)
    lags = long_lags(samples, fs_hz)
    for window_s in (0.02, 0.25):
        window = round(window_s * fs_hz)
        power = (samples[: len(samples) // window * window] ** 2).reshape(-1, window).mean(axis=1)
        known = 2 * power.mean() ** 2 / power.var()
        assert dof_of_window(lags, window)[0] == pytest.approx(known, rel=0.08)


@pytest.mark.parametrize("fs_hz", [250, 1000])
def test_hops_taken_as_independent_never_claim_more_than_a_long_window_holds(fs_hz: int) -> None:
    lags = long_lags(emg(fs_hz, 100, 5), fs_hz)
    hop = grid_for(float(fs_hz), trunk=True).hop_samples
    per_second = dof_per_hop(lags, hop) * fs_hz / hop
    assert per_second[0] == pytest.approx(2 * bandwidth_hz(lags, fs_hz)[0])
    assert per_second[0] <= dof_of_window(lags, fs_hz)[0] * 1.001
    assert dof_per_hop(lags, hop)[0] < dof_of_window(lags, hop)[0]


def test_a_trial_of_three_seconds_does_not_overstate_the_degrees_of_freedom() -> None:
    long_run = dof_per_hop(long_lags(emg(250, 200, 6), 250), 5)[0]
    trials = [dof_per_hop(long_lags(emg(250, 3, seed), 250), 5)[0] for seed in range(100, 140)]
    assert np.mean(trials) < long_run
    assert np.mean(trials) > 0.85 * long_run


def test_without_power_there_are_no_degrees_of_freedom_to_state() -> None:
    lags = np.zeros((n_lags(250.0), 2))
    lags[0, 1] = 1.0
    assert np.isnan(dof_per_hop(lags, 5)[0])
    assert dof_per_hop(lags, 5)[1] == 5
    assert np.isnan(bandwidth_hz(lags, 250.0)[0])


def test_an_autoregressive_process_is_whitened_by_its_own_coefficients() -> None:
    lags = 0.9 ** np.arange(7)[:, np.newaxis]
    (taps,) = whitening_filters(lags, np.zeros_like(lags))
    gain = math.sqrt(1 / (1 - 0.81))
    assert taps == pytest.approx((gain, -0.9 * gain, 0, 0, 0, 0, 0), abs=0.03)


def test_whitening_at_1000_hz_raises_the_signal_to_noise_of_a_window_by_half() -> None:
    """Clancy & Hogan (1994): 12.9 to 20.1 at 250 ms, science page 3."""
    samples = emg(1000, 200, 7)
    lags = long_lags(samples, 1000)
    (taps,) = whitening_filters(lags, 1e-6 * long_lags(emg(1000, 10, 8), 1000))
    white = signal.lfilter(taps, 1.0, samples, axis=0)
    assert white.std() == pytest.approx(samples.std(), rel=0.01)
    ratios = []
    for each in (samples, white):
        rms = np.sqrt((each[: len(each) // 250 * 250] ** 2).reshape(-1, 250).mean(axis=1))
        ratios.append(rms.mean() / rms.std())
    assert 1.35 <= ratios[1] / ratios[0] <= 1.75


def test_noise_at_rest_makes_the_whitener_gentler() -> None:
    reference = long_lags(100 * emg(1000, 60, 9), 1000)
    noise = in_band(np.random.default_rng(10).standard_normal((62_000, 1)), 1000)
    rest = long_lags(noise / noise.std(), 1000)
    lifts = []
    for rest_uv in (0.1, 8.0, 20.0):
        at_rest = rest * rest_uv**2
        (taps,) = whitening_filters(reference + at_rest, at_rest)
        lifts.append(lift(taps, rest[:, 0]))
    assert lifts[0] > lifts[1] > lifts[2] > 1


def test_the_lift_is_what_the_filter_does_to_the_power_of_noise() -> None:
    noise = in_band(np.random.default_rng(11).standard_normal((102_000, 1)), 1000)[:, 0]
    taps = (1.5, -0.8, 0.4, 0.0, 0.2, -0.1, 0.1)
    windows = sliding_window_view(noise, 7)[:, ::-1]
    known = ((windows * np.array(taps)).sum(axis=1) ** 2).mean() / (noise**2).mean()
    assert lift(taps, long_lags(noise[:, np.newaxis], 1000)[:, 0]) == pytest.approx(known, rel=0.01)


@pytest.mark.parametrize("broken", ["rest above reference", "no spectrum", "unknown", "silence"])
def test_what_is_no_emg_over_rest_noise_gets_no_whitening_filter(broken: str) -> None:
    good = 0.9 ** np.arange(7.0)
    rest = np.zeros(7)
    bad = {
        "rest above reference": (good, 2 * good),
        "no spectrum": (np.array([1.0, 0.99, -0.9, 0.99, 0.0, 0.0, 0.0]), rest),
        "unknown": (np.full(7, math.nan), rest),
        "silence": (rest, rest),
    }[broken]
    filters = whitening_filters(np.stack([good, bad[0]], axis=1), np.stack([rest, bad[1]], axis=1))
    assert len(filters[0]) == 7
    assert filters[1] == ()


@pytest.mark.parametrize(("fs_hz", "expected"), [(125.0, 9), (250.0, 16), (1000.0, 61), (2000.0, 121)])
def test_lags_reach_60_ms_at_every_rate(fs_hz: float, expected: int) -> None:
    assert n_lags(fs_hz) == expected
