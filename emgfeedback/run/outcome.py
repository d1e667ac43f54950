"""What a run gave: counts, repetitions, quality, and hashes that show two runs to be the same."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.run.lessons import LESSONS, Lessons, lessons_to_json
from emgfeedback.training.claims import change_from_start
from emgfeedback.training.repetition import TOLD
from emgfeedback.training.rules import figures_of
from emgfeedback.values import Chunk, Event, Gap, Quality, StreamInfo, Tick

REPETITION_FIELDS = (
    "repetition",
    "start_s",
    "rule",
    "role",
    "label",
    "feedback",
    "hold_s",
    "line_ratio",
    "good_s",
    "longest_s",
    "fixed_line_s",
    "met",
    "met_fixed",
    "rewarded",
    "share_median",
    "margin_median_ln",
    "ratio_median_ln",
    "leader",
    "block",
    "onset_order",
    "hold_quality",
    "peak_pct",
    "quiet_pct",
    "tweak",
    "helps",
    "fatigue",
    "void",
)


@dataclass(slots=True)
class Outcome:
    """The summary that ``--json`` prints."""

    protocol: str
    fs_hz: float
    band_hz: tuple[float, float]
    fs_measured_hz: float | None = None
    drift_ppm: float | None = None
    recording: str | None = None
    received_samples: int = 0
    lost_samples: int = 0
    flagged_samples: int = 0
    gaps: list[Gap] = field(default_factory=list)
    repetitions: list[dict[str, Any]] = field(default_factory=list)
    rewards: int = 0
    quality: dict[str, dict[str, float]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    ticks: int = 0
    ticks_sha256: str = ""
    events_sha256: str = ""
    chunk_us_p50: float | None = None
    chunk_us_p99: float | None = None
    rule: Mapping[str, Any] = field(default_factory=dict)
    amplitude: Mapping[str, Any] = field(default_factory=dict)
    reference_kind: str = "none"
    placement: Mapping[str, Any] | None = None
    mode: str = ""
    tests: dict[str, str] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)
    lessons: Lessons = field(default_factory=Lessons)
    readings: Mapping[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values under the names of the command line's contract."""
        span = self.received_samples + self.lost_samples
        return {
            "recording": self.recording,
            "protocol": self.protocol,
            "fs_hz": self.fs_hz,
            "fs_measured_hz": self.fs_measured_hz,
            "drift_ppm": self.drift_ppm,
            "seconds": span / self.fs_hz,
            "received_samples": self.received_samples,
            "lost_samples": self.lost_samples,
            "flagged_samples": self.flagged_samples,
            "gaps": [gap_to_json(gap, self.fs_hz) for gap in self.gaps],
            "band_hz": list(self.band_hz),
            "repetitions": [{name: done[name] for name in REPETITION_FIELDS} for done in self.repetitions],
            "rewards": self.rewards,
            "rule": self.rule,
            "amplitude": self.amplitude,
            "reference_kind": self.reference_kind,
            "change_from_start": changes_to_json(self.repetitions),
            "placement": self.placement,
            "mode": self.mode,
            "tests": self.tests,
            "locked": self.locked,
            **lessons_to_json(self.lessons, self.repetitions),
            "notes": self.notes,
            "quality": self.quality,
            "readings": self.readings,
            "warnings": self.warnings,
            "ticks": self.ticks,
            "ticks_sha256": self.ticks_sha256,
            "events_sha256": self.events_sha256,
            "chunk_us_p50": self.chunk_us_p50,
            "chunk_us_p99": self.chunk_us_p99,
        }


def rule_to_json(name: str, ratio: float, fs_hz: float) -> dict[str, Any]:
    """The reward rule in use, and what it was measured to be worth at this rate (None where it was not)."""
    figures = figures_of(name, fs_hz)
    return {"name": name, "ratio": ratio, "figures": asdict(figures) if figures else None}


