"""A stream of LSL as a source of chunks."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from emgfeedback.errors import SourceError
from emgfeedback.sources.lsl.description import describe
from emgfeedback.sources.lsl.discovery import Finder, check, open_inlet, uid_of
from emgfeedback.sources.lsl.library import lsl
from emgfeedback.sources.lsl.query import Query, parse_query
from emgfeedback.sources.lsl.stamps import StampClock
from emgfeedback.sources.timeline import Timeline
from emgfeedback.values import COUNT_MAX, Bits, Chunk, Counts, Floats, StreamInfo

LONGEST_WAIT_S = 0.1
MOST_ROWS = 4096
SILENT_S = 5.0
STALL_S, STALL_SAMPLES = 1.0, 50
LOST_S = 4.0
GIVE_UP_S = 300.0


def open_lsl(text: str) -> LslSource:
    """The source that the part of an address after ``lsl:`` names; not connected yet.

    Raises
    ------
    UsageError
        If the address cannot be understood, or pylsl is not installed.
    """
    query = parse_query(text)
    lsl()
    return LslSource(query)


class LslSource:
    """Samples of one stream, from `connect` to `close`; iterate once.

    The iterating thread makes all calls that wait. liblsl finds an outlet with a ``source_id`` again by
    itself when it comes back; any other is looked for by the same query.

    Parameters
    ----------
    query : Query
        What the stream must be like.

    Attributes
    ----------
    info : StreamInfo
        There from `connect` on.
    warnings : list of str
        What is doubtful about names, units or range, for the user.
    on_link : callable or None
        Called with (state, cause) by whoever iterates, in the order of the samples.
    link : str
        absent, connecting, streaming, stalled, lost or closed.
    """

    info: StreamInfo

    def __init__(self, query: Query) -> None:
        self.on_link: Callable[[str, str], None] | None = None
        self.link = "absent"
        self.warnings: list[str] = []
        self._query = query
        self._closing = threading.Event()
        self._connecting = threading.Lock()
        self._inlet: Any = None
        self._timeline: Timeline | None = None
        self._finder: Finder | None = None
        self._uid = ""
        self._heard_s = 0.0

    @property
    def fs_measured_hz(self) -> float:
        """Rate of the stream against this computer's clock; NaN in the first 2 s."""
        return self._timeline.rate_hz if self._timeline else math.nan

    @property
    def drift_ppm(self) -> float:
        """How much faster than nominal the stream is, in parts per million; NaN in the first 2 s."""
        return (self.fs_measured_hz / self.info.fs_hz - 1) * 1e6 if self._timeline else math.nan

    def connect(self) -> None:
        """Find the stream and read its description; returns at once when that is done already.

        Raises
        ------
        SourceError
            If there is no such stream within 5 s, or several, or it is none of regular numbers.
        """
        with self._connecting:
            if self._timeline is None and not self._closing.is_set():
                self.link = "connecting"
                self._connect()

    def __iter__(self) -> Iterator[Chunk]:
        """Yield chunks as they come, and an empty one when 0.1 s brought none, until `close`.

        Raises
        ------
        SourceError
            If no sample came in the first 5 s, or the stream is gone for 5 minutes.
        """
        self.connect()
        if self._inlet is not None:
            self._inlet.flush()
        self._heard_s = time.monotonic()
        try:
            while not self._closing.is_set():
                values, stamps_s = self._read()
                yield from self._chunks(values, stamps_s)
                if not len(stamps_s):
                    self._watch()
                    yield self._nothing()
        finally:
            self.close()

    def close(self) -> None:
        """End the iteration and let go of the stream; safe from any thread and any number of times."""
        self._closing.set()
        self.link, self._inlet, self._finder = "closed", None, None

    def _connect(self) -> None:
        stream = Finder(self._query).find(self._closing)
        if stream is None:
            return
        check(stream)
        inlet = open_inlet(stream, self._closing)
        if inlet is None:
            return
        library = lsl()
        formats = (library.cf_float32, library.cf_double64)
        whole = stream.channel_format() not in formats
        about = describe(inlet.info(LONGEST_WAIT_S).as_xml(), stream.channel_count(), whole, self._query.unit)
        self.info = StreamInfo(
            float(stream.nominal_srate()), about.channels, f"LSL {stream.name()[:60]}", about.lsb_uv
        )
        self._scale_uv = about.scale_uv
        self.warnings += about.warnings
        self._clock = StampClock(self.info.fs_hz)
        self._waiting = np.empty((0, len(about.channels)))
        self._shape = shape_of(stream)
        self._uid = uid_of(stream)
        self._inlet, self._timeline = inlet, Timeline(self.info.fs_hz)

    def _read(self) -> tuple[Floats, Floats]:
        """Rows that are there, waiting a little for the first: (n, n_channels) values and (n,) stamps."""
        nothing = np.empty((0, len(self.info.channels))), np.empty(0)
        inlet = self._inlet
        if inlet is None:
            return nothing
        try:
            first, stamp_s = inlet.pull_sample(LONGEST_WAIT_S)
            if first is None:
                return nothing
            rows, stamps_s = inlet.pull_chunk(0.0, MOST_ROWS)
        except lsl().util.LostError:
            self._note("lost", "the sending program closed the stream")
            self._closing.wait(LONGEST_WAIT_S)
            return nothing
        return np.array([first, *rows], np.float64), np.array([stamp_s, *stamps_s])

    def _chunks(self, values: Floats, stamps_s: Floats) -> Iterator[Chunk]:
        """Place what came and what waits, and cut it at gaps."""
        now_s = time.monotonic()
        if len(stamps_s):
            self._heard_s, self._finder = now_s, None
            self._note("streaming", "samples come again")
        self._waiting = np.concatenate((self._waiting, values))
        index = self._clock.place(stamps_s, now_s, self.fs_measured_hz)
        rows, self._waiting = self._waiting[: len(index)], self._waiting[len(index) :]
        if self._timeline:
            self._timeline.add(index, np.full(len(index), now_s))
        counts, flags = self._counts(rows)
        cuts = np.flatnonzero(np.diff(index) != 1) + 1
        for stretch in np.split(np.arange(len(index)), cuts):
            if len(stretch):
                part = slice(stretch[0], stretch[-1] + 1)
                flagged = flags[part] if flags[part].any() else None
                first_sample = int(index[stretch[0]])
                yield Chunk.from_counts(first_sample, counts[part], self.info.lsb_uv, now_s, flagged)

    def _counts(self, values: Floats) -> tuple[Counts, Bits]:
        """Put values on the grid; a row with one that is no number is flagged and counts as zero there."""
        steps = np.rint(values * self._scale_uv / self.info.lsb_uv)
        strange = ~np.isfinite(steps)
        steps[strange] = 0.0
        if np.any(np.abs(steps) > COUNT_MAX):
            self._warn_of_range()
        counts = np.clip(steps, -COUNT_MAX, COUNT_MAX).astype(np.int32)
        return counts, np.asarray(strange.any(axis=1), np.uint8)

    def _warn_of_range(self) -> None:
        limit_mv = COUNT_MAX * self.info.lsb_uv / 1000
        warning = f"values beyond ±{limit_mv:.0f} mV came and were cut there: check the unit of the stream"
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _watch(self) -> None:
        """Say what the silence means, and look for the stream when it is lost."""
        quiet_s = time.monotonic() - self._heard_s
        cause = f"no samples for {quiet_s:.0f} s"
        if self.link == "connecting":
            if quiet_s > SILENT_S:
                raise SourceError(
                    f"the LSL stream with {self._query} is there but sent no sample in {SILENT_S:g} s: start "
                    "the measurement in the sending program and try again"
                )
        elif quiet_s > GIVE_UP_S:
            raise SourceError(
                f"the LSL stream with {self._query} did not come back in {GIVE_UP_S / 60:g} minutes: start "
                "the sending program again, then start anew"
            )
        elif self.link == "lost":
            self._look()
        elif quiet_s > LOST_S:
            self._note("lost", cause)
        elif quiet_s > max(STALL_S, STALL_SAMPLES / self.info.fs_hz):
            self._note("stalled", cause)

    def _look(self) -> None:
        """Take the stream up again if it came back as another outlet of the same shape."""
        self._finder = self._finder or Finder(self._query)
        back = [s for s in self._finder.seen() if uid_of(s) != self._uid and shape_of(s) == self._shape]
        if len(back) != 1:
            return
        with contextlib.suppress(SourceError):  # it may be gone again
            inlet = open_inlet(back[0], self._closing)
            if inlet is not None:
                self._inlet, self._uid, self._finder = inlet, uid_of(back[0]), None

    def _note(self, state: str, cause: str) -> None:
        if self.link in (state, "closed"):
            return
        begins = self.link == "connecting"
        self.link = state
        if self.on_link is not None and not begins:
            self.on_link(state, cause)

    def _nothing(self) -> Chunk:
        counts = np.empty((0, len(self.info.channels)), np.int32)
        return Chunk.from_counts(self._clock.next_sample, counts, self.info.lsb_uv, time.monotonic())


def shape_of(stream: Any) -> tuple[int, float, int]:
    """What must be the same for a recording to go on: channels, rate and format of the numbers."""
    return stream.channel_count(), stream.nominal_srate(), stream.channel_format()
