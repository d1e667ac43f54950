"""The Signal check page: eight quiet seconds, and for each channel a verdict and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.doors import Doors, Order, Person
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.limits_words import limits_words, who_words
from emgfeedback.app.pages.look import button, clear, empty, panel
from emgfeedback.app.pages.page import Page, announce
from emgfeedback.app.pages.sites import Sites
from emgfeedback.app.pages.source import SourceBox
from emgfeedback.app.worker import RunThread

if TYPE_CHECKING:
    from emgfeedback.app.feed import Feed
    from emgfeedback.app.pages.channel_card import ChannelCard
    from emgfeedback.app.pages.listening import Listening

POLL_MS = 60
NOBODY, NOBODY_ABOUT = (
    "No person chosen",
    "A simulated person or a file can be checked; nobody is asked to do anything.",
)
BEFORE = (
    "Let the person lie still and loose, breathe quietly, not talk. Press Enter: it listens for eight "
    "seconds. Nothing is recorded."
)
CONNECTING, LISTENING = "Connecting…", "Listening: {left:.0f} s. Lie still, let everything go loose."
GOOD = "All channels are good. Choose the exercise, or check again."
CARE = "{bad} of {all} need attention: see what to do, then check again. You can go on all the same."
STEPS = (
    "Cable: the battery is plugged into the board and charged.",
    "Switch: the board is switched to PC; its light is on.",
    "Dongle: it is in this computer, its switch at GPIO 6, its light on.",
    "Port: no other program has it; look again and choose it above.",
)
NOTHING_CAME = "no samples came; look at the steps at the left, then try again"
LOOK_AT = "Put right what the line above says, then press Enter to try again."
NOT_CHECKED = "Signals not checked"


class SignalsPage(Page):
    """Listens without recording; ``done`` leads to the exercise, whatever was found."""

    def __init__(
        self, doors: Doors, errands: Errands, done: Callable[[], object], back: Callable[[], object]
    ) -> None:
        super().__init__(NOBODY, NOBODY_ABOUT)
        self._doors, self._errands = doors, errands
        self._person: Person | None = None
        self._asked: object = None
        self._job: Any = None
        self.listener: RunThread | None = None
        self._feed: Feed | None = None
        self._heard: Listening | None = None
        self.cards: list[ChannelCard] = []
        self.found = NOT_CHECKED
        self.all_good = False
        self.lost, self.attention = self.chip("", "good"), self.chip(NOT_CHECKED, "care")
        self.lost.hide()
        self.source = SourceBox(doors, errands, self.forget)
        self.state = label(BEFORE, "", wrap=True)
        self.steps = [label(f"•  {step}", "dim", wrap=True) for step in STEPS]
        self._check = button("Check", "Listen for eight seconds  (Enter)", self.check, "main")
        self.likely = self._check
        self._on = button("Choose the exercise", "Go on, whatever was found", done, "page")
        self._back = button("Back", "Back to Placement  (Esc)", back, "page")
        self.map = Sites()
        self._before = panel("Where they listen", self.map)
        self._cards = QVBoxLayout()
        self._found = clear(self._cards)
        self._found.hide()
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(panel("Signals", self.source))
        left.addWidget(panel("Eight quiet seconds", self.state, *self.steps, stretch=True), 1)
        beside = clear(left)
        beside.setFixedWidth(380)
        self._cards.setSpacing(10)
        whole = QHBoxLayout()
        whole.setSpacing(12)
        whole.addWidget(beside)
        whole.addWidget(self._before, 1)
        whole.addWidget(self._found, 1)
        last = QHBoxLayout()
        self._back.setMinimumWidth(110)
        for part in (self._back, self._on):
            last.addWidget(part)
        last.addStretch(1)
        last.addWidget(self._check)
        self.body.addLayout(whole, 1)
        self.body.addLayout(last)
        self._show_steps(False)

    def show_person(self, person: Person | None) -> None:
        """Whose signals these are; those of somebody else say nothing."""
        if person != self._person:
            self._person = person
            self.forget()
        self.map.show_side(person.side if person else "right", self.source.left_out)
        put(self.title, who_words(person) if person else NOBODY)
        put(self.about, limits_words(person, self._doors.today()) if person else NOBODY_ABOUT)

    def forget(self) -> None:
        """The electrodes, the board or the person are other ones: what was found holds no more."""
        self.stop()
        empty(self._cards)
        self.cards = []
        self._found.hide()
        self._before.show()
        self.show_chip(self.lost, "", "good")
        self._judge_all(NOT_CHECKED, False)
        put(self.state, BEFORE)
        self.say("")
        self._show_steps(False)

    def check(self) -> None:
        """Listen for eight seconds, once more where it was done before."""
        if self._asked is not None:
            return
        self.forget()
        gap = self.source.gap()
        self.say(gap)
        if gap:
            return
        asked = self._asked = object()
        put(self.state, CONNECTING)
        order = Order("", (), self._person, self.source.address, self.source.montage_text)

        self._errands.send(
            partial(self._put_together, order), partial(self._begin, asked), partial(self._not_had, asked)
        )

    def _put_together(self, order: Order) -> Any:
        """On the errand's thread: the board must be free before it is opened again."""
        self.release()
        return self._doors.check(order)

    def release(self) -> None:
        """Wait until a check that was left has let its board go; never on the thread of the window."""
        thread = self.listener
        if thread is not None:
            thread.finish()

    def _begin(self, asked: object, job: Any) -> None:
        """The source is there: listen, unless somebody went elsewhere meanwhile."""
        if asked is not self._asked:
            self._errands.send(job.source.close, lambda _: None, lambda _: None)
            return
        from emgfeedback.app.feed import Feed
        from emgfeedback.app.pages.channel_card import ChannelCard
        from emgfeedback.app.pages.listening import Listening

        self._job, self._feed = job, Feed(job.info, job.protocol)
        self._heard = Listening(len(self._feed.channels))
        self._before.hide()
        self._found.show()
        self.cards = [ChannelCard(channel) for channel in self._feed.channels]
        for card in self.cards:
            self._cards.addWidget(card, 1)
        self.listener = RunThread(job, [self._feed, self._heard])
        self.listener.start()
        job.commands.post("start")
        self._timer.start()
        self.poll()

    def poll(self) -> None:
        """Show what is heard now; at the end, what was found."""
        if self.listener is None or self._feed is None:
            return
        is_over = not self.listener.is_alive()
        snapshot = self._feed.snapshot
        if snapshot is not None and self._feed.channels:
            self._show(is_over)
            left_s = snapshot.tick.phase_left_s
            put(self.state, LISTENING.format(left=max(0.0, left_s)))
            self.show_chip(
                self.lost, f"Lost {snapshot.lost_pct:.1f} %", "care" if snapshot.lost_pct else "good"
            )
        if is_over:
            self._over()

    def _show(self, is_over: bool) -> None:
        from emgfeedback.app.pages.listening import verdict

        feed, heard = self._feed, self._heard
        if feed is None or heard is None or feed.snapshot is None:
            return
        trace, bits = feed.trace(), feed.snapshot.tick.frame.quality.tolist()
        found = []
        for i, (card, channel) in enumerate(zip(self.cards, feed.channels, strict=True)):
            rest_uv = heard.rest_uv.get(channel.muscle, math.nan)
            flags = heard.lasting(i) if is_over else bits[i]
            readings = self._job.grades.now.get(channel.muscle, ())
            found.append(verdict(flags, readings, rest_uv, is_over))
            card.sweep.show_trace(trace.time_s, trace.envelope_uv[:, i])
            card.show_verdict(found[-1], rest_uv)
        if is_over:
            self._sum_up([one.is_good for one in found])

    def _sum_up(self, good: Sequence[bool]) -> None:
        bad = sum(not one for one in good)
        words = f"{bad} of {len(good)} need attention" if bad else "All signals good"
        self._judge_all(words, not bad)

    def _over(self) -> None:
        """The check is through, or the source was lost."""
        problem = self.listener.problem() if self.listener else ""
        self._timer.stop()
        self._asked = None
        if problem or self._feed is None or self._feed.snapshot is None:
            self._fail(problem or NOTHING_CAME)
            return
        bad = self.found.partition(" ")[0]
        put(self.state, GOOD if self.all_good else CARE.format(bad=bad, all=len(self.cards)))
        announce(self, self.state.text())
        self._ready("Check again")

    def _not_had(self, asked: object, sentence: str) -> None:
        if asked is self._asked:
            self._asked = None
            self._fail(sentence)

    def _fail(self, sentence: str) -> None:
        """Nothing could be heard: why, and what to look at."""
        self._judge_all("Not heard", False)
        self.show_chip(self.lost, "", "good")
        put(self.state, LOOK_AT)
        self._show_steps(self.source.kind.value == "board")
        self.say(sentence)
        self._ready("Retry")

    def _ready(self, text: str) -> None:
        self._check.setText(text)
        self._check.setAccessibleName(text)
        if self.isVisible():
            self._check.setFocus()

    def _judge_all(self, words: str, good: bool) -> None:
        self.found, self.all_good = words, good
        self.show_chip(self.attention, words, "good" if good else "care")

    def _show_steps(self, wanted: bool) -> None:
        for line in self.steps:
            line.setVisible(wanted)

    def stop(self) -> None:
        """Let the board go, without waiting for it."""
        self._timer.stop()
        self._asked = None
        if self.listener is not None:
            self.listener.stop()

    def shutdown(self) -> None:
        """Let the board go, and wait for it."""
        self.stop()
        self.release()

    def hideEvent(self, event: QHideEvent) -> None:
        """Who leaves the page ends the check; a window that is only out of sight goes on."""
        super().hideEvent(event)
        if not event.spontaneous() and self._asked is not None:
            self.forget()
