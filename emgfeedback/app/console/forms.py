"""What is asked above the keys: why a repetition does not count, how the pain is, who unlocks what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QComboBox, QFrame, QGridLayout, QLineEdit, QPushButton

from emgfeedback.app.console.parts import label, put
from emgfeedback.training.permissions import KEY_WORDS, OTHER_LEG, WEIGHT

WHY_VETOED = ("rolled back", "hip flexed", "leaned", "pelvis dropped")
COUNT_IT, LEAVE_IT = "counts after all", "leave it"
WORST_PAIN = 10


class Field(QLineEdit):
    """A line to write in: letters are no keys of the window, and Esc leaves the line, not the session."""

    def __init__(self, name: str, leave: Callable[[], object]) -> None:
        super().__init__()
        self._leave = leave
        self.setPlaceholderText(name)
        self.setAccessibleName(name)
        self.setMaxLength(80)

    def event(self, event: QEvent) -> bool:
        """Keep Esc away from the window's Stop."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_escape(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_escape(event):
            self._leave()
        else:
            super().keyPressEvent(event)


def _is_escape(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape


class Form(QFrame):
    """A white card with a question; hidden until it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.setAccessibleName(name)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(10, 7, 10, 8)
        self.grid.setSpacing(6)
        self.question = label("", "leader", wrap=True)
        self.hide()

    def button(self, text: str, act: Callable[[], object], tip: str, look: str = "") -> QPushButton:
        """A button of this form."""
        made = QPushButton(text)
        made.setProperty("look", look)
        made.setAccessibleName(text)
        made.setToolTip(tip)
        made.clicked.connect(lambda: act())
        return made

    def put_away(self) -> None:
        """Take the question back; the focus goes to the panel, or Qt would move it on to Stop."""
        focused = QApplication.focusWidget()
        if focused is not None and (focused is self or self.isAncestorOf(focused)):
            self.window().setFocus()
        self.hide()


class VetoForm(Form):
    """Names one repetition and asks why it does not count; keys 1 to 5 and 0 answer."""

    def __init__(self, answer: Callable[[int, str, bool], object]) -> None:
        super().__init__("Veto")
        self._answer = answer
        self._numbers: list[int] = []
        self._vetoed: Mapping[int, str] = {}
        self._place = 0
        self.grid.addWidget(self.question, 0, 0, 1, 3)
        self.buttons: dict[str, QPushButton] = {}
        for place, text in enumerate((*WHY_VETOED, COUNT_IT, LEAVE_IT)):
            key = str((place + 1) % 6)
            made = self.button(f"{key}  {text}", partial(self.choose, text), f"{text}  ({key})", "number")
            made.setAccessibleName(text)
            self.grid.addWidget(made, 1 + place // 3, place % 3)
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(made.click)
            self.buttons[text] = made

    def ask(self, numbers: Sequence[int], vetoed: Mapping[int, str], number: int | None = None) -> None:
        """Ask about one of the repetitions, newest first; asked again, about the one before."""
        again = self.isVisible() and number is None
        wanted = self._numbers[(self._place + 1) % len(self._numbers)] if again and self._numbers else number
        self._numbers, self._vetoed = list(numbers), vetoed
        self._place = self._numbers.index(wanted) if wanted in self._numbers else 0
        if not self._numbers:
            return
        asked = self._numbers[self._place]
        put(self.question, f"Repetition {asked} does not count, because it was:")
        if asked in vetoed:
            put(self.question, f"Repetition {asked} is not counted ({vetoed[asked]}).")
        for text in (*WHY_VETOED, COUNT_IT):
            self.buttons[text].setEnabled((text == COUNT_IT) == (asked in vetoed))
        self.show()

    def choose(self, text: str) -> None:
        """Take one of the answers."""
        self.put_away()
        if text == LEAVE_IT:
            return
        number = self._numbers[self._place]
        undo = text == COUNT_IT
        self._answer(number, self._vetoed.get(number, "") if undo else text, undo)


class PainForm(Form):
    """After the pain key: how strong it is, and who has looked."""

    def __init__(self, score: Callable[[int], object], acknowledge: Callable[[str], object]) -> None:
        super().__init__("Pain")
        self._acknowledge = acknowledge
        self.grid.addWidget(self.question, 0, 0, 1, WORST_PAIN + 1)
        for number in range(WORST_PAIN + 1):
            tip = f"Pain {number} of 10"
            made = self.button(str(number), partial(score, number), tip, "number")
            made.setAccessibleName(tip)
            self.grid.addWidget(made, 1, number)
        self.who = Field("Name or initials", self.setFocus)
        self.who.textChanged.connect(self._allow)
        self.who.returnPressed.connect(self._post)
        self.looked = self.button(
            "A clinician has looked", self._post, "Unlock the session after pain", "main"
        )
        self.grid.addWidget(self.who, 2, 0, 1, 5)
        self.grid.addWidget(self.looked, 2, 5, 1, 6)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._allow("")

    def show_score(self, score: float | None) -> None:
        """Say what was noted so far; the form is shown as long as the session is locked."""
        said = "How strong is the pain, 0 to 10?" if score is None else f"Pain {score:.0f} of 10 is noted."
        put(self.question, f"{said} All is locked until a clinician acknowledges.")

    def _allow(self, text: str) -> None:
        self.looked.setEnabled(bool(text.strip()))

    def _post(self) -> None:
        who = self.who.text().strip()
        if who:
            self.who.clear()
            self.setFocus()
            self._acknowledge(who)


class UnlockForm(Form):
    """Which key, who, why, until when: all four are needed."""

    def __init__(self, unlock: Callable[[Mapping[str, str]], object]) -> None:
        super().__init__("Unlock")
        self._unlock = unlock
        self.key = QComboBox()
        self.key.setAccessibleName("Permission")
        self.key.setToolTip("What is to be permitted")
        self.who, self.why, self.until = (
            Field(name, self.put_away) for name in ("Who (clinician)", "Why", "Until, 2027-01-31")
        )
        put(self.question, "A clinician permits, by name:")
        self.grid.addWidget(self.question, 0, 0, 1, 2)
        self.grid.addWidget(self.key, 0, 2, 1, 4)
        for place, field in enumerate((self.who, self.why, self.until)):
            self.grid.addWidget(field, 1, 2 * place, 1, 2)
            field.textChanged.connect(self._allow)
            field.returnPressed.connect(self._post)
        self.done = self.button("Unlock", self._post, "Permit this until the day named", "main")
        leave = self.button("Leave it locked", self.put_away, "Close this question", "page")
        self.grid.addWidget(self.done, 2, 0, 1, 3)
        self.grid.addWidget(leave, 2, 3, 1, 3)
        self._allow("")

    def ask(self, missing: Sequence[str], today: str) -> None:
        """Offer the missing keys; weight bearing is no key and stands in the person's limits."""
        self.key.clear()
        for code in keys_of(missing):
            leg, key = (
                ("other", code.removeprefix(OTHER_LEG)) if code.startswith(OTHER_LEG) else ("trained", code)
            )
            on = " (other leg)" if leg == "other" else ""
            self.key.addItem(f"{key}: {KEY_WORDS.get(key, key)}{on}", {"key": key, "leg": leg})
        self.until.setText(today)
        self.show()
        self.who.setFocus()

    def _texts(self) -> dict[str, str]:
        fields = {"who": self.who, "why": self.why, "until": self.until}
        return {name: field.text().strip() for name, field in fields.items()}

    def _allow(self, _: str) -> None:
        self.done.setEnabled(all(self._texts().values()))

    def _post(self) -> None:
        chosen: Any = self.key.currentData()
        if chosen and all(self._texts().values()):
            self.put_away()
            self._unlock({**chosen, **self._texts()})


def keys_of(missing: Sequence[str]) -> list[str]:
    """Those of the missing permissions that a name can unlock."""
    return [code for code in missing if not code.removeprefix(OTHER_LEG).startswith(WEIGHT)]
