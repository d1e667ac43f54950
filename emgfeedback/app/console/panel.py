"""The operator's panel: who, what, how long, how well, and the keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from emgfeedback.app import words
from emgfeedback.app.console.cards import Cards
from emgfeedback.app.console.controls import Controls
from emgfeedback.app.console.forms import PainForm, UnlockForm, VetoForm, keys_of
from emgfeedback.app.console.parts import card, label, put, row
from emgfeedback.app.console.traces import Traces
from emgfeedback.app.feed import DelayMeter, Snapshot, Trace
from emgfeedback.app.link import Link
from emgfeedback.app.notes import note
from emgfeedback.app.theme import Theme
from emgfeedback.processing.readings import Reading
from emgfeedback.values import OTHER, Channel, Phase, Protocol, Tick

NOT_A_DEVICE = "Training and research tool, not a medical device."
PHASE_WORDS = {
    "rest": "Rest, measuring",
    "reference": "Reference",
    "test": "Placement check",
    "relax": "Pause",
    "observe": "Observe",
    "work": "Repetition",
    "baseline": "Baseline",
}
WITHOUT_PICTURE = {"off": "Quiet repetition", "sham": "Sham repetition", "after": "Told after: repetition"}
LOST_AMBER_PCT, RATE_AMBER_PPM = 1.0, 2000.0
NOTE_S = 6.0
START_WORDS = {"ready": "Start", "paused": "Go on", "waiting": "Go on now", "locked": "Locked"}


class Panel(QWidget):
    """Everything beside the patient view; it shows a `Snapshot` and decides nothing."""

    def __init__(
        self,
        protocol: Protocol,
        channels: tuple[Channel, ...],
        who: str,
        tag: str,
        theme: Theme,
        actions: Mapping[str, Callable[..., object]],
        movement: bool = False,
        mode: str = "",
    ) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._protocol, self._theme, self._channels = protocol, theme, channels
        self._is_replay = tag == "REPLAY"
        self._title = label(protocol.name, "title", wrap=True)
        self._who = label(who, "dim")
        self._about = label("\n".join(filter(None, (mode, *protocol.notes))), "dim", wrap=True)
        self._tag = label(tag, "tag")
        for said in (self._about, self._tag):
            if not said.text():
                said.hide()
        self._phase = label("Ready", "phase")
        self._clock = label("", "phase")
        self._hint = label("", "dim", wrap=True)
        self._leader, self._ratios = label("", "leader"), label("", "dim")
        for said in (self._leader, self._ratios):
            said.setToolTip("Share of the work and ratios with 95 % bounds, by RMS over the last window")
        self._muscles = [words.brief(channel.muscle) for channel in channels if channel.role != OTHER]
        self._amber = label("", "dim", wrap=True)
        self._amber.hide()
        self._lost, self._delay, self._line = label("", "chip"), label("", "chip"), label("", "chip")
        self._rate = label("", "chip")
        self._rate.hide()
        self.banner = label("", "banner", wrap=True)
        self.banner.hide()
        self.traces = Traces(channels, protocol, theme, movement)
        self.cards = Cards(protocol.repetitions, protocol.hold_s, theme)
        self.cards.picked = actions["pick"]
        self.controls = Controls(actions)
        self.controls.offer("stance", protocol.sides == "step")
        self.veto = VetoForm(actions["answer"])
        self.pain = PainForm(actions["score"], actions["acknowledge"])
        self.unlock = UnlockForm(actions["permit"])
        self._arrange()

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 9, 14, 7)
        layout.setSpacing(5)
        names = QVBoxLayout()
        names.setSpacing(1)
        names.addWidget(self._title)
        names.addWidget(self._who)
        names.addWidget(self._about)
        board = QVBoxLayout()
        board.setSpacing(4)
        for part in (self._tag, self._rate):
            board.addWidget(part, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        board.addStretch(1)
        head = row(names, board)
        layout.addLayout(head)
        layout.addWidget(self.banner)
        layout.addLayout(row(self._phase, self._clock))
        layout.addWidget(self._hint)
        layout.addWidget(card(row(self.traces)), 1)
        layout.addWidget(self._leader)
        layout.addWidget(self._ratios)
        layout.addWidget(self._amber)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        for chip in (self._lost, self._delay, self._line):
            chips.addWidget(chip)
        chips.addStretch(1)
        layout.addLayout(chips)
        self._cards_card = card(row(self.cards))
        asked: tuple[QWidget, ...] = (self._cards_card, self.veto, self.pain, self.unlock, self.controls)
        for each in asked:
            layout.addWidget(each)
        layout.addWidget(label(NOT_A_DEVICE, "dim"))

    def show_snapshot(self, snapshot: Snapshot, trace: Trace, link: Link) -> None:
        """Refresh what moves."""
        tick = snapshot.tick
        phase = phase_words(tick.phase, tick.state, self._protocol.repetitions, link.down)
        put(self._phase, f"{phase}: not permitted" if snapshot.not_permitted else phase)
        timed = tick.state in ("running", "paused", "waiting") and not link.down
        put(self._clock, words.clock(tick.phase_left_s) if timed else "")
        self.controls.rename("start", "Waiting" if link.down else START_WORDS.get(tick.state, "Pause"))
        self._hint.setVisible(not link.down)
        for said in (self._leader, self._ratios):
            said.setVisible(not (link.down or snapshot.not_permitted or tick.state == "locked"))
        self.traces.show_snapshot(snapshot, trace, link)
        self.cards.show_results(snapshot.results, tick.phase.repetition)
        self._show_questions(snapshot)

    def _show_questions(self, snapshot: Snapshot) -> None:
        """Ask about pain as long as it locks the session, and make room for what is asked."""
        hurts = snapshot.tick.state == "locked"
        if hurts:
            self.veto.put_away()
            self.unlock.put_away()
            self.pain.show_score(snapshot.pain_score)
        self.pain.setVisible(hurts)
        locked = snapshot.locked or {}
        self.controls.offer("unlock", bool(keys_of(locked.get("missing", ()))))
        self.controls.rename("stance", f"Stance: {'on' if snapshot.stands else 'off'}")
        self._make_room()

    def _make_room(self) -> None:
        large = not (self.pain.isHidden() and self.unlock.isHidden())
        self._cards_card.setVisible(not large)
        self.controls.fold(large or not self.veto.isHidden())

    def ask_veto(self, numbers: Sequence[int], vetoed: Mapping[int, str], number: int | None) -> None:
        """Ask why a repetition does not count."""
        self.unlock.put_away()
        self.veto.ask(numbers, vetoed, number)
        self._make_room()

    def ask_unlock(self, missing: Sequence[str], today: str) -> None:
        """Ask who permits what is missing."""
        self.veto.put_away()
        self.unlock.ask(missing, today)
        self._make_room()

    def allow(self, *names: str) -> None:
        """Offer these commands and nothing else; a replay answers no question."""
        self.controls.allow(*names)
        self.pain.setEnabled("stop" in names and not self._is_replay)

    def show_numbers(self, snapshot: Snapshot, delay: DelayMeter) -> None:
        """Refresh what is read: numbers that would only flicker at the rate of the picture."""
        mark = "▲ " if snapshot.lost_pct > LOST_AMBER_PCT else ""
        put(self._lost, f"{mark}Lost {snapshot.lost_pct:.1f} %")
        self._lost.setToolTip(f"{snapshot.lost_samples} lost, {snapshot.received_samples} received samples")
        median_ms, p95_ms = delay.summary_ms()
        if math.isfinite(median_ms):
            put(self._delay, f"Delay {median_ms:.0f} ms, p95 {p95_ms:.0f}")
            self._delay.setToolTip("Sample received to painted; filters, screen and radio add to it")
        put(self._line, f"Line {snapshot.ratio:.2f} : 1" if snapshot.ratio else "No ratio asked")
        self._line.setToolTip("How many times each rival the target must be")
        phase = snapshot.tick.phase
        hint = self._locked(snapshot) or self._step(snapshot.tick) or self._note(snapshot)
        put(self._hint, hint or " ".join(filter(None, (phase.cue, phase.hint))))
        self.traces.show_numbers(snapshot)
        self._show_work(snapshot.tick, snapshot.ratio)

    def show_readings(self, readings: Mapping[str, Sequence[Reading]]) -> None:
        """Show the gravest number of each channel that is not good, the steps to take in the tooltip."""
        put(self._amber, words.readings(readings))
        self._amber.setToolTip(words.reading_steps(readings))
        self._amber.setVisible(bool(readings))

    def _show_work(self, tick: Tick, ratio: float) -> None:
        """Say who leads, how sure that is, and what else stands in the way."""
        target, *rivals = self._muscles
        withheld, quiet = tick.reward.withheld, self._protocol.quiet
        lacking = words.missing(withheld, target, quiet.muscle if quiet else "")
        put(self._leader, lacking or words.leading(tick.dominance, target, withheld, ratio))
        put(self._ratios, words.ratios(tick.dominance, target, rivals))

    def show_rate(self, fs_hz: float, drift_ppm: float) -> None:
        """Show the rate of the board against this computer's clock, once both are known."""
        if not (math.isfinite(fs_hz) and math.isfinite(drift_ppm)):
            return
        mark = "▲ " if abs(drift_ppm) > RATE_AMBER_PPM else ""
        put(self._rate, f"{mark}{fs_hz:.2f} Hz, {drift_ppm:+.0f} ppm".replace("-", "−"))
        self._rate.setToolTip("Measured rate of the board, and how far it is from the nominal one")
        self._rate.show()

    def _step(self, tick: Tick) -> str:
        """What to do about the first channel with a flag."""
        for channel, bits in zip(self._channels, tick.frame.quality.tolist(), strict=True):
            if channel.role != OTHER and words.step(bits):
                return f"{words.muscle(channel.muscle).short}: {words.step(bits)}"
        return ""

    def _locked(self, snapshot: Snapshot) -> str:
        """What is missing for the running phase, as long as it runs."""
        if not snapshot.not_permitted:
            return ""
        told = snapshot.locked or {}
        return str(told.get("words") or "Not permitted: the person's limits do not allow this exercise.")

    def _note(self, snapshot: Snapshot) -> str:
        """The newest event of the last seconds that has words."""
        since = snapshot.tick.frame.end_sample - NOTE_S * snapshot.fs_hz
        recent = (note(event) for event in reversed(snapshot.recent) if event.sample >= since)
        return next((text for text in recent if text), "")

    def say(self, text: str) -> None:
        """Show one sentence in the banner; empty takes it away."""
        put(self.banner, text)
        self.banner.setVisible(bool(text))


def phase_words(phase: Phase, state: str, repetitions: int, down: bool = False) -> str:
    """What is going on, for the operator."""
    if down:
        return "Waiting for the board"
    if state == "waiting":
        return "The board is back, going on in"
    if state in ("ready", "done"):
        return state.capitalize()
    if state == "locked":
        return "Stopped for pain"
    name = PHASE_WORDS.get(phase.kind, phase.cue)
    if phase.kind == "work":
        name = WITHOUT_PICTURE.get(phase.feedback, name)
    if phase.kind in ("reference", "test"):
        name = f"{name}: {words.muscle(phase.muscle).short}"
    if phase.repetition:
        name = f"{name} {phase.repetition} of {repetitions}"
    return f"Paused · {name}" if state == "paused" else name
