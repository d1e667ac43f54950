"""The thread on which a run lives; the screen only polls what it leaves behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

from emgfeedback.errors import EmgFeedbackError, SourceError

log = logging.getLogger(__name__)

GRACE_S = 1.0
"""How long a stop command may take before the source is closed: a silent board never obeys it."""
LONGEST_CLOSE_S = 20.0


class RunThread(threading.Thread):
    """Drives ``job.run`` and keeps its outcome, or what went wrong."""

    def __init__(self, job: Any, sinks: Sequence[Any]) -> None:
        super().__init__(name="run", daemon=True)
        self.outcome: Any = None
        self.error: Exception | None = None
        self.cancelled = False
        self._job, self._sinks = job, tuple(sinks)
        self._closer: threading.Timer | None = None

    def run(self) -> None:
        try:
            self.outcome = self._job.run(self._sinks)
        except Exception as error:
            log.debug("the run failed", exc_info=True)
            self.error = error

    @property
    def stopping(self) -> bool:
        """Somebody asked it to stop, or it has."""
        return self._closer is not None

    def stop(self) -> None:
        """Ask the session to stop, and close the source if it does not in time; returns at once."""
        if self._closer is not None or not self.is_alive():
            return
        self._job.commands.post("stop")
        self._close_source(GRACE_S)

    def cancel(self) -> None:
        """Give up a source that has not answered yet; returns at once, whatever `close` waits for."""
        if self.is_alive() and not self.cancelled:
            self.cancelled = True
            self._close_source(0.0)

    def _close_source(self, after_s: float) -> None:
        self._closer = threading.Timer(after_s, self._job.source.close)
        self._closer.daemon = True
        self._closer.start()

    def finish(self) -> None:
        """Stop, and wait until the recording is closed."""
        self.stop()
        if self.ident is not None:
            self.join(LONGEST_CLOSE_S)
        if self._closer is not None:
            self._closer.cancel()

    @property
    def _excused(self) -> bool:
        """A board that was not waited for is nobody's fault."""
        return self.cancelled and isinstance(self.error, SourceError)

    def problem(self) -> str:
        """What went wrong, as one sentence; empty when all is well."""
        if self.error is None or self._excused:
            return ""
        if isinstance(self.error, EmgFeedbackError):
            return str(self.error)
        return f"The run ended by a fault of the program ({type(self.error).__name__}: {self.error})."

    def exit_code(self) -> int:
        """0, or the exit code of what went wrong."""
        return 0 if self.error is None or self._excused else getattr(self.error, "exit_code", 1)
