"""The one thread that talks to a device.

BrainFlow locks its whole library for every call (6 s while it waits for a silent port), gives false rows
to two readers, and closes a running session when another object of the same port is collected. So exactly
one thread makes all calls, and exactly one object per device lives, no longer than its session.
"""

from __future__ import annotations

import contextlib
import gc
import locale
import queue
import threading
import time
import traceback
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from emgfeedback.errors import EmgFeedbackError, SourceError
from emgfeedback.sources.boards import Board, driver
from emgfeedback.sources.brainflow.failures import explain, silence
from emgfeedback.sources.brainflow.intake import Intake
from emgfeedback.sources.brainflow.replies import channel_commands, objection
from emgfeedback.values import Chunk

POLL_S = 0.01
SILENCE_S = 3.0
STALL_S = 0.4
"""After a silence this long, rows are given a moment to catch up before any is called lost."""
CATCH_UP_S = 0.1


IN_USE = 16
"""BrainFlow's exit code for a second session; to ask it would already end the first one."""

_links: set[Hashable] = set()
_links_lock = threading.Lock()


class _InUseError(Exception):
    pass


@contextlib.contextmanager
def _sole_use(link: Hashable) -> Iterator[None]:
    with _links_lock:
        if link in _links:
            raise _InUseError
        _links.add(link)
    try:
        yield
    finally:
        with _links_lock:
            _links.discard(link)


def keep_decimal_point() -> None:
    """Undo what QApplication does to the C library, where BrainFlow would write and read decimal commas."""
    locale.setlocale(locale.LC_NUMERIC, "C")


class Owner(threading.Thread):
    """Prepare, configure, stream, release; chunks go to ``chunks``, and None at the end.

    ``settled`` is set when the board is configured, or never will be; ``failure`` says why.
    """

    def __init__(self, board: Board, params: Mapping[str, str | int], gain: int, where: str) -> None:
        super().__init__(name=f"owner of {where}", daemon=True)
        self.chunks: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        self.settled = threading.Event()
        self.start_asked = threading.Event()
        self.stop_asked = threading.Event()
        self.failure: BaseException | None = None
        self._board, self._gain, self._where = board, gain, where
        self._params = params
        self._shim = driver()
        self.intake = Intake(board, board.lsb_uv(gain), self._shim)

    def run(self) -> None:
        """Own the device from prepare to release."""
        keep_decimal_point()
        try:
            with _sole_use(tuple(self._params.values()) or self._board.board_id):
                self._own()
        except _InUseError:
            self.failure = explain(IN_USE, self._board, self._where)
        self.settled.set()
        self.chunks.put(None)

    def _own(self) -> None:
        device = self._new_device()
        try:
            self._use(device)
        except self._shim.BrainFlowError as error:
            self.failure = explain(error.exit_code, self._board, self._where)
        except EmgFeedbackError as error:
            self.failure = error.with_traceback(None)
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # they hold the device
            self.failure = error
        finally:
            self._release(device)
            del device
            gc.collect()

    def _new_device(self) -> Any:
        params = self._shim.BrainFlowInputParams()
        for name, value in self._params.items():
            setattr(params, name, value)
        return self._shim.BoardShim(self._board.board_id, params)

    def _use(self, device: Any) -> None:
        device.prepare_session()
        if self._board.gains:
            self._configure(device)
        self.settled.set()
        while not self.start_asked.wait(0.05):
            if self.stop_asked.is_set():
                return
        if not self.stop_asked.is_set():
            device.start_stream()
            self._stream(device)

    def _configure(self, device: Any) -> None:
        """Set every channel for bipolar EMG; the gain counts only when the board confirmed it."""
        commands = channel_commands(self._board.n_channels, self._gain)
        batches = commands if self._board.link == "ip" else ("".join(commands),)
        wrong = self._send(device, batches)
        if wrong:
            with contextlib.suppress(UnicodeDecodeError):
                device.config_board("")  # sends nothing and reads until the line is silent
            wrong = self._send(device, batches)
        if wrong:
            raise SourceError(
                f"{self._board.device} on {self._where} did not confirm gain {self._gain} but answered "
                f"{wrong}: switch the board off and on and try again"
            )

    def _send(self, device: Any, batches: tuple[str, ...]) -> str:
        for batch in batches:
            try:
                wrong = objection(device.config_board(batch), batch.count("X"))
            except UnicodeDecodeError:
                wrong = "packets instead of text"
            if wrong:
                return wrong
        return ""

    def _stream(self, device: Any) -> None:
        heard_s = time.monotonic()
        while not self.stop_asked.wait(POLL_S):
            now_s = time.monotonic()
            if device.get_board_data_count() == 0:
                if now_s - heard_s > SILENCE_S:
                    raise silence(SILENCE_S, self._board, self._where)
                continue
            if now_s - heard_s > STALL_S and self.stop_asked.wait(CATCH_UP_S):
                return
            rows = device.get_board_data()
            heard_s = time.monotonic()
            for chunk in self.intake.chunks(rows, heard_s, time.time()):
                self.chunks.put(chunk)

    def _release(self, device: Any) -> None:
        for call in (device.stop_stream, device.release_session):
            with contextlib.suppress(self._shim.BrainFlowError):
                call()
