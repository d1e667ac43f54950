"""Between Start and the run: it is being put together, or it could not be."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.look import button, panel
from emgfeedback.app.pages.page import Page

WIDEST = 820
GETTING_READY = "Getting ready…"
A_MOMENT = "A moment: the session is being put together. The first one takes a few seconds."
NOT_READY = "The session could not begin"


class ReadyPage(Page):
    """Says that it takes a moment; after a failure why, and offers the way back and another try."""

    def __init__(self, again: Callable[[], object], back: Callable[[], object]) -> None:
        super().__init__(GETTING_READY)
        self.words = label(A_MOMENT, "large", wrap=True)
        self._back = button("Back", "Give up and go back  (Esc)", back, "page")
        self.likely = button("Try again", "Put the session together once more", again, "main")
        for made in (self._back, self.likely):
            made.setMinimumSize(160, 46)
        row = QHBoxLayout()
        row.addWidget(self.likely)
        row.addWidget(self._back)
        row.addStretch(1)
        middle = panel("", self.title, self.words, self.banner, row, margin=28)
        middle.setMaximumWidth(WIDEST)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(middle, 8)
        across.addStretch(1)
        self.banner.setProperty("look", "notice")
        self.title.setProperty("look", "hero")
        self.body.addStretch(1)
        self.body.addLayout(across)
        self.body.addStretch(2)
        self.show_waiting()

    def show_waiting(self) -> None:
        """It has begun."""
        self.say("")
        put(self.title, GETTING_READY)
        self.words.show()
        if self.likely is not None:
            self.likely.hide()
        self._back.setFocus()

    def show_failure(self, sentence: str) -> None:
        """It did not work: one sentence that says what to do."""
        put(self.title, NOT_READY)
        self.words.hide()
        self.say(sentence)
        if self.likely is not None:
            self.likely.show()
            self.likely.setFocus()
