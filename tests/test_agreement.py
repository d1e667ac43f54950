"""Our numbers against the field's own tools and formulas: SciPy, MNE, BioSPPy, Winter, Rudolph."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from run_kit import LSB_UV, stream
from scipy import signal
from truth_kit import published

from emgfeedback.errors import InputError
from emgfeedback.processing.bandwidth import grid_for, statistical_bandwidth_hz
from emgfeedback.processing.filters import Filter, design_bandpass, design_notch
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.study.coactivation import common_area_pct, joint_level_pct
from emgfeedback.study.signals import mean_frequency_hz, zero_phase_envelope_uv
from emgfeedback.training.fatigue import median_frequency_hz
from emgfeedback.training.onset import onset_of
from emgfeedback.values import Chunk, Frame, Setup

RATES = (125.0, 200.0, 250.0, 500.0, 1000.0)
BUTTERWORTH = {"order": 4, "ftype": "butter", "output": "sos"}


def counts_of(emg_uv: np.ndarray) -> np.ndarray:
    return np.rint(emg_uv / LSB_UV).astype(np.int32)


def noisy_uv(fs_hz: float, seconds: float = 8.0) -> np.ndarray:
    """Three channels of noise of different size on electrode offsets, (n, 3)."""
    rng = np.random.default_rng(7)
    white = rng.standard_normal((round(seconds * fs_hz), 3))
    return np.cumsum(white, axis=0) + white * [20.0, 5.0, 80.0] + [12_000.0, -3_000.0, 40.0]


def frames_of(counts: np.ndarray, fs_hz: float, notch_hz: float = 0.0) -> list[Frame]:
    pipeline = Pipeline(stream(fs_hz), grid_for(fs_hz, trunk=True), 50.0)
    pipeline.configure(Setup(notch_hz))
    return list(pipeline.frames(Chunk.from_counts(0, counts, LSB_UV)))


@pytest.mark.parametrize("fs_hz", RATES)
def test_a_filter_fed_in_pieces_gives_what_scipy_gives_in_one_shot(fs_hz: float) -> None:
    emg_uv = noisy_uv(fs_hz)
    for sections in (design_bandpass(fs_hz, grid_for(fs_hz, trunk=True).band_hz), design_notch(fs_hz, 50.0)):
        state = signal.sosfilt_zi(sections)[:, :, None] * emg_uv[0]
        whole_uv, _ = signal.sosfilt(sections, emg_uv, axis=0, zi=state)
        ours = Filter(sections)
        pieces_uv = np.concatenate([ours(piece) for piece in np.array_split(emg_uv, 137)])
        np.testing.assert_allclose(pieces_uv, whole_uv, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("notch_hz", [0.0, 50.0])
@pytest.mark.parametrize("fs_hz", RATES)
def test_the_envelope_is_scipys_filter_and_a_moving_rms_by_convolution(fs_hz: float, notch_hz: float) -> None:
    grid = grid_for(fs_hz, trunk=True)
    counts = counts_of(noisy_uv(fs_hz))
    clean_uv = counts * LSB_UV
    designs = [signal.butter(4, grid.band_hz, "bandpass", fs=fs_hz, output="sos")]
    designs += [signal.tf2sos(*signal.iirnotch(notch_hz, 30.0, fs_hz))] if notch_hz else []
    for sections in designs:
        state = signal.sosfilt_zi(sections)[:, :, None] * clean_uv[0]
        clean_uv, _ = signal.sosfilt(sections, clean_uv, axis=0, zi=state)
    box = np.ones((grid.window_samples, 1)) / grid.window_samples
    rms_uv = np.sqrt(signal.convolve(clean_uv**2, box, mode="valid", method="direct"))
    frames = [f for f in frames_of(counts, fs_hz, notch_hz) if f.end_sample >= grid.window_samples]
    expected_uv = rms_uv[[frame.end_sample - grid.window_samples for frame in frames]]
    np.testing.assert_allclose([frame.envelope_uv for frame in frames], expected_uv, rtol=1e-9)


def test_the_mean_power_of_a_hop_is_the_mean_of_the_squares() -> None:
    counts = counts_of(noisy_uv(250.0))
    sections = design_bandpass(250.0, (30.0, 112.0))
    emg_uv = counts * LSB_UV
    clean_uv, _ = signal.sosfilt(
        sections, emg_uv, axis=0, zi=signal.sosfilt_zi(sections)[:, :, None] * emg_uv[0]
    )
    frames = frames_of(counts, 250.0)
    expected_uv2 = (clean_uv**2).reshape(len(frames), 5, 3).mean(axis=1)
    np.testing.assert_allclose([frame.power_uv2 for frame in frames], expected_uv2, rtol=1e-9)


@pytest.mark.parametrize("fs_hz", RATES)
def test_our_band_pass_is_the_causal_butterworth_of_mne(fs_hz: float) -> None:
    filters = pytest.importorskip("mne.filter", reason="MNE is in the test extra")
    low_hz, high_hz = grid_for(fs_hz, trunk=True).band_hz
    emg_uv = np.random.default_rng(2).standard_normal(round(10 * fs_hz))
    theirs_uv = filters.filter_data(
        emg_uv,
        fs_hz,
        low_hz,
        high_hz,
        method="iir",
        iir_params=dict(BUTTERWORTH),
        phase="forward",
        verbose="error",
    )
    ours_uv = Filter(design_bandpass(fs_hz, (low_hz, high_hz)))(emg_uv[:, None])[:, 0]
    settled = round(2 * fs_hz)  # the two start from different guesses of what came before
    np.testing.assert_allclose(ours_uv[settled:], theirs_uv[settled:], rtol=0, atol=1e-9)


def swelling_uv(fs_hz: int) -> np.ndarray:
    """EMG that swells and fades once in 2 s, (n, 3)."""
    rng = np.random.default_rng(5)
    n = 30 * published.MASTER_HZ
    size = 60.0 * (1.1 - np.cos(np.pi * np.arange(n) / published.MASTER_HZ))
    emg = np.column_stack([published.emg((60.0, 120.0), n, rng) for _ in range(3)])
    return published.through_board(emg * size[:, None], fs_hz)


def mne_zero_phase_envelope_uv(emg_uv: np.ndarray, fs_hz: float) -> np.ndarray:
    """MNE's zero-phase band-pass and an RMS over a centred window by convolution, (n,)."""
    filters = pytest.importorskip("mne.filter", reason="MNE is in the test extra")
    grid = grid_for(fs_hz, trunk=True)
    low_hz, high_hz = grid.band_hz
    options = {"method": "iir", "iir_params": dict(BUTTERWORTH), "phase": "zero", "verbose": "error"}
    clean_uv = filters.filter_data(emg_uv, fs_hz, low_hz, high_hz, **options)
    box = np.ones(grid.window_samples) / grid.window_samples
    return np.sqrt(np.maximum(0.0, signal.convolve(clean_uv**2, box, mode="same", method="direct")))


