"""Every patient view paints in every state, size and turn, and no words leave their box in any language."""

from __future__ import annotations

import itertools
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
from emgfeedback.app.patient.views import DEFAULT, VIEWS, view_of
from emgfeedback.app.theme import DARK, REGULAR, SEMIBOLD, THEMES, font, load_fonts
from emgfeedback.values import RIVAL, TARGET, Channel, Phase

NAN = math.nan
PICTURES = ("hip", "columns", "triangle", "balloon")
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
OTHER_WAIST = replace(kit.INFO, channels=(*kit.INFO.channels[:2], Channel("3", "qlc", "right", RIVAL)))
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
    "other waist": state_of(info=OTHER_WAIST, levels=(60, 20, 55), withheld="ratio"),
    "top on the left": state_of(
        protocol=replace(kit.PROTOCOL, ceiling_pct=60.0), side="left", levels=(45, 9, 9), good=True
    ),
    "before the first hop": patient_state(None, kit.PROTOCOL, kit.INFO.channels),
}


CASES = [
    (view, name)
    for name, state in STATES.items()
    for view in VIEWS
    if view == DEFAULT or state.columns or state.ring_good
]
"""Where there is nothing to steer by, all views are one and the same."""


@pytest.fixture(autouse=True)
def _fonts(qapp):
    load_fonts()


def shown(qtbot, state, view=DEFAULT, size=(800, 450), turn=0, theme=DARK, moments=3):
    """The picture of a state after a while."""
    patient = PatientView(theme, "SIMULATION", view=view)
    qtbot.addWidget(patient)
    patient.turn = turn
    patient.resize(*size)
    for moment in range(moments):
        patient.show_state(state, 10.0 + moment * 0.5)
    return patient.grab().toImage()


SURFACES = [((1600, 900), 0), ((1280, 720), 90), ((850, 720), 0), ((700, 1000), -90), ((320, 240), 0)]


@pytest.mark.parametrize(("view", "name"), CASES)
def test_every_state_paints_at_every_size_and_turn(qtbot, view, name):
    for (across, down), turn in SURFACES:
        picture = shown(qtbot, STATES[name], view, (across, down), turn)
        grid = ((x, y) for x in range(0, across, 23) for y in range(0, down, 23))
        assert len({picture.pixelColor(*point).name() for point in grid}) > 10


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_theme_paints_its_own_background(qtbot, theme, view):
    picture = shown(qtbot, STATES["cheat"], view, theme=theme)
    assert picture.pixelColor(2, 449).name() == theme.background.lower()


def test_an_unknown_view_is_refused(qtbot):
    patient = PatientView()
    qtbot.addWidget(patient)
    with pytest.raises(ValueError, match="there are hip, columns, triangle, balloon, blank"):
        patient.choose("hipp")


def test_the_hip_is_the_default_and_what_has_no_map_falls_back_to_columns():
    assert DEFAULT == "hip"
    assert view_of("hip", STATES["found"]) is VIEWS["hip"]
    for name in ("trapezius", "four rivals"):
        assert view_of("hip", STATES[name]) is columns
    assert view_of("triangle", STATES["one rival"]) is columns
    assert view_of("balloon", STATES["four rivals"]) is columns
    no_ratio = state_of(protocol=replace(kit.PROTOCOL, ratio=0.0))
    assert view_of("triangle", no_ratio) is columns


def labels(state: PatientState, width: float, height: float, view: str = "columns") -> list[Label]:
    drawing = view_of(view, state)
    layout = drawing.layout_of(state, width, height)
    drawn = [*drawing.still_labels(state, DARK, layout), *drawing.live_labels(state, DARK, layout)]
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


@pytest.mark.parametrize(("view", "name"), CASES)
def test_no_words_leave_their_box_also_when_they_are_forty_percent_longer(view, name):
    for state, canvas in itertools.product((STATES[name], longer(STATES[name])), CANVASES):
        for label in labels(state, *canvas, view):
            x, y, width, height = label.box
            assert inside(label), label
            assert label.fitted() >= 18, label
            assert x >= 0, label
            assert y >= 0, label
            assert x + width <= canvas[0], label
            assert y + height <= canvas[1], label


@pytest.mark.parametrize(("view", "name"), CASES)
def test_no_two_boxes_of_words_overlap(view, name):
    for canvas in CANVASES:
        boxes = [QRectF(*label.box) for label in labels(STATES[name], *canvas, view)]
        for box, other in itertools.combinations(boxes, 2):
            overlap = box.intersected(other)
            assert overlap.width() * overlap.height() <= 1.0, (canvas, box, other)


@pytest.mark.parametrize("canvas", [(1600, 900), (900, 1600)])
@pytest.mark.parametrize("view", PICTURES)
@pytest.mark.parametrize("name", ["found", "cheat", "no signal", "one rival", "left", "trapezius", "softer"])
def test_places_can_be_read_from_three_metres(name, view, canvas):
    drawn = {label.text: label.fitted() for label in labels(STATES[name], *canvas, view)}
    places = [column.place.capitalize() for column in STATES[name].columns]
    if view_of(view, STATES[name]) is VIEWS["balloon"]:
        places.remove("Side of hip")
    assert all(drawn[place] >= 52 for place in places)
    assert drawn[STATES[name].cue] >= 74


