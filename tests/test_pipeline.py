"""The pipeline: the same bits for any chunking, and the right numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_kit import LSB_UV, stream
from scipy import signal

from emgfeedback.errors import InputError
from emgfeedback.processing.bandwidth import grid_for, statistical_bandwidth_hz
from emgfeedback.processing.filters import Filter, design_bandpass, design_notch
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.values import Chunk, Frame, Quality, Setup

RATES = (125.0, 200.0, 250.0, 1000.0, 1600.0)


def raw_counts(fs_hz: float, seconds: float, seed: int = 0) -> np.ndarray:
    """EMG-like noise on offsets of millivolts, with a rail in the second channel."""
    rng = np.random.default_rng(seed)
    n = round(seconds * fs_hz)
    counts = rng.standard_normal((n, 3)) * [2000, 500, 900] + [400_000, -90_000, 10]
    counts[n // 2 : n // 2 + 5, 1] = 2**23 - 1
    return counts.astype(np.int32)


def frames_of(
    counts: np.ndarray,
    fs_hz: float,
    sizes: list[int],
    gap: tuple[int, int] | None = None,
    notch_from: int | None = None,
    hops_at_once: int = 1,
    flagged: np.ndarray | None = None,
) -> list[Frame]:
    """Run chunks of cycling sizes, leaving out ``gap``; the notch comes on after sample ``notch_from``."""
    pipeline = Pipeline(stream(fs_hz), grid_for(fs_hz, trunk=True), 50.0)
    on = Setup(50.0, (4.0, 4.0, 4.0), (0.1, 0.1, 0.1))
    frames, first, turn = [], 0, 0
    while first < len(counts):
        if gap and gap[0] <= first < gap[1]:
            first = gap[1]
            continue
        end = min(first + sizes[turn % len(sizes)], len(counts))
        end = min(end, gap[0]) if gap and first < gap[0] else end
        turn += 1
        flags = None if flagged is None else flagged[first:end]
        chunk = Chunk.from_counts(first, counts[first:end], LSB_UV, 0.0, flags)
        for frame in pipeline.frames(chunk, hops_at_once):
            frames.append(frame)
            if notch_from is not None and frame.end_sample > notch_from:
                pipeline.configure(on)
        first = end
    return frames


def as_bytes(frames: list[Frame]) -> list[tuple]:
    """Everything a frame says, bit for bit."""
    return [
        (
            f.end_sample,
            f.power_uv2.tobytes(),
            f.envelope_uv.tobytes(),
            f.quality.tobytes(),
            f.mains_ratio.tobytes(),
        )
        for f in frames
    ]


@pytest.mark.parametrize("fs_hz", RATES)
@given(data=st.data())
@settings(max_examples=15)
def test_any_chunking_gives_the_same_bits_through_every_stage(fs_hz: float, data: st.DataObject) -> None:
    counts = raw_counts(fs_hz, 6.0)
    size = st.integers(1, round(fs_hz))
    sizes = data.draw(st.lists(size, min_size=1, max_size=5))
    begin = data.draw(st.integers(1, len(counts) - 2))
    gap = data.draw(
        st.one_of(st.none(), st.just((begin, data.draw(st.integers(begin + 1, len(counts) - 1)))))
    )
    notch_from = data.draw(st.one_of(st.none(), st.integers(0, len(counts))))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    flagged = (rng.random(len(counts)) < data.draw(st.sampled_from([0.0, 0.01, 0.3]))).astype(np.uint8)
    whole = frames_of(counts, fs_hz, [len(counts)], gap, notch_from, flagged=flagged)
    assert as_bytes(frames_of(counts, fs_hz, sizes, gap, notch_from, flagged=flagged)) == as_bytes(whole)


@pytest.mark.parametrize("fs_hz", RATES)
@pytest.mark.parametrize("hops_at_once", [2, 7, 100_000])
def test_whole_blocks_give_the_same_bits_as_single_hops(fs_hz: float, hops_at_once: int) -> None:
    counts = raw_counts(fs_hz, 8.0)
    gap = (round(3.013 * fs_hz), round(4.7 * fs_hz))
    single = frames_of(counts, fs_hz, [len(counts)], gap)
    assert as_bytes(frames_of(counts, fs_hz, [len(counts)], gap, hops_at_once=hops_at_once)) == as_bytes(
        single
    )


@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6))
@pytest.mark.parametrize("sections", [design_bandpass(250, (30, 112)), design_notch(1600, 50)])
def test_a_filter_alone_is_chunk_invariant(sections: np.ndarray, sizes: list[int]) -> None:
    samples = np.random.default_rng(1).standard_normal((sum(sizes), 2)) + 5000
    whole = Filter(sections)(samples)
    piecewise = Filter(sections)
    parts = [piecewise(part) for part in np.split(samples, np.cumsum(sizes)[:-1])]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("fs_hz", RATES)
def test_power_and_envelope_equal_scipy_run_once_over_everything(fs_hz: float) -> None:
    counts = raw_counts(fs_hz, 6.0)
    grid = grid_for(fs_hz, trunk=True)
    emg_uv = counts * LSB_UV
    sos = signal.butter(4, grid.band_hz, "bandpass", fs=fs_hz, output="sos")
    zi = signal.sosfilt_zi(sos)[:, :, None] * emg_uv[0]
    squared = signal.sosfilt(sos, emg_uv, axis=0, zi=zi)[0] ** 2
    for frame in frames_of(counts, fs_hz, [len(counts)]):
        end = frame.end_sample
        np.testing.assert_allclose(
            frame.power_uv2, squared[end - grid.hop_samples : end].mean(axis=0), rtol=1e-9
        )
        if end >= grid.window_samples + grid.hop_samples:
            expected = np.sqrt(squared[end - grid.window_samples : end].mean(axis=0))
            np.testing.assert_allclose(frame.envelope_uv, expected, rtol=1e-9)


def test_an_offset_of_200_mv_leaves_no_transient() -> None:
    counts = np.full((500, 3), 8_000_000, np.int32) + np.arange(500)[:, None] % 2
    frames = frames_of(counts, 250.0, [500])
    assert max(frame.power_uv2.max() for frame in frames) < 0.01


def test_every_hop_of_a_gap_is_a_nan_frame_flagged_gap_and_the_filters_settle_afterwards() -> None:
    counts = raw_counts(250.0, 6.0)
    frames = frames_of(counts, 250.0, [50], gap=(502, 748))
    lost = [frame for frame in frames if frame.quality[0] & Quality.GAP]
    assert [frame.end_sample for frame in lost] == list(range(505, 755, 5))
    assert all(np.isnan(frame.power_uv2).all() and np.isnan(frame.envelope_uv).all() for frame in lost)
    after = next(frame for frame in frames if frame.end_sample == 755)
    assert after.quality[0] & Quality.SETTLING


def test_an_offset_that_jumps_over_a_gap_leaves_no_transient() -> None:
    counts = raw_counts(250.0, 6.0)[:, [0, 0, 0]]
    counts[750:] += 3_000_000
    frames = frames_of(counts, 250.0, [50], gap=(700, 760))
    usual = np.median([frame.power_uv2[0] for frame in frames[60:130]])
    after = [frame.power_uv2[0] for frame in frames if 765 < frame.end_sample < 900]
    assert max(after) < 20 * usual


def test_a_gap_gives_at_most_ten_seconds_of_frames() -> None:
    counts = raw_counts(250.0, 40.0)
    frames = frames_of(counts, 250.0, [50], gap=(1000, 9000))
    lost = [frame for frame in frames if frame.quality[0] & Quality.GAP]
    assert len(lost) * 5 == 10 * 250
    assert frames[-1].end_sample == len(counts)


def test_a_row_that_cannot_be_true_is_held_and_not_averaged_in() -> None:
    rng = np.random.default_rng(4)
    counts = (rng.standard_normal((1500, 3)) * 1000).astype(np.int32)
    false = counts.copy()
    false[700] = 8_000_000
    flagged = np.zeros(1500, np.uint8)
    flagged[700] = 1
    for clean, held in zip(
        frames_of(counts, 250.0, [50]), frames_of(false, 250.0, [50], flagged=flagged), strict=True
    ):
        np.testing.assert_allclose(held.envelope_uv, clean.envelope_uv, rtol=0.1)
        assert (held.quality == clean.quality).all()


def test_many_rows_that_cannot_be_true_withhold_the_reward_like_a_gap() -> None:
    counts = raw_counts(250.0, 6.0)[:, [0, 0, 0]]
    flagged = np.zeros(len(counts), np.uint8)
    flagged[800:900:4] = 1
    frames = frames_of(counts, 250.0, [50], flagged=flagged)
    gaps = [frame.end_sample for frame in frames if frame.quality[0] & Quality.GAP]
    assert gaps
    assert 800 < gaps[0] < 850
    assert 900 < gaps[-1] < 1000


def test_a_stream_that_begins_with_false_rows_begins_at_the_first_true_one() -> None:
    counts = raw_counts(250.0, 4.0)
    counts[:3] = 8_000_000
    flagged = np.zeros(len(counts), np.uint8)
    flagged[:3] = 1
    frames = frames_of(counts, 250.0, [2], flagged=flagged)
    assert frames[0].quality[0] & Quality.GAP
    assert not frames[40].quality[0]


def test_settling_lasts_half_a_second_from_the_start_and_after_the_notch_came_on() -> None:
    frames = frames_of(raw_counts(250.0, 6.0), 250.0, [50], notch_from=700)
    settling = [frame.end_sample for frame in frames if frame.quality[0] & Quality.SETTLING]
    assert settling == [*range(5, 130, 5), *range(710, 835, 5)]


@pytest.mark.parametrize(
    ("fs_hz", "hop", "window_s", "high_hz", "verdict"),
    [
        (1600, 32, 0.25, 450, "good"),
        (1000, 20, 0.25, 450, "good"),
        (512, 10, 0.25, 225, "usable"),
        (500, 10, 0.25, 225, "usable"),
        (250, 5, 0.25, 112, "usable, % of reference only"),
        (200, 4, 0.25, 90, "usable, % of reference only"),
        (125, 3, 0.4, 56, "cue only"),
    ],
)
def test_the_grid_is_the_one_of_the_table(fs_hz, hop, window_s, high_hz, verdict) -> None:
    grid = grid_for(fs_hz, trunk=True)
    assert (grid.hop_samples, grid.verdict) == (hop, verdict)
    assert grid.window_samples == math.floor(window_s * fs_hz + 0.5)
    assert grid.band_hz == (30.0, high_hz)
    assert grid_for(fs_hz, trunk=False).band_hz == (20.0, high_hz)


@pytest.mark.parametrize(("fs_hz", "expected_hz"), [(1000, 166), (250, 78), (200, 63), (125, 36)])
def test_the_statistical_bandwidth_is_that_of_the_science_notes(fs_hz: float, expected_hz: float) -> None:
    assert statistical_bandwidth_hz(grid_for(fs_hz, trunk=False)) == pytest.approx(expected_hz, rel=0.06)


@pytest.mark.parametrize("fs_hz", [0.0, -250.0, math.nan, math.inf, 50.0])
def test_a_rate_without_an_emg_band_is_refused(fs_hz: float) -> None:
    with pytest.raises(InputError, match="no useful EMG band"):
        grid_for(fs_hz, trunk=False)
