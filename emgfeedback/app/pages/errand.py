"""Work that may take its time, done on a thread; the page asks now and then whether it is back."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer

from emgfeedback.errors import EmgFeedbackError

log = logging.getLogger(__name__)

ASK_EVERY_MS = 30
LONGEST_WAIT_S = 10.0


class Errands(QObject):
    """Runs functions on threads of their own and hands each result back on the thread of the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._away: list[_Errand] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def send(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object],
    ) -> _Errand:
        """Begin ``work``; ``done`` gets its result, ``failed`` one sentence of what went wrong."""
        errand = _Errand(work, done, failed)
        self._away.append(errand)
        errand.start()
        self._timer.start(ASK_EVERY_MS)
        return errand

    def _look(self) -> None:
        back = [errand for errand in self._away if not errand.is_alive()]
        self._away = [errand for errand in self._away if errand not in back]
        if not self._away:
            self._timer.stop()
        for errand in back:
            errand.report()

    def shutdown(self) -> None:
        """Forget what is asked for, and wait for the threads: none may live on while Python ends."""
        self._timer.stop()
        for errand in self._away:
            errand.forget()
        for errand in self._away:
            errand.join(LONGEST_WAIT_S)
            errand.report()
        self._away = []


class _Errand(threading.Thread):
    def __init__(
        self, work: Callable[[], Any], done: Callable[[Any], object], failed: Callable[[str], object]
    ) -> None:
        super().__init__(name="errand", daemon=True)
        self._work, self._done, self._failed = work, done, failed
        self._result: Any = None
        self._problem = ""
        self._wanted = True

    def run(self) -> None:
        try:
            self._result = self._work()
        except EmgFeedbackError as error:
            self._problem = str(error)
        except Exception as error:
            log.debug("an errand failed", exc_info=True)
            self._problem = f"A fault of the program ({type(error).__name__}: {error}); please report it."

    def forget(self) -> None:
        """Nobody waits for the result any more; a run that comes back is let go of."""
        self._wanted = False

    def report(self) -> None:
        """Hand over what came back."""
        if not self._wanted:
            _let_go(self._result)
        elif self._problem:
            self._failed(self._problem)
        else:
            self._done(self._result)


def _let_go(result: Any) -> None:
    source = getattr(result, "source", None)
    if source is not None:
        with contextlib.suppress(Exception):
            source.close()