def test_the_canvas_is_sixteen_to_nine_and_turns():
    assert canvas_size(1920, 1080) == (1600, 900)
    assert canvas_size(1080, 1920) == (900, 1600)


@pytest.mark.parametrize("name", VIEWS)
def test_the_still_layer_is_kept_until_size_turn_or_columns_change(qtbot, name):
    view = PatientView(view=name)
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


@pytest.mark.parametrize("view", PICTURES)
def test_a_lost_muscle_looks_different_from_a_quiet_one(qtbot, view):
    quiet, lost = state_of(levels=(60, 0, 10)), state_of(levels=(60, 0, 10), quality=(0, 8, 0))
    words = [{label.text for label in labels(state, 1600, 900, view)} for state in (quiet, lost)]
    assert "no signal" in words[1] - words[0]
    dim = sum(colour == DARK.dim.lower() for colour in scene(shown(qtbot, lost, view)))
    assert dim > sum(colour == DARK.dim.lower() for colour in scene(shown(qtbot, quiet, view)))


def scene(picture) -> list[str]:
    """The colours left of the words."""
    return [picture.pixelColor(x, y).name() for x in range(0, 470) for y in range(30, 450, 2)]


def vivid(picture) -> int:
    """How many bright and saturated pixels a picture has, besides its tag."""
    colours = (picture.pixelColor(x, y) for x in range(0, 480, 2) for y in range(32, 450, 2))
    return sum(colour.value() > 180 and colour.hsvSaturation() > 100 for colour in colours)


@pytest.mark.parametrize("view", PICTURES)
def test_levels_of_the_past_are_grey_and_have_no_line_to_keep(qtbot, view):
    assert vivid(shown(qtbot, STATES["found"], view)) > 500
    assert vivid(shown(qtbot, STATES["one moment"], view)) == 0
    texts = {label.text for label in labels(STATES["one moment"], 1600, 900, view)}
    assert not {"at least", "keep below", "fly here"} & texts


def test_the_countdown_is_the_largest_number_of_all():
    sizes = {}
    for name in ("found", "rest", "countdown"):
        layout = view_of("columns", STATES[name]).layout_of(STATES[name], 1600, 900)
        number = next(label for label in labels(STATES[name], 1600, 900) if label.text.isdigit())
        sizes[name] = number.fitted(), layout.ring[2]
    assert sizes["countdown"] > max(sizes["found"], sizes["rest"])


HIDDEN = {
    "off": kit.work(3, feedback="off"),
    "after": kit.work(3, feedback="after"),
    "observe": replace(kit.OBSERVE, repetition=3),
}
HOPS = {
    "good": {"levels": (62.0, 14.0, 10.0), "good": True, "good_s": 5.2},
    "bad": {"levels": (9.0, 80.0, 60.0), "withheld": "ratio"},
    "broken": {"levels": (62.0, 0.0, 10.0), "quality": (0, 8, 0), "withheld": "quality:tfl"},
}


@pytest.mark.parametrize("phase", HIDDEN.values(), ids=HIDDEN)
def test_a_repetition_without_a_picture_is_the_same_in_every_view_and_for_every_effort(qtbot, phase):
    load_fonts()
    first = shown(qtbot, state_of(phase=phase, **HOPS["good"]), "columns")
    for view in VIEWS:
        for hop in HOPS.values():
            assert shown(qtbot, state_of(phase=phase, **hop), view) == first


def test_a_sham_tells_nothing_of_the_truth_in_any_view(qtbot):
    phase = kit.work(3, feedback="sham", hold_s=6.0)
    for view in VIEWS:
        pictures = []
        for hop in HOPS.values():
            state = replace(state_of(phase=phase, **hop), cue="Hold", found=True, ring=0.4, ring_good=True)
            pictures.append(shown(qtbot, state, view))
        assert pictures[1:] == pictures[:-1]


def test_the_blank_view_shows_nothing_of_what_the_muscles_do(qtbot):
    pictures = [shown(qtbot, state_of(phase=kit.work(3), **HOPS[hop]), "blank") for hop in ("good", "bad")]
    assert pictures[0] == pictures[1]
    said = {label.text for label in labels(state_of(phase=kit.work(3), **HOPS["bad"]), 1600, 900, "blank")}
    assert said == {
        "Lift",
        "Slowly, leg slightly back.",
        "Sound only: listen.",
        "Repetition 3 of 5",
        "6",
        "seconds",
    }


@pytest.mark.parametrize("name", ["no signal", "pause", "one moment"])
def test_the_blank_view_still_says_what_is_wrong_and_when_to_rest(name):
    said = {label.text for label in labels(STATES[name], 1600, 900, "blank")}
    assert STATES[name].cue in said
    assert not {label.text for label in labels(STATES[name], 1600, 900) if label.pixels == 54} & said


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_red(qtbot, view):
    for name in ("cheat", "softer", "no signal"):
        picture = shown(qtbot, STATES[name], view)
        colours = [picture.pixelColor(x, y) for x in range(0, 800, 5) for y in range(0, 450, 5)]
        reds = [c for c in colours if c.hsvSaturation() > 140 and c.value() > 90 and not 15 < c.hue() < 345]
        assert not reds
