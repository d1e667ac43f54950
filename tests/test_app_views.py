"""The patient view paints in every state, size and turn, and no words leave their box in any language."""

from __future__ import annotations

import math
from dataclasses import replace

import app_kit as kit
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from emgfeedback.app.feed import Feed
from emgfeedback.app.patient import columns
from emgfeedback.app.patient.layout import canvas_size
from emgfeedback.app.patient.state import PatientState, patient_state
from emgfeedback.app.patient.text import Label
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.theme import DARK, REGULAR, SEMIBOLD, THEMES, font, load_fonts
from emgfeedback.values import RIVAL, TARGET, Channel, Phase

NAN = math.nan
CANVASES = [(1600, 900), (900, 1600), (1260, 1120), (900, 1250), (1900, 900)]


def state_of(info=kit.INFO, protocol=kit.PROTOCOL, side="right", silent_s=0.0, **hop) -> PatientState:
    feed = Feed(info, protocol)
    feed.on_chunk(kit.chunk(0))
    levels = hop.get("levels", (60.0, 20.0, 15.0))
    hop.setdefault("quality", (0,) * len(levels))
    partial = (kit.RESULTS[0], kit.finished(2, 2.0, False))
    feed.on_tick(kit.tick(levels, quality=hop["quality"], events=partial))
    feed.on_tick(kit.tick(**hop))
    return patient_state(feed.snapshot, protocol, feed.channels, side, silent_s)


TWO = replace(kit.INFO, channels=kit.INFO.channels[:2])
FIVE = replace(
    kit.INFO,
    channels=(*kit.INFO.channels, Channel("4", "es", "right", RIVAL), Channel("5", "abc", "right", RIVAL)),
)
TRAPEZIUS = replace(
    kit.INFO, channels=(Channel("1", "lt", "right", TARGET), Channel("2", "ut", "right", RIVAL))
)
LOWER = replace(kit.PROTOCOL, target="lt", rivals=("ut",), coaching={})
MANY = replace(kit.PROTOCOL, phases=tuple(kit.work(n) for n in range(1, 61)))
STATES = {
    "found": state_of(good=True, good_s=2.4),
    "cheat": state_of(levels=(28, 62, 40), withheld="ratio"),
    "beyond the scale": state_of(levels=(400, 300, 0), withheld="ratio"),
    "no signal": state_of(levels=(60, NAN, 10), quality=(0, 8, 0), withheld="quality:tfl"),
    "softer": state_of(
        protocol=replace(kit.PROTOCOL, ceiling_pct=60.0), levels=(75, 9, 9), withheld="ceiling"
    ),
    "high ceiling": state_of(protocol=replace(kit.PROTOCOL, ceiling_pct=120.0), good=True),
    "full hold": state_of(good=True, good_s=6.0),
    "pause": state_of(levels=(4, 3, 2), phase=kit.RELAX),
    "rest": state_of(levels=(NAN,) * 3, phase=kit.REST),
    "press": state_of(levels=(NAN,) * 3, phase=kit.PRESS),
    "observe": state_of(phase=kit.OBSERVE),
    "one rival": state_of(info=TWO, levels=(60, 20), good=True),
    "four rivals": state_of(info=FIVE, levels=(60, 20, 70, 10, 12), withheld="ratio"),
    "left": state_of(side="left", good=True),
    "one moment": state_of(good=True, silent_s=0.4),
    "rest, please": state_of(levels=(60, NAN, 10), quality=(0, 8, 0), silent_s=2.0),
    "lost while measuring": state_of(levels=(NAN,) * 3, phase=kit.REST, silent_s=2.0),
    "countdown": state_of(levels=(NAN,) * 3, phase=kit.WAITING, state="waiting", left_s=4.2),
    "sixty repetitions": state_of(protocol=MANY, phase=kit.work(60)),
    "quiet": state_of(phase=kit.work(3, feedback="off"), good=True),
    "quiet, told later": state_of(phase=kit.work(3, feedback="after"), good=True),
    "not permitted": state_of(phase=kit.work(3), withheld="locked"),
    "pain": state_of(phase=Phase("locked", 0.0, "Stopped. Rest."), state="locked"),
    "over its ceiling": state_of(levels=(60, 40, 10), withheld="rival:tfl"),
    "swing": state_of(phase=kit.work(3), withheld="swing"),
    "whole repetition": state_of(phase=kit.work(3, rule="rep"), good=True),
    "told": state_of(
        levels=(4, 3, 2),
        phase=kit.RELAX,
        events=(kit.finished(3, 4.2, False, 0.64, feedback="after", hold_s=5.0, met=False),),
    ),
    "trapezius": state_of(info=TRAPEZIUS, protocol=LOWER, levels=(60, 20), withheld="ratio"),
    "before the first hop": patient_state(None, kit.PROTOCOL, kit.INFO.channels),
}


