"""The header of a BDF+C file: what it says, how it is written, and a reader that believes nothing.

Kemp and Olivan 2003, "European data format 'plus' (EDF+)", doi:10.1016/S1388-2457(03)00123-8, with the
24-bit samples of BioSemi's BDF. Digital ±8388607 stands for physical ±8388607·lsb, so that zero is zero and
a count is exactly one lsb.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from emgfeedback.errors import InputError, RecordingError
from emgfeedback.values import COUNT_MAX, EMG, Channel

MAGIC = b"\xffBIOSEMI"
ANNOTATIONS = "BDF Annotations"
MAX_CHANNELS = 512
MAX_RATE_HZ = 100_000.0
MAX_HEADER_BYTES = 256 * (MAX_CHANNELS + 3)
MAX_RECORD_BYTES = 2**30
COUNT_AT, COUNT_WIDTH = 236, 8
"""Where the header keeps the number of records."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of the header; the physical limits belong to the digital ones."""

    label: str
    n_samples: int
    unit: str = ""
    physical_min: float = -COUNT_MAX
    physical_max: float = COUNT_MAX
    digital_min: int = -COUNT_MAX
    digital_max: int = COUNT_MAX
    transducer: str = ""
    prefilter: str = ""

    @property
    def n_bytes(self) -> int:
        """Bytes of this signal in a record."""
        return 3 * self.n_samples

    @property
    def lsb(self) -> float:
        """Physical units of one count."""
        return (self.physical_max - self.physical_min) / (self.digital_max - self.digital_min)


# Widths of the fields that stand, for all signals in turn, behind the first 256 bytes.
_WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file; ``record_s`` is the length of a record as its 8 characters say it."""

    signals: tuple[Signal, ...]
    record_s: Decimal
    n_records: int = 0
    recording: str = "Startdate X X X X"
    started_at: datetime | None = None
    reserved: str = "BDF+C"

    @property
    def n_bytes(self) -> int:
        """Length of the header itself."""
        return 256 * (1 + len(self.signals))

    @property
    def record_bytes(self) -> int:
        """Length of one data record."""
        return sum(signal.n_bytes for signal in self.signals)

    def offset(self, index: int) -> int:
        """Where a signal begins in a record."""
        return sum(signal.n_bytes for signal in self.signals[:index])

    def to_bytes(self) -> bytes:
        """Header as it stands in the file; the patient field says nothing: ``X X X X``."""
        start = self.started_at or datetime(1985, 1, 1)
        rows = [
            (s.label, s.transducer, s.unit, fit(s.physical_min), fit(s.physical_max), str(s.digital_min),
             str(s.digital_max), s.prefilter, str(s.n_samples), "")
            for s in self.signals
        ]  # fmt: skip
        fields = [("X X X X", 80), (self.recording, 80), (f"{start:%d.%m.%y}", 8), (f"{start:%H.%M.%S}", 8)]
        fields += [(str(self.n_bytes), 8), (self.reserved, 44), (str(self.n_records), 8)]
        fields += [(str(self.record_s), 8), (str(len(self.signals)), 4)]
        fields += [(row[column], width) for column, width in enumerate(_WIDTHS) for row in rows]
        return MAGIC + b"".join(field(text, width) for text, width in fields)


def field(text: str, width: int) -> bytes:
    """One header field: ASCII, cut or filled with spaces to its width."""
    return text.encode("ascii", "replace")[:width].ljust(width)


def fit(value: float, width: int = 8) -> str:
    """Write a number with as many decimals as the field has room for."""
    for decimals in range(width - 2, -1, -1):
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if decimals else text
        if len(text) <= width:
            return text
    raise InputError(f"{value!r} does not fit into the {width} characters of a BDF header; use a larger unit")


def choose_record(fs_hz: float) -> tuple[int, Decimal]:
    """Choose the samples of a record of about half a second, and its length as the header says it.

    The header has 8 characters for the length: the search takes the number of samples whose length they
    say best, then the longest. From 2 Hz on no record is over 0.5 s, which bounds what a crash can cost.

    Raises
    ------
    RecordingError
        A rate outside 1 to 100 000 Hz.
    """
    if not 1 <= fs_hz <= MAX_RATE_HZ:
        raise RecordingError(f"a rate of {fs_hz!r} Hz cannot be recorded; give 1 to {MAX_RATE_HZ:g} Hz")
    high = max(1, math.floor(0.5 * fs_hz))
    low = min(high, math.ceil(0.4 * fs_hz))

    def badness(n_samples: int) -> tuple[float, float]:
        length = n_samples / fs_hz
        return round(abs(float(fit(length)) - length) / length, 12), -length

    best = min(range(low, high + 1), key=badness)
    return best, Decimal(fit(best / fs_hz))


DECIMAL_COUNT_MAX = 8_000_000


@dataclass(frozen=True, slots=True)
class Scale:
    """What a header says of the counts of a stream: ±count_max stands for ±physical_max of a unit."""

    unit: str
    count_max: int
    physical_max: float


def scale_of(lsb_uv: float) -> Scale:
    """Choose unit and range such that the header's 8 characters say the lsb as well as they can.

    A board's range is the count 8388607. Steps that are a power of ten (files of other programs) are exact
    over ±8 000 000, which those counts do not leave.

    Raises
    ------
    RecordingError
        An lsb that is not a positive number, or one no header field can say.
    """
    if math.isfinite(lsb_uv) and lsb_uv > 0:
        count_max = DECIMAL_COUNT_MAX if lsb_uv == _power_of_ten(lsb_uv) else COUNT_MAX
        for unit, factor in (("uV", 1.0), ("mV", 1e-3), ("V", 1e-6)):
            limit = count_max * lsb_uv * factor
            if 0.001 <= limit < 9_999_999:
                return Scale(unit, count_max, float(fit(limit, 7)))
    raise RecordingError(f"lsb_uv = {lsb_uv!r}: one count must be a plausible number of microvolts above 0")


def unit_scale(unit: str, lsb: float) -> Scale:
    """Choose the range of a signal that is no EMG, such that the header says its step best.

    The step of an accelerometer is a decimal number (0.000125 g of a Cyton): ±8 000 000 counts are exactly
    ±1000 g, where ±8 388 607 would not fit the field.

    Raises
    ------
    RecordingError
        A step that is not a positive number, or one no header field can say.
    """
    scales = []
    if math.isfinite(lsb) and lsb > 0:
        limits = [(count_max, count_max * lsb) for count_max in (DECIMAL_COUNT_MAX, COUNT_MAX)]
        scales = [Scale(unit, n, float(fit(limit, 7))) for n, limit in limits if 0.001 <= limit < 9_999_999]
    if not scales:
        raise RecordingError(f"one count is {lsb!r} {unit}: give a plausible number above 0")
    return min(scales, key=lambda scale: abs(scale.physical_max / scale.count_max - lsb))


def channel_scale(channel: Channel, lsb_uv: float) -> Scale:
    """Unit and range of a channel: the step of the stream for EMG, its own for all others."""
    return scale_of(lsb_uv) if channel.kind == EMG else unit_scale(channel.unit, channel.lsb)


def _power_of_ten(value: float) -> float:
    return float(f"1e{round(math.log10(value))}")


def recording_field(started_at: datetime | None, device: str) -> str:
    """EDF+ recording identification: the full date, and the device as one word."""
    date = f"{started_at.day:02d}-{_MONTHS[started_at.month - 1]}-{started_at.year}" if started_at else "X"
    word = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in device)[:40] or "X"
    return f"Startdate {date} X X emgfeedback:{word}"


class _Fields:
    """Fixed-width fields of a header; a field that makes no sense is refused by its name."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name = data, name

    def refuse(self, what: str) -> InputError:
        return InputError(f"{self.name}: {what}; the header is damaged, use another copy of the file")

    def text(self, start: int, width: int) -> str:
        text = self.data[start : start + width].decode("latin-1")
        return "".join(letter if letter.isprintable() else "?" for letter in text).strip()

    def number(self, start: int, width: int, field: str) -> float:
        text = self.text(start, width)
        try:
            value = float(text) if text.isascii() else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.refuse(f"{field} is {text!r}, not a number")
        return value

    def whole(self, start: int, width: int, field: str, low: int, high: int) -> int:
        value = self.number(start, width, field)
        if value != int(value) or not low <= value <= high:
            found = self.text(start, width)
            raise self.refuse(f"{field} is {found!r}, not a whole number from {low} to {high}")
        return int(value)

    def start(self) -> datetime | None:
        try:
            return datetime.strptime(self.text(168, 16), "%d.%m.%y%H.%M.%S")
        except ValueError:
            return None


