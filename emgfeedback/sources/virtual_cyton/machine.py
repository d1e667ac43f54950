"""The board without its thread: it samples, obeys and sends, one step at a time."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from emgfeedback.sources.virtual_cyton.faults import Fate, Faults, Happening
from emgfeedback.sources.virtual_cyton.firmware import Firmware, Processor
from emgfeedback.sources.virtual_cyton.frontend import FrontEnd
from emgfeedback.sources.virtual_cyton.line import Line, Parcel
from emgfeedback.sources.virtual_cyton.outbox import Outbox, Schedule
from emgfeedback.sources.virtual_cyton.packets import Accelerometer, AccelFeed, alternate, encode_packets
from emgfeedback.sources.virtual_cyton.port import Port
from emgfeedback.sources.virtual_cyton.truth import Truth
from emgfeedback.values import Counts

Feed = Callable[[int], Counts | None]
"""Called with the most rows wanted, it returns (n, 8) counts, no rows for "not yet", None at its end."""

MOST_PACKETS = 64
"""Packets sampled at once: half of a pseudo-terminal's buffer."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.001, 0.05


class Machine:
    """All parts of the board, and what happens to them; for one thread at a time."""

    def __init__(
        self,
        feeds: tuple[Feed, AccelFeed | None],
        rates: tuple[float, float],
        faults: Faults,
        firmware: Firmware,
        drop: Callable[[int], bool] | None,
        files: tuple[Path | None, Path | None],
        tell: Callable[[str], None] | None,
    ) -> None:
        (self._next_counts, next_accel), (self._fs_hz, speed), (link, truth_file) = feeds, rates, files
        self._rate_hz = self._fs_hz * (1 + faults.clock_ppm * 1e-6)
        self._stride = faults.packets_per_row
        self._firmware, self._tell = firmware, tell
        self.truth = Truth(truth_file)
        self.port = Port(link)
        self._processor = Processor(firmware, faults)
        self._front_end = FrontEnd(faults, firmware, self._fs_hz / self._stride)
        self._accelerometer = Accelerometer(next_accel)
        self._line = Line(faults, self._rate_hz, drop)
        self._schedule = Schedule(self._rate_hz, speed)
        self._outbox = Outbox()
        self._timetable = faults.timetable(self._fs_hz)
        self._was_streaming = self._fed_up = False
        self.n_sampled = 0
        self.truth.event(
            "begin", 0, unix_s=time.time(), fs_hz=self._fs_hz, clock_ppm=faults.clock_ppm, seed=faults.seed
        )
        for sentence in faults.standing():
            self._say(sentence)

    @property
    def finished(self) -> bool:
        """Whether the feed is at its end and all of it is sent."""
        return self._fed_up and not self._outbox.waiting and math.isinf(self._outbox.arrives_s)

    def exchange(self, do_what_was_asked: Callable[[], None]) -> None:
        """Wait until there is something to do, and do it."""
        readable, writable = self.port.wait(self._wait_s(), self._outbox.waiting)
        do_what_was_asked()
        try:
            if readable and self.port.plugged:
                self._processor.hear(self.port.read())
            self._answer()
            if writable and self._outbox.waiting:
                self._write()
        except OSError:
            self._talk_to_nobody()
        if self._firmware.streaming and not self._outbox.waiting and not self._fed_up:
            self._sample()
        self._outbox.release(self._schedule.stream_s(time.monotonic()))
        self.truth.flush()

    def close(self) -> None:
        """Switch off: what was on its way is lost, the port vanishes."""
        self._lose(self._outbox.clear())
        self.port.close()
        self.truth.close()

    def unplug(self) -> None:
        """Pull the dongle out."""
        if self.port.plugged:
            self.port.unplug()
            self._lose(self._outbox.clear())
            self._note("unplug", "the dongle is pulled out")

    def plug_in(self) -> None:
        """Put it back."""
        if not self.port.plugged:
            self.port.plug_in()
            self._note("plug", f"the dongle is back ({self.port.device})", device=self.port.device)

    def stall(self, n_packets: int, late: bool) -> None:
        """Hold packets back."""
        self._line.stall(self.n_sampled, n_packets, late)
        heapq.heappush(self._timetable, Happening(self._line.stalled_until, -1, "stall over"))
        fate = "come late" if late else "are lost"
        self._note("stall", f"nothing comes: {n_packets} packets {fate}", packets=n_packets, late=late)

    def change_channel(self, channel: int, kind: str) -> None:
        """Break a channel, or make it whole ("attached")."""
        self._front_end.states[channel - 1] = "" if kind == "attached" else kind
        self._note(kind, f"channel {channel} is {kind}", channel=channel)

    def _wait_s(self) -> float:
        if self._outbox.waiting:
            return LONGEST_WAIT_S
        arrives_s = self._outbox.arrives_s
        moment_s = self._processor.busy_until_s
        if arrives_s < math.inf:
            moment_s = min(moment_s, self._schedule.moment_s(arrives_s))
        if self._firmware.streaming and not self._fed_up:
            next_due_s = self._schedule.moment_s((self.n_sampled + self._stride) / self._rate_hz)
            moment_s = min(moment_s, next_due_s)
        return min(max(moment_s - time.monotonic(), SHORTEST_WAIT_S), LONGEST_WAIT_S)

    def _write(self) -> None:
        now_s = time.monotonic()
        for parcel in self._outbox.write(self.port):
            self._settle(parcel, parcel.fate, now_s)

    def _talk_to_nobody(self) -> None:
        """Lose what was not read and what is sent while no host has the port open, as a serial line does."""
        self._lose(self._outbox.clear(held=False))
        self.port.forget()
        self.port.pause(LONGEST_WAIT_S)

    def _answer(self) -> None:
        now_s = time.monotonic()
        for answer in self._processor.answers(now_s):
            if answer.reset:
                self._lose(self._outbox.clear())
                self.truth.event("reset", self.n_sampled)
            if self._firmware.streaming != self._was_streaming:
                self._was_streaming = self._firmware.streaming
                if self._was_streaming:
                    self._schedule.start(self.n_sampled, now_s)
                self.truth.event("start" if self._was_streaming else "stop", self.n_sampled)
            if self.port.plugged:
                self._outbox.say(answer.text)

    def _sample(self) -> None:
        """Take the samples that are due, and send them on their way."""
        due = self._schedule.packets(time.monotonic()) - self.n_sampled
        wanted = MOST_PACKETS if math.isinf(due) else min(int(due), MOST_PACKETS)
        if wanted < self._stride:
            return
        while self._timetable and self._timetable[0].packet <= self.n_sampled:
            self._begin(heapq.heappop(self._timetable))
        if self._timetable:
            wanted = min(wanted, max(self._timetable[0].packet - self.n_sampled, self._stride))
        counts = self._next_counts(wanted // self._stride)
        if counts is None:
            self._fed_up = True
            return
        self._send(self._front_end.convert(self.n_sampled // self._stride, counts))

    def _send(self, rows: Counts) -> None:
        first = self.n_sampled
        halves = rows if self._stride == 1 else alternate(rows)
        accel = self._accelerometer.take(first, len(halves))
        packets = encode_packets(first - self._schedule.first_packet, halves, accel)
        self.n_sampled += len(packets)
        self.truth.expect(self.n_sampled)
        for parcel in self._line.carry(first, packets):
            if parcel.fate == Fate.LOST or not self.port.plugged:
                self._settle(parcel, Fate.LOST, None)
            else:
                self._outbox.hold(parcel)

    def _begin(self, happening: Happening) -> None:
        match happening.kind:
            case "burst":
                self._line.lose(self.n_sampled, happening.length)
                self._note("burst", f"{happening.length} packets are lost", packets=happening.length)
            case "stall":
                self.stall(happening.length, happening.late)
            case "stall over":
                if self._line.stalled_until <= self.n_sampled:
                    self._note("stall over", "the stall is over")
            case "unplug":
                self.unplug()
            case "plug":
                self.plug_in()
            case kind:
                self.change_channel(happening.channel, kind)

    def _lose(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            self._settle(parcel, Fate.LOST, None)

    def _settle(self, parcel: Parcel, fate: Fate, written_s: float | None) -> None:
        self.truth.settle(parcel, fate, self._schedule.moment_s(parcel.due_s), written_s)

    def _note(self, kind: str, sentence: str, **data: object) -> None:
        self.truth.event(kind, self.n_sampled, **data)
        self._say(f"{self.n_sampled / self._fs_hz:.1f} s: {sentence}")

    def _say(self, sentence: str) -> None:
        if self._tell is not None:
            self._tell(sentence)
