"""Quality flags: each fault is seen, and a clean muscle is left alone."""

import numpy as np
import pytest
from run_kit import LSB_UV, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.hum import SpectrumMeter, hum_ratios, mains_lines
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.values import COUNT_MAX, Chunk, Frame, Quality, Setup

FS_HZ = 250.0
REST_UV2 = 4.0


def run(emg_uv: np.ndarray, setup: Setup | None = None) -> list[Frame]:
    """Frames of the third channel's fault beside two clean channels; the clean ones carry 20 µV."""
    clean = np.random.default_rng(5).standard_normal((len(emg_uv), 2)) * 20
    counts = np.rint(np.column_stack([clean, emg_uv]) / LSB_UV)
    counts = np.clip(counts, -COUNT_MAX - 1, COUNT_MAX).astype(np.int32)
    pipeline = Pipeline(stream(FS_HZ), grid_for(FS_HZ, trunk=True), 50.0)
    if setup:
        pipeline.configure(setup)
    return list(pipeline.frames(Chunk.from_counts(0, counts, LSB_UV), hops_at_once=1024))


def noise(seconds: float, rms_uv: float, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * FS_HZ)) * rms_uv


def flagged_s(frames: list[Frame], flag: Quality, channel: int = 2) -> list[float]:
    """End times of the hops that carry a flag."""
    return [frame.end_sample / FS_HZ for frame in frames if frame.quality[channel] & flag]


def test_a_railed_channel_is_flagged_at_once_and_until_its_step_has_passed() -> None:
    signal = noise(10, 20)
    signal[1000:1005] = 1e6
    times = flagged_s(run(signal), Quality.RAILED)
    assert times[0] == pytest.approx(4.02)
    assert 4.5 <= times[-1] <= 4.6


@pytest.mark.parametrize("count", [COUNT_MAX, -COUNT_MAX, -COUNT_MAX - 1])
def test_both_rails_count_and_so_does_the_lowest_code(count: int) -> None:
    signal = noise(4, 20)
    signal[500] = count * LSB_UV
    assert flagged_s(run(signal), Quality.RAILED)


def test_a_channel_that_stands_still_is_flat_within_a_fifth_of_a_second() -> None:
    signal = noise(10, 20)
    signal[1000:1500] = signal[1000]
    times = flagged_s(run(signal), Quality.FLAT)
    assert times[0] <= 4.2
    assert times[-1] >= 6.0


def test_a_channel_without_any_noise_in_the_band_is_flat() -> None:
    assert len(flagged_s(run(noise(6, 0.05)), Quality.FLAT)) > 200


def test_a_quiet_electrode_is_off_within_a_second_once_rest_is_known() -> None:
    rest = Setup(rest_power_uv2=(REST_UV2,) * 3)
    signal = noise(20, 3.2)
    signal[2500:] *= 0.3
    times = flagged_s(run(signal, rest), Quality.OFF)
    assert times
    assert times[0] > 10.0
    assert times[0] < 10.6
    assert not flagged_s(run(signal), Quality.OFF), "without a calibration nobody knows what rest is"


def test_a_resting_muscle_is_practically_never_called_off() -> None:
    signal = noise(600, 2.5)
    frames = run(signal)
    rest_uv2 = float(np.mean([frame.power_uv2[2] for frame in frames[50:]]))
    times = flagged_s(run(signal, Setup(rest_power_uv2=(REST_UV2, REST_UV2, rest_uv2))), Quality.OFF)
    assert len(times) <= 0.001 * len(frames)


def test_hum_that_dominates_is_flagged_and_goes_when_it_stops() -> None:
    t = np.arange(5000) / FS_HZ
    signal = noise(20, 3) + 30 * np.sin(2 * np.pi * 50 * t) * ((t > 5) & (t < 12))
    times = flagged_s(run(signal), Quality.MAINS)
    assert 5.0 < times[0] < 6.0
    assert 12.0 < times[-1] < 13.3


def test_a_strong_contraction_is_not_hum() -> None:
    assert not flagged_s(run(noise(120, 100)), Quality.MAINS)


def test_with_the_notch_on_the_hum_it_takes_out_is_forgiven_but_a_surge_is_not() -> None:
    t = np.arange(7500) / FS_HZ
    size = np.where(t < 15, 6.0, 60.0)
    signal = noise(30, 3) + size * np.sin(2 * np.pi * 50 * t)
    first = run(signal)
    at_rest = tuple(float(np.nanmedian([f.mains_ratio[c] for f in first[:700]])) for c in range(3))
    assert at_rest[2] > 0.5
    frames = run(signal, Setup(50.0, (REST_UV2,) * 3, at_rest))
    times = flagged_s(frames, Quality.MAINS)
    assert times
    assert times[0] > 15.0
    quiet = [f.envelope_uv[2] for f in frames if 2 < f.end_sample / FS_HZ < 15]
    assert np.median(quiet) < 3.5, "the notch takes the hum out"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_the_hum_ratio_is_the_share_of_power_in_the_line(share: float, mains_hz: float) -> None:
    grid = grid_for(1000.0, trunk=False)
    measure = SpectrumMeter(grid, 50)
    chosen = [line_hz in mains_lines(mains_hz, grid.band_hz) for line_hz in measure.lines_hz]
    t = np.arange(1000) / 1000
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(40):
        white = rng.standard_normal(1000) * np.sqrt((1 - share) / 0.86)
        line = np.sqrt(2 * share) * np.sin(2 * np.pi * mains_hz * t + rng.uniform(0, 6.28))
        ratios.append(hum_ratios(measure((white + line)[:, None]), chosen)[0])
    assert np.mean(ratios) == pytest.approx(share, abs=0.03)
