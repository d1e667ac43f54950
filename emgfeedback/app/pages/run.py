"""The Run page: the window of a run as a page of the workstation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout

from emgfeedback.app.console.parts import label
from emgfeedback.app.pages.look import strip_sheet
from emgfeedback.app.window import Window

DONE, DONE_TIP = "Done", "Back to Home  (Esc)"


class RunPage(Window):
    """A run inside the workstation; closing it leads back to Home.

    ``over`` is called once when there is a summary or a failure to read, ``closed`` when the page may go,
    ``full`` with whether only the patient view is to be seen. ``about`` is the person's limits in a line,
    for the operator.
    """

    def __init__(
        self,
        job: Any,
        over: Callable[[], object],
        closed: Callable[[], object],
        full: Callable[[bool], object],
        about: str = "",
    ) -> None:
        self._over_page: object = None
        self._tell_over, self._tell_closed, self._tell_full = over, closed, full
        self._is_full = False
        super().__init__(job, "Run")
        self.setAccessibleName("Run")
        self.about = label(about, "strip")
        self.about.setStyleSheet(strip_sheet())
        self.about.setToolTip(about)
        self.about.setMinimumWidth(1)
        self.about.setVisible(False)
        layout = self.layout()
        if about and isinstance(layout, QVBoxLayout):
            layout.setSpacing(0)
            layout.insertWidget(0, self.about)
            self.about.show()

    @property
    def is_over(self) -> bool:
        """Nothing runs any more; there is something to read."""
        return self.summary is not None or self.failure is not None

    def poll(self) -> None:
        """Show the newest snapshot; once it is over, say what the button leads to."""
        super().poll()
        page = self.summary or self.failure
        if page is not None and page is not self._over_page:
            self._over_page = page
            for made in page.buttons:
                if made.text() == "Close":
                    _rename(made)
            self._tell_over()

    def toggle_full_screen(self) -> None:
        """Only the patient view, or everything again."""
        self._show_full(not self._is_full)

    def leave_full_screen(self) -> None:
        """Show everything again."""
        if self._is_full:
            self._show_full(False)

    def _show_full(self, wanted: bool) -> None:
        self._is_full = wanted
        self.panel.setVisible(not wanted)
        self.about.setVisible(not wanted and bool(self.about.text()))
        self._tell_full(wanted)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The run is stopped and its recording closed first."""
        super().closeEvent(event)
        if event.isAccepted():
            self._tell_closed()


def _rename(made: QPushButton) -> None:
    made.setText(DONE)
    made.setAccessibleName(DONE)
    made.setToolTip(DONE_TIP)
