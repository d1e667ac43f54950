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
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    from emgfeedback.app.theme import load_fonts
    from emgfeedback.app.window import Window

    app = QApplication.instance() or QApplication([title])
    locale.setlocale(locale.LC_NUMERIC, "C")
    load_fonts()
    window = Window(job, title)
    window.show()
    window.begin(autostart)
    before = signal.signal(signal.SIGINT, lambda *_: QApplication.closeAllWindows())
    app.exec()
    signal.signal(signal.SIGINT, before)
    window.shutdown()
    code = window.worker.exit_code()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del window
    return code
