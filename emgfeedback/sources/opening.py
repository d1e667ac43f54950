"""From an address to a source: one place that knows every scheme."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Protocol as Shape

from emgfeedback.errors import UsageError
from emgfeedback.values import Chunk, StreamInfo


class LiveSource(Shape):
    """What every source offers."""

    info: StreamInfo

    def __iter__(self) -> Iterator[Chunk]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A source, whether it is a simulation, and who must hear the session's ticks (a simulated person)."""

    source: LiveSource
    simulated: bool = False
    listeners: tuple[Any, ...] = ()


def open_source(address: str, *, gain: int = 24, seed: int | None = None, paced: bool = False) -> Opened:
    """Open what an address names; a board is connected when its samples are first asked for.

    Parameters
    ----------
    address : str
        ``patient:key=value,…``, ``file:PATH``, ``lsl:NAME``, or a board of the table with its port, such as
        ``cyton:/dev/ttyUSB0``.
    paced : bool
        Whether simulated persons and files keep to the clock, as a window needs.

    Raises
    ------
    UsageError
        An unknown scheme or a malformed address.
    SourceError
        A port that is not there.
    """
    scheme, colon, rest = address.partition(":")
    if not colon:
        raise UsageError(
            f"source {address[:60]!r}: write SCHEME:WHERE, for example cyton:/dev/ttyUSB0 or patient:seed=1"
        )
    if scheme == "patient":
        return _patient(rest, gain, seed, paced)
    if scheme == "file":
        return _file(rest, paced)
    if scheme == "lsl":
        return _lsl(rest)
    from emgfeedback.sources.brainflow import open_brainflow

    return Opened(open_brainflow(address, gain), simulated=scheme == "synthetic")


def _lsl(rest: str) -> Opened:
    """Connect at once: only the stream itself knows its channels."""
    from emgfeedback.sources.lsl import open_lsl

    source = open_lsl(rest)
    try:
        source.connect()
    except BaseException:
        source.close()
        raise
    return Opened(source)


def _patient(rest: str, gain: int, seed: int | None, paced: bool) -> Opened:
    from emgfeedback.sources.patient.address import parse_patient

    given: dict[str, Any] = {"gain": gain, "paced": paced}
    if seed is not None:
        given["seed"] = seed
    patient = parse_patient(rest, **given)
    return Opened(patient, simulated=True, listeners=(patient,))


def _file(rest: str, paced: bool) -> Opened:
    from emgfeedback.sources.replay import Replay
    from emgfeedback.storage.opening import open_any

    speed = 1.0 if paced else math.inf
    recording = open_any(Path(rest))
    return Opened(Replay(recording, (16,), speed), simulated=bool(recording.meta.get("simulated")))
