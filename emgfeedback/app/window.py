"""One window: the patient view beside the operator's panel, and the calm page at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from emgfeedback.app.console.controls import listen, stepped
from emgfeedback.app.console.panel import Panel
from emgfeedback.app.console.summary import Summary
from emgfeedback.app.feed import DelayMeter, Feed, Result, Snapshot
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.sound import Sound
from emgfeedback.app.theme import DARK, LIGHT, stylesheet
from emgfeedback.app.worker import RunThread

POLL_MS, PANEL_EVERY, NUMBERS_EVERY = 16, 2, 16
IDLE_MS = 200
"""After the run the timer only keeps Python awake for Ctrl-C."""
STALLED_S = 0.3


class Window(QWidget):
    """Polls the feed on one timer; every key and button posts a command."""

    def __init__(self, job: Any, title: str) -> None:
        super().__init__()
        self.job = job
        self.feed = Feed(job.info, job.protocol)
        self.worker = RunThread(job, (self.feed,))
        self.delay = DelayMeter()
        self.sound = Sound()
        self.tag = "REPLAY" if job.replay else "SIMULATION" if job.simulated else ""
        self.summary: Summary | None = None
        self._polls = 0
        self._phase_index = -1
        self._painted: Snapshot | None = None
        actions = self._actions()
        who = " · ".join(part for part in (job.participant, f"{job.side} side" if job.side else "") if part)
        self.patient = PatientView(DARK, self.tag)
        self.patient.painted = self._note_paint
        self.panel = Panel(job.protocol, self.feed.channels, who, self.tag, LIGHT, actions)
        self.panel.setStyleSheet(stylesheet(LIGHT))
        self.panel.controls.allow(commands=not job.replay, stop=True)
        self._arrange(title)
        self._shortcuts = listen(self, actions)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.poll)

    def _arrange(self, title: str) -> None:
        self.setWindowTitle(title)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(2)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.patient)
        splitter.addWidget(self.panel)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 1)
        self.panel.setMinimumWidth(400)
        self._pages = QStackedWidget()
        self._pages.addWidget(splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.resize(1440, 860)
        splitter.setSizes([960, 480])

    def begin(self, autostart: bool) -> None:
        """Let the samples flow; with ``autostart`` the protocol begins at once."""
        if autostart and not self.job.replay:
            self.job.commands.post("start")
        self.worker.start()
        self._timer.start(POLL_MS)

    def poll(self) -> None:
        """Show the newest snapshot; notice when the run is over."""
        if self.summary is not None:
            return
        if self.feed.snapshot is not None:
            self._show(self.feed.snapshot, time.monotonic())
        if not self.worker.is_alive():
            self._timer.setInterval(IDLE_MS)
            self._over()

    def _show(self, snapshot: Snapshot, now_s: float) -> None:
        stalled = now_s - snapshot.received_s > STALLED_S and snapshot.tick.state == "running"
        state = patient_state(snapshot, self.job.protocol, self.feed.channels, self.job.side, stalled)
        self._painted = snapshot
        self.patient.show_state(state, now_s)
        self.sound.play(state)
        if self._polls % PANEL_EVERY == 0:
            self.panel.show_snapshot(snapshot, self.feed.trace())
        if self._polls % NUMBERS_EVERY == 0:
            self.panel.show_numbers(snapshot, self.delay)
        self._polls += 1
        if snapshot.tick.phase_index != self._phase_index:
            self._phase_index = snapshot.tick.phase_index
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.patient, state.describe()))

    def _note_paint(self, now_s: float) -> None:
        if self._painted is not None:
            self.delay.painted(self._painted, now_s)

    def _over(self) -> None:
        """The run has ended, by itself or by a fault: show what there is to show."""
        self.sound.stop()
        self._leave_full_screen()
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
        self.summary = Summary(
            self.job.protocol,
            self._results(),
            self.job.recording_path or "",
            self.worker.problem(),
            LIGHT,
            self.close,
        )
        self.summary.setStyleSheet(stylesheet(LIGHT))
        self._pages.addWidget(self.summary)
        self._pages.setCurrentWidget(self.summary)

    def _results(self) -> tuple[Result, ...]:
        """The repetitions of the outcome, which knows also the one that was cut short."""
        done = getattr(self.worker.outcome, "repetitions", None)
        if done is None:
            return self.feed.snapshot.results if self.feed.snapshot else ()
        return tuple(Result.from_event(data, number) for number, data in enumerate(done, 1))

    def _actions(self) -> dict[str, Callable[[], None]]:
        post = self.job.commands.post
        return {
            "start": self._start_or_pause,
            "stop": self._stop,
            "skip": lambda: post("skip"),
            "easier": lambda: self._step_ratio(-1),
            "harder": lambda: self._step_ratio(1),
            "mark": lambda: post("mark"),
            "turn": self.patient_turn,
            "sound": self._toggle_sound,
            "full": self._toggle_full_screen,
        }

    def _start_or_pause(self) -> None:
        state = self.feed.snapshot.tick.state if self.feed.snapshot else "ready"
        self.job.commands.post({"ready": "start", "paused": "resume"}.get(state, "pause"))

    def _stop(self) -> None:
        self.worker.stop()
        self.panel.controls.allow(commands=False, stop=False)

    def _step_ratio(self, steps: int) -> None:
        ratio = self.feed.snapshot.ratio if self.feed.snapshot else self.job.protocol.ratio
        self.job.commands.post("ratio", ratio=stepped(ratio, steps))

    def patient_turn(self) -> None:
        """Turn the patient view."""
        self.patient.next_turn()

    def _toggle_sound(self) -> None:
        problem = self.sound.toggle()
        self.panel.controls.rename("sound", "Sound on" if self.sound.on else "Sound")
        if problem:
            self.panel.say(problem)

    def _toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self._leave_full_screen()
        elif self.summary is None:
            self.panel.hide()
            self.showFullScreen()

    def _leave_full_screen(self) -> None:
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
        """Stop the run and wait for its recording before the window goes."""
        self.shutdown()
        event.accept()

    def shutdown(self) -> None:
        """End everything in order: timer, sound, then the run with its recording."""
        self._timer.stop()
        self.sound.stop()
        self.worker.finish()
