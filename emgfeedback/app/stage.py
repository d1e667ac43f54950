"""The page of a run: the patient view beside the operator's panel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QSplitter

from emgfeedback.app import words
from emgfeedback.app.console.panel import Panel
from emgfeedback.app.feed import DelayMeter, Feed, Snapshot
from emgfeedback.app.link import Link
from emgfeedback.app.patient.state import PatientState, patient_state
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.theme import DARK, LIGHT, stylesheet
from emgfeedback.values import RIVAL

PANEL_EVERY, NUMBERS_EVERY = 2, 16


class Stage(QSplitter):
    """Shows snapshots of one run: the picture each time, the panel every other time, numbers now and then."""

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
        self.patient = PatientView(DARK, " · ".join(filter(None, (self.tag, mode))))
        self.patient.painted = self._note_paint
        self.panel = Panel(
            job.protocol, feed.channels, who, self.tag, LIGHT, actions, feed.movement.known, mode
        )
        self.panel.setStyleSheet(stylesheet(LIGHT))
        self.panel.setMinimumWidth(400)
        self._arrange()

    def _arrange(self) -> None:
        self.setHandleWidth(2)
        self.setChildrenCollapsible(False)
        self.addWidget(self.patient)
        self.addWidget(self.panel)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 1)
        self.setSizes([960, 480])

    def show_snapshot(self, snapshot: Snapshot, link: Link, now_s: float) -> PatientState:
        """Show the newest state and return what the patient is told."""
        job, feed = self._job, self._feed
        state = patient_state(snapshot, job.protocol, feed.channels, job.side, link.silent_s)
        self.painted = snapshot
        self.patient.show_state(state, now_s)
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
            self.panel.say(said)

    def _announce(self, snapshot: Snapshot, link: Link, state: PatientState) -> None:
        """Tell a screen reader about a new phase, a lost board, and its return."""
        news = (snapshot.tick.phase_index, snapshot.tick.state, link.down)
        if news != self._announced:
            self._announced = news
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.patient, state.describe()))

    def _note_paint(self, now_s: float) -> None:
        if self.painted is not None:
            self.delay.painted(self.painted, now_s)