def parse_header(data: bytes, name: str) -> Header:
    """Read a BDF or BDF+ header and check that it makes sense.

    Raises
    ------
    InputError
        One sentence with the field, what it holds, and what was expected.
    """
    fields = _Fields(data, name)
    if not data.startswith(MAGIC):
        raise InputError(f"{name}: does not begin like a BDF file; give a .bdf recording")
    if len(data) < 256:
        raise fields.refuse(f"the file ends within its header, after {len(data)} bytes")
    n_signals = fields.whole(252, 4, "number of signals", 1, MAX_CHANNELS + 2)
    if len(data) < 256 * (1 + n_signals):
        raise fields.refuse(f"the file ends within its header, after {len(data)} bytes")
    fields.whole(184, 8, "length of the header", 256 * (1 + n_signals), 256 * (1 + n_signals))
    header = Header(
        signals=tuple(_parse_signal(fields, index, n_signals) for index in range(n_signals)),
        record_s=Decimal(str(fields.number(244, 8, "length of a record"))),
        n_records=fields.whole(COUNT_AT, COUNT_WIDTH, "number of records", -1, 10**8),
        recording=fields.text(88, 80),
        started_at=fields.start(),
        reserved=fields.text(192, 44),
    )
    if not 0 < header.record_s <= 86_400:
        raise fields.refuse(f"a record of {header.record_s} s is impossible")
    if header.record_bytes > MAX_RECORD_BYTES:
        raise fields.refuse(f"a record of {header.record_bytes} bytes is too large")
    return header


def _parse_signal(fields: _Fields, index: int, n_signals: int) -> Signal:
    at = [256 + n_signals * sum(_WIDTHS[:i]) + index * width for i, width in enumerate(_WIDTHS)]
    who, limit = f"signal {index + 1}", 2**31
    signal = Signal(
        label=fields.text(at[0], 16),
        transducer=fields.text(at[1], 80),
        unit=fields.text(at[2], 8),
        physical_min=fields.number(at[3], 8, f"{who}: physical minimum"),
        physical_max=fields.number(at[4], 8, f"{who}: physical maximum"),
        digital_min=fields.whole(at[5], 8, f"{who}: digital minimum", -limit, limit),
        digital_max=fields.whole(at[6], 8, f"{who}: digital maximum", -limit, limit),
        prefilter=fields.text(at[7], 80),
        n_samples=fields.whole(at[8], 8, f"{who}: samples in a record", 1, 10**8),
    )
    if signal.digital_min >= signal.digital_max or signal.physical_min >= signal.physical_max:
        raise fields.refuse(f"{who} ({signal.label!r}): a minimum is not below its maximum")
    return signal
