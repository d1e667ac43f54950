"""The one thread that talks to a device, loses it and finds it again.

absent → connecting → streaming ⇄ stalled → lost → reconnecting → streaming, and closed at the end. BrainFlow
tells none of this: of a port that is gone it reads no rows for ever, at full load of the processor.
"""

from __future__ import annotations

import locale
import queue
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emgfeedback.errors import EmgFeedbackError, SourceError
from emgfeedback.sources.boards import Board, driver
from emgfeedback.sources.brainflow.device import PAUSE_S, CancelledError, Device, opened
from emgfeedback.sources.brainflow.failures import lost_for_good, no_samples, wrong_type
from emgfeedback.sources.brainflow.intake import Intake
from emgfeedback.sources.brainflow.replies import channel_commands, channels_found, objection
from emgfeedback.sources.ports import PortId, port_id
from emgfeedback.values import Chunk, Floats

ABSENT, CONNECTING, STREAMING, STALLED = "absent", "connecting", "streaming", "stalled"
LOST, RECONNECTING, CLOSED = "lost", "reconnecting", "closed"

POLL_S = 0.01
STALL_S, STALL_SAMPLES = 1.0, 50
"""Silence of so many seconds or samples, whichever is longer, is a stall."""
LOST_S = 4.0
"""Silence after which a port that is still there is closed and opened anew."""
QUIET_S, CATCH_UP_S, LONGEST_CATCH_UP_S = 0.4, 0.1, 2.0
"""After a silence, rows are given time to catch up before any is called lost."""
UNDECIDED_S = 0.1
"""How long a doubtful row waits for the one after it."""
FRESH_S = 0.3
LOOK_S = 0.1
LONGEST_PAUSE_S = 6.0
GIVE_UP_S = 300.0


@dataclass(frozen=True, slots=True)
class LinkChange:
    """The link came into another state, between the chunk before and the chunk after."""

    state: str
    cause: str


def keep_decimal_point() -> None:
    """Undo what QApplication does to the C library, where BrainFlow would write and read decimal commas."""
    locale.setlocale(locale.LC_NUMERIC, "C")


