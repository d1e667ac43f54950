"""One small card per repetition: who did the work, and how much of the hold was good."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from emgfeedback.app.feed import Result
from emgfeedback.app.patient.text import Label
from emgfeedback.app.theme import Theme

WIDEST, NARROWEST, GAP, BAR_HEIGHT = 88.0, 58.0, 6.0, 34.0


class Cards(QWidget):
    """Shows the repetitions that fit, ending with the one in work."""

    def __init__(self, repetitions: int, hold_s: float, theme: Theme) -> None:
        super().__init__()
        self._repetitions, self._hold_s, self._theme = repetitions, hold_s, theme
        self._results: tuple[Result, ...] = ()
        self._now = 0
        self.setFixedHeight(74)
        self.setAccessibleName("Repetitions")

    def sizeHint(self) -> QSize:
        return QSize(440, 74)

    def show_results(self, results: tuple[Result, ...], now: int = 0) -> None:
        """Take the newest results; ``now`` is the repetition in work."""
        if (results, now) != (self._results, self._now):
            self._results, self._now = results, now
            self.setAccessibleDescription("; ".join(map(self._spoken, self._results)))
            self.update()

    def _spoken(self, result: Result) -> str:
        if result.void:
            return f"{result.repetition}: void, {result.void}"
        return f"{result.repetition}: {self._seconds(result)}{', full hold' if result.rewarded else ''}"

    def _seconds(self, result: Result) -> str:
        if not self._hold_s:
            return f"{result.good_s:.1f} s"
        return f"{min(result.good_s, self._hold_s):.1f} of {self._hold_s:g} s"

    def paintEvent(self, event: object) -> None:
        with QPainter(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        slots = self._slots()
        shown = max(1, int((self.width() + GAP) / (NARROWEST + GAP)))
        shown = max(1, min(shown, len(slots)))
        width = min(WIDEST, (self.width() + GAP) / shown - GAP)
        first = min(max(0, len(self._results) + 2 - shown), len(slots) - shown)
        for place, (number, result) in enumerate(slots[first : first + shown]):
            self._card(painter, place * (width + GAP), width, number, result)

    def _slots(self) -> list[tuple[int, Result | None]]:
        """What was done, in its order, then what is to come; a void attempt is there beside its repeat."""
        counted = {result.repetition for result in self._results if not result.void}
        to_come = (n for n in range(1, self._repetitions + 1) if n not in counted)
        return [*((result.repetition, result) for result in self._results), *((n, None) for n in to_come)]

    def _card(self, painter: QPainter, left: float, width: float, number: int, result: Result | None) -> None:
        theme = self._theme
        box = QRectF(left + 1, 1.0, width - 2, BAR_HEIGHT)
        current = number == self._now and result is None
        painter.setPen(QPen(QColor(theme.accent if current else theme.line), 2 if current else 1))
        painter.setBrush(QColor(theme.background))
        painter.drawRoundedRect(box, 7, 7)
        inside = (box.x(), box.y(), box.width(), box.height())
        if result is None:
            text, colour = ("now", theme.accent) if current else (str(number), theme.dim)
            Label(text, inside, 13, colour, current).draw(painter)
            return
        if result.void:
            self._void(painter, box, number, result)
            return
        self._share(painter, box, result)
        title = f"{number} ✓" if result.rewarded else str(number)
        shared = math.isfinite(result.share_median)
        head = f"{title}   {100 * result.share_median:.0f} %" if shared else title
        Label(head, (left, BAR_HEIGHT + 4.0, width, 18.0), 13, theme.ink, True).draw(painter)
        Label(self._seconds(result), (left, BAR_HEIGHT + 22.0, width, 17.0), 12, theme.dim).draw(painter)

    def _void(self, painter: QPainter, box: QRectF, number: int, result: Result) -> None:
        """A crossed outline and a word: it neither failed nor counts."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.dim), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, 7, 7)
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topRight())
        under = (box.x(), BAR_HEIGHT + 4.0, box.width(), 18.0)
        Label(f"{number}   void", under, 13, self._theme.dim, True).draw(painter)
        under = (box.x(), BAR_HEIGHT + 22.0, box.width(), 17.0)
        Label("not counted", under, 12, self._theme.dim).draw(painter)

    def _share(self, painter: QPainter, box: QRectF, result: Result) -> None:
        """The target's share of the work from the bottom; the rest belongs to the rivals."""
        if not math.isfinite(result.share_median):
            return
        share = min(1.0, max(0.0, result.share_median))
        painter.setPen(Qt.PenStyle.NoPen)
        lower = box.adjusted(0, box.height() * (1 - share), 0, 0)
        for part, colour in ((box, self._theme.line), (lower, self._theme.target)):
            painter.save()
            painter.setClipRect(part)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(box, 7, 7)
            painter.restore()
