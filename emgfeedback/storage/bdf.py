"""BDF+C files, 24 bits a sample: a writer that is whole after a crash, a memory-mapped reader.

The count −8388608 of a saturated converter is stored as it is; all 2^24 codes come back exactly.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from emgfeedback.errors import InputError, RecordingError
from emgfeedback.storage.bdf_header import (
    ANNOTATIONS,
    COUNT_AT,
    COUNT_WIDTH,
    MAX_CHANNELS,
    MAX_HEADER_BYTES,
    Header,
    Scale,
    Signal,
    channel_scale,
    choose_record,
    field,
    parse_header,
    recording_field,
)
from emgfeedback.storage.durable import cut_back, force_data, write_whole
from emgfeedback.values import COUNT_MAX, EMG, Bits, Counts, StreamInfo

GAP_LABEL = "gap"
RECEIVED, LOST, PADDING, FLAGGED = 0, 1, 2, 3
"""What the gap signal says of a sample; a flagged one came, but cannot be true."""

ANNOTATION_SAMPLES = 64
_TEXT_LETTERS = 120


def annotation(onset_s: Decimal, text: str = "") -> bytes:
    """One time-stamped annotation of EDF+; without text it is the time-keeping one that opens a record."""
    letters = "".join(letter if letter.isprintable() else " " for letter in text)[:_TEXT_LETTERS]
    words = letters.encode("utf-8")[:_TEXT_LETTERS].decode("utf-8", "ignore")
    return f"+{onset_s.normalize():f}\x14{words}\x14\x00".encode()


def live_header(info: StreamInfo, started_at: datetime | None) -> Header:
    """Header of a recording: all channels of the stream, the gap signal, the annotations.

    Raises
    ------
    RecordingError
        A rate, scale or number of channels that no header can say.
    """
    if not 1 <= len(info.channels) <= MAX_CHANNELS:
        raise RecordingError(f"{len(info.channels)} channels: a recording holds 1 to {MAX_CHANNELS}")
    n_samples, record_s = choose_record(info.fs_hz)
    labels = short_labels([channel.name for channel in info.channels])
    signals = [
        _signal(label, n_samples, channel_scale(channel, info.lsb_uv), channel.kind)
        for label, channel in zip(labels, info.channels, strict=True)
    ]
    meanings = "0 received, 1 lost, 2 padding, 3 came but cannot be true"
    signals.append(Signal(GAP_LABEL, n_samples, transducer=meanings))
    signals.append(Signal(ANNOTATIONS, ANNOTATION_SAMPLES, "", -1, 1, -COUNT_MAX - 1, COUNT_MAX))
    return Header(tuple(signals), record_s, 0, recording_field(started_at, info.device), started_at)


def _signal(label: str, n_samples: int, scale: Scale, kind: str) -> Signal:
    return Signal(
        label,
        n_samples,
        scale.unit,
        -scale.physical_max,
        scale.physical_max,
        -scale.count_max,
        scale.count_max,
        transducer="surface EMG electrodes" if kind == EMG else "accelerometer",
    )


def short_labels(names: Sequence[str]) -> list[str]:
    """Signal labels: ASCII, at most 16 characters, no two alike, none taken by the file itself."""
    labels, taken = [], {GAP_LABEL, ANNOTATIONS}
    for number, name in enumerate(names, start=1):
        label = name.strip().encode("ascii", "replace").decode()
        label = "".join(letter if letter.isprintable() else "?" for letter in label)[:16].strip()
        if not label or label in taken:
            label = f"{label[:11]}_{number}"
        taken.add(label)
        labels.append(label)
    return labels


def encode(counts: Counts) -> bytes:
    """Counts (n_samples, n_channels) as 24-bit little endian, one signal after the other."""
    wide = np.ascontiguousarray(counts.T, dtype="<i4").view(np.uint8)
    return wide.reshape(*counts.T.shape, 4)[..., :3].tobytes()


class BdfWriter:
    """A file that is whole after every record: data, forced to the disk, then the record count."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path, self.header = path, header
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115
        try:
            write_whole(self._file, header.to_bytes())
            force_data(self._file.fileno())
        except OSError:
            self._file.close()
            path.unlink()
            raise

    def append(self, record: bytes) -> None:
        """Write one data record.

        Raises
        ------
        RecordingError
            The disk is full or gone; the file is cut back to its last whole record.
        """
        n_records, end = self.header.n_records, self._end()
        try:
            write_whole(self._file, record)
            force_data(self._file.fileno())
            self._set_count(n_records + 1)
        except OSError as failure:
            cut_back(self._file, end)
            kept_s = n_records * self.header.record_s
            raise RecordingError(
                f"{self._path}: the signal could not be written ({failure.strerror}); "
                f"the first {kept_s} s are kept, free some space and record again"
            ) from failure
        self.header = replace(self.header, n_records=n_records + 1)

    def close(self) -> None:
        """Force the last count to the disk and close; a second call does nothing."""
        if not self._file.closed:
            with self._file:
                force_data(self._file.fileno())

    def _end(self) -> int:
        return self.header.n_bytes + self.header.n_records * self.header.record_bytes

    def _set_count(self, n_records: int) -> None:
        self._file.seek(COUNT_AT)
        write_whole(self._file, field(str(n_records), COUNT_WIDTH))
        self._file.seek(0, os.SEEK_END)


