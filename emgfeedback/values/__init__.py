"""The value objects that travel between rooms: frozen, units in names, arrays ``(n_samples, n_channels)``."""

from __future__ import annotations

import enum
import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.values.exercise import Option as Option
from emgfeedback.values.exercise import Phase as Phase
from emgfeedback.values.exercise import Protocol as Protocol
from emgfeedback.values.exercise import Quiet as Quiet
from emgfeedback.values.exercise import Shaping as Shaping

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint8]

TARGET, RIVAL, OTHER = "target", "rival", "other"
EMG, ACCEL = "EMG", "ACCEL"

COUNT_MAX = 2**23 - 1
"""Largest count of a 24-bit converter; ±COUNT_MAX spans the physical range of a BDF+ file."""


class Quality(enum.IntFlag):
    """Why a channel cannot be trusted in a hop; any flag withholds the reward."""

    SETTLING = 1
    RAILED = 2
    FLAT = 4
    OFF = 8
    MAINS = 16
    MOTION = 32
    GAP = 64
    HEARTBEAT = 128


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal of a board or file; ``muscle`` is a short code, empty where no montage names it.

    ``kind`` is EMG or ACCEL. A count of an EMG channel is ``StreamInfo.lsb_uv``; of any other kind it is
    ``lsb`` of ``unit``.
    """

    name: str
    muscle: str = ""
    side: str = ""
    role: str = OTHER
    kind: str = EMG
    unit: str = "uV"
    lsb: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What stays fixed for a recording: all channels of the board, used by the montage or not."""

    fs_hz: float
    channels: tuple[Channel, ...]
    device: str
    lsb_uv: float

    def used(self) -> tuple[int, ...]:
        """Columns the pipeline listens to: the target first, then rivals, then others with a muscle."""
        order = (TARGET, RIVAL, OTHER)
        named = [i for i, channel in enumerate(self.channels) if channel.muscle]
        return tuple(sorted(named, key=lambda i: order.index(self.channels[i].role)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Raw samples of one read; its size means nothing and it never spans a gap.

    ``counts`` has shape (n_samples, n_channels); ``received_s`` is the monotonic time of arrival and is
    used for the delay display only. ``flagged``, (n_samples,), is 1 where a row came but cannot be true;
    None stands for none.
    """

    first_sample: int
    counts: Counts
    emg_uv: Floats
    received_s: float = 0.0
    flagged: Bits | None = None

    @classmethod
    def from_counts(
        cls,
        first_sample: int,
        counts: Counts,
        lsb_uv: float,
        received_s: float = 0.0,
        flagged: Bits | None = None,
    ) -> Chunk:
        """Build a chunk whose microvolts are ``counts * lsb_uv``: the one expression used everywhere."""
        return cls(first_sample, counts, np.asarray(counts * lsb_uv, np.float64), received_s, flagged)

    @property
    def end_sample(self) -> int:
        """Index of the sample after the last one."""
        return self.first_sample + len(self.counts)


@dataclass(frozen=True, slots=True)
class Frame:
    """One hop of the used channels: mean power, windowed RMS, and what is wrong.

    ``power_uv2``, ``envelope_uv`` and ``mains_ratio`` are (n_used,), NaN where unknown; ``quality`` is
    (n_used,) of `Quality` bits. ``mains_ratio`` is hum power over band power of the last second, before
    the notch. ``end_sample`` is the index after the last sample of the hop. ``display_uv``, (n_used,), is
    the amplitude for people to look at, None where it is the envelope. ``lag_uv2``, (n_lags, n_used), holds
    the mean lag products of the filtered hop, from lag 0 on, and ``band_uv``, (hop_samples, n_used), the
    hop itself; both None unless `Setup.listen` asks for them. ``pulse_uv``, (n_used,), is the RMS locked to
    the heartbeat at ``pulse_bpm``, given with the last hop of a rest.
    """

    end_sample: int
    power_uv2: Floats
    envelope_uv: Floats
    quality: Bits
    mains_ratio: Floats
    display_uv: Floats | None = None
    lag_uv2: Floats | None = None
    band_uv: Floats | None = None
    pulse_uv: Floats | None = None
    pulse_bpm: float = math.nan


@dataclass(frozen=True, slots=True)
class Setup:
    """What the session decides about the pipeline between hops: the notch, and what rest was like.

    ``rest_power_uv2`` lets a fallen electrode be told from a quiet muscle; ``rest_mains_ratio`` lets a
    surge of hum be told from the hum that the notch already takes out. ``listen`` asks for lag products:
    ``rest``, ``last`` (the last hop of a rest) or ``effort``; ``hold`` asks for the samples alone.
    ``heartbeat`` names the used channels whose heartbeat is to be taken out, ``heartbeat_left`` those where
    too much of it stays. ``whitening`` has the whitening filter of each used channel, gain included, for the
    whitened display; empty where not measured.
    """

    notch_hz: float = 0.0
    rest_power_uv2: tuple[float, ...] = ()
    rest_mains_ratio: tuple[float, ...] = ()
    listen: str = ""
    heartbeat: tuple[bool, ...] = ()
    heartbeat_left: tuple[bool, ...] = ()
    whitening: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """Rest and reference of each used channel; valid only for the same chain and placement.

    ``dof`` is the effective number of independent samples that a hop adds (`spectrum.dof_per_hop`).
    """

    rest_uv: Floats
    rest_sd_uv: Floats
    reference_uv: Floats
    dof: Floats
    reference_kind: str
    trials: tuple[int, ...]
    chain: Mapping[str, Any]
    made_at: str = ""
    whitening: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Dominance:
    """Who does the work in one hop, with 95 % bounds; NaN and empty where it cannot be measured.

    ``ratio_ln`` is ln(target / rival) for each rival in the order of the montage. Where the rival is under
    its floor the ratio is NaN and only its low bound is known, and the other way round for the target.
    """

    share: float
    share_low: float
    share_high: float
    margin_ln: float
    margin_low_ln: float
    confidence: float
    leader: str
    measurable: bool
    margin_high_ln: float = math.nan
    ratio_ln: tuple[float, ...] = ()
    ratio_low_ln: tuple[float, ...] = ()
    ratio_high_ln: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """Something from outside (operator, fault); ``sample`` is the end of the first hop that obeys it."""

    sample: int
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the session log."""

    sample: int
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reward:
    """The verdict on one hop: ``withheld`` names the first thing that is missing, empty when good."""

    good: bool
    rewarded: bool
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """All that screen, sound and log need for one hop.

    ``phase_index`` is -1 before the start and ``len(protocol.phases)`` when all is done; ``state`` is
    ``ready``, ``running``, ``paused``, ``waiting`` (for a lost or stalled board) or ``done``. ``good_s`` is
    the good time of the running attempt. ``display_pct``, (n_used,), is the level that is drawn where
    another estimator than the envelope was chosen for the display; None elsewhere. ``sham_good`` and
    ``sham_good_s`` are what a sham shows in place of ``reward`` and ``good_s``; None outside of one.
    """

    frame: Frame
    level_pct: Floats
    dominance: Dominance
    state: str
    phase_index: int
    phase: Phase
    phase_left_s: float
    reward: Reward
    good_s: float
    events: tuple[Event, ...]
    display_pct: Floats | None = None
    sham_good: bool | None = None
    sham_good_s: float = 0.0

    @property
    def shown_pct(self) -> Floats:
        """Levels for people to look at, (n_used,); what is rewarded is ``level_pct``."""
        return self.level_pct if self.display_pct is None else self.display_pct


@dataclass(frozen=True, slots=True)
class Gap:
    """Lost samples: the first missing index and how many."""

    first_sample: int
    n_samples: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A session on disk, or a file of others.

    ``counts`` slices like an (n_samples, n_channels) int32 array and may be decoded from disk on demand;
    lost samples are in the time base and listed in ``gaps``. ``flagged`` are the indices of rows that came
    but cannot be true, ascending.
    """

    info: StreamInfo
    counts: Any
    events: tuple[Event, ...]
    commands: tuple[Command, ...]
    gaps: tuple[Gap, ...]
    meta: Mapping[str, Any]
    path: str = ""
    warnings: tuple[str, ...] = ()
    flagged: Sequence[int] = ()

    def chunks(self, sizes: Sequence[int] = (1024,)) -> Iterator[Chunk]:
        """Yield what the pipeline saw, in chunks that cycle through ``sizes`` and never span a gap."""
        turn = 0
        for first, end in self.stretches():
            while first < end:
                size = min(sizes[turn % len(sizes)], end - first)
                turn += 1
                counts = np.ascontiguousarray(self.counts[first : first + size], dtype=np.int32)
                yield Chunk.from_counts(first, counts, self.info.lsb_uv, 0.0, self._flags(first, size))
                first += size

    def _flags(self, first: int, size: int) -> Bits | None:
        inside = self.flagged[bisect_left(self.flagged, first) : bisect_left(self.flagged, first + size)]
        if not len(inside):
            return None
        flags = np.zeros(size, np.uint8)
        flags[np.asarray(inside) - first] = 1
        return flags

    def stretches(self) -> Iterator[tuple[int, int]]:
        """Yield (first, end) sample indices of what was received, between the gaps."""
        first = 0
        for gap in self.gaps:
            if gap.first_sample > first:
                yield first, gap.first_sample
            first = gap.first_sample + gap.n_samples
        if first < len(self.counts):
            yield first, len(self.counts)


def finite(value: float) -> float | None:
    """The value, or None where it is not known, as JSON writes it."""
    return value if math.isfinite(value) else None
