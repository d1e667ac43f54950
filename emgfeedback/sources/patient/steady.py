"""Recordings of known truth for tests and benchmarks: rest, one reference for each muscle, a steady hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emgfeedback.sources.patient.body import MUSCLES
from emgfeedback.sources.patient.patient import Patient
from emgfeedback.sources.patient.script import Levels, Segment
from emgfeedback.values import Counts, Recording, StreamInfo

Span = tuple[int, int]
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """A recording and its truth: spans are (first, end) samples in which all levels stand still."""

    recording: Recording
    rest: Span
    references: dict[str, Span]
    work: Span
    levels: Levels

    @property
    def info(self) -> StreamInfo:
        """Channels gmed, tfl, ql, without a montage."""
        return self.recording.info

    @property
    def counts(self) -> Counts:
        """All samples (n, n_channels)."""
        counts: Counts = self.recording.counts
        return counts

    def seconds(self, span: Span) -> str:
        """Write a span as the command line takes it: ``A,B`` in seconds."""
        return ",".join(f"{sample / self.info.fs_hz:.6f}" for sample in span)


def steady(
    levels: Levels,
    seconds: float = 20.0,
    fs_hz: float = 250.0,
    seed: int = 1,
    *,
    rest_s: float = 15.0,
    reference_s: float = 5.0,
    **options: Any,
) -> KnownRecording:
    """Record rest, the reference of each muscle with the others at rest, then ``seconds`` of ``levels``.

    Levels are fractions of the reference. Crosstalk is off unless asked for; other options go to `Patient`.
    Each span leaves out its first `SETTLE_S`, in which levels, filters and windows settle, so every stretch
    is recorded that much longer.
    """
    parts: dict[str, tuple[float, Levels]] = {"rest": (rest_s, {})}
    parts |= {muscle: (reference_s, {muscle: 1.0}) for muscle in MUSCLES}
    parts["work"] = (seconds, levels)
    script = [Segment(length + SETTLE_S, given) for length, given in parts.values()]
    patient = Patient(script, fs_hz, seed, **{"crosstalk": 0.0, **options})
    ends = np.cumsum([part.seconds for part in script])
    spans = {
        name: (round((end - length) * fs_hz), round(end * fs_hz))
        for (name, (length, _)), end in zip(parts.items(), ends.tolist(), strict=True)
    }
    counts = patient.next_counts(spans["work"][1])
    return KnownRecording(
        Recording(patient.info, counts, (), (), (), {}),
        spans["rest"],
        {muscle: spans[muscle] for muscle in MUSCLES},
        spans["work"],
        levels,
    )
