"""How well electrodes sit: the resistance at both pins of a Cyton's channels, one pin at a time.

The ADS1299 of a Cyton can send 6 nA at 31.25 Hz into one input pin. The current leaves by the bias electrode,
and the voltage between the pins of the channel is the current times the way through the driven one: its
electrode, its skin, and a resistor of 2200 ohm on the board. No EMG can be taken meanwhile.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from typing import Protocol as Shape

import numpy as np
import numpy.typing as npt

from emgfeedback.errors import SourceError, UsageError
from emgfeedback.sources.boards import LEAD_OFF, Board, driver, find_board
from emgfeedback.sources.brainflow.contact import PINS, PinImpedance, judge, sure
from emgfeedback.sources.brainflow.replies import CHANNEL_LETTERS, channels_found, objection
from emgfeedback.sources.brainflow.resistances import answers_z, ask_resistances
from emgfeedback.sources.brainflow.tone import Tone, find_tone
from emgfeedback.sources.clock import Counter
from emgfeedback.values import Floats

SECONDS, FEWEST_S, MOST_S = 4.0, 1.0, 60.0
SETTLE_S = 0.4
LONGEST = 2
"""A pin is listened to this many times longer where the muscle was not quiet enough."""

POLL_S = 0.02
SILENCE_S = 3.0
TRIES = 2

Progress = Callable[[float, int, str], None]
"""Told the share done (0 to 1), the channel and the pin that come next."""


class Device(Shape):
    """What is needed of an open board: no streaming while it is configured."""

    @property
    def fs_hz(self) -> float:
        """Samples per second."""

    def config(self, text: str) -> str:
        """Send commands and return the board's answer."""

    def start(self) -> None:
        """Begin to stream."""

    def stop(self) -> None:
        """Stop streaming."""

    def read(self) -> Floats:
        """Rows since the last read, (n_samples, n_channels), µV; NaN in place of lost ones, if known."""


def check_electrodes(
    address: str,
    channels: Sequence[int],
    seconds: float = SECONDS,
    progress: Progress | None = None,
    cancelled: threading.Event | None = None,
) -> list[PinImpedance]:
    """Open a board for nothing but a check of its electrodes; see `measure`.

    A Ganglion measures itself; its numbers are passed on. Blocks, and keeps the port to itself: call it on
    a thread of its own, never while recording.

    Raises
    ------
    UsageError
        The address names another board, or a channel that the board does not have.
    SourceError
        The board cannot be had, refuses, or falls silent.
    """
    from emgfeedback.sources.brainflow.address import parameters
    from emgfeedback.sources.brainflow.device import CancelledError, opened
    from emgfeedback.sources.brainflow.failures import wrong_type

    board = measurable(address)
    check_channels(channels, board)
    check_seconds(seconds)
    rest = address.partition(":")[2]
    params = parameters(board, rest)
    where = str(params.get("serial_port", rest)) or address
    cancelled = cancelled or threading.Event()
    try:
        with opened(board, params, where, cancelled) as device:
            if answers_z(board):
                return ask_resistances(device, board, channels, seconds, cancelled.is_set)
            n_found = channels_found(device.config("C"))
            if n_found is not None and n_found != board.n_channels:
                raise wrong_type(board, n_found, where)
            return measure(_Numbered(device, board), channels, seconds, progress, cancelled.is_set)
    except CancelledError:
        return []


def measurable(address: str) -> Board:
    """The board of an address, whose electrodes can be checked.

    Raises
    ------
    UsageError
        For any other than a Cyton or a Ganglion.
    """
    scheme = address.partition(":")[0]
    what = scheme
    if scheme not in ("patient", "file", "lsl"):
        board = find_board(scheme)
        if board.electrode_check == LEAD_OFF or answers_z(board):
            return board
        what = board.device
    raise UsageError(
        f"the electrodes of {what} cannot be checked by this program: only those of a Cyton or a Ganglion "
        "can, so write cyton:PORT"
    )