class Owner(threading.Thread):
    """Prepare, configure, stream, release, and again when the board was lost.

    ``stream`` gets chunks and changes of the link in their order, and None at the end. ``settled`` is set
    when the board is configured, or never will be; ``failure`` says why. ``link`` is the state now.
    """

    def __init__(
        self,
        board: Board,
        params: Mapping[str, str | int],
        gain: int,
        where: str,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        super().__init__(name=f"owner of {where}", daemon=True)
        self.stream: queue.SimpleQueue[Chunk | LinkChange | None] = queue.SimpleQueue()
        self.settled = threading.Event()
        self.start_asked = threading.Event()
        self.stop_asked = threading.Event()
        self.failure: BaseException | None = None
        self.link = ABSENT
        self.intake = Intake(board, board.lsb_uv(gain), driver())
        self._board, self._params, self._gain, self._where = board, params, gain, where
        self._port = str(params.get("serial_port", ""))
        self._give_up_s = give_up_s
        self._stall_s = max(STALL_S, STALL_SAMPLES / board.fs_hz)
        self._heard_s = self._sample_s = 0.0

    def run(self) -> None:
        """Own the device until it is given up."""
        keep_decimal_point()
        try:
            self._connect()
            while not self.stop_asked.is_set():
                self._come_back()
        except CancelledError:
            pass
        except EmgFeedbackError as error:
            self.failure = error.with_traceback(None)
        except Exception as error:
            traceback.clear_frames(error.__traceback__)
            self.failure = error
        self.link = CLOSED
        self.settled.set()
        self.stream.put(None)

    def _connect(self) -> None:
        """The first session: its failures are final, unless samples came already."""
        self.link = CONNECTING
        with opened(self._board, self._params, self._where, self.stop_asked) as device:
            self._check_type(device)
            self._configure(device)
            self.settled.set()
            while not self.start_asked.wait(LOOK_S):
                if self.stop_asked.is_set():
                    return
            self._stream(device)
        if self.link == CONNECTING and not self.stop_asked.is_set():
            raise no_samples(LOST_S, self._board, self._where)

    def _come_back(self) -> None:
        """Wait for the port, open it anew and stream, with longer and longer pauses between tries."""
        pause_s, next_try_s = PAUSE_S, time.monotonic()
        while not self.stop_asked.wait(LOOK_S):
            now_s = time.monotonic()
            if now_s - self._sample_s > self._give_up_s:
                raise lost_for_good(self._give_up_s, self._board, self._where)
            if self._port and not port_id(self._port):
                pause_s = PAUSE_S
                continue
            if now_s < next_try_s:
                continue
            if self._try_again():
                return
            next_try_s = time.monotonic() + pause_s
            pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)

    def _try_again(self) -> bool:
        """Whether the board streamed again, until it was lost once more or is to stop."""
        self.link = RECONNECTING
        try:
            with opened(self._board, self._params, self._where, self.stop_asked, tries=1) as device:
                self._configure(device)
                self.intake.restart()
                self._stream(device)
        except SourceError:
            self.link = LOST
            return False
        streamed = self.link != RECONNECTING
        self.link = self.link if streamed else LOST
        return streamed

    def _check_type(self, device: Device) -> None:
        """Refuse a Daisy opened as Cyton and a Cyton opened as Daisy; BrainFlow reads both without a word."""
        if self._board.gains and self._board.link == "serial":
            found = channels_found(device.config("C"))
            if found is not None and found != self._board.n_channels:
                raise wrong_type(self._board, found, self._where)

    def _configure(self, device: Device) -> None:
        """Set every channel for bipolar EMG; the gain counts only when the board confirmed it."""
        if not self._board.gains:
            return
        commands = channel_commands(self._board.n_channels, self._gain)
        batches = commands if self._board.link == "ip" else ("".join(commands),)
        wrong = self._send(device, batches)
        if wrong:
            device.drain()
            wrong = self._send(device, batches)
        if wrong:
            raise SourceError(
                f"{self._board.device} on {self._where} did not confirm gain {self._gain} but answered "
                f"{wrong}: switch the board off and on and try again"
            )

    def _send(self, device: Device, batches: tuple[str, ...]) -> str:
        wrongs = (objection(device.config(batch), batch.count("X")) for batch in batches)
        return next((wrong for wrong in wrongs if wrong), "")

    def _stream(self, device: Device) -> None:
        """Read until the board is lost or to be stopped."""
        opened_as = port_id(self._port) if self._port else None
        device.start()
        self._heard_s = time.monotonic()
        try:
            while not self.stop_asked.wait(POLL_S):
                quiet_s = time.monotonic() - self._heard_s
                if device.waiting():
                    self._hear(device, quiet_s)
                elif self._is_lost(quiet_s, opened_as):
                    return
        except SourceError as error:
            if self.link == CONNECTING:
                raise
            self._tell(LOST, str(error))

    def _hear(self, device: Device, quiet_s: float) -> None:
        """Pass on what came, and say so when it is fresh again."""
        rows = self._caught_up(device) if quiet_s > QUIET_S else device.rows()
        self._heard_s = self._sample_s = time.monotonic()
        self._pass_on(rows, final=False)
        age_s = self._heard_s - self.intake.clock.timeline.time_of(self.intake.clock.next_sample)
        if self.link != STREAMING and not age_s > FRESH_S:
            self._tell(STREAMING, "")

    def _caught_up(self, device: Device) -> Floats:
        """Rows after a silence, with all those that come faster than they are sampled."""
        parts, began_s = [device.rows()], time.monotonic()
        read_s = began_s
        while read_s - began_s < LONGEST_CATCH_UP_S and not self.stop_asked.wait(CATCH_UP_S):
            parts.append(device.rows())
            before_s, read_s = read_s, time.monotonic()
            if parts[-1].shape[1] < 1.5 * self._board.fs_hz * (read_s - before_s):
                break
        return np.concatenate(parts, axis=1)

    def _is_lost(self, quiet_s: float, opened_as: PortId | None) -> bool:
        """See to a silence: decide about doubtful rows, tell of a stall, and say whether to close."""
        if self.intake.undecided and quiet_s > UNDECIDED_S:
            self._pass_on(self.intake.no_rows, final=True)
        if quiet_s < self._stall_s:
            return False
        gone = opened_as is not None and port_id(self._port) != opened_as
        if gone or quiet_s > LOST_S:
            if self.link in (STREAMING, STALLED):
                cause = f"{self._where} is gone" if gone else f"no samples for {quiet_s:.0f} s"
                self._tell(LOST, cause)
            return True
        if self.link == STREAMING:
            self._tell(STALLED, f"no samples for {quiet_s:.0f} s")
        return False

    def _pass_on(self, rows: Floats, final: bool) -> None:
        for chunk in self.intake.chunks(rows, time.monotonic(), time.time(), final):
            self.stream.put(chunk)

    def _tell(self, state: str, cause: str) -> None:
        first = self.link == CONNECTING
        self.link = state
        if not first:
            self.stream.put(LinkChange(state, cause))
