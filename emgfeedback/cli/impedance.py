"""``emgfeedback impedance``: the contact of every electrode."""

from __future__ import annotations

import math
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from emgfeedback.cli.common import json_option, print_json, read_montage
from emgfeedback.errors import UsageError

if TYPE_CHECKING:
    from emgfeedback.sources.brainflow.contact import PinImpedance

WARNING = (
    "This check sends a tiny current (6 nA at 31 Hz on a Cyton) through the electrodes. Do not use it on a "
    "person with a pacemaker, a defibrillator or another active implant, unless their physician agrees."
)
DEFAULT_CHANNELS = "1,2,3"
STOPPING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@click.command("impedance")
@click.option("--source", "address", required=True, help="The board: cyton:PORT, ganglion:PORT …")
@click.option("--channels", help=f"Channels to check (default: those of the montage, or {DEFAULT_CHANNELS}).")
@click.option("--montage", help="Channels of the muscles, such as gmed=1,tfl=2,ql=3, or a montage file.")
@click.option("--seconds", type=float, default=4.0, show_default=True, help="Signal of each pin.")
@click.option("--yes", is_flag=True, help="Nobody with an active implant is connected: do not ask.")
@json_option
def impedance_command(
    address: str, channels: str | None, montage: str | None, seconds: float, yes: bool, as_json: bool
) -> None:
    """Measure how well the electrodes sit, on a Cyton at both pins of each channel, before a session.

    Muscles should be at rest. The board's settings are put back at the end, also after Ctrl-C.
    """
    from emgfeedback.sources.brainflow.impedance import (
        check_channels,
        check_electrodes,
        check_seconds,
        measurable,
    )

    board = measurable(address)
    muscles = _muscles(channels, montage)
    check_channels(list(muscles), board)
    check_seconds(seconds)
    _ask(yes, as_json)
    with _stopping_on_signals() as stopped:
        pins = check_electrodes(address, list(muscles), seconds, _tell_progress, stopped)
    complete = not stopped.is_set()
    if as_json:
        print_json(_as_json(address, board.device, pins, muscles, complete))
        return
    click.echo(f"{'channel':18}{'pin':5}{'kΩ':>8}{'from':>8}{'to':>8}  contact")
    for pin in pins:
        _print_pin(pin, muscles[pin.channel])
    if any(math.isfinite(pin.high_ohm) for pin in pins):
        click.echo("The range is the ±20 % of the test current, and noise: a guide, not a measurement.")
    if not complete:
        click.echo("stopped before the end; the settings of the board were put back", err=True)


def _muscles(channels: str | None, montage: str | None) -> dict[int, str]:
    """Channel → muscle, in the order to be checked; the muscle is empty where no montage names it."""
    if channels is not None and montage is not None:
        raise UsageError("--channels and --montage were both given: write one of them")
    if montage is not None:
        named = [(_number(label, muscle), muscle) for muscle, label in read_montage(montage).items()]
        return _once(named, "--montage")
    parts = (channels if channels is not None else DEFAULT_CHANNELS).split(",")
    return _once([(_number(part, "--channels"), "") for part in parts], "--channels")


def _once(named: list[tuple[int, str]], option: str) -> dict[int, str]:
    muscles = dict(named)
    if len(muscles) < len(named):
        raise UsageError(f"{option}: a channel is named twice; name each once")
    return muscles


def _number(label: str, where: str) -> int:
    """The number in ``2`` or ``EMG 2``."""
    found = re.fullmatch(r"(?:EMG )?([0-9]{1,2})", label.strip(), re.IGNORECASE | re.ASCII)
    if found is None:
        raise UsageError(f"{where}: {label[:40]!r} is not the number of a channel; write for example 1")
    return int(found[1])


def _ask(yes: bool, as_json: bool) -> None:
    """Warn, and go on only when somebody has agreed."""
    click.echo(WARNING, err=True)
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError("no current was sent: add --yes when nobody with an active implant is connected")
    click.confirm("Is nobody with an active implant connected?", abort=True, err=True)


@contextmanager
def _stopping_on_signals() -> Iterator[threading.Event]:
    """Let Ctrl-C and kill end the check in good order: the current has to be switched off."""
    stopped = threading.Event()
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    before = [signal.signal(number, lambda *_: stopped.set()) for number in numbers]
    try:
        yield stopped
    finally:
        for number, action in zip(numbers, before, strict=True):
            signal.signal(number, action)


def _tell_progress(done: float, channel: int, pin: str) -> None:
    click.echo(f"{100 * done:3.0f} %  channel {channel}, pin {pin} …", err=True)


def _print_pin(pin: PinImpedance, muscle: str) -> None:
    numbers = "".join(f"{_kilo(ohm):>8}" for ohm in (pin.ohm, pin.low_ohm, pin.high_ohm))
    click.echo(f"{f'{pin.channel} {muscle}':18}{pin.pin:5}{numbers}  {pin.verdict}: {pin.words}")


def _kilo(ohm: float) -> str:
    if not math.isfinite(ohm):
        return "-"
    return f"{ohm / 1000:.1f}" if ohm < 100e3 else f"{ohm / 1000:.0f}"


def _as_json(
    address: str, device: str, pins: Sequence[PinImpedance], muscles: dict[int, str], complete: bool
) -> dict[str, Any]:
    return {
        "source": address,
        "device": device,
        "complete": complete,
        "pins": [
            {
                "channel": pin.channel,
                "muscle": muscles[pin.channel],
                "pin": pin.pin,
                "ohm": pin.ohm,
                "low_ohm": pin.low_ohm,
                "high_ohm": pin.high_ohm,
                "verdict": pin.verdict,
                "words": pin.words,
            }
            for pin in pins
        ],
    }
