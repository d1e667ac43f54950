"""What can go wrong between a board and its reader, as plain values; all of it off by default."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from emgfeedback.errors import UsageError

N_CHANNELS, MOST_CHANNELS = 8, 16
GARBAGE = ("bit", "footer", "cut", "junk")
"""Kinds of garbage: a flipped bit, a wrong footer, a packet cut short, junk bytes before a packet."""

REFUSABLE = "xz~"


class Fate(IntEnum):
    """What became of a packet: `VirtualCyton.fates` holds these codes."""

    PENDING = 0
    SENT = 1
    LOST = 2
    DELAYED = 3
    BIT = 4
    FOOTER = 5
    CUT = 6
    JUNK = 7

    @property
    def corrupted(self) -> bool:
        """Whether the packet was written, but not as the board made it."""
        return self >= Fate.BIT


@dataclass(frozen=True, slots=True)
class Burst:
    """So many packets in a row are lost."""

    at_s: float
    packets: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing comes for a time; then all of it at once (``late``), or never."""

    at_s: float
    length_s: float
    late: bool = True


@dataclass(frozen=True, slots=True)
class Outage:
    """The dongle is pulled out and put back; the board, on its own battery, streams on unheard."""

    at_s: float
    length_s: float = math.inf


@dataclass(frozen=True, slots=True)
class ChannelFault:
    """Something is wrong with a channel (1-16) for a time."""

    channel: int
    from_s: float
    to_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Resistors:
    """The electrodes of a channel (1-16), as resistors from its two pins to the skin."""

    channel: int
    p_ohm: float
    n_ohm: float


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """Something begins or ends just before a packet is sampled; ``order`` keeps those of one packet apart."""

    packet: int
    order: int
    kind: str
    channel: int = 0
    length: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. Times are seconds of streaming since the first ``b``, counted in packets.

    Parameters
    ----------
    loss_pct : packets that the radio loses, at random
    bursts : packets lost in a row
    garbage_pct, garbage_kinds : packets that come damaged, at random, and in which ways (`GARBAGE`)
    batch_s : what came in such a time arrives together (0.016: the latency timer of the USB chip)
    jitter_s : each arrival is later by 0 to this time
    clock_ppm : how much faster than its nominal rate the board samples
    stalls, outages : nothing comes for a time; the port vanishes and returns
    railed, flat, lead_off : channels at the end of their range, at zero, with an electrode off
    resistors : electrodes that ``z`` measures; 0 ohm where none is given
    mains_hz : what a channel with an electrode off picks up
    daisy : 16 channels, in alternate packets
    silent, off : the board takes commands and never answers; the dongle says that there is no board
    refused : commands among ``x z ~`` that are answered with "Failure"
    slow_stop_s : streaming goes on for so long after ``s`` and ``v``
    slow_reset_s : time from ``v`` to the banner; what is said meanwhile is not heard
    seed : equal seeds give equal fates

    Raises
    ------
    UsageError
        A value that cannot be.
    """

    loss_pct: float = 0.0
    bursts: tuple[Burst, ...] = ()
    garbage_pct: float = 0.0
    garbage_kinds: tuple[str, ...] = GARBAGE
    batch_s: float = 0.0
    jitter_s: float = 0.0
    clock_ppm: float = 0.0
    stalls: tuple[Stall, ...] = ()
    outages: tuple[Outage, ...] = ()
    railed: tuple[ChannelFault, ...] = ()
    flat: tuple[ChannelFault, ...] = ()
    lead_off: tuple[ChannelFault, ...] = ()
    resistors: tuple[Resistors, ...] = ()
    mains_hz: float = 50.0
    daisy: bool = False
    silent: bool = False
    off: bool = False
    refused: str = ""
    slow_stop_s: float = 0.0
    slow_reset_s: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        for wrong in self._mistakes():
            raise UsageError(f"virtual Cyton: {wrong}")

    @property
    def n_channels(self) -> int:
        """8, or 16 with a Daisy."""
        return MOST_CHANNELS if self.daisy else N_CHANNELS

    @property
    def packets_per_row(self) -> int:
        """A Daisy's channels go in a packet of their own."""
        return self.n_channels // N_CHANNELS

    def timetable(self, fs_hz: float) -> list[Happening]:
        """All that begins and ends at a stated time, in order; halves of a row stay together."""

        def at(seconds: float) -> int:
            return round(seconds * fs_hz) // self.packets_per_row * self.packets_per_row

        plan = [(at(burst.at_s), "burst", 0, burst.packets, False) for burst in self.bursts]
        plan += [(at(s.at_s), "stall", 0, round(s.length_s * fs_hz), s.late) for s in self.stalls]
        for outage in self.outages:
            plan.append((at(outage.at_s), "unplug", 0, 0, False))
            if outage.length_s < math.inf:
                plan.append((at(outage.at_s + outage.length_s), "plug", 0, 0, False))
        for kind, faults in self._channel_faults():
            for fault in faults:
                plan.append((at(fault.from_s), kind, fault.channel, 0, False))
                if fault.to_s < math.inf:
                    plan.append((at(fault.to_s), "attached", fault.channel, 0, False))
        return [
            Happening(packet, order, kind, channel, length, late)
            for order, (packet, kind, channel, length, late) in enumerate(
                sorted(plan, key=lambda row: row[0])
            )
        ]

    def standing(self) -> Iterator[str]:
        """Say what is wrong all the time, one sentence each."""
        if self.loss_pct:
            yield f"{self.loss_pct:g} % of the packets are lost"
        if self.garbage_pct:
            yield f"{self.garbage_pct:g} % of the packets are damaged ({', '.join(self.garbage_kinds)})"
        if self.batch_s or self.jitter_s:
            yield f"packets arrive every {1000 * self.batch_s:g} ms, up to {1000 * self.jitter_s:g} ms late"
        if self.clock_ppm:
            yield f"the board's clock is {self.clock_ppm:+g} ppm off"
        if self.off:
            yield "the board is off: only the dongle answers"
        if self.silent:
            yield "the board takes commands and never answers"
        if self.refused:
            yield f"the commands {' '.join(self.refused)} are refused"
        if self.slow_stop_s:
            yield f"streaming goes on for {1000 * self.slow_stop_s:g} ms after it is stopped"
        if self.slow_reset_s:
            yield f"a reset takes {self.slow_reset_s:g} s"

    def _channel_faults(self) -> tuple[tuple[str, tuple[ChannelFault, ...]], ...]:
        return ("railed", self.railed), ("flat", self.flat), ("lead-off", self.lead_off)

    def _mistakes(self) -> Iterator[str]:
        for name, share in (("loss", self.loss_pct), ("garbage", self.garbage_pct)):
            if not 0.0 <= share <= 100.0:
                yield f"{name} is {share:g} %; write 0 to 100"
        if not self.garbage_kinds or set(self.garbage_kinds) - set(GARBAGE):
            kinds = ", ".join(self.garbage_kinds)
            yield f'garbage of the kinds "{kinds[:40]}"; write some of {", ".join(GARBAGE)}'
        if not -100_000.0 <= self.clock_ppm <= 100_000.0:
            yield f"the clock is {self.clock_ppm:g} ppm off; write -100000 to 100000"
        if set(self.refused) - set(REFUSABLE):
            yield f"commands {self.refused[:40]!r} cannot be refused; write some of {REFUSABLE}"
        if not 0.0 < self.mains_hz < math.inf:
            yield f"mains is {self.mains_hz:g} Hz; write 50 or 60"
        if self.seed < 0:
            yield f"seed is {self.seed}; write a whole number from 0"
        yield from self._impossible_times()
        yield from self._impossible_channels()

    def _impossible_times(self) -> Iterator[str]:
        times = [self.batch_s, self.jitter_s, self.slow_stop_s, self.slow_reset_s]
        times += [burst.at_s for burst in self.bursts] + [outage.at_s for outage in self.outages]
        times += [time_s for stall in self.stalls for time_s in (stall.at_s, stall.length_s)]
        times += [fault.from_s for _, faults in self._channel_faults() for fault in faults]
        for time_s in times:
            if not 0.0 <= time_s < math.inf:
                yield f"a time is {time_s:g} s; write seconds from 0"
        for burst in self.bursts:
            if burst.packets < 1:
                yield f"a burst of {burst.packets} packets; write 1 or more"
        for outage in self.outages:
            if not outage.length_s > 0.0:
                yield f"unplugged for {outage.length_s:g} s; write a time above 0"
        for _, faults in self._channel_faults():
            for fault in faults:
                if not fault.to_s > fault.from_s:
                    span = f"{fault.from_s:g} to {fault.to_s:g} s"
                    yield f"channel {fault.channel} is wrong from {span}; write a later end"

    def _impossible_channels(self) -> Iterator[str]:
        named = [fault.channel for _, faults in self._channel_faults() for fault in faults]
        for channel in (*named, *(one.channel for one in self.resistors)):
            if not 1 <= channel <= self.n_channels:
                yield f"there is no channel {channel}; write 1 to {self.n_channels}"
        for one in self.resistors:
            if not (0.0 <= one.p_ohm < math.inf and 0.0 <= one.n_ohm < math.inf):
                pair = f"{one.p_ohm:g} and {one.n_ohm:g} ohm"
                yield f"resistors of channel {one.channel} are {pair}; write 0 or more"