@pytest.mark.parametrize("fs_hz", RATES)
def test_our_zero_phase_envelope_is_that_of_mne(fs_hz: float) -> None:
    emg_uv = noisy_uv(fs_hz)
    ours_uv = zero_phase_envelope_uv(emg_uv, grid_for(fs_hz, trunk=True))
    inside = slice(round(2 * fs_hz), -round(2 * fs_hz))  # MNE pads the ends in its own way
    for column in range(3):
        theirs_uv = mne_zero_phase_envelope_uv(emg_uv[:, column].copy(), fs_hz)
        np.testing.assert_allclose(ours_uv[inside, column], theirs_uv[inside], rtol=1e-6)


@pytest.mark.parametrize(("fs_hz", "filter_ms"), [(250.0, 7.0), (1000.0, 2.0)])
def test_the_live_envelope_is_mnes_zero_phase_envelope_half_a_window_and_the_filter_later(
    fs_hz: float, filter_ms: float
) -> None:
    counts = counts_of(swelling_uv(round(fs_hz)))
    centred_uv = mne_zero_phase_envelope_uv(counts[:, 0] * LSB_UV, fs_hz)
    frames = frames_of(counts, fs_hz)[100:]
    ours_uv = np.array([frame.envelope_uv[0] for frame in frames])
    newest = np.array([frame.end_sample - 1 for frame in frames])
    alike = [np.corrcoef(ours_uv, centred_uv[newest - delay])[0, 1] for delay in range(round(0.3 * fs_hz))]
    delay = int(np.argmax(alike))
    assert max(alike) > 0.998
    assert 1000 * delay / fs_hz == pytest.approx(125 + filter_ms, abs=6.0)
    # MNE passes the filter twice, which weakens the edges of the band twice.
    assert 1.0 < np.median(ours_uv / centred_uv[newest - delay]) < 1.05


