"""The sink that keeps a session: raw counts, gaps and events, whole on disk at every moment."""

from __future__ import annotations

import contextlib
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from emgfeedback.errors import RecordingError
from emgfeedback.storage import bids
from emgfeedback.storage.bdf import (
    ANNOTATION_SAMPLES,
    FLAGGED,
    LOST,
    PADDING,
    RECEIVED,
    BdfWriter,
    annotation,
    encode,
    live_header,
)
from emgfeedback.storage.bdf_header import Header
from emgfeedback.storage.durable import force_folder
from emgfeedback.storage.journal import Journal, measured, plain, stream_to_json
from emgfeedback.storage.library import (
    JOURNAL_SUFFIX,
    SIGNAL_SUFFIX,
    next_run,
    recording_folder,
    recording_stem,
    sibling,
)
from emgfeedback.values import COUNT_MAX, Bits, Chunk, Counts, Event, StreamInfo, Tick

MAX_GAP_S = 86_400.0


class Recorder:
    """Records a session under its final EMG-BIDS name from the first second.

    A record of about 0.5 s is written when it is full; what is not yet written is what a crash can cost.

    Parameters
    ----------
    library : folder of the EMG-BIDS tree; created when missing
    info : the stream; all of its channels are recorded
    meta : what a replay needs; ``participant`` and ``task`` make the name, ``session`` is optional

    Raises
    ------
    UsageError
        A participant, session or task that cannot be part of a file name.
    RecordingError
        The library cannot be written to.
    """

    def __init__(self, library: Path, info: StreamInfo, meta: Mapping[str, Any]) -> None:
        self._info = info
        self._started_at = _start_of(meta)
        self._meta = plain(
            {"schema": 1, **meta, "started_at": self._started_at.isoformat(), "info": stream_to_json(info)}
        )
        header = live_header(info, self._started_at)
        names = self._meta.get("participant"), self._meta.get("session") or ""
        folder = recording_folder(library, *names)
        stem = recording_stem(self._meta.get("task"), *names)
        self._record = np.zeros((header.signals[0].n_samples, len(info.channels) + 1), np.int32)
        self._filled = 0
        self._n_samples = self._n_flagged = 0
        self._held = np.zeros(len(info.channels), np.int32)
        self._sample_s = header.record_s / len(self._record)
        self._waiting: deque[bytes] = deque()
        self._events: list[Event] = []
        self._n_durable_events = 0
        self._ended = False
        try:
            bids.write_dataset(library, str(meta.get("version", "")))
            self._bdf, self._journal, self.path = self._claim(folder, stem, header)
            self._write_sidecars()
        except OSError as failure:
            raise RecordingError(
                f"{library}: cannot record here ({failure.strerror}); free some space or choose another"
            ) from failure

    def on_chunk(self, chunk: Chunk) -> None:
        """Keep the samples of a chunk as they came; samples missing before it are filled in.

        Raises
        ------
        RecordingError
            The disk is full or gone, or the chunk cannot be stored. The recording has then ended; all its
            whole records are kept.
        """
        if not len(chunk.counts):
            return
        with self._ending_on_failure():
            self._check_open()
            self._check(chunk)
            missing = chunk.first_sample - self._n_samples
            if missing:
                self._journal.write("gap", first_sample=self._n_samples, n_samples=missing)
                self._hold(missing, LOST)
            flags = _flags_of(chunk)
            self._keep(chunk.counts, flags)
            if len(true := chunk.counts[flags == RECEIVED]):
                self._held = true[-1].copy()

    def on_tick(self, tick: Tick) -> None:
        """Log the events of a hop.

        Raises
        ------
        RecordingError
            The disk is full or gone; the recording has then ended.
        """
        if tick.events:
            self.log(tick.events)

    def log(self, events: Iterable[Event]) -> None:
        """Write events, in the journal at once and as annotations of the next record.

        Raises
        ------
        RecordingError
            The disk is full or gone; the recording has then ended.
        """
        with self._ending_on_failure():
            self._check_open()
            for event in events:
                self._journal.write("event", sample=event.sample, kind=event.kind, data=event.data)
                self._events.append(event)
                self._waiting.append(annotation(self._onset(event.sample), _describe(event)))

    def close(self, summary: Mapping[str, Any] | None = None) -> Path:
        """Write what is left, complete the sidecars and return the path; a second call changes nothing.

        Raises
        ------
        RecordingError
            The rest could not be written; all whole records are kept.
        """
        if not self._ended:
            with self._ending_on_failure():
                self._fill_up()
                self._end(summary=summary)
        return self.path

    def _claim(self, folder: Path, stem: str, header: Header) -> tuple[BdfWriter, Journal, Path]:
        """Create signal and journal under the first free run number; the signal's name is the claim."""
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = folder / f"{stem}{next_run(folder, stem):02d}{SIGNAL_SUFFIX}"
            with contextlib.suppress(FileExistsError):
                signal = BdfWriter(path, header)
                break
        with contextlib.ExitStack() as undo:
            undo.callback(path.unlink)
            undo.callback(signal.close)
            journal = Journal(sibling(path, JOURNAL_SUFFIX))
            undo.callback(journal.close)
            journal.write("meta", meta=self._meta)
            journal.sync()
            force_folder(folder)
            undo.pop_all()
        return signal, journal, path

    def _check_open(self) -> None:
        if self._ended:
            raise RecordingError(f"{self.path}: this recording has ended; start a new one")

    def _check(self, chunk: Chunk) -> None:
        counts, missing = chunk.counts, chunk.first_sample - self._n_samples
        if counts.shape[1] != len(self._info.channels):
            raise RecordingError(
                f"{self.path}: a chunk has {counts.shape[1]} channels, the recording "
                f"{len(self._info.channels)}; start a new recording for the other source"
            )
        if counts.min() < -COUNT_MAX - 1 or counts.max() > COUNT_MAX:
            raise RecordingError(
                f"{self.path}: counts reach {counts.min()} … {counts.max()}, more than the 24 bits of "
                "the file; give the source a larger lsb_uv"
            )
        if chunk.flagged is not None and chunk.flagged.shape != counts.shape[:1]:
            raise RecordingError(
                f"{self.path}: {counts.shape[0]} samples come with {chunk.flagged.shape} flags; "
                "correct the source"
            )
        if not 0 <= missing <= MAX_GAP_S * self._info.fs_hz:
            raise RecordingError(
                f"{self.path}: the next chunk begins at sample {chunk.first_sample} but {self._n_samples} "
                "is due; check the clock of the source and start a new recording"
            )

    def _keep(self, counts: Counts, flags: Bits) -> None:
        """Add samples to the record in progress; write each record that is full."""
        while len(counts):
            room = len(self._record) - self._filled
            part, marks = counts[:room], flags[:room]
            rows = self._record[self._filled : self._filled + len(part)]
            rows[:, :-1], rows[:, -1] = part, marks
            self._filled += len(part)
            self._n_samples += int(np.count_nonzero(marks != PADDING))
            self._n_flagged += int(np.count_nonzero(marks == FLAGGED))
            counts, flags = counts[room:], flags[room:]
            if self._filled == len(self._record):
                self._write_record()

    def _hold(self, n_samples: int, flag: int) -> None:
        """Repeat the last true value (zero at the very start) to keep time."""
        held = np.broadcast_to(self._held, (n_samples, len(self._held)))
        self._keep(held, np.broadcast_to(np.uint8(flag), n_samples))

    def _fill_up(self) -> None:
        """Complete a record in progress with padding, so that its samples are written."""
        if self._filled:
            self._hold(len(self._record) - self._filled, PADDING)

    def _write_record(self) -> None:
        """Write the record in progress.

        A ``fdatasync`` takes 1 to 5 ms of the live loop, so the journal is forced to the disk only for
        events, which are nowhere else; a lost record line is made good by the count in the header.
        """
        index = self._bdf.header.n_records
        record = encode(self._record) + self._annotations(index)
        self._bdf.append(record)
        self._filled = 0
        self._journal.write("record", index=index, crc32=zlib.crc32(record), **self._sums())
        if self._n_durable_events < len(self._events):
            self._journal.sync()
            self._n_durable_events = len(self._events)

    def _annotations(self, index: int) -> bytes:
        """Annotations of a record: its own time, then the waiting events that fit."""
        room = 3 * ANNOTATION_SAMPLES
        block = annotation(self._onset(index * len(self._record)))
        while self._waiting and len(block) + len(self._waiting[0]) <= room:
            block += self._waiting.popleft()
        return block.ljust(room, b"\x00")

    def _onset(self, sample: int) -> Decimal:
        return round(sample * self._sample_s, 6)

    @contextlib.contextmanager
    def _ending_on_failure(self) -> Iterator[None]:
        """End the recording on a failure, keeping all that can be kept."""
        try:
            yield
        except (OSError, RecordingError) as failure:
            if not self._ended:
                with contextlib.suppress(OSError, RecordingError):
                    self._fill_up()
                with contextlib.suppress(OSError, RecordingError):
                    unwritten = self._record[: self._filled, -1]
                    self._n_samples -= int(np.count_nonzero(unwritten != PADDING))
                    self._n_flagged -= int(np.count_nonzero(unwritten == FLAGGED))
                    self._end(error=str(failure))
            if isinstance(failure, RecordingError):
                raise
            raise RecordingError(
                f"{self.path}: the recording could not be completed ({failure.strerror}); the signal is "
                f"kept, free some space and run emgfeedback recover {self.path}"
            ) from failure

    def _end(self, **outcome: Any) -> None:
        self._ended = True
        self._meta |= measured(outcome.get("summary"))
        with contextlib.closing(self._bdf), contextlib.closing(self._journal):
            self._journal.write("close", **self._sums(), **outcome)
            self._journal.sync()
        self._write_sidecars()

    def _sums(self) -> dict[str, int]:
        return {"n_samples": self._n_samples, "n_flagged": self._n_flagged}

    def _write_sidecars(self) -> None:
        bids.write_sidecars(self.path, self._info, self._meta, self._events, self._n_samples)
        bids.list_recording(self.path, self._started_at)


def _flags_of(chunk: Chunk) -> Bits:
    """What the gap signal says of the rows of a chunk, (n_samples,)."""
    if chunk.flagged is None:
        return np.full(len(chunk.counts), RECEIVED, np.uint8)
    return np.where(chunk.flagged, FLAGGED, RECEIVED).astype(np.uint8)


def _start_of(meta: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(meta["started_at"]))
    except (KeyError, ValueError):
        return datetime.now().astimezone()


def _describe(event: Event) -> str:
    """Words of an annotation: the kind, and the plain values of its data."""
    plain_values = (
        f"{key}={value}" for key, value in event.data.items() if isinstance(value, str | int | float)
    )
    return " ".join([event.kind, *plain_values])
