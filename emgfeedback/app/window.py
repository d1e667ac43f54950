"""One window: the patient view beside the operator's panel, with calm pages before and after.

Nothing here waits: the run lives on a thread of its own, from the first word to the board to the last byte of
the recording, and the window only looks at what it left behind.
"""

from __future__ import annotations

import math
import time
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from emgfeedback.app import acts
from emgfeedback.app.console.controls import COMMANDS, listen
from emgfeedback.app.console.page import LETTING_GO, Choice, Connecting, Failure, Page
from emgfeedback.app.console.summary import Summary
from emgfeedback.app.feed import Feed
from emgfeedback.app.link import link_of
from emgfeedback.app.result import Result
from emgfeedback.app.sound import Sound
from emgfeedback.app.stage import NUMBERS_EVERY, Stage
from emgfeedback.app.theme import LIGHT
from emgfeedback.app.worker import LONGEST_CLOSE_S, RunThread
from emgfeedback.errors import EmgFeedbackError, SourceError

POLL_MS = 16
IDLE_MS = 200
"""After the run the timer only keeps Python awake for Ctrl-C."""
SAY_CLOSING_S = 0.3


class Window(QWidget):
    """Polls the feed on one timer; every key and button posts a command."""

    def __init__(self, job: Any, title: str) -> None:
        super().__init__()
        self.sound = Sound()
        self._sound_problem = ""
        self.setWindowTitle(title)
        self._actions = acts.named(self)
        self._shortcuts = listen(self, self._actions)
        self._pages = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.poll)
        self._autostart = False
        self._closing_s = math.nan
        self._closing_page: Page | None = None
        self.resize(QSize(1440, 860).boundedTo(self.screen().availableSize()))
        self._use(job)

    def _use(self, job: Any) -> None:
        """Lay the window out for a run that has not begun."""
        self.job = job
        self.feed = Feed(job.info, job.protocol)
        self.worker = RunThread(job, (self.feed,))
        self.summary: Summary | None = None
        self.failure: Failure | None = None
        self.connecting: Connecting | None = None
        self._polls = 0
        self._state = ""
        self._link = link_of(job, None, time.monotonic())
        self._began_s = time.monotonic()
        while (old := self._pages.widget(0)) is not None:
            self._take_away(old)
        self.stage = Stage(job, self.feed, self._actions)
        self.patient, self.panel = self.stage.patient, self.stage.panel
        self._pages.addWidget(self.stage)
        if self._link.joining:
            where = str(getattr(job.source, "where", ""))
            self.connecting = Connecting(job.info.device, where, LIGHT, self.stop)
            self._turn_to(self.connecting)
        self._allow()

    def _turn_to(self, page: Page) -> None:
        self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)
        page.take_focus()

    def _take_away(self, page: QWidget) -> None:
        self._pages.removeWidget(page)
        page.deleteLater()

    def begin(self, autostart: bool) -> None:
        """Let the samples flow; with ``autostart`` the protocol begins at once."""
        self._autostart = autostart
        if autostart and not self.job.replay:
            self.job.commands.post("start")
        self._began_s = time.monotonic()
        self.worker.start()
        self._timer.start(POLL_MS)

    def poll(self) -> None:
        """Show the newest snapshot; notice when the board has answered and when the run is over."""
        now_s = time.monotonic()
        if self._is_closing:
            self._close_when_done(now_s)
        elif self.summary is None and self.failure is None:
            self._link = link_of(self.job, self.feed.snapshot, now_s)
            if self.connecting is not None:
                self._wait_for_board(self.connecting, now_s)
            self._show(now_s)
            if not self.worker.is_alive():
                self._timer.setInterval(IDLE_MS)
                self._over()

    def _show(self, now_s: float) -> None:
        state = self.feed.snapshot.tick.state if self.feed.snapshot else ""
        if self._polls % NUMBERS_EVERY == 0 or state != self._state:
            self._state = state
            self.stage.show_link(self._link)
            self._allow()
        self._polls += 1
        if self.feed.snapshot is not None:
            self.sound.play(self.stage.show_snapshot(self.feed.snapshot, self._link, now_s))
            self._hear_of_sound()

    def _hear_of_sound(self) -> None:
        """Say once that the sound device is gone."""
        if self.sound.problem and self.sound.problem != self._sound_problem:
            self.panel.say(self.sound.problem)
        self._sound_problem = self.sound.problem

    def _wait_for_board(self, page: Connecting, now_s: float) -> None:
        page.show_waited(now_s - self._began_s)
        if self.feed.snapshot is not None or not self._link.joining:
            self.connecting = None
            self._take_away(page)
            self._allow()

    def _allow(self) -> None:
        """Offer what has an effect now, and nothing else."""
        page = self._pages.currentIndex() == 0
        allowed = acts.allowed(self, self._link.down)
        self.panel.allow(*allowed)
        for name, shortcuts in self._shortcuts.items():
            usable = page and (name not in COMMANDS or name in allowed)
            for shortcut in shortcuts:
                shortcut.setEnabled(usable or (name == "stop" and self.connecting is not None))

    def _over(self) -> None:
        """The run has ended, by itself or by a fault: show what there is to show."""
        self.sound.finish()
        self.leave_full_screen()
        self.connecting = None
        if self.feed.snapshot is None and (self.worker.error or self.worker.cancelled):
            self.failure = self._failure()
            self._turn_to(self.failure)
        else:
            self.summary = Summary(
                self.job.protocol,
                self._results(),
                self.job.recording_path or "",
                self.worker.problem(),
                LIGHT,
                self.close,
            )
            self._turn_to(self.summary)
        self._allow()

    def _failure(self) -> Failure:
        title = "The session could not begin"
        if self.worker.cancelled:
            title = "Connecting was cancelled"
        elif isinstance(self.worker.error, SourceError):
            title = f"No connection to {self.job.info.device}"
        again = callable(getattr(self.job, "again", None))
        choices = [Choice("Close", self.close, "Close the window", likely=not again)]
        if again:
            choices.insert(0, Choice("Try again", self._again, "Connect to the board once more", likely=True))
        return Failure(title, self.worker.problem(), LIGHT, choices)

    def _again(self) -> None:
        try:
            job = self.job.again()
        except EmgFeedbackError as error:
            if self.failure is not None:
                self.failure.say(str(error))
            return
        self._use(job)
        self.begin(self._autostart)

    def _results(self) -> tuple[Result, ...]:
        """What was seen, vetoes included, and from the outcome the repetition that was cut short."""
        seen = self.feed.snapshot.results if self.feed.snapshot else ()
        done = getattr(self.worker.outcome, "repetitions", None) or ()
        cut_short = enumerate(done[len(seen) :], len(seen) + 1)
        return (*seen, *(Result.from_event(data, number) for number, data in cut_short))

    def stop(self) -> None:
        """Stop the run, or give up waiting for the board."""
        if self.connecting is not None:
            self.worker.cancel()
            self.connecting.leave()
        else:
            self.worker.stop()
        self._allow()

    def toggle_full_screen(self) -> None:
        """Only the patient view, or the panel again."""
        if self.isFullScreen():
            self.leave_full_screen()
        else:
            self.panel.hide()
            self.showFullScreen()

    def leave_full_screen(self) -> None:
        """Show the panel again."""
        if self.isFullScreen():
            self.panel.show()
            self.showNormal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the focused button; Space is taken by Start and Pause."""
        button = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QPushButton):
            button.click()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the run first; the window goes when the recording is closed, and is awake until then."""
        if self.worker.is_alive() and not self._waited_enough(time.monotonic()):
            event.ignore()
            if not self._is_closing:
                self._closing_s = time.monotonic()
                self.sound.stop()
                self.stop()
            return
        self._quiet()
        event.accept()

    @property
    def _is_closing(self) -> bool:
        return not math.isnan(self._closing_s)

    def _waited_enough(self, now_s: float) -> bool:
        return self._is_closing and now_s - self._closing_s > LONGEST_CLOSE_S

    def _close_when_done(self, now_s: float) -> None:
        if not self.worker.is_alive() or self._waited_enough(now_s):
            self.close()
        elif now_s - self._closing_s > SAY_CLOSING_S and self._closing_page is None:
            self._closing_page = Page(LETTING_GO if self.connecting else "Saving the recording…", LIGHT)
            self._turn_to(self._closing_page)

    def _quiet(self) -> None:
        self._timer.stop()
        self.sound.stop()

    def shutdown(self) -> None:
        """End everything in order: timer, sound, then the run with its recording."""
        self._quiet()
        self.worker.finish()
