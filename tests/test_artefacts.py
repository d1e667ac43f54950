"""Bad data earn nothing and good data lose next to nothing; `benchmarks/artefacts.py` has the figures."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from run_kit import LSB_UV, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.values import COUNT_MAX, Chunk, Frame, Quality, Setup

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
REST_UV, WORK_UV = 4.0, 40.0
FAST, SURE = "rms-hysteresis", "bayes-calm"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The benchmark's own artefacts and counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        module = importlib.import_module("artefacts")
        yield module
        for name in ("artefacts", "cue"):
            sys.modules.pop(name, None)


def test_of_a_hundred_injected_artefacts_at_most_one_earns(bench: ModuleType) -> None:
    chain = bench.Chain(250, 21)
    shares = [bench.earned(chain, name, 10) for name in bench.ARTEFACTS]
    for rule in (FAST, SURE):
        assert np.mean([share[rule] for share in shares]) < bench.GOAL_EARNED_PCT


@pytest.mark.full
@pytest.mark.parametrize("fs_hz", [250, 1000])
def test_no_kind_of_artefact_earns_by_much_more_than_chance(bench: ModuleType, fs_hz: int) -> None:
    chain = bench.Chain(fs_hz, 22)
    shares = {name: bench.earned(chain, name, 100) for name in bench.ARTEFACTS}
    assert np.mean([share["bayes-quick"] for share in shares.values()]) < bench.GOAL_EARNED_PCT
    assert max(share["bayes-quick"] for share in shares.values()) <= 5.0


def test_strong_quick_clean_work_loses_less_than_one_hop_in_a_hundred(bench: ModuleType) -> None:
    assert bench.lost(bench.Chain(250, 23), 150)["any"] < bench.GOAL_LOST_PCT


def frames_of(emg_uv: np.ndarray, fs_hz: float = 250.0, rest_known: bool = True) -> list[Frame]:
    counts = np.clip(np.rint(emg_uv / LSB_UV), -COUNT_MAX, COUNT_MAX).astype(np.int32)
    pipeline = Pipeline(stream(fs_hz), grid_for(fs_hz, trunk=True), 50.0)
    if rest_known:
        pipeline.configure(Setup(0.0, (REST_UV**2,) * 3, (0.02,) * 3))
    return list(pipeline.frames(Chunk.from_counts(0, counts, LSB_UV), hops_at_once=1024))


def muscles(seconds: float, rms_uv: float = WORK_UV, fs_hz: float = 250.0, seed: int = 3) -> np.ndarray:
    """Three independent channels of white noise with this RMS in the band of 250 Hz."""
    noise = np.random.default_rng(seed).standard_normal((round(seconds * fs_hz), 3))
    return noise * rms_uv / np.sqrt(82 / 125)


def flagged_s(frames: list[Frame], flag: Quality, channel: int = 0, fs_hz: float = 250.0) -> list[float]:
    return [frame.end_sample / fs_hz for frame in frames if frame.quality[channel] & flag]


def test_a_tugged_cable_is_movement_within_a_tenth_of_a_second_and_clear_within_two() -> None:
    emg_uv = muscles(12)
    t = np.arange(500) / 250
    emg_uv[1250:1750] += (np.sin(2 * np.pi * 4 * t) * np.exp(-t / 0.1))[:, None] * [1500, -700, 900]
    times = flagged_s(frames_of(emg_uv, rest_known=False), Quality.MOTION)
    assert 5.0 < times[0] <= 5.1
    assert times[-1] <= 7.5


def test_a_step_of_over_500_microvolts_is_movement_of_that_channel_alone() -> None:
    emg_uv = muscles(10, 20.0)
    emg_uv[1250:, 1] += 700
    frames = frames_of(emg_uv, rest_known=False)
    assert flagged_s(frames, Quality.MOTION, 1)[0] <= 5.1
    assert not flagged_s(frames, Quality.MOTION, 0)
    assert not flagged_s(frames, Quality.MOTION, 2)


def test_slow_waves_of_over_five_times_the_emg_power_are_movement_until_they_stop() -> None:
    emg_uv = muscles(15, 10.0)
    t = np.arange(len(emg_uv)) / 250
    emg_uv[:, 2] += np.where((t > 5) & (t < 9), 60 * np.sin(2 * np.pi * 5 * t), 0.0)
    times = flagged_s(frames_of(emg_uv, rest_known=False), Quality.MOTION, 2)
    assert 5.0 < times[0] <= 6.0
    assert 9.0 < times[-1] <= 11.0


def test_offset_and_slow_drift_are_no_movement() -> None:
    emg_uv = muscles(60, REST_UV)
    t = np.arange(len(emg_uv))[:, None] / 250
    emg_uv += [20_000, -5_000, 0] + 50 * np.sin(2 * np.pi * np.array([0.1, 0.05, 0.02]) * t)
    frames = frames_of(emg_uv)
    assert not any(flagged_s(frames, Quality.MOTION, channel) for channel in range(3))


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
def test_the_same_noise_in_all_channels_is_movement_at_once(fs_hz: float) -> None:
    emg_uv = muscles(8, 20.0, fs_hz)
    shared = slice(round(5 * fs_hz), round(5.3 * fs_hz))
    emg_uv[shared] += emg_uv[shared, 2:] * [12, 8, 6]
    frames = frames_of(emg_uv, fs_hz, rest_known=False)
    for channel in range(3):
        assert 5.0 < flagged_s(frames, Quality.MOTION, channel, fs_hz)[0] <= 5.08


def test_muscles_that_pulse_together_every_second_lose_less_than_three_hops_in_a_hundred() -> None:
    emg_uv = muscles(120, WORK_UV)
    pulse = 1 + 1.5 * (np.sin(2 * np.pi * np.arange(len(emg_uv)) / 250) > 0)
    frames = frames_of(emg_uv * pulse[:, None])
    bad = [frame for frame in frames[30:] if frame.quality.any()]
    assert len(bad) < 0.03 * len(frames)


def test_a_spike_of_the_target_is_movement_and_a_contraction_is_cleared_within_a_tenth() -> None:
    emg_uv = muscles(12, 10.0)
    emg_uv[1250:1258, 0] *= 10
    emg_uv[2000:, 0] *= 8
    frames = frames_of(emg_uv)
    doubted = np.array(flagged_s(frames, Quality.SETTLING))
    moved = np.array(flagged_s(frames, Quality.MOTION))
    assert 5.0 < doubted[doubted > 1][0] <= 5.04, "nothing is believed until it has lasted"
    assert 5.04 < moved[0] <= 5.16
    assert moved[-1] > 5.25, "until the window has forgotten it"
    assert moved[-1] <= 5.8, "and a contraction is no movement"
    assert 0 < len(doubted[doubted > 7.9]) <= 7
    assert not flagged_s(frames, Quality.MOTION, 1)


@pytest.mark.parametrize("line_hz", [50.0, 60.0])
def test_hum_that_comes_up_in_the_target_is_mains_within_a_tenth_of_a_second(line_hz: float) -> None:
    emg_uv = muscles(10)
    t = np.arange(len(emg_uv)) / 250
    emg_uv[:, 0] += np.where((t > 5) & (t < 5.4), 300 * np.sin(2 * np.pi * line_hz * t + 1), 0.0)
    times = flagged_s(frames_of(emg_uv), Quality.MAINS)
    assert 5.0 < times[0] <= 5.1
    assert times[-1] <= 7.4


def test_a_rival_that_falls_silent_in_mid_work_is_off_within_a_sixth_of_a_second() -> None:
    emg_uv = muscles(10)
    emg_uv[1250:1500, 1] *= 0.3 * REST_UV / WORK_UV
    times = flagged_s(frames_of(emg_uv), Quality.OFF, 1)
    assert 5.0 < times[0] <= 5.16
    assert 6.3 < times[-1] <= 8.0, "until the window has forgotten the silence"


def test_a_rival_that_relaxes_to_rest_is_not_off() -> None:
    emg_uv = muscles(120)
    emg_uv[(np.arange(len(emg_uv)) // 250) % 2 == 1, 1] *= REST_UV / WORK_UV
    assert len(flagged_s(frames_of(emg_uv), Quality.OFF, 1)) <= 0.002 * 6000


def test_bridged_channels_are_off_and_a_leak_into_a_quiet_muscle_is_not() -> None:
    emg_uv = muscles(20, 20.0)
    emg_uv[1250:2500, 1] = 0.8 * emg_uv[1250:2500, 0] + 0.1 * emg_uv[1250:2500, 1]
    times = flagged_s(frames_of(emg_uv, rest_known=False), Quality.OFF, 1)
    assert 5.0 < times[0] <= 6.5
    assert times[-1] <= 12.0
    leaking = muscles(20, 20.0) * [5, 0.3, 1]
    leaking[:, 1] += 0.1 * leaking[:, 0]
    assert not flagged_s(frames_of(leaking, rest_known=False), Quality.OFF, 1)


def test_an_offset_over_four_fifths_of_full_scale_is_out_of_range() -> None:
    emg_uv = muscles(6, 20.0)
    emg_uv[:, 0] += 0.85 * COUNT_MAX * LSB_UV
    emg_uv[:, 1] += 0.7 * COUNT_MAX * LSB_UV
    frames = frames_of(emg_uv, rest_known=False)
    assert flagged_s(frames, Quality.RAILED, 0)
    assert not flagged_s(frames, Quality.RAILED, 1)


@pytest.mark.parametrize("fs_hz", [250, 1000])
def test_every_watch_says_the_same_bit_for_bit_in_any_block_and_chunk(bench: ModuleType, fs_hz: int) -> None:
    chain = bench.Chain(fs_hz, 5)
    emg_uv = chain.emg_uv(np.ones((40 * bench.MASTER_HZ, 3)))
    kinds = [inject for name, (inject, _) in bench.ARTEFACTS.items() if name != "loss"]
    for i, inject in enumerate(kinds):
        inject(bench.Stretch(emg_uv, round((3 + 3.5 * i) * fs_hz), fs_hz, chain.rng))
    counts = np.rint(np.clip(emg_uv / LSB_UV, -COUNT_MAX, COUNT_MAX)).astype(np.int32)
    given = Setup(0.0, tuple((chain.bench.calibration.rest_uv**2).tolist()), (0.02,) * 3)
    seen = []
    for size, hops_at_once in ((len(counts), 1), (len(counts), 64), (37, 1)):
        pipeline = Pipeline(stream(float(fs_hz)), grid_for(float(fs_hz), trunk=True), 50.0)
        pipeline.configure(given)
        chunks = (Chunk.from_counts(i, counts[i : i + size], LSB_UV) for i in range(0, len(counts), size))
        frames = [frame for chunk in chunks for frame in pipeline.frames(chunk, hops_at_once)]
        seen.append([(f.quality.tobytes(), f.power_uv2.tobytes(), f.mains_ratio.tobytes()) for f in frames])
    assert len({quality for quality, _, _ in seen[0]}) > 6
    assert seen[0] == seen[1] == seen[2]
