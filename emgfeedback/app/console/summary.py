"""The calm page after a run: what was done, and where it is kept."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices

from emgfeedback.app.console.cards import Cards
from emgfeedback.app.console.page import Choice, Page
from emgfeedback.app.console.parts import card, label, row
from emgfeedback.app.feed import Result
from emgfeedback.app.theme import Theme
from emgfeedback.values import Protocol


class Summary(Page):
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
        path = Path(recording_path) if recording_path else None
        choices = [Choice("Close", close, "Close the window", likely=True)]
        if path is not None:
            show = partial(open_folder, path)
            choices.append(Choice("Open folder", show, "Show the recording in the file manager"))
        super().__init__("The session is over" if not problem else "The session ended early", theme, choices)
        self.text = summary_words(results, protocol)
        self.banner = label(problem, "banner", wrap=True)
        self.banner.setVisible(bool(problem))
        self.add(self.banner)
        self.add(label(self.text, "large", wrap=True))
        if results:
            cards = Cards(protocol.repetitions, protocol.hold_s, theme)
            cards.show_results(results)
            self.add(card(row(cards)))
        place = label(f"Recording: {path}" if path else "This session was not recorded.", "dim", wrap=True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.add(place)


def open_folder(path: Path) -> None:
    """Show a recording in the file manager."""
    folder = path if path.is_dir() else path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def summary_words(results: tuple[Result, ...], protocol: Protocol) -> str:
    """Repetitions, full holds and the usual share; what is void or vetoed is named and does not count."""
    counted = [result for result in results if result.counts]
    if counted:
        full = sum(result.achieved for result in counted)
        holds = "full hold" if full == 1 else "full holds"
        if all(result.rule == "rep" for result in counted):
            holds = "met the line"
        text = f"{len(counted)} of {protocol.repetitions} repetitions, {full} {holds}."
    else:
        text = "No repetition was finished."
    shares = [result.share_median for result in counted if math.isfinite(result.share_median)]
    if shares:
        text += f" Median share of the target: {100 * statistics.median(shares):.0f} %."
    for word, number in (
        ("void", sum(bool(result.void) for result in results)),
        ("vetoed", sum(bool(result.veto) for result in results)),
    ):
        if number:
            text += f" {number} {'attempt was' if number == 1 else 'attempts were'} {word} and not counted."
    return text
