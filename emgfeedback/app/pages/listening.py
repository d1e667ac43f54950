"""What a signal check has heard: which flags lasted, the rest level, and a verdict with a next step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from emgfeedback.processing.advice import FLAGS, Advice, reading_step, reading_words
from emgfeedback.processing.readings import GOOD, RED, Reading
from emgfeedback.values import Chunk, Phase, Protocol, Quality, Tick

CHECK_S = 8.0
LASTS = 0.2
"""Share of the hops in which a flag must be up, to be told at the end."""
GRAVE = Quality.OFF | Quality.RAILED | Quality.FLAT
USUAL = ("gmed", "tfl", "ql")
NO_VERDICT = "Nothing was heard"
LISTEN = "Keep still a moment."
QUIET = "Quiet enough. Whether it hears its own muscle tells the exercise named Placement check."
AGAIN = "Check again: the check ended too early to judge."


@dataclass(frozen=True, slots=True)
class Verdict:
    """``symbol`` and ``word`` for a chip, ``look`` good, care or bad, ``step`` what to do next."""

    symbol: str
    word: str
    look: str
    step: str

    @property
    def is_good(self) -> bool:
        """Nothing needs attention."""
        return self.look == "good"


class Listening:
    """A sink of the run: counts how long each flag was up, and keeps the rest level, RMS in µV."""

    def __init__(self, count: int) -> None:
        self.rest_uv: dict[str, float] = {}
        self.hops = 0
        self._up = [dict.fromkeys(FLAGS, 0) for _ in range(count)]

    def on_chunk(self, chunk: Chunk) -> None:
        """Raw samples are judged elsewhere."""

    def on_tick(self, tick: Tick) -> None:
        """Count the flags once the filters have settled."""
        for event in tick.events:
            if event.kind == "baseline":
                measured = event.data["rms_uv"].items()
                self.rest_uv = {m: float(uv) for m, uv in measured if uv is not None}
        bits = tick.frame.quality.tolist()
        if tick.state != "running" or all(one & Quality.SETTLING for one in bits):
            return
        self.hops += 1
        for up, one in zip(self._up, bits, strict=True):
            for flag in FLAGS:
                up[flag] += bool(one & flag)

    def lasting(self, index: int) -> int:
        """Flags of a channel that were up in a fifth of the time and more."""
        lasted = (flag for flag, hops in self._up[index].items() if hops and hops >= LASTS * self.hops)
        return sum(int(flag) for flag in lasted)


def verdict(bits: int, readings: Sequence[Reading], rest_uv: float, over: bool) -> Verdict:
    """Judge a channel by its flags, then by its numbers; ``rest_uv`` is NaN until it was measured."""
    flag = next((one for one in FLAGS if bits & one & ~Quality.SETTLING), None)
    if flag is not None:
        advice: Advice = FLAGS[flag]
        word = _capital(advice.title)
        return (
            Verdict("✕", word, "bad", advice.step)
            if flag & GRAVE
            else Verdict("!", word, "care", advice.step)
        )
    rest = Reading.of("rest", rest_uv)
    wrong = [*readings, *([rest] if rest.grade != GOOD else [])]
    if wrong:
        look = ("✕", "bad") if wrong[0].grade == RED else ("!", "care")
        return Verdict(look[0], _capital(reading_words(wrong[0])), look[1], reading_step(wrong[0]))
    if not over:
        return Verdict("…", "Listening", "chip", LISTEN)
    if math.isnan(rest_uv):
        return Verdict("!", NO_VERDICT, "care", AGAIN)
    return Verdict("✓", "Good", "good", QUIET)


def check_protocol(muscles: Sequence[str]) -> Protocol:
    """Eight seconds of lying still, for the pairs that are worn; nothing is asked of anybody."""
    target = "gmed" if "gmed" in muscles else muscles[0]
    rest = Phase("baseline", CHECK_S, "Lie still.", "Let everything go loose, breathe, do not talk.")
    return Protocol(
        id="signals",
        name="Signal check",
        phases=(rest,),
        target=target,
        rivals=tuple(code for code in muscles if code != target),
        hold_s=1.0,
        ratio=1.32,
        min_level_pct=10.0,
        ceiling_pct=None,
        sides="open",
        coaching={},
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
