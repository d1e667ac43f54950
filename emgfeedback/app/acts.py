"""What the keys and buttons do: each posts a command, or changes only what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from emgfeedback.app.console.controls import COMMANDS, stepped

if TYPE_CHECKING:
    from emgfeedback.app.window import Window

Acts = dict[str, Callable[..., object]]
START = {"ready": "start", "paused": "resume", "waiting": "resume", "running": "pause"}


def named(window: Window) -> Acts:
    """Every control by its name, and the answers to what is asked above them."""
    return {
        "start": partial(start_or_pause, window),
        "stop": window.stop,
        "pain": partial(cry_pain, window),
        "skip": lambda: window.job.commands.post("skip"),
        "easier": partial(step_ratio, window, -1),
        "harder": partial(step_ratio, window, 1),
        "mark": lambda: window.job.commands.post("mark"),
        "veto": partial(ask_veto, window),
        "stance": partial(change_stance, window),
        "unlock": partial(ask_unlock, window),
        "turn": lambda: window.patient.next_turn(),
        "sound": partial(toggle_sound, window),
        "full": window.toggle_full_screen,
        "score": lambda score: window.job.commands.post("pain", score=score),
        "acknowledge": lambda who: window.job.commands.post("acknowledge", who=who),
        "answer": partial(answer_veto, window),
        "permit": partial(permit, window),
        "pick": partial(ask_veto, window),
    }


def start_or_pause(window: Window) -> None:
    """Start, pause or go on; nothing while the session is locked."""
    state = window.feed.snapshot.tick.state if window.feed.snapshot else "ready"
    if state in START:
        window.job.commands.post(START[state])


def step_ratio(window: Window, steps: int) -> None:
    """Move the line by steps of 0.10 ln."""
    ratio = window.feed.snapshot.ratio if window.feed.snapshot else window.job.protocol.ratio
    window.job.commands.post("ratio", ratio=stepped(ratio, steps))


def cry_pain(window: Window) -> None:
    """Stop what is asked, and show the operator what is to be noted."""
    window.leave_full_screen()
    window.job.commands.post("pain")


def ask_veto(window: Window, number: int | None = None) -> None:
    """Ask why a repetition does not count: the running one or the last; asked again, the one before."""
    snapshot = window.feed.snapshot
    if snapshot is None or "veto" not in allowed(window, link_down=False):
        return
    window.leave_full_screen()
    done = [result for result in snapshot.results if not result.void]
    numbers = dict.fromkeys(
        [snapshot.tick.phase.repetition, *(result.repetition for result in reversed(done))]
    )
    vetoed = {result.repetition: result.veto for result in done if result.veto}
    window.panel.ask_veto([known for known in numbers if known], vetoed, number)


def answer_veto(window: Window, number: int, why: str, undo: bool) -> None:
    """Void one repetition, or let it count again."""
    undone = {"undo": True} if undo else {}
    window.job.commands.post("veto", repetition=number, why=why, **undone)


def change_stance(window: Window) -> None:
    """The trained leg stands now, or it swings."""
    stands = window.feed.snapshot is not None and window.feed.snapshot.stands
    window.job.commands.post("stance", on=not stands)


def ask_unlock(window: Window) -> None:
    """Ask who permits what is missing; the day offered is today, the shortest there is."""
    snapshot = window.feed.snapshot
    if snapshot is not None and snapshot.locked is not None:
        window.panel.ask_unlock(snapshot.locked.get("missing", ()), date.today().isoformat())


def permit(window: Window, fields: Mapping[str, str]) -> None:
    """Pass on what a clinician permits."""
    window.job.commands.post("unlock", **fields)


def toggle_sound(window: Window) -> None:
    """Tone on or off; say why where there is none."""
    problem = window.sound.toggle()
    window.panel.controls.rename("sound", "Sound on" if window.sound.on else "Sound")
    if problem:
        window.panel.say(problem)


def allowed(window: Window, link_down: bool) -> set[str]:
    """The commands that have an effect now."""
    job, snapshot = window.job, window.feed.snapshot
    if window.worker.stopping:
        return set()
    if job.replay:
        return {"stop"}
    if snapshot is not None and snapshot.tick.state == "locked":
        return {"stop"}
    if link_down:
        return {"stop", "pain"}
    ratio = snapshot.ratio if snapshot else job.protocol.ratio
    useless = set() if ratio > 0 else {"easier", "harder"}
    useless |= set() if job.protocol.sides == "step" else {"stance"}
    return set(COMMANDS) - useless