def keep_records(path: Path, header: Header, n_records: int) -> None:
    """Cut a file to its first records and say so in its header."""
    with open(path, "r+b", buffering=0) as file:
        file.truncate(header.n_bytes + n_records * header.record_bytes)
        file.seek(COUNT_AT)
        write_whole(file, field(str(n_records), COUNT_WIDTH))
        os.fsync(file.fileno())


class BdfReader:
    """A file, mapped into memory: ``n_whole`` records are in it, whatever its header promises.

    Raises
    ------
    InputError
        The file is missing, not a BDF file, cut within its header, or its header makes no sense.
    """

    def __init__(self, path: Path) -> None:
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                self.header = parse_header(file.read(MAX_HEADER_BYTES), str(path))
        except (OSError, ValueError) as failure:
            reason = getattr(failure, "strerror", failure)
            raise InputError(f"{path}: cannot be read ({reason}); check the path") from failure
        n_bytes, record_bytes = self.header.n_bytes, self.header.record_bytes
        self.n_whole, self.n_torn_bytes = divmod(size - n_bytes, record_bytes)
        shape = (self.n_whole, record_bytes)
        self._records: Bits = (
            np.memmap(path, np.uint8, "r", offset=n_bytes, shape=shape)
            if self.n_whole
            else np.empty(shape, np.uint8)
        )

    def record(self, index: int) -> Bits:
        """Bytes of one data record."""
        record: Bits = self._records[index]
        return record

    def counts(self, signals: Sequence[int], n_records: int) -> BdfCounts:
        """Counts of signals that have the same number of samples in a record."""
        offsets = [self.header.offset(index) for index in signals]
        return BdfCounts(self._records[:n_records], offsets, self.header.signals[signals[0]].n_samples)


class BdfCounts:
    """Slices like an (n_samples, n_channels) int32 array; only what a slice asks for is decoded."""

    dtype = np.dtype(np.int32)
    ndim = 2

    def __init__(self, records: Bits, offsets: Sequence[int], per_record: int, n: int | None = None) -> None:
        self._records, self._offsets, self._per_record = records, tuple(offsets), per_record
        self._n_samples = len(records) * per_record if n is None else n

    def head(self, n_samples: int) -> BdfCounts:
        """The first samples: what is left without the padding of the last record."""
        return BdfCounts(self._records, self._offsets, self._per_record, n_samples)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_samples, n_channels)."""
        return self._n_samples, len(self._offsets)

    def __len__(self) -> int:
        return self._n_samples

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[:], dtype)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            rows, columns = key
            return self[rows][..., columns]
        if not isinstance(key, slice):
            return self[range(self._n_samples)[key] : range(self._n_samples)[key] + 1][0]
        wanted = range(self._n_samples)[key]
        if not wanted:
            return np.empty((0, len(self._offsets)), np.int32)
        first, last = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1])
        counts = self._stretch(first, last + 1)
        return counts if wanted.step == 1 else counts[:: wanted.step]

    def _stretch(self, first: int, end: int) -> Counts:
        counts = np.empty((end - first, len(self._offsets)), np.int32)
        done = first
        while done < end:
            record, within = divmod(done, self._per_record)
            stop = min(end, (record + 1) * self._per_record)
            counts[done - first : stop - first] = self._decode(record, within, within + stop - done)
            done = stop
        return counts

    def _decode(self, record: int, first: int, end: int) -> Counts:
        wide = np.zeros((end - first, len(self._offsets), 4), np.uint8)
        for column, offset in enumerate(self._offsets):
            part = self._records[record, offset + 3 * first : offset + 3 * end]
            wide[:, column, 1:] = part.reshape(-1, 3)
        counts: Counts = wide.view("<i4")[..., 0] >> 8
        return counts
