"""The workstation: one window in which a session is done from Home to its summary and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from emgfeedback.app.pages.desk import Desk
from emgfeedback.app.pages.doors import Doors, Order, Person
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.home import Home, Ways
from emgfeedback.app.pages.look import sheet
from emgfeedback.app.pages.page import Page
from emgfeedback.app.pages.rail import Rail
from emgfeedback.errors import EmgFeedbackError

if TYPE_CHECKING:
    from emgfeedback.app.pages.run import RunPage

HEARTBEAT_MS = 200
"""Keeps Python awake for Ctrl-C."""
WITH_RAIL = 1400
"""Width from which the rail stays beside a run."""
OPEN_TO = ("home", "person", "placement", "signals", "exercise", "replay")
BEFORE = {"exercise": "signals", "signals": "placement", "placement": "person"}


class Workstation(QWidget):
    """Rail and pages; a page is made when it is first opened."""

    def __init__(self, doors: Doors, title: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.setStyleSheet(sheet())
        self._doors = doors
        self.errands = Errands(self)
        self.person: Person | None = None
        self.run: RunPage | None = None
        self._in_run: Person | None = None
        self._closing = False
        self._gone: list[RunPage] = []
        self._begin: Callable[[], object] = self.show_home
        self._asked: object = None
        self._came_from = "home"
        self.rail = Rail(self.go)
        self.stack = QStackedWidget()
        ways = Ways(self.new_session, self.resume, self.try_it, partial(self.go, "replay"), self.replay)
        self.desk = Desk(
            doors,
            self.errands,
            go=self.go,
            back=self.back,
            with_person=self.with_person,
            start=self.start,
            replay=self.replay,
            again=lambda: self._begin(),
        )
        self.pages = self.desk.pages
        self.pages["home"] = Home(doors, self.errands, ways)
        self.here = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addWidget(self.stack, 1)
        self._keys = [_key(self, "Esc", self.back), _key(self, "Ctrl+N", self.new_session)]
        self._heartbeat = QTimer(self)
        self._heartbeat.timeout.connect(lambda: None)
        self._heartbeat.start(HEARTBEAT_MS)
        self.resize(QSize(1440, 860).boundedTo(self.screen().availableSize()))
        self.show_home()

    def page(self, name: str) -> Page:
        """A page by its name, made when it is first asked for."""
        return self.desk.page(name)

    def go(self, name: str) -> None:
        """Open a page; a run is never left this way."""
        if self.run is not None:
            return
        if self.here == "ready" and name != "ready":
            self._asked = None
        page = self.page(name)
        if self.stack.indexOf(page) < 0:
            self.stack.addWidget(page)
        self.desk.fill(name, self.person, self.here)
        self.here = name
        self.setFocus()  # else Qt hands the focus to the first control of the new page on the way
        self.stack.setCurrentWidget(page)
        page.enter()
        page.take_focus()
        page.announce()
        self._show_rail()

    def show_home(self) -> None:
        """Open Home."""
        self.go("home")

    def back(self) -> None:
        """One page back; out of a summary, to Home."""
        if self.run is not None:
            if self.run.is_over:
                self.run.close()
            return
        if self.here != "home":
            self.go({**BEFORE, "ready": self._came_from}.get(self.here, "home"))

    def new_session(self) -> None:
        """Begin with a new person."""
        if self.run is None:
            self.person = None
            self.desk.person.start_new()
            self.go("person")

    def resume(self) -> None:
        """Go on with the person seen last; a file that cannot be read is said on Home."""
        home = self.page("home")
        home.say("")
        try:
            known = self._doors.load(self._doors.last())
        except EmgFeedbackError as error:
            home.say(str(error))
            return
        if known is None:
            home.say("the file of this person is gone; begin a new session")
            return
        self.desk.person.show_person(known)
        self.with_person(known)

    def with_person(self, person: Person) -> None:
        """A person is known now: place the electrodes."""
        if self.person is None or (person.code, person.side) != (self.person.code, self.person.side):
            self.desk.start_anew()
        self.person = person
        self.go("placement")

    def try_it(self) -> None:
        """A simulated session, at once."""
        self._prepare(self._doors.try_it, None, autostart=True)

    def start(self, order: Order) -> None:
        """Put together what the Exercise page asks for."""
        self._prepare(partial(self._doors.live, order), order.person, autostart=False)

    def replay(self, path: str, montage: str = "") -> None:
        """Show a recording again."""
        self._prepare(partial(self._doors.replay, path, montage), None, autostart=True)

    def _prepare(self, work: Callable[[], Any], person: Person | None, autostart: bool) -> None:
        """Let a run be put together on a thread; whoever goes elsewhere meanwhile does not get it."""
        if self.here != "ready":
            self._came_from = self.here
        self._begin = partial(self._prepare, work, person, autostart)
        self.desk.ready.show_waiting()
        self.go("ready")
        asked = self._asked = object()
        free = partial(self._when_free, work)
        self.errands.send(
            free, partial(self._open, asked, person, autostart), partial(self._not_ready, asked)
        )

    def _when_free(self, work: Callable[[], Any]) -> Any:
        """On the errand's thread: a signal check that was left has let the board go first."""
        self.desk.release()
        return work()

    def _not_ready(self, asked: object, sentence: str) -> None:
        if asked is self._asked:
            self.desk.ready.show_failure(sentence)

    def _open(self, asked: object, person: Person | None, autostart: bool, job: Any) -> None:
        """The run is ready: show it, unless somebody went elsewhere meanwhile."""
        if asked is not self._asked or self._closing:
            self.errands.send(job.source.close, lambda _: None, lambda _: None)
            return
        from emgfeedback.app.pages.run import RunPage

        about = self._limits_of(person) if person else ""
        self._in_run = person
        self.run = RunPage(job, self._run_over, self._run_closed, self._show_full, about)
        self.here = "run"
        self.stack.addWidget(self.run)
        self.stack.setCurrentWidget(self.run)
        self._show_rail()
        self.activateWindow()  # parts of a run that show themselves early may have taken the keyboard
        self.run.setFocus()
        self.run.begin(autostart)

    def _limits_of(self, person: Person) -> str:
        from emgfeedback.app.pages.limits_words import limits_words, who_words

        return f"{who_words(person)}    {limits_words(person, self._doors.today())}"

    def _run_over(self) -> None:
        """There is something to read; Esc leads on now."""
        self._show_rail()

    def _run_closed(self) -> None:
        """Back to Home; the page itself goes when its own event is over."""
        run, self.run = self.run, None
        if run is None:
            return
        self._gone.append(run)
        self.go("home")
        QTimer.singleShot(0, self, self._clear_away)

    def _clear_away(self) -> None:
        for run in self._gone:
            run.shutdown()
            self.stack.removeWidget(run)
            run.deleteLater()
        self._gone = []
        if self._closing:
            self.close()

    def _show_rail(self) -> None:
        """Mark where one is; while something runs only its own keys count."""
        person = self._in_run if self.run else self.person
        done = self.desk.done(self.here, person, self.run is not None)
        here = {"ready": "run"}.get(self.here, self.here)
        who = f"Person {person.code}" if person else ""
        self.rail.show_steps(here, done, () if self.run else OPEN_TO, who)
        self.rail.setVisible(self.run is None or self.width() >= WITH_RAIL)
        for key in self._keys:
            key.setEnabled(self.run is None)
        self._keys[0].setEnabled(self.run is None or self.run.is_over)

    def _show_full(self, wanted: bool) -> None:
        """Only the patient view, on the whole screen, or everything again."""
        self.showFullScreen() if wanted else self.showNormal()
        self.rail.setVisible(not wanted and (self.run is None or self.width() >= WITH_RAIL))

    def closeEvent(self, event: QCloseEvent) -> None:
        """A run is stopped and its recording closed first; then the window goes."""
        self._closing = True
        if self.run is not None:
            event.ignore()
            self.run.close()
            return
        self._heartbeat.stop()
        event.accept()

    def shutdown(self) -> None:
        """End everything in order: timers, the run with its recording, threads that are still away."""
        self._heartbeat.stop()
        for run in (*self._gone, *([self.run] if self.run is not None else [])):
            run.shutdown()
        self.desk.shutdown()
        self.errands.shutdown()


def _key(window: QWidget, keys: str, act: Callable[[], object]) -> QShortcut:
    shortcut = QShortcut(QKeySequence(keys), window)
    shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
    shortcut.setAutoRepeat(False)
    shortcut.activated.connect(lambda: act())
    return shortcut
