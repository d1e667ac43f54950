"""The page of a run: the patient view beside the operator's panel, or on a screen of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QGuiApplication,
    QHideEvent,
    QScreen,
    QShowEvent,
)
from PySide6.QtWidgets import QSplitter

from emgfeedback.app import words
from emgfeedback.app.console.controls import listen
from emgfeedback.app.console.panel import Panel
from emgfeedback.app.feed import DelayMeter, Feed, Snapshot
from emgfeedback.app.link import Link
from emgfeedback.app.patient.state import PatientState, patient_state
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.patient.views import DEFAULT, VIEWS
from emgfeedback.app.patient.window import SCREEN_LOST, WINDOW_CLOSED, PatientWindow, second_screen
from emgfeedback.app.theme import DARK, LIGHT, stylesheet
from emgfeedback.values import RIVAL

PANEL_EVERY, NUMBERS_EVERY = 2, 16
MIRROR_EVERY = 4


class Stage(QSplitter):
    """Shows snapshots of one run: the picture each time, the panel every other time, numbers now and then.

    ``patient`` is what the patient looks at. Where there is a second screen it moves there, and ``mirror``
    shows the same beside the panel.
    """

    def __init__(self, job: Any, feed: Feed, actions: Mapping[str, Callable[..., object]]) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.tag = "REPLAY" if job.replay else "SIMULATION" if job.simulated else ""
        self.delay = DelayMeter()
        self.painted: Snapshot | None = None
        self._job, self._feed = job, feed
        self._turns = 0
        self._announced: object = None
        self._link_words = ""
        who = " · ".join(part for part in (job.participant, f"{job.side} side" if job.side else "") if part)
        heard = [channel.muscle for channel in feed.channels if channel.role == RIVAL]
        asked = (*job.protocol.rivals, *job.protocol.coaching)
        mode = words.mode(job.protocol.target, asked, heard)
        tag = " · ".join(filter(None, (self.tag, mode)))
        self.patient, self.mirror = PatientView(DARK, tag), PatientView(DARK, tag)
        self.mirror.setAccessibleName("What the patient sees")
        self.mirror.hide()
        self.patient.painted = self._note_paint
        views = {name: partial(self.choose_view, name) for name in VIEWS}
        self.panel = Panel(
            job.protocol, feed.channels, who, self.tag, LIGHT, {**actions, **views}, feed.movement.known, mode
        )
        self.panel.controls.digits = [one for keys in listen(self, views).values() for one in keys]
        self.outside = PatientWindow(self._press, self)
        self.outside.closed.connect(lambda: self._beside(WINDOW_CLOSED))
        self._notice = ""
        self._follows_screens = False
        self.choose_view(DEFAULT)
        self.panel.setStyleSheet(stylesheet(LIGHT))
        self.panel.setMinimumWidth(400)
        self._arrange()

    def _arrange(self) -> None:
        self.setHandleWidth(2)
        self.setChildrenCollapsible(False)
        self.addWidget(self.patient)
        self.addWidget(self.mirror)
        self.addWidget(self.panel)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 2)
        self.setStretchFactor(2, 1)
        self.setSizes([960, 960, 480])

    def choose_view(self, name: str) -> None:
        """Show the patient another of the `VIEWS`."""
        for view in (self.patient, self.mirror):
            view.choose(name)
        self.panel.controls.choose(name)

    def _press(self, name: str) -> None:
        """A key in the patient's window: as if pressed beside the panel, which has the keyboard again."""
        self.window().activateWindow()
        self.panel.controls.press(name)

    @property
    def is_outside(self) -> bool:
        """The patient view stands on a screen of its own."""
        return self.outside.where is not None

    def showEvent(self, event: QShowEvent) -> None:
        """The first time it is seen: look for a second screen, and watch them come and go."""
        super().showEvent(event)
        if not self._follows_screens:
            self._follows_screens = True
            application = QCoreApplication.instance()
            if isinstance(application, QGuiApplication):
                application.screenAdded.connect(self.screen_came)
                application.screenRemoved.connect(self.screen_went)
            self.screen_came()

    def hideEvent(self, event: QHideEvent) -> None:
        """The patient's window closes with the panel's, and stays while the panel shows another page."""
        super().hideEvent(event)
        if self.is_outside and self.window().isHidden():
            self._beside("")

    def screen_came(self, screen: QScreen | None = None) -> None:
        """Move the patient view to the second screen, where there is one."""
        free = second_screen(self.screen(), QGuiApplication.screens())
        if free is not None and not self.is_outside:
            self.outside.take(self.patient, free)
            self.mirror.turn = 0
            self.mirror.show()
            self._notice = ""

    def screen_went(self, screen: QScreen) -> str:
        """Take the patient view back when its screen is gone; the line that says so, empty if it is not."""
        if not self.is_outside or self.outside.where is not screen:
            return ""
        self._beside(SCREEN_LOST)
        return SCREEN_LOST

    def _beside(self, notice: str) -> None:
        sizes = self.sizes()
        self.insertWidget(0, self.patient)
        self.outside.give_back()
        self.mirror.hide()
        self.patient.show()
        self.setSizes([sum(sizes[:-1]), 0, sizes[-1]])
        self._notice = notice
        self._say()

    def show_snapshot(self, snapshot: Snapshot, link: Link, now_s: float) -> PatientState:
        """Show the newest state and return what the patient is told."""
        job, feed = self._job, self._feed
        state = patient_state(snapshot, job.protocol, feed.channels, job.side, link.silent_s)
        self.painted = snapshot
        self.patient.show_state(state, now_s)
        if self.is_outside and self._turns % MIRROR_EVERY == 0:
            self.mirror.show_state(state, now_s)
        if self._turns % PANEL_EVERY == 0:
            self.panel.show_snapshot(snapshot, feed.trace(), link)
        if self._turns % NUMBERS_EVERY == 0:
            self.panel.show_numbers(snapshot, self.delay)
            self.panel.show_readings(job.grades.now)
            fs_hz, drift_ppm = (getattr(job.source, n, math.nan) for n in ("fs_measured_hz", "drift_ppm"))
            self.panel.show_rate(fs_hz, drift_ppm)
        self._turns += 1
        self._announce(snapshot, link, state)
        return state

    def show_link(self, link: Link) -> None:
        """Say what is wrong with the link, and take it back when all is well."""
        said = words.link(link.state, link.silent_s, link.cause)
        if said != self._link_words:
            self._link_words = said
            self._say()

    def _say(self) -> None:
        """The link first; then what became of the second screen."""
        self.panel.say(self._link_words or self._notice)

    def _announce(self, snapshot: Snapshot, link: Link, state: PatientState) -> None:
        """Tell a screen reader about a new phase, a lost board, and its return."""
        news = (snapshot.tick.phase_index, snapshot.tick.state, link.down)
        if news != self._announced:
            self._announced = news
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.patient, state.describe()))

    def _note_paint(self, now_s: float) -> None:
        if self.painted is not None:
            self.delay.painted(self.painted, now_s)
