"""Finding a stream in the network and opening it, in waits short enough to be given up."""

from __future__ import annotations

import threading
import time
from typing import Any

from emgfeedback.errors import SourceError
from emgfeedback.sources.lsl.library import lsl
from emgfeedback.sources.lsl.query import Query

RESOLVE_S, SETTLE_S = 5.0, 0.5
"""How long a stream is looked for, and how long after the first find for another that fits as well."""

LOOK_S = 0.05
OPEN_S, TRY_S = 5.0, 0.5
BUFFER_S = 60
MOST_CHANNELS, HIGHEST_HZ = 256, 100_000.0


class Finder:
    """Looks for streams in the background, as long as it lives."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._resolver = lsl().ContinuousResolver(forget_after=RESOLVE_S)

    def seen(self) -> list[Any]:
        """The streams that fit, each outlet once."""
        return [stream for stream in self._resolver.results() if self._query.fits(stream)]

    def find(self, closing: threading.Event) -> Any | None:
        """The one stream that fits, or None when closed meanwhile.

        Raises
        ------
        SourceError
            If there is none within 5 s, or more than one.
        """
        deadline_s = time.monotonic() + RESOLVE_S
        first_s = deadline_s
        while time.monotonic() < min(deadline_s, first_s + SETTLE_S):
            if closing.wait(LOOK_S):
                return None
            if self.seen():
                first_s = min(first_s, time.monotonic())
        found = self.seen()
        if len(found) == 1:
            return found[0]
        raise self._too_many(found) if found else self._none()

    def _none(self) -> SourceError:
        names = sorted({f'"{stream.name()[:40]}"' for stream in self._resolver.results()})
        there = f"there is {', '.join(names[:5])}" if names else "there is no stream at all"
        return SourceError(
            f"no LSL stream with {self._query} was found in {RESOLVE_S:g} s, {there}: start the stream in "
            "its program, and see that both computers are in one network whose firewall lets LSL through"
        )

    def _too_many(self, found: list[Any]) -> SourceError:
        where = ", ".join(sorted(f'hostname "{s.hostname()}" source_id "{s.source_id()}"' for s in found)[:4])
        return SourceError(
            f"{len(found)} LSL streams have {self._query} ({where}): add hostname=… or source_id=… to the "
            "address, or stop all but one"
        )


def check(stream: Any) -> None:
    """Refuse what is no regular stream of numbers.

    Raises
    ------
    SourceError
        If it is of strings, irregular, or of an absurd size.
    """
    library = lsl()
    name = f'the LSL stream "{stream.name()[:60]}"'
    if stream.channel_format() in (library.cf_string, library.cf_undefined):
        raise SourceError(f"{name} carries text and no samples: choose the stream of the amplifier's signals")
    fs_hz, n_channels = stream.nominal_srate(), stream.channel_count()
    if not 0 < fs_hz <= HIGHEST_HZ:
        raise SourceError(
            f"{name} has an irregular rate ({fs_hz:g} Hz), where EMG needs a fixed one: choose another "
            "stream, or have the sending program state its rate"
        )
    if not 0 < n_channels <= MOST_CHANNELS:
        raise SourceError(f"{name} has {n_channels} channels: choose one with 1 to {MOST_CHANNELS}")


def open_inlet(stream: Any, closing: threading.Event) -> Any | None:
    """An inlet that receives, or None when closed meanwhile.

    The description is asked for first: without it liblsl may wait for ever in the first read.

    Raises
    ------
    SourceError
        If the sender does not answer.
    """
    library = lsl()
    inlet = library.StreamInlet(stream, max_buflen=BUFFER_S, recover=True)
    for call in (inlet.info, inlet.open_stream):
        deadline_s = time.monotonic() + OPEN_S
        while not closing.is_set():
            try:
                call(TRY_S)
                break
            except library.util.LostError as error:
                raise _gone(stream) from error
            except library.util.TimeoutError as error:
                if time.monotonic() > deadline_s:
                    raise _gone(stream) from error
    return None if closing.is_set() else inlet


def uid_of(stream: Any) -> str:
    """What tells an outlet from every other, a later one of the same source too."""
    return str(stream.uid())


def _gone(stream: Any) -> SourceError:
    return SourceError(
        f'the LSL stream "{stream.name()[:60]}" on {stream.hostname()[:60]} was announced but cannot be '
        "reached: check the firewall of both computers, and that the sending program runs, then try again"
    )