def changes_to_json(repetitions: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Change of ln(target / rival) against the person's own start block, with 95 % bounds, per rival."""
    names = ("change_ln", "low_ln", "high_ln")
    return {
        rival: dict(zip(names, change, strict=True))
        for rival, change in change_from_start(list(repetitions)).items()
    }


def gap_to_json(gap: Gap, fs_hz: float) -> dict[str, float]:
    """Start and length of a gap in seconds."""
    return {"start_s": gap.first_sample / fs_hz, "missing_s": gap.n_samples / fs_hz}


class Tally:
    """A sink that adds up what passes by."""

    def __init__(self, info: StreamInfo, grid: Grid, protocol: str) -> None:
        self.outcome = Outcome(protocol, info.fs_hz, grid.band_hz)
        self._muscles = [info.channels[i].muscle for i in info.used()]
        self._hop_s = grid.hop_s
        self._next_sample: int | None = None
        self._flag_hops: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._ticks_hash, self._events_hash = hashlib.sha256(), hashlib.sha256()
        self._chunk_us: list[float] = []
        self._chunk_began_s = self._last_tick_s = 0.0

    def on_chunk(self, chunk: Chunk) -> None:
        """Count samples and losses, and how long the frames of the chunk before took."""
        if not len(chunk.counts):
            return
        self._note_cost()
        lost = 0 if self._next_sample is None else chunk.first_sample - self._next_sample
        if lost:
            self.outcome.gaps.append(Gap(chunk.first_sample - lost, lost))
        self.outcome.lost_samples += lost
        self.outcome.received_samples += len(chunk.counts)
        self.outcome.flagged_samples += (
            int(np.count_nonzero(chunk.flagged)) if chunk.flagged is not None else 0
        )
        self._next_sample = chunk.end_sample
        self._chunk_began_s = time.perf_counter()

    def on_tick(self, tick: Tick) -> None:
        """Hash the tick and its events, and count flags and repetitions."""
        self.outcome.ticks += 1
        self._ticks_hash.update(tick_bytes(tick))
        if tick.frame.quality.any():
            for muscle, bits in zip(self._muscles, tick.frame.quality.tolist(), strict=True):
                for flag in Quality:
                    if bits & flag and flag.name:
                        self._flag_hops[muscle, flag.name.lower()] += 1
        self.add_events(tick.events)
        self._last_tick_s = time.perf_counter()

    def add_events(self, events: Iterable[Event]) -> None:
        """Take events, also those that close a run."""
        for event in events:
            self._events_hash.update(event_bytes(event))
            if event.kind in LESSONS:
                self.outcome.lessons.add(event)
            if event.kind == "repetition":
                self.outcome.repetitions.append(dict(event.data))
            elif event.kind == "veto":
                self._veto(event.data)
            elif event.kind in ("form", "locked"):
                self._permitted(event.data)
            elif event.kind == "calibration" and "refused" not in event.data:
                self.outcome.reference_kind = event.data["reference_kind"]
            elif event.kind == "placement":
                self.outcome.placement = event.data
            elif event.kind == "calibration":
                self.outcome.warnings.append(f"not calibrated, traces only: {event.data['refused']}")

    def _veto(self, data: Mapping[str, Any]) -> None:
        """Enter a veto into the repetition that it is about, or take it out again."""
        about = [one for one in self.outcome.repetitions if one["repetition"] == data["repetition"]]
        for one in about[-1:]:
            one["void"] = "" if data["undo"] else f"veto: {data['why']}"
            one["rewarded"] = data["undo"] and bool(one["met"]) and one["feedback"] in TOLD

    def _permitted(self, data: Mapping[str, Any]) -> None:
        """Note in which form a test was done, and what was not permitted."""
        if data["kind"] == "test":
            missing = ", ".join(data.get("missing", ()))
            self.outcome.tests[data["muscle"]] = data.get("form") or f"not tested: needs {missing}"
        elif "words" in data and data["words"] not in self.outcome.locked:
            self.outcome.locked.append(data["words"])

    def finish(self) -> Outcome:
        """Close the books."""
        done = self.outcome
        done.rewards = sum(bool(one["rewarded"]) for one in done.repetitions)
        self._note_cost()
        quality: dict[str, dict[str, float]] = {}
        for (muscle, flag), hops in self._flag_hops.items():
            quality.setdefault(muscle, {})[flag] = hops * self._hop_s
        done.quality = quality
        done.ticks_sha256 = self._ticks_hash.hexdigest()
        done.events_sha256 = self._events_hash.hexdigest()
        if self._chunk_us:
            done.chunk_us_p50, done.chunk_us_p99 = np.percentile(self._chunk_us, [50, 99]).tolist()
        return done

    def _note_cost(self) -> None:
        if self._last_tick_s > self._chunk_began_s > 0:
            self._chunk_us.append((self._last_tick_s - self._chunk_began_s) * 1e6)


def tick_bytes(tick: Tick) -> bytes:
    """Serialise what a tick says, for hashing; the layout stands in ``docs/command-line.md``."""
    frame, who = tick.frame, tick.dominance
    floats = [
        *frame.power_uv2.tolist(),
        *frame.envelope_uv.tolist(),
        *frame.mains_ratio.tolist(),
        *tick.level_pct.tolist(),
    ]
    floats += [who.share, who.share_low, who.share_high, who.margin_ln, who.margin_low_ln, who.confidence]
    floats += [tick.phase_left_s, tick.good_s]
    numbers = struct.pack(
        f"<q{len(floats)}di3B",
        frame.end_sample,
        *(value if value == value else math.nan for value in floats),
        tick.phase_index,
        tick.reward.good,
        tick.reward.rewarded,
        who.measurable,
    )
    words = "\0".join((tick.state, tick.phase.kind, who.leader, tick.reward.withheld, ""))
    return numbers + frame.quality.tobytes() + words.encode()


def event_bytes(event: Event) -> bytes:
    """Serialise an event, for hashing: one line of JSON ``[sample, kind, data]`` with sorted keys."""
    line = json.dumps([event.sample, event.kind, event.data], sort_keys=True, separators=(",", ":"))
    return line.encode() + b"\n"