@pytest.mark.parametrize("corners_hz", [(45.0, 90.0), (60.0, 120.0), (75.0, 150.0)])
@pytest.mark.parametrize("fs_hz", [500.0, 1000.0])
def test_median_and_mean_frequency_are_those_of_mnes_spectrum(
    fs_hz: float, corners_hz: tuple[float, float]
) -> None:
    spectra = pytest.importorskip("mne.time_frequency", reason="MNE is in the test extra")
    rng = np.random.default_rng(3)
    shaped = published.emg(corners_hz, 20 * published.MASTER_HZ, rng)[:: published.MASTER_HZ // round(fs_hz)]
    clean_uv = Filter(design_bandpass(fs_hz, grid_for(fs_hz, trunk=False).band_hz))(shaped[:, None])[:, 0]
    n_fft = round(fs_hz)
    power, f_hz = spectra.psd_array_welch(
        clean_uv[None], fs_hz, n_fft=n_fft, n_overlap=n_fft // 2, verbose="error"
    )
    part = np.cumsum(power[0]) / power.sum()
    assert median_frequency_hz(clean_uv, fs_hz)[0] == pytest.approx(np.interp(0.5, part, f_hz), rel=0.02)
    assert mean_frequency_hz(clean_uv, fs_hz) == pytest.approx(
        (f_hz * power[0]).sum() / power.sum(), rel=0.01
    )


BURSTS_S = tuple(1.5 + 2.037 * i for i in range(16))
BURST_S = 0.8


def in_burst(time_s: np.ndarray) -> np.ndarray:
    starts = np.array(BURSTS_S)
    return ((time_s[:, None] >= starts) & (time_s[:, None] < starts + BURST_S)).any(axis=1)


def bursts_uv(fs_hz: float) -> np.ndarray:
    """Band-limited bursts 20 dB over rest that begin at `BURSTS_S`, (n,)."""
    time_s = np.arange(round((BURSTS_S[-1] + 2.0) * fs_hz)) / fs_hz
    white = np.random.default_rng(11).standard_normal(len(time_s)) * np.where(in_burst(time_s), 1.0, 0.1)
    sections = design_bandpass(fs_hz, grid_for(fs_hz, trunk=True).band_hz)
    return np.asarray(40.0 * signal.sosfilt(sections, white))


def our_onsets_s(emg_uv: np.ndarray, fs_hz: float) -> np.ndarray:
    """Onset of each burst in the hop powers from a second before it."""
    grid = grid_for(fs_hz, trunk=True)
    hop = grid.hop_samples
    dof = 2 * statistical_bandwidth_hz(grid) * grid.hop_s
    rest_uv2 = float(np.mean(emg_uv[hop * 10 : round(1.4 * fs_hz)] ** 2))
    found = []
    for start_s in BURSTS_S:
        first = round((start_s - 1.0) * fs_hz)
        hops_uv2 = (emg_uv[first : first + 90 * hop] ** 2).reshape(-1, hop).mean(axis=1)
        found.append(first / fs_hz + onset_of(hops_uv2, grid.hop_s, rest_uv2, dof).time_s)
    return np.array(found)


def biosppy_onsets_s(emg_uv: np.ndarray, fs_hz: float) -> np.ndarray:
    """First time near each burst at which BioSPPy's rectified, smoothed EMG passes half the step."""
    time_s, rectified_uv = np.arange(len(emg_uv)) / fs_hz, np.abs(emg_uv)
    on = in_burst(time_s)
    half_way_uv = (rectified_uv[on].mean() + rectified_uv[~on].mean()) / 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations of others
        emg = pytest.importorskip("biosppy.signals.emg", reason="BioSPPy is in the test extra")
        found = emg.find_onsets(signal=emg_uv, sampling_rate=fs_hz, size=0.05, threshold=half_way_uv)
    crossings_s = np.asarray(found["onsets"]) / fs_hz
    return np.array([crossings_s[crossings_s > start_s - 0.3][0] for start_s in BURSTS_S])


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
def test_our_onsets_of_clean_bursts_lie_within_20_ms_of_the_truth(fs_hz: float) -> None:
    late_s = our_onsets_s(bursts_uv(fs_hz), fs_hz) - np.array(BURSTS_S)
    assert abs(np.median(late_s)) < 0.02
    assert np.abs(late_s).max() < 0.04


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
def test_our_onsets_are_those_of_biosppy_within_30_ms(fs_hz: float) -> None:
    emg_uv = bursts_uv(fs_hz)
    later_s = our_onsets_s(emg_uv, fs_hz) - biosppy_onsets_s(emg_uv, fs_hz)
    assert abs(np.median(later_s)) < 0.02
    assert np.mean(np.abs(later_s) < 0.03) >= 0.9


def equal_levels() -> np.ndarray:
    return np.array([0.0, 10.0, 40.0, 80.0, 40.0, 10.0, 0.0])


def test_common_area_of_equal_levels_is_100_percent_and_of_taking_turns_0() -> None:
    level = equal_levels()
    assert common_area_pct(level, level) == pytest.approx(100.0)
    assert common_area_pct(np.array([30.0, 0.0]), np.array([0.0, 70.0])) == 0.0


def test_common_area_follows_the_formula_worked_by_hand() -> None:
    # min = 10, 20, 20, 0 (sum 50); a = 10, 20, 40, 0 (70); b = 30, 20, 20, 10 (80): 2 * 50 / 150.
    a, b = np.array([10.0, 20.0, 40.0, 0.0]), np.array([30.0, 20.0, 20.0, 10.0])
    assert common_area_pct(a, b) == pytest.approx(200 * 50 / 150)
    assert common_area_pct(b, a) == common_area_pct(a, b)
    assert common_area_pct(3 * a, 3 * b) == pytest.approx(common_area_pct(a, b))


def test_common_area_of_two_triangles_is_the_overlap_of_their_areas() -> None:
    # Triangles of base 2 and height 1, the second one later by 1: they share a triangle of a quarter of each.
    time = np.linspace(0.0, 3.0, 30_001)
    first, second = np.maximum(0, 1 - np.abs(time - 1)), np.maximum(0, 1 - np.abs(time - 2))
    assert common_area_pct(first, second) == pytest.approx(25.0, abs=0.01)


def test_joint_level_follows_the_formula_worked_by_hand() -> None:
    # (10/30)(40) = 13.333, (20/20)(40) = 40, (20/40)(60) = 30, (0/10)(10) = 0; the mean of the four.
    a, b = np.array([10.0, 20.0, 40.0, 0.0]), np.array([30.0, 20.0, 20.0, 10.0])
    assert joint_level_pct(a, b) == pytest.approx((40 / 3 + 40 + 30 + 0) / 4)
    assert joint_level_pct(b, a) == joint_level_pct(a, b)
    assert joint_level_pct(3 * a, 3 * b) == pytest.approx(3 * joint_level_pct(a, b))
    assert joint_level_pct(np.full(5, 100.0), np.full(5, 100.0)) == 200.0


def test_two_resting_muscles_do_not_co_contract_and_lost_instants_do_not_count() -> None:
    rest = np.zeros(4)
    assert math.isnan(common_area_pct(rest, rest))
    assert joint_level_pct(rest, rest) == 0.0
    a, b = np.array([10.0, math.nan, 20.0, 99.0]), np.array([30.0, 50.0, 20.0, math.nan])
    assert common_area_pct(a, b) == pytest.approx(200 * 30 / 80)
    assert joint_level_pct(a, b) == pytest.approx((40 / 3 + 40) / 2)
    assert math.isnan(common_area_pct(np.empty(0), np.empty(0)))
    assert math.isnan(joint_level_pct(np.full(3, math.nan), np.zeros(3)))


@pytest.mark.parametrize("index", [common_area_pct, joint_level_pct])
def test_levels_that_do_not_fit_together_are_refused_in_one_sentence(index) -> None:
    with pytest.raises(InputError, match=r"shape \(3,\) and \(4,\); give two rows of the same length"):
        index(np.zeros(3), np.zeros(4))
    with pytest.raises(InputError, match="a level of -2 %; give levels of 0 or more"):
        index(np.array([1.0, -2.0]), np.zeros(2))
