"""What needs a whole recording at once: calibration from named seconds, and the plain analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.run.job import grid_of
from emgfeedback.run.outcome import gap_to_json
from emgfeedback.training.calibration import LEAST_REFERENCE, Calibrator, chain_of
from emgfeedback.training.honesty import ratio_words
from emgfeedback.training.phases import NOTCH_ABOVE
from emgfeedback.values import Calibration, Frame, Quality, Recording, Setup, StreamInfo

BLOCK_SAMPLES = 1 << 15
Span = tuple[float, float]


def frames_of(
    recording: Recording, info: StreamInfo, grid: Grid, mains_hz: float, setup: Setup
) -> Iterator[Frame]:
    """All frames of a recording, in blocks, with one setup from start to end."""
    pipeline = Pipeline(info, grid, mains_hz)
    pipeline.configure(setup)
    for chunk in recording.chunks((BLOCK_SAMPLES,)):
        yield from pipeline.frames(chunk, hops_at_once=BLOCK_SAMPLES)


def calibrate_from(
    recording: Recording,
    info: StreamInfo,
    mains_hz: Sequence[float],
    rest: Span,
    references: Mapping[str, Span],
) -> tuple[Calibration, list[str]]:
    """Calibrate from named seconds of a recording.

    Returns the calibration and warnings: offline a reference under 4 x rest is taken, with a word of doubt.

    Parameters
    ----------
    mains_hz : frequencies the hum may have; the stronger one is notched when rest asks for it
    rest : start and end of quiet rest, in seconds
    references : muscle → start and end of its reference contraction; ``""`` stands for all others

    Raises
    ------
    InputError
        A stretch outside the recording, or a muscle without a reference.
    CalibrationError
        Rest or reference that cannot be trusted.
    """
    grid = grid_of(info)
    _check_inside(
        recording, info, {"rest": rest, **{f"reference {m}".strip(): s for m, s in references.items()}}
    )
    notch_hz = _notch_for(recording, info, grid, mains_hz, rest)
    frames = list(frames_of(recording, info, grid, notch_hz or mains_hz[0], Setup(notch_hz)))
    calibrator = Calibrator(info, grid)
    whole_windows = (rest[0] + grid.window_samples / grid.fs_hz, rest[1])
    for frame in _within(frames, grid, whole_windows):
        calibrator.add_rest(frame)
    for muscle in (info.channels[i].muscle for i in info.used()):
        stretch = references.get(muscle, references.get(""))
        if stretch is None:
            raise InputError(f"no reference for {muscle}; add --reference {muscle}=START,END")
        for frame in _within(frames, grid, stretch):
            calibrator.add_reference(frame, muscle)
        calibrator.end_reference(muscle)
    warnings = [
        f"reference of {muscle}: only {ratio:.1f} times rest; under {LEAST_REFERENCE:g} it is mostly noise"
        for muscle, ratio in calibrator.weak_references().items()
    ]
    return calibrator.calibration("submaximal", chain_of(info, grid, notch_hz), least_reference=1.0), warnings


def _check_inside(recording: Recording, info: StreamInfo, spans: Mapping[str, Span]) -> None:
    seconds = len(recording.counts) / info.fs_hz
    for name, (start_s, end_s) in spans.items():
        if not 0 <= start_s < end_s <= seconds + grid_of(info).hop_s:
            raise InputError(
                f"{name} {start_s:g},{end_s:g}: not inside the recording, which lasts {seconds:.2f} s; "
                "give start and end in seconds"
            )


def _notch_for(
    recording: Recording, info: StreamInfo, grid: Grid, mains_hz: Sequence[float], rest: Span
) -> float:
    """The mains frequency that hum at rest asks to be notched, 0 for none."""
    strongest, notch_hz = NOTCH_ABOVE, 0.0
    for line_hz in mains_hz:
        frames = _within(list(frames_of(recording, info, grid, line_hz, Setup())), grid, rest)
        hum = [frame.mains_ratio.tolist() for frame in frames if np.isfinite(frame.mains_ratio).all()]
        ratio = max(map(median, zip(*hum, strict=True)), default=0.0)
        if ratio > strongest:
            strongest, notch_hz = ratio, line_hz
    return notch_hz


def _within(frames: list[Frame], grid: Grid, span: Span) -> list[Frame]:
    first, last = span[0] * grid.fs_hz, span[1] * grid.fs_hz
    return [f for f in frames if f.end_sample - grid.hop_samples >= first and f.end_sample <= last]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What to analyze of a recording, and how; None leaves the choice to the sampling rate."""

    band_hz: Span | None = None
    rms_ms: float | None = None
    from_s: float = 0.0
    to_s: float = math.inf


