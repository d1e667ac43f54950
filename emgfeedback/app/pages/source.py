"""Where the samples come from, and which channel hears which muscle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.doors import SIMULATED, Doors, Port
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.look import Segments, button, clear, field, named
from emgfeedback.app.words import muscle
from emgfeedback.errors import EmgFeedbackError
from emgfeedback.training.montage import parse_montage
from emgfeedback.training.options import OTHER_WAIST
from emgfeedback.values import Protocol

KINDS = (("simulated", "Simulated"), ("board", "Board"), ("file", "File"))
USUAL_MONTAGE = "gmed=1,tfl=2,ql=3"
USUAL = ("gmed", "tfl", "ql")
NOBODY = "A simulated person; nobody lies there. Which channel is which muscle is set by the exercise."
NO_PORT = "No port was found. Put the dongle in, switch the board to PC, then look again."
NOT_AT_PLACE = "Not among the channels: {wanted}. Is an electrode there, for this exercise?"


class SourceBox(QWidget):
    """Simulated person, board or file; ``changed`` is told when another one is chosen."""

    def __init__(self, doors: Doors, errands: Errands, changed: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("look", "clear")
        self._doors, self._errands, self._changed = doors, errands, changed
        self._protocol: Protocol | None = None
        self.left_out: frozenset[str] = frozenset()
        self._looking = False
        self.kind = Segments(KINDS, "Where the samples come from", self._choose)
        self.board = QComboBox()
        self.board.setEditable(True)
        self.board.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        named(self.board, "Board address", "Such as cyton:/dev/ttyUSB0, cyton:COM3 or ganglion:auto")
        line = self.board.lineEdit()
        if line is not None:
            line.setPlaceholderText("Such as cyton:auto")
            line.setAccessibleName("Board address")
        self.port_words = label(NO_PORT, "dim", wrap=True)
        self.file = field("Path of a recording", "A recording of this or another program", 400)
        self.montage = field(USUAL_MONTAGE, "Muscle = channel, counted from 1, or its label in the file", 200)
        self.montage.setAccessibleName("Channels of the muscles")
        self.montage.setText(USUAL_MONTAGE)
        self.montage.textChanged.connect(self._look_at_montage)
        for written in (self.file, self.montage, line):
            if written is not None:
                written.textEdited.connect(lambda _: self._changed())
        self.board.activated.connect(lambda _: self._changed())
        self.place = label("", "dim", wrap=True)
        self.moved = button(
            "Yes, it is there", "The electrodes were placed for this exercise", self._moved, "segment"
        )
        self.pages = QStackedWidget()
        self.pages.setProperty("look", "clear")
        self._arrange()
        self.kind.choose("simulated")
        self._show_kind("simulated")

    def _arrange(self) -> None:
        again = button("Look again", "Look for ports again", self.look, "segment")
        browse = button("Choose…", "Choose a file", self.browse, "segment")
        for part in (
            (label(NOBODY, "dim", wrap=True),),
            (_row(self.board, again), self.port_words),
            (_row(self.file, browse),),
        ):
            layout = QVBoxLayout()
            layout.setSpacing(3)
            for one in part:
                layout.addWidget(one)
            layout.addStretch(1)
            self.pages.addWidget(clear(layout))
        self.pages.setMaximumHeight(76)
        heard = QVBoxLayout()
        heard.setSpacing(4)
        heard.addWidget(label("Channels of the muscles", "dim"))
        heard.addWidget(self.montage)
        heard.addWidget(self.place)
        heard.addWidget(self.moved)
        self._heard = clear(heard)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.kind)
        layout.addWidget(self.pages)
        layout.addWidget(self._heard)

    @property
    def address(self) -> str:
        """The source as the command line writes it; empty while nothing is named."""
        if self.kind.value == "board":
            return self.board.currentText().strip()
        if self.kind.value == "file":
            path = self.file.text().strip()
            return f"file:{path}" if path else ""
        return SIMULATED

    @property
    def montage_text(self) -> str:
        """The montage as it was typed; empty where the exercise sets it and no site is left out."""
        if self.kind.value != "simulated":
            return self.montage.text().strip()
        every = _listened(self._protocol) if self._protocol else USUAL
        if not self.left_out & set(every):
            return ""
        worn = {code: str(i) for i, code in enumerate(every, start=1)}
        return _written({code: at for code, at in worn.items() if code not in self.left_out})

    def leave_out(self, codes: frozenset[str]) -> None:
        """Take sites that cannot be used out of the montage; one that can be used again comes back."""
        back, self.left_out = self.left_out - codes, codes
        worn = {code: at for code, at in self._worn().items() if code not in codes}
        if not worn:
            return
        for code, at in parse_montage(USUAL_MONTAGE).items():
            if code in back and at not in worn.values():
                worn[code] = at
        self.montage.setText(_written({code: worn[code] for code in sorted(worn, key=_usual_order)}))

    def adopt(self, other: SourceBox) -> None:
        """Go on with the source that was chosen on another page."""
        self.kind.choose(other.kind.value)
        if self.board.count() == 0:
            for place in range(other.board.count()):
                self.board.addItem(other.board.itemText(place))
        self.board.setEditText(other.board.currentText())
        self.file.setText(other.file.text())
        self._show_kind(other.kind.value)
        self.montage.setText(other.montage.text())

    def gap(self) -> str:
        """What is still missing, in one sentence; empty when all is there."""
        if self.address:
            return ""
        if self.kind.value == "board":
            return "which board? Write its address, such as cyton:auto, or choose the simulated person"
        return "which file? Choose one, or choose the simulated person"

    def look(self) -> None:
        """List the ports, without waiting for them."""
        if not self._looking:
            self._looking = True
            put(self.port_words, "Looking for ports…")
            self._errands.send(self._doors.ports, self._show_ports, self._no_ports)

    def show_exercise(self, protocol: Protocol) -> None:
        """Hold the montage against another exercise."""
        self._protocol = protocol
        self._look_at_montage()

    def browse(self) -> None:
        """Choose a file, in a dialog that blocks nothing."""
        choose_file(self, self.file.setText)

    def _choose(self, kind: str) -> None:
        self._show_kind(kind)
        self._changed()

    def _show_kind(self, kind: str) -> None:
        self.pages.setCurrentIndex([name for name, _ in KINDS].index(kind))
        self._heard.setVisible(kind != "simulated")
        if kind == "board" and self.board.count() == 0:
            self.look()
        usual = self._usual()
        if kind == "file" and self.montage.text() == usual:
            self.montage.setText("")
        elif kind == "board" and not self.montage.text().strip():
            self.montage.setText(usual)
        self._look_at_montage()

    def _show_ports(self, ports: Sequence[Port]) -> None:
        self._looking = False
        typed = self.board.currentText() if self.board.count() == 0 else ""
        self.board.clear()
        for port in ports:
            board = "ganglion" if port.name.startswith("Ganglion") else "cyton"
            self.board.addItem(f"{board}:{port.path}")
        if typed:
            self.board.setEditText(typed)
        elif not ports:
            self.board.setEditText("cyton:auto")
        said = "  ·  ".join(f"{port.path} is {port.name}" for port in ports[:3])
        put(self.port_words, said or NO_PORT)

    def _no_ports(self, sentence: str) -> None:
        self._looking = False
        put(self.port_words, sentence)

    def _look_at_montage(self) -> None:
        wanted = self._suited()
        self.place.setVisible(bool(wanted))
        self.moved.setVisible(bool(wanted))
        if wanted and self._protocol is not None:
            lacking = ", ".join(
                f"{muscle(code).place} ({code})" for code in self._wanted() if code not in self._worn()
            )
            put(self.place, NOT_AT_PLACE.format(wanted=lacking))
            self.moved.setText(f"Yes, it is: {wanted}")
            self.moved.setAccessibleName(f"Yes, electrodes are at {wanted}")

    def _worn(self) -> dict[str, str]:
        try:
            return parse_montage(self.montage.text().strip())
        except EmgFeedbackError:
            return {}

    def _suited(self) -> str:
        """The montage that this exercise would need; empty where the one at hand will do."""
        worn = self._worn()
        if self._protocol is None or not worn or set(self._wanted()) <= set(worn):
            return ""
        return suited(self._wanted(), worn)

    def _usual(self) -> str:
        montage = parse_montage(USUAL_MONTAGE).items()
        return _written({code: at for code, at in montage if code not in self.left_out})

    def _wanted(self) -> tuple[str, ...]:
        """What the exercise listens to, but for the sites that cannot be used."""
        listened = _listened(self._protocol) if self._protocol else ()
        return tuple(code for code in listened if code not in self.left_out)

    def _moved(self) -> None:
        self.montage.setText(self._suited() or self.montage.text())


def suited(wanted: Sequence[str], worn: Mapping[str, str]) -> str:
    """A montage for the muscles of an exercise, each on its channel; one waist keeps that of the other."""
    have = {muscle: worn.get(muscle) or worn.get(OTHER_WAIST.get(muscle, ""), "") for muscle in wanted}
    free = (str(i) for i in range(1, len(wanted) + len(have) + 1) if str(i) not in have.values())
    return ",".join(f"{muscle}={channel or next(free)}" for muscle, channel in have.items())


def _written(montage: Mapping[str, str]) -> str:
    return ",".join(f"{code}={at}" for code, at in montage.items())


def _usual_order(code: str) -> tuple[int, str]:
    return (USUAL.index(code), "") if code in USUAL else (len(USUAL), code)


def choose_file(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Ask for a recording; the answer comes when it comes."""
    dialog = QFileDialog(parent, "Choose a recording")
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(["Recordings (*.bdf *.edf *.txt *.csv *.xdf *.c3d *.mat *.h5)", "All files (*)"])
    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _listened(protocol: Protocol) -> tuple[str, ...]:
    return (protocol.target, *protocol.rivals)


def _row(wide: QWidget, beside: QWidget) -> QWidget:
    layout = QHBoxLayout()
    layout.setSpacing(6)
    layout.addWidget(wide, 1)
    layout.addWidget(beside, 0)
    return clear(layout)
