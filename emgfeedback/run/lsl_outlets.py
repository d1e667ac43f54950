"""A sink that tells other programs, over LSL, what a run sees and decides.

LSL offers its streams to the whole local network, without authentication or encryption.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.sources.lsl.library import lsl
from emgfeedback.storage.journal import plain
from emgfeedback.values import EMG, Channel, Chunk, Event, Floats, StreamInfo, Tick

BUFFER_S = 60
DEFAULT_NAME = "emgfeedback"


class LslOutlets:
    """Three streams: ``NAME raw``, ``NAME levels`` and ``NAME events``.

    ``raw`` has every channel in µV (accelerometer axes in g), as recorded and unfiltered; doubles, so that
    counts come back exactly. ``levels`` has a row per hop: level of each muscle in % of its reference,
    share, margin (natural logarithm) and whether the hop was good (1 or 0); NaN where unknown. ``events``
    are the lines of the session log as compact JSON with sample, kind and data.

    Time stamps are those of arrival on this computer. Hops and events carry that of their last sample.

    Parameters
    ----------
    info : StreamInfo
        With the montage applied.
    grid : Grid
        Of the run.
    name : str
        What the names of the streams begin with.

    Raises
    ------
    UsageError
        If pylsl is not installed.
    """

    def __init__(self, info: StreamInfo, grid: Grid, name: str = DEFAULT_NAME) -> None:
        self._info, self._name = info, name
        self._library = lsl()
        self._clock_offset_s = self._library.local_clock() - time.monotonic()
        self._end_sample, self._end_s = 0, float(self._library.local_clock())
        axes = [i for i, channel in enumerate(info.channels) if channel.kind != EMG]
        self._axes = {i: info.channels[i].lsb for i in axes}
        muscles = [info.channels[i].muscle for i in info.used()]
        levels = [(muscle, "percent") for muscle in muscles]
        levels += [("share", "fraction"), ("margin_ln", "ln"), ("good", "boolean")]
        self._outlets = {
            "raw": self._outlet("raw", "EMG", info.fs_hz, "double64", _raw_channels(info.channels)),
            "levels": self._outlet("levels", "Levels", grid.fs_hz / grid.hop_samples, "double64", levels),
            "events": self._outlet("events", "Markers", 0.0, "string", [("event", "json")]),
        }

    def on_chunk(self, chunk: Chunk) -> None:
        """Publish samples as they came."""
        if not len(chunk.counts):
            return
        received_s = chunk.received_s or time.monotonic()
        self._end_sample, self._end_s = chunk.end_sample, received_s + self._clock_offset_s
        values: Floats = chunk.emg_uv
        if self._axes:
            values = values.copy()
            for column, lsb in self._axes.items():
                values[:, column] = chunk.counts[:, column] * lsb
        self._outlets["raw"].push_chunk(np.ascontiguousarray(values), self._end_s)

    def on_tick(self, tick: Tick) -> None:
        """Publish the verdict on a hop, and what happened in it."""
        judged = (tick.dominance.share, tick.dominance.margin_ln, float(tick.reward.good))
        row = [*tick.level_pct.tolist(), *judged]
        self._outlets["levels"].push_sample(row, self._time_of(tick.frame.end_sample))
        self.log(tick.events)

    def log(self, events: Sequence[Event]) -> None:
        """Publish events that belong to no tick too, such as those at the close of a session."""
        for event in events:
            line = {"sample": event.sample, "kind": event.kind, "data": plain(event.data)}
            text = json.dumps(line, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            self._outlets["events"].push_sample([text], self._time_of(event.sample))

    def close(self) -> None:
        """Take the streams off the network; nothing can be published after."""
        self._outlets.clear()

    def _time_of(self, end_sample: int) -> float:
        """Arrival of the last sample before ``end_sample``, on the clock of LSL."""
        return self._end_s - (self._end_sample - end_sample) / self._info.fs_hz

    def _outlet(
        self, what: str, kind: str, rate_hz: float, number: str, channels: Sequence[tuple[str, str]]
    ) -> Any:
        source_id = f"{self._name} {what} on {platform.node()}"
        names = f"{self._name} {what}", kind
        about = self._library.StreamInfo(*names, len(channels), rate_hz, number, source_id)
        about.desc().append_child_value("manufacturer", "emgfeedback")
        described = about.desc().append_child("channels")
        for label, unit in channels:
            channel = described.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("unit", unit)
            channel.append_child_value("type", kind)
        return self._library.StreamOutlet(about, max_buffered=BUFFER_S)


def _raw_channels(channels: Sequence[Channel]) -> list[tuple[str, str]]:
    """Label and unit of each: the muscle where the montage names one."""
    units = ["microvolts" if channel.kind == EMG else channel.unit for channel in channels]
    labels = [channel.muscle or channel.name for channel in channels]
    return list(zip(labels, units, strict=True))
