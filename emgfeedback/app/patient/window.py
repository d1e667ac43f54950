"""The patient's own window: the view alone, on the second screen where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QScreen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from emgfeedback.app.console.controls import ALL_CONTROLS, listen
from emgfeedback.app.patient.view import PatientView

TITLE = "Patient view"
SCREEN_LOST = "The patient's screen is gone: the view is beside this panel again. The session goes on."
WINDOW_CLOSED = "The patient's window was closed: the view is beside this panel again. The session goes on."


def second_screen(own: QScreen, screens: Sequence[QScreen]) -> QScreen | None:
    """The first screen that the panel does not stand on; None where there is only one."""
    return next((screen for screen in screens if screen is not own and screen.name() != own.name()), None)


class PatientWindow(QWidget):
    """Shows a `PatientView` full screen on another screen, and gives it back; the keys work here too."""

    closed = Signal()
    """The window was closed by hand; the session is not."""

    def __init__(self, press: Callable[[str], object], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(TITLE)
        self.setAccessibleName(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.where: QScreen | None = None
        listen(self, {control.name: lambda name=control.name: press(name) for control in ALL_CONTROLS})

    def take(self, view: PatientView, screen: QScreen) -> None:
        """Show the view on this screen; the panel keeps the keyboard."""
        self.where = screen
        self._box.addWidget(view)
        view.show()
        self.setGeometry(screen.geometry())
        self.showFullScreen()

    def give_back(self) -> None:
        """Leave the screen; whoever takes the view puts it into another window."""
        self.where = None
        self.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        if self.where is not None:
            self.closed.emit()