def check_channels(channels: Sequence[int], board: Board) -> None:
    """Refuse what the board does not have.

    Raises
    ------
    UsageError
        For no channel, one out of range, or one named twice.
    """
    if not channels or len(set(channels)) < len(channels) or not set(channels) <= _numbers(board):
        asked = ",".join(map(str, channels)) or "none"
        raise UsageError(
            f"channels {asked[:60]}: name each once, from 1 to {board.n_channels}, for example 1,2,3"
        )


def check_seconds(seconds: float) -> None:
    """Refuse a length of signal that is too short, too long, or none.

    Raises
    ------
    UsageError
        Under 1 or over 60 s.
    """
    if not FEWEST_S <= seconds <= MOST_S:
        raise UsageError(
            f"{seconds:g} s of signal a pin: give {FEWEST_S:g} to {MOST_S:g}, for example {SECONDS:g}"
        )


def _numbers(board: Board) -> set[int]:
    return set(range(1, board.n_channels + 1))


def measure(
    device: Device,
    channels: Sequence[int],
    seconds: float = SECONDS,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[PinImpedance]:
    """Drive a current through one electrode after the other, and say how well each sits.

    Channels are set back to the board's default, without current, whatever happens. Ask before: no current
    through a person with an active implant.

    Parameters
    ----------
    device : Device
        Open, not streaming, and nobody else's.
    channels : sequence of int, from 1
    seconds : float
        Of signal a pin; up to twice as many where the muscle is active.
    progress, cancelled : callable, optional
        Called between pins; ``cancelled`` also while one is listened to.

    Returns
    -------
    list of PinImpedance
        P and N of each channel; fewer when cancelled.

    Raises
    ------
    SourceError
        The board refuses, or falls silent, or its current cannot be switched off again.
    """
    check_seconds(seconds)
    unwanted = cancelled or (lambda: False)
    order = [(channel, pin) for channel in channels for pin in PINS]
    tones: dict[tuple[int, str], Tone] = {}
    current = _TestCurrent(device)
    try:
        for done, (channel, pin) in enumerate(order):
            if unwanted():
                break
            if progress is not None:
                progress(done / len(order), channel, pin)
            current.drive(channel, pin)
            tone = _listen(device, channel - 1, seconds, unwanted)
            if tone is not None:
                tones[channel, pin] = tone
    finally:
        current.switch_off()
    return judge(tones)


class _TestCurrent:
    """The current of the board, in one pin at most; what was set is set back."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._changed: set[int] = set()

    def drive(self, channel: int, pin: str) -> None:
        """Send it into one pin, the channel at gain 1 with the bias on and both SRB off."""
        letter = CHANNEL_LETTERS[channel - 1]
        commands = _defaults(self._changed - {channel})
        if channel not in self._changed:
            commands.append(f"x{letter}000100X")
        commands.append(f"z{letter}{int(pin == 'P')}{int(pin == 'N')}Z")
        self._changed.add(channel)
        wrong = self._tell(commands)
        if wrong:
            raise SourceError(
                f"the board did not switch its test current to pin {pin} of channel {channel} but answered "
                f"{wrong}: switch the board off and on and try again"
            )
        self._changed = {channel}

    def switch_off(self) -> None:
        """Set everything back, also when the user presses Ctrl-C meanwhile."""
        interrupt: KeyboardInterrupt | None = None
        wrong = ""
        for _ in range(TRIES if self._changed else 0):
            try:
                with contextlib.suppress(Exception):
                    self._device.stop()
                wrong = self._tell(_defaults(self._changed))
                if not wrong:
                    self._changed.clear()
                    break
            except KeyboardInterrupt as error:
                interrupt = error
            except Exception as error:  # whatever it was, no current may be left on
                wrong = f'"{error}"'
        if self._changed:
            raise SourceError(
                f"the test current of channel {', '.join(map(str, sorted(self._changed)))} could not be "
                f"switched off ({wrong or 'interrupted'}): switch the board off before anything else"
            )
        if interrupt is not None:
            raise interrupt

    def _tell(self, commands: Sequence[str]) -> str:
        """Send commands, a second time after what stood in the line is read; returns what is wrong."""
        if not self._ask(commands):
            return ""
        with contextlib.suppress(UnicodeDecodeError):
            self._device.config("")
        return self._ask(commands)

    def _ask(self, commands: Sequence[str]) -> str:
        try:
            return objection(self._device.config("".join(commands)), len(commands))
        except UnicodeDecodeError:
            return "packets instead of text"


def _defaults(channels: set[int]) -> list[str]:
    """Commands for no current, and for what the board's ``d`` sets: on, ×24, normal, bias, SRB2, no SRB1."""
    commands = []
    for channel in sorted(channels):
        letter = CHANNEL_LETTERS[channel - 1]
        commands += [f"z{letter}00Z", f"x{letter}060110X"]
    return commands


def _listen(device: Device, column: int, seconds: float, cancelled: Callable[[], bool]) -> Tone | None:
    """Stream until the tone is known well enough; None when cancelled."""
    settling = round(SETTLE_S * device.fs_hz)
    wanted = round(seconds * device.fs_hz)
    most = LONGEST * wanted
    emg_uv = np.empty(0)
    device.start()
    try:
        heard_s = time.monotonic()
        while not cancelled():
            rows = device.read()[:, column]
            if not len(rows):
                _check_silence(heard_s)
                time.sleep(POLL_S)
                continue
            heard_s = time.monotonic()
            emg_uv = np.concatenate([emg_uv, rows])
            got = np.count_nonzero(np.isfinite(emg_uv[settling:]))
            if got < wanted:
                continue
            tone = find_tone(emg_uv[settling:], device.fs_hz)
            if sure(tone) or got >= most:
                return _believed(tone)
            wanted = min(most, wanted + round(device.fs_hz))
    finally:
        device.stop()
    return None


def _check_silence(heard_s: float) -> None:
    if time.monotonic() - heard_s > SILENCE_S:
        raise SourceError(
            f"no samples for {SILENCE_S:g} s while the electrodes were checked: check the board's power and "
            "battery, and the distance to the dongle, then start anew"
        )


def _believed(tone: Tone) -> Tone:
    if math.isinf(tone.error_uv):
        raise SourceError(
            "the radio loses too many samples for a check of the electrodes: bring the board nearer to the "
            "dongle, or change its channel, then start anew"
        )
    return tone


class _Numbered:
    """A device that puts NaN where packets were lost, so that the phase of the tone is kept.

    The cycle of the packet number is a whole number of cycles of the tone: losses longer than that do not
    matter.
    """

    def __init__(self, device: Any, board: Board) -> None:
        shim = driver().BoardShim
        self.fs_hz = board.fs_hz
        self.config, self.stop = device.config, device.stop
        self._device = device
        self._counter = board.counter
        self._emg_rows = list(shim.get_emg_channels(board.board_id))
        self._number_row = shim.get_package_num_channel(board.board_id)
        self._last: int | None = None

    def start(self) -> None:
        """Begin to stream, and to count anew."""
        self._last = None
        self._device.start()

    def read(self) -> Floats:
        """Rows since the last read, with those that were lost."""
        rows = self._device.rows()
        emg_uv = np.ascontiguousarray(rows[self._emg_rows].T)
        if self._counter is None or not len(emg_uv):
            return emg_uv
        numbers = rows[self._number_row].astype(int)
        last = self._last if self._last is not None else int(numbers[0]) - self._counter.stride
        self._last = int(numbers[-1])
        return with_losses(emg_uv, np.diff(numbers, prepend=last), self._counter)


def with_losses(emg_uv: Floats, steps: npt.NDArray[np.int64], counter: Counter) -> Floats:
    """Put NaN rows where the packet number jumped.

    Parameters
    ----------
    emg_uv : (n_samples, n_channels)
    steps : (n_samples,)
        From the number of the row before.
    """
    rows = steps % counter.modulo // counter.stride
    if counter.repeats:
        emg_uv, rows = emg_uv[rows > 0], rows[rows > 0]
    places = np.cumsum(np.where(rows > 0, rows, counter.cycle_samples))
    placed = np.full((int(places[-1]) if len(places) else 0, emg_uv.shape[1]), np.nan)
    placed[places - 1] = emg_uv
    return placed