def analyze(recording: Recording, info: StreamInfo, mains_hz: float, stretch: Stretch) -> dict[str, Any]:
    """RMS, share and quality of each muscle over a stretch of a recording.

    The RMS is over all hops of the stretch, after the causal band-pass; a hop in which the filters still
    settle counts unless it is stronger than every settled one. ``low_uv`` and ``high_uv`` are the 5th and
    95th percentile of the RMS window.

    Raises
    ------
    InputError
        A band outside (0, fs/2), a window shorter than a hop, or a stretch without samples.
    """
    grid = _grid_for_analysis(grid_of(info), stretch.band_hz, stretch.rms_ms)
    frames = _frames_inside(recording, info, grid, mains_hz, stretch)
    bits = np.array([frame.quality for frame in frames])
    power_uv2 = np.array([frame.power_uv2 for frame in frames])
    settled = (bits & (Quality.SETTLING | Quality.GAP)) == 0
    if not settled.any(axis=0).all():
        raise InputError("the stretch is over before the filters have settled (0.5 s); choose a longer one")
    usable = settled | (power_uv2 <= power_uv2.max(axis=0, where=settled, initial=0.0))
    rms_uv = np.sqrt(power_uv2.mean(axis=0, where=usable))
    share_pct = 100 * rms_uv / rms_uv.sum() if rms_uv.any() else np.full_like(rms_uv, math.nan)
    envelope_uv = np.where(usable, [frame.envelope_uv for frame in frames], np.nan)
    low_uv, high_uv = np.nanpercentile(envelope_uv, [5, 95], axis=0)
    channels = [
        {
            "muscle": info.channels[column].muscle,
            "label": info.channels[column].name,
            "rms_uv": float(rms_uv[i]),
            "share_pct": float(share_pct[i]),
            "low_uv": float(low_uv[i]),
            "high_uv": float(high_uv[i]),
            "quality": _flag_seconds(bits[:, i], grid),
        }
        for i, column in enumerate(info.used())
    ]
    return {
        "fs_hz": info.fs_hz,
        "seconds": len(frames) * grid.hop_s,
        "band_hz": list(grid.band_hz),
        "channels": channels,
        "gaps": [gap_to_json(gap, info.fs_hz) for gap in recording.gaps],
        "warnings": [*recording.warnings, *filter(None, [ratio_words(grid, normalised=False)])],
    }


def _frames_inside(
    recording: Recording, info: StreamInfo, grid: Grid, mains_hz: float, stretch: Stretch
) -> list[Frame]:
    frames = _within(
        list(frames_of(recording, info, grid, mains_hz, Setup())), grid, (stretch.from_s, stretch.to_s)
    )
    if not frames:
        seconds = len(recording.counts) / info.fs_hz
        raise InputError(
            f"no whole hop between {stretch.from_s:g} and {stretch.to_s:g} s; "
            f"the recording lasts {seconds:.2f} s, choose seconds inside it"
        )
    return frames


def _grid_for_analysis(grid: Grid, band_hz: Span | None, rms_ms: float | None) -> Grid:
    if band_hz is not None:
        if not 0 < band_hz[0] < band_hz[1] < grid.fs_hz / 2:
            raise InputError(
                f"band {band_hz[0]:g},{band_hz[1]:g} Hz does not fit; at {grid.fs_hz:g} Hz it must lie "
                f"between 0 and {grid.fs_hz / 2:g} Hz"
            )
        grid = replace(grid, band_hz=band_hz)
    if rms_ms is not None:
        window_samples = math.floor(rms_ms * grid.fs_hz / 1000 + 0.5)
        if window_samples < grid.hop_samples:
            raise InputError(
                f"an RMS window of {rms_ms:g} ms is shorter than a hop ({1000 * grid.hop_s:g} ms)"
            )
        grid = replace(grid, window_samples=window_samples)
    return grid


def _flag_seconds(bits: np.ndarray, grid: Grid) -> dict[str, float]:
    return {
        flag.name.lower(): float(np.count_nonzero(bits & flag) * grid.hop_s)
        for flag in Quality
        if flag.name and (bits & flag).any()
    }
