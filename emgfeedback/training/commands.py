"""What an operator, a patient or a fault can ask of a session: one function a command.

A command that makes no sense now is logged by the session and has no effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from emgfeedback.errors import InputError
from emgfeedback.training.setting_up import LISTENING

if TYPE_CHECKING:
    from emgfeedback.training.session import Session

LEGS = ("trained", "other")
LOWEST_RATIO, HIGHEST_RATIO = 0.2, 10.0
LONGEST_WORD = 120
WORST_PAIN = 10
MOST = 3
"""Levels of a tweak, and helps that can be on."""

Data = Mapping[str, Any]
COMMANDS: dict[str, Callable[[Session, Data], None]] = {}


def command(kind: str) -> Callable[[Callable[[Session, Data], None]], Callable[[Session, Data], None]]:
    """Enter a function under the kind of command that it obeys."""

    def enter(obey: Callable[[Session, Data], None]) -> Callable[[Session, Data], None]:
        COMMANDS[kind] = obey
        return obey

    return enter


@command("start")
def start(session: Session, data: Data) -> None:
    """Begin the first phase."""
    session.flow.start()


@command("pause")
def pause(session: Session, data: Data) -> None:
    """Freeze the phase where it is."""
    session.flow.pause()


@command("resume")
def resume(session: Session, data: Data) -> None:
    """Go on."""
    session.flow.resume()


@command("skip")
def skip(session: Session, data: Data) -> None:
    """Leave the phase for the next one."""
    session.flow.skip()


@command("stop")
def stop(session: Session, data: Data) -> None:
    """End the session; all data are kept."""
    if not session.finished:
        session.flow.end("stop")


@command("link")
def link(session: Session, data: Data) -> None:
    """Hear from the board: stalled, lost, or streaming again."""
    session.flow.hear_link(str(data.get("state")), str(data.get("cause", "")))


@command("ratio")
def ratio(session: Session, data: Data) -> None:
    """Move the line to another ratio; with shaping, from the next set on."""
    asked = number(data.get("ratio"))
    if LOWEST_RATIO <= asked <= HIGHEST_RATIO:
        session.teaching.ask(asked)


@command("repeat")
def repeat(session: Session, data: Data) -> None:
    """Do a phase of the set-up again, then go on with the running one from its beginning."""
    index = data.get("index", session.set_up.asked_again)
    phases = session.protocol.phases
    known = isinstance(index, int) and 0 <= index <= session.flow.phase_index
    if session.state in ("running", "paused") and known and phases[index].kind in LISTENING:
        session.flow.repeat(index)


@command("veto")
def veto(session: Session, data: Data) -> None:
    """Void a repetition that the electrodes cannot judge: rolled back, hip flexed, leaned, pelvis dropped."""
    why, undo = word(data.get("why")) or "vetoed", bool(data.get("undo"))
    asked = data.get("repetition")
    running = session.flow.repetition()
    if running is not None and asked in (None, running.phase.repetition):
        running.veto = "" if undo else why
        session.log("veto", {"repetition": running.phase.repetition, "why": why, "undo": undo})
    else:
        voided = session.teaching.veto(asked, why, undo)
        if session.quiet and voided is not None and not undo:
            session.quiet.drop(voided)


@command("pain")
def pain(session: Session, data: Data) -> None:
    """Stop what is asked of the person at once, and stay locked until a clinician has looked."""
    score = number(data.get("score"))
    known = 0 <= score <= WORST_PAIN
    if session.finished:
        return
    session.log("pain", {"score": score if known else None})
    session.flow.lock("pain")


@command("acknowledge")
def acknowledge(session: Session, data: Data) -> None:
    """A clinician has looked: the session may be resumed, at the beginning of the interrupted phase."""
    who = word(data.get("who"))
    if session.state == "locked" and who:
        session.log("acknowledge", {"who": who})
        session.flow.unlock()


@command("unlock")
def unlock(session: Session, data: Data) -> None:
    """Grant one permission, by name, with a reason and a last day."""
    leg = data.get("leg", LEGS[0])
    fields = {key: word(data.get(key)) for key in ("key", "who", "why", "until")}
    if leg not in LEGS:
        return
    try:
        session.permitting.grant(leg, fields)
    except InputError as error:
        session.log("unlock", {**fields, "leg": leg, "refused": str(error)})
        return
    session.log("unlock", {**fields, "leg": leg})
    session.flow.look_again()


@command("stance")
def stance(session: Session, data: Data) -> None:
    """The trained leg stands, or swings: stepping exercises are scored while it stands."""
    session.stands = bool(data.get("on"))
    session.log("stance", {"on": session.stands})


@command("tweak")
def tweak(session: Session, data: Data) -> None:
    """Note the one thing that was changed for the repetitions to come, and its level from 3 to 0."""
    level = number(data.get("level"))
    known = int(level) if 0 <= level <= MOST else None
    session.teaching.tweak = {"label": word(data.get("label")), "level": known}
    session.log("tweak", session.teaching.tweak)


@command("helps")
def helps(session: Session, data: Data) -> None:
    """Note which helps are on for the repetitions to come."""
    asked = data.get("names")
    names = [word(name) for name in asked[:MOST]] if isinstance(asked, list) else []
    count = number(data.get("count", len(names)))
    session.teaching.helps = {"count": int(count) if 0 <= count <= MOST else None, "names": names}
    session.log("helps", session.teaching.helps)


def number(value: Any) -> float:
    """A finite number, NaN for anything else."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else math.nan


def word(value: Any) -> str:
    """A short text on one line, whatever came."""
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_WORD].strip()
