"""One small card per repetition: how hard it was, who did the work, and how much of the hold was good."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from emgfeedback.app.feed import Result
from emgfeedback.app.patient.text import Label
from emgfeedback.app.theme import Theme

WIDEST, NARROWEST, GAP, BAND, BAR_HEIGHT = 88.0, 58.0, 6.0, 17.0, 44.0
HEIGHT = 84


class Cards(QWidget):
    """Shows the repetitions that fit, ending with the one in work."""

    def __init__(self, repetitions: int, hold_s: float, theme: Theme) -> None:
        super().__init__()
        self._repetitions, self._hold_s, self._theme = repetitions, hold_s, theme
        self._results: tuple[Result, ...] = ()
        self._now = 0
        self.picked: Callable[[int], object] | None = None
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Repetitions")

    def sizeHint(self) -> QSize:
        return QSize(440, HEIGHT)

    def show_results(self, results: tuple[Result, ...], now: int = 0) -> None:
        """Take the newest results; ``now`` is the repetition in work."""
        if (results, now) != (self._results, self._now):
            self._results, self._now = results, now
            self.setAccessibleDescription("; ".join(map(self._spoken, self._results)))
            self.update()

    def _spoken(self, result: Result) -> str:
        number = result.repetition
        if result.void:
            return f"{number}: void, {result.void}"
        said = [self._seconds(result)]
        if result.achieved:
            said.append("full hold" if result.rule == "hold" else "met")
        said += [f"at {difficulty(result)}"] if difficulty(result) else []
        said += [] if result.seen else ["quiet"]
        if result.met_fixed is not None:
            said.append(f"fixed line {'met' if result.met_fixed else 'not met'}")
        said += [f"not counted, {result.veto}"] if result.veto else []
        return f"{number}: {', '.join(said)}"

    def _seconds(self, result: Result) -> str:
        hold_s = self._hold_s if result.hold_s is None else result.hold_s
        if not result.seen:
            return f"quiet {result.good_s:.1f} s"
        if not hold_s or result.rule == "rep":
            return f"{result.good_s:.1f} s"
        return f"{min(result.good_s, hold_s):.1f} of {hold_s:g} s"

    def paintEvent(self, event: object) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for left, width, number, result in self._places():
                self._card(painter, left, width, number, result)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a finished card asks about it."""
        x = event.position().x()
        for left, width, number, result in self._places():
            if left <= x < left + width and result is not None and self.picked is not None:
                self.picked(number)

    def _places(self) -> Iterator[tuple[float, float, int, Result | None]]:
        """Left edge, width, number and result of every card that fits."""
        slots = self._slots()
        shown = max(1, int((self.width() + GAP) / (NARROWEST + GAP)))
        shown = max(1, min(shown, len(slots)))
        width = min(WIDEST, (self.width() + GAP) / shown - GAP)
        first = min(max(0, len(self._results) + 2 - shown), len(slots) - shown)
        for place, (number, result) in enumerate(slots[first : first + shown]):
            yield place * (width + GAP), width, number, result

    def _slots(self) -> list[tuple[int, Result | None]]:
        """What was done, in its order, then what is to come; a void attempt is there beside its repeat."""
        done = {result.repetition for result in self._results if not result.void}
        to_come = (n for n in range(1, self._repetitions + 1) if n not in done)
        return [*((result.repetition, result) for result in self._results), *((n, None) for n in to_come)]

    def _card(self, painter: QPainter, left: float, width: float, number: int, result: Result | None) -> None:
        theme = self._theme
        box = QRectF(left + 1, 1.0, width - 2, BAR_HEIGHT)
        current = number == self._now and result is None
        painter.setPen(QPen(QColor(theme.accent if current else theme.line), 2 if current else 1))
        painter.setBrush(QColor(theme.background))
        painter.drawRoundedRect(box, 7, 7)
        if result is None:
            text, colour = ("now", theme.accent) if current else (str(number), theme.dim)
            Label(text, (box.x(), box.y(), box.width(), box.height()), 13, colour, current).draw(painter)
            return
        if not result.counts:
            self._crossed(painter, box, result)
            return
        self._bar(painter, box, result)
        title = f"{number} ✓" if result.achieved else str(number)
        shared = math.isfinite(result.share_median)
        head = f"{title}   {100 * result.share_median:.0f} %" if shared else title
        Label(head, (left, BAR_HEIGHT + 4.0, width, 18.0), 13, theme.ink, True).draw(painter)
        Label(self._seconds(result), (left, BAR_HEIGHT + 22.0, width, 17.0), 12, theme.dim).draw(painter)

    def _crossed(self, painter: QPainter, box: QRectF, result: Result) -> None:
        """A crossed outline and the reason: it neither failed nor counts."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.dim), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, 7, 7)
        painter.setPen(QPen(QColor(self._theme.dim), 2))
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topRight())
        word, why = ("veto", result.veto) if result.veto else ("void", "not counted")
        under = (box.x(), BAR_HEIGHT + 4.0, box.width(), 15.0)
        Label(f"{result.repetition}   {word}", under, 13, self._theme.dim, True).draw(painter)
        under = (box.x() - 2, BAR_HEIGHT + 18.0, box.width() + 4, HEIGHT - BAR_HEIGHT - 18.0)
        Label(why, under, 12, self._theme.dim).draw(painter)

    def _bar(self, painter: QPainter, box: QRectF, result: Result) -> None:
        """Difficulty above, the target's share of the work below; the rest belongs to the rivals."""
        share = min(1.0, max(0.0, result.share_median)) if math.isfinite(result.share_median) else None
        well = box.adjusted(0, BAND, 0, 0)
        lower = well.adjusted(0, well.height() * (1 - (share or 0.0)), 0, 0)
        painter.setPen(Qt.PenStyle.NoPen)
        for part, colour in (
            ((well, self._theme.line), (lower, self._theme.target)) if share is not None else ()
        ):
            painter.save()
            painter.setClipRect(part)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(box, 7, 7)
            painter.restore()
        if not result.seen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QBrush(QColor(self._theme.ink), Qt.BrushStyle.BDiagPattern), 4))
            painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 6, 6)
        above = (box.x() + 5, box.y() + 3, box.width() - 10, BAND - 2)
        Label(difficulty(result), above, 11, self._theme.ink).draw(painter)


def difficulty(result: Result) -> str:
    """The line that was in use, empty where none was asked for."""
    return f"{result.line_ratio:.2f} : 1" if result.line_ratio > 0 else ""
