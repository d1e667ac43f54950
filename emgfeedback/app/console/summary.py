"""The calm page after a run: what was done, and where it is kept."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from emgfeedback.app.console.cards import Cards
from emgfeedback.app.console.panel import NOT_A_DEVICE, card, label, row
from emgfeedback.app.feed import Result
from emgfeedback.app.theme import Theme
from emgfeedback.values import Protocol

WIDEST = 820


class Summary(QWidget):
    """Repetitions, rewards and the recording's place; Close, or open the folder."""

    def __init__(
        self,
        protocol: Protocol,
        results: tuple[Result, ...],
        recording_path: str,
        problem: str,
        theme: Theme,
        close: Callable[[], object],
    ) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = summary_words(results, protocol)
        page = QWidget()
        page.setMaximumWidth(WIDEST)
        around = QHBoxLayout(self)
        around.addWidget(page)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(14)
        layout.addStretch(1)
        layout.addWidget(label("The session is over" if not problem else "The session ended early", "huge"))
        self.banner = label(problem, "banner", wrap=True)
        self.banner.setVisible(bool(problem))
        layout.addWidget(self.banner)
        layout.addWidget(label(self.text, "large", wrap=True))
        if results:
            cards = Cards(protocol.repetitions, protocol.hold_s, theme)
            cards.show_results(results)
            layout.addWidget(card(row(cards)))
        self._path = Path(recording_path) if recording_path else None
        where = f"Recording: {self._path}" if self._path else "This session was not recorded."
        place = label(where, "dim", wrap=True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(place)
        layout.addLayout(self._buttons(close))
        layout.addStretch(2)
        layout.addWidget(label(NOT_A_DEVICE, "dim"))

    def _buttons(self, close: Callable[[], object]) -> QHBoxLayout:
        buttons = QHBoxLayout()
        wanted = [("Close", close, "main", "Close the window")]
        if self._path is not None:
            wanted.append(
                (
                    "Open folder",
                    partial(self._open_folder, self._path),
                    "",
                    "Show the recording in the file manager",
                )
            )
        for text, act, look, tip in wanted:
            button = QPushButton(text)
            button.setProperty("look", look)
            button.setAccessibleName(text)
            button.setToolTip(tip)
            button.setMinimumSize(160, 46)
            button.clicked.connect(act)
            buttons.addWidget(button)
        buttons.addStretch(1)
        return buttons

    def _open_folder(self, path: Path) -> None:
        folder = path if path.is_dir() else path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def summary_words(results: tuple[Result, ...], protocol: Protocol) -> str:
    """Repetitions, full holds and the usual share, in one or two sentences."""
    if not results:
        return "No repetition was finished."
    full = sum(result.rewarded for result in results)
    holds = "full hold" if full == 1 else "full holds"
    text = f"{len(results)} of {protocol.repetitions} repetitions, {full} {holds}."
    shares = [result.share_median for result in results if math.isfinite(result.share_median)]
    if shares:
        text += f" Median share of the target: {100 * statistics.median(shares):.0f} %."
    return text