@pytest.fixture(autouse=True)
def _fonts(qapp):
    load_fonts()


@pytest.mark.parametrize(
    ("size", "turn"),
    [((1600, 900), 0), ((1600, 900), 90), ((850, 720), 0), ((700, 1000), -90), ((320, 240), 0)],
)
@pytest.mark.parametrize("name", STATES)
def test_every_state_paints_at_every_size_and_turn(qtbot, name, size, turn):
    view = PatientView(tag="SIMULATION")
    qtbot.addWidget(view)
    view.turn = turn
    view.resize(*size)
    for moment in range(3):
        view.show_state(STATES[name], moment * 0.5)
    picture = view.grab().toImage()
    colours = {picture.pixelColor(x, y).name() for x in range(0, size[0], 13) for y in range(0, size[1], 13)}
    assert len(colours) > 10


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_theme_paints_its_own_background(qtbot, theme):
    view = PatientView(theme)
    qtbot.addWidget(view)
    view.resize(800, 450)
    view.show_state(STATES["cheat"], 0.0)
    assert view.grab().toImage().pixelColor(2, 440).name() == theme.background.lower()


def labels(state: PatientState, width: float, height: float) -> list[Label]:
    layout = columns.layout_of(state, width, height)
    drawn = [*columns.still_labels(state, DARK, layout), *columns.live_labels(state, DARK, layout)]
    return [label for label in drawn if label.text]


def longer(state: PatientState) -> PatientState:
    """The same picture in a language that needs 40 % more room."""

    def pseudo(text: str) -> str:
        return " ".join(word + "o" * round(0.4 * len(word)) for word in text.split())

    wordy = tuple(
        replace(c, name=pseudo(c.name), place=pseudo(c.place), word=pseudo(c.word)) for c in state.columns
    )
    return replace(
        state,
        cue=pseudo(state.cue),
        sub=pseudo(state.sub),
        hint=pseudo(state.hint),
        place=pseudo(state.place),
        columns=wordy,
    )


def inside(label: Label) -> bool:
    metrics = QFontMetricsF(font(label.fitted(), SEMIBOLD if label.bold else REGULAR))
    room = QRectF(0, 0, label.box[2], 1e4)
    needed = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), label.text)
    return needed.width() <= label.box[2] + 0.5 and needed.height() <= label.box[3] + 0.5


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("name", STATES)
def test_no_words_leave_their_box_also_when_they_are_forty_percent_longer(name, canvas):
    for state in (STATES[name], longer(STATES[name])):
        for label in labels(state, *canvas):
            x, y, width, height = label.box
            assert inside(label), label
            assert label.fitted() >= 18, label
            assert x >= 0, label
            assert y >= 0, label
            assert x + width <= canvas[0], label
            assert y + height <= canvas[1], label


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("name", STATES)
def test_no_two_boxes_of_words_overlap(name, canvas):
    boxes = [QRectF(*label.box) for label in labels(STATES[name], *canvas)]
    for i, box in enumerate(boxes):
        for other in boxes[i + 1 :]:
            overlap = box.intersected(other)
            assert overlap.width() * overlap.height() <= 1.0, (box, other)


