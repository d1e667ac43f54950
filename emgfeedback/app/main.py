"""Opens the window on a run, and takes everything down in order."""

from __future__ import annotations

import locale
import os
import signal
import sys
from typing import Any

TITLE = "emgfeedback"


UNSEEN_PLATFORMS = ("offscreen", "minimal")


def has_display() -> bool:
    """Whether somebody could see a window; Qt aborts the process when it finds no display, so ask first."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform:
        return platform.partition(":")[0] not in UNSEEN_PLATFORMS
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def why_no_window() -> str:
    """What keeps a window from opening here; empty when nothing does."""
    if not has_display():
        return "there is no display"
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        return f"Qt cannot be loaded ({error})"
    return ""


def open_window(job: Any, *, autostart: bool, title: str = TITLE) -> int:
    """Show a run live until the window is closed; returns the exit code.

    Parameters
    ----------
    job : a run that is ready to go (`emgfeedback.run.job.Job`); it runs on a thread of its own
    autostart : begin the protocol at once, instead of at the operator's key
    """
    app = _application(title)
    from emgfeedback.app.window import Window

    window = Window(job, title)
    window.show()
    window.begin(autostart)
    _until_closed(app, window)
    code = window.worker.exit_code()
    _take_down(window)
    del window
    return code


def open_workstation(doors: Any, *, title: str = TITLE) -> int:
    """Show the workstation until its window is closed; returns the exit code.

    Parameters
    ----------
    doors : what the pages ask of the world outside (`emgfeedback.app.pages.doors.Doors`)
    """
    app = _application(title)
    from emgfeedback.app.workstation import Workstation

    station = Workstation(doors, title)
    station.show()
    _until_closed(app, station)
    _take_down(station)
    del station
    return 0


def _application(title: str) -> Any:
    from PySide6.QtWidgets import QApplication

    from emgfeedback.app.theme import load_fonts

    app = QApplication.instance() or QApplication([title])
    locale.setlocale(locale.LC_NUMERIC, "C")
    load_fonts()
    return app


def _until_closed(app: Any, window: Any) -> None:
    """Let Ctrl-C close the window like its own button, and end all that the window began."""
    before = signal.signal(signal.SIGINT, lambda *_: app.closeAllWindows())
    app.exec()
    signal.signal(signal.SIGINT, before)
    window.shutdown()


def _take_down(window: Any) -> None:
    """Delete the window while the application still lives."""
    from PySide6.QtCore import QCoreApplication, QEvent

    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