@pytest.mark.parametrize("canvas", [(1600, 900), (900, 1600)])
@pytest.mark.parametrize("name", ["found", "cheat", "no signal", "one rival", "left", "trapezius"])
def test_places_can_be_read_from_three_metres(name, canvas):
    layout = columns.layout_of(STATES[name], *canvas)
    assert all(label.fitted() >= 52 for label in columns.still_labels(STATES[name], DARK, layout))
    assert next(columns.live_labels(STATES[name], DARK, layout)).fitted() >= 74


def test_the_canvas_is_sixteen_to_nine_and_turns():
    assert canvas_size(1920, 1080) == (1600, 900)
    assert canvas_size(1080, 1920) == (900, 1600)


def test_the_still_layer_is_kept_until_size_turn_or_columns_change(qtbot):
    view = PatientView()
    qtbot.addWidget(view)
    view.resize(800, 450)

    def layer_for(state):
        view.show_state(state, 0.0)
        view.grab()
        return view._layer.cacheKey()

    first = layer_for(STATES["found"])
    assert layer_for(STATES["cheat"]) == first
    turned = view.next_turn() or layer_for(STATES["cheat"])
    assert turned != first
    assert layer_for(STATES["rest"]) != turned


def test_the_picture_is_described_for_screen_readers_at_most_once_a_second(qtbot):
    view = PatientView()
    qtbot.addWidget(view)
    view.show_state(STATES["found"], 10.0)
    assert view.accessibleDescription() == STATES["found"].describe()
    view.show_state(STATES["full hold"], 10.5)
    assert view.accessibleDescription() == STATES["found"].describe()
    view.show_state(STATES["full hold"], 11.1)
    assert view.accessibleDescription().startswith("Well done")


def test_a_lost_muscle_looks_different_from_a_quiet_one(qtbot):
    pictures = []
    for state in (state_of(levels=(60, 0, 10)), state_of(levels=(60, 0, 10), quality=(0, 8, 0))):
        view = PatientView()
        qtbot.addWidget(view)
        view.resize(800, 450)
        view.show_state(state, 0.0)
        pictures.append(view.grab().toImage())
    x, y, width, height = columns.layout_of(STATES["found"], 1600, 900).well(2, 3, False)
    quiet, lost = (
        {
            picture.pixelColor(int((x + width / 2) / 2), int(v / 2)).name()
            for v in range(int(y), int(y + height))
        }
        for picture in pictures
    )
    assert DARK.dim.lower() in lost
    assert DARK.dim.lower() not in quiet


def vivid(qtbot, state: PatientState) -> int:
    """How many bright and saturated pixels a picture has."""
    view = PatientView()
    qtbot.addWidget(view)
    view.resize(800, 450)
    view.show_state(state, 0.0)
    picture = view.grab().toImage()
    colours = (picture.pixelColor(x, y) for x in range(0, 480, 2) for y in range(0, 450, 2))
    return sum(colour.value() > 180 and colour.hsvSaturation() > 100 for colour in colours)


def test_levels_of_the_past_are_grey_and_have_no_line_to_keep(qtbot):
    assert vivid(qtbot, STATES["found"]) > 500
    assert vivid(qtbot, STATES["one moment"]) == 0
    texts = [label.text for label in labels(STATES["one moment"], 1600, 900)]
    assert not {"at least", "keep below"} & set(texts)


def test_the_countdown_is_the_largest_number_of_all():
    sizes = {}
    for name in ("found", "rest", "countdown"):
        layout = columns.layout_of(STATES[name], 1600, 900)
        number = next(label for label in labels(STATES[name], 1600, 900) if label.text.isdigit())
        sizes[name] = number.fitted(), layout.ring[2]
    assert sizes["countdown"] > max(sizes["found"], sizes["rest"])
