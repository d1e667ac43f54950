"""The hip map and the balloon: the right place lights up, on the right side, by a fade and with its share."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication

from emgfeedback.app.patient import balloon, beside, figure, hip
from emgfeedback.app.patient.picture import Column, PatientState, share_of
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.steady import Steady
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.theme import DARK, THEMES, load_fonts
from emgfeedback.values import RIVAL, TARGET

NAN = math.nan
SIZE = (1600, 900)


@pytest.fixture(autouse=True)
def _fonts(qapp):
    load_fonts()


def state(gmed=0.6, tfl=0.14, waist=0.1, *, side="right", ratio=1.32, top=NAN, code="ql", **about):
    def rival(code, name, place, level):
        line = gmed / ratio if ratio else NAN
        return Column(code, RIVAL, name, place, level, line, over=level > line)

    columns = (
        rival(code, "QL site", "waist", waist),
        Column("gmed", TARGET, "Gluteus medius", "side of hip", gmed, 0.1, top, over=gmed > top),
        rival("tfl", "TFL", "front of hip", tfl),
    )
    columns = columns if side == "right" else columns[::-1]
    made = PatientState("Hold", "", columns, ring=0.4, ring_good=True, side=side, ratio=ratio, **about)
    return replace(made, share=share_of(made))


def picture(qtbot, made, view="hip", theme=DARK, turn=0, size=SIZE):
    patient = PatientView(theme, view=view)
    qtbot.addWidget(patient)
    patient.turn = turn
    patient.resize(*size)
    for moment in range(4):
        patient.show_state(made, 10.0 + moment)
    return patient.grab().toImage()


def inside_of(made, code) -> QPointF:
    """A point in the middle of a muscle, on the canvas."""
    shape = figure.SHAPES[code].path().boundingRect().center()
    layout = hip.layout_of(made, *SIZE)
    return hip.place_of(made, layout).transform().map(shape)


def brightness(qtbot, made, code, theme=DARK) -> float:
    """Mean distance of a muscle's middle from the body behind it."""
    point, shot = inside_of(made, code).toPoint(), picture(qtbot, made, theme=theme)
    around = [(point.x() + x, point.y() + y) for x in range(-12, 13, 3) for y in range(-12, 13, 3)]
    body = figure.skin(theme)[0]
    colours = [shot.pixelColor(*one) for one in around]
    return sum(abs(c.red() - body.red()) + abs(c.green() - body.green()) for c in colours) / len(colours)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_muscle_that_works_lights_up_at_its_place(qtbot, side, theme):
    for code, low, high in (("gmed", {"gmed": 0.05}, {"gmed": 0.7}), ("tfl", {"tfl": 0.02}, {"tfl": 0.3})):
        dark, lit = (brightness(qtbot, state(side=side, **levels), code, theme) for levels in (low, high))
        assert lit > dark + 10


@pytest.mark.parametrize("turn", [0, 90, -90])
def test_left_and_right_are_anatomy_and_not_layout(qtbot, turn):
    right, left = state(), state(side="left")
    assert inside_of(right, "tfl").x() > inside_of(right, "gmed").x() > inside_of(right, "ql").x()
    assert inside_of(left, "tfl").x() < inside_of(left, "gmed").x() < inside_of(left, "ql").x()
    before = picture(qtbot, left, turn=turn)
    QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        assert picture(qtbot, left, turn=turn) == before
    finally:
        QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_the_map_turns_as_a_whole(qtbot):
    upright = picture(qtbot, state(), size=(720, 1280))
    turned = picture(qtbot, state(), turn=90, size=(1280, 720))
    back = turned.transformed(QTransform().rotate(-90))
    assert back.size() == upright.size()
    points = [(x, y) for x in range(20, 700, 17) for y in range(400, 1000, 17)]
    far = sum(abs(back.pixelColor(*p).green() - upright.pixelColor(*p).green()) > 60 for p in points)
    assert far < 0.03 * len(points)


@pytest.mark.parametrize("view", ["hip", "balloon", "triangle"])
def test_a_rival_over_its_line_is_told_by_shape_and_word_too(qtbot, view):
    soft, over = state(gmed=0.4, tfl=0.25), state(gmed=0.4, tfl=0.6)
    over = replace(over, columns=tuple(replace(c, word="let go" if c.over else "") for c in over.columns))
    shots = [picture(qtbot, one, view) for one in (soft, over)]
    grey = [shot.convertToFormat(QImage.Format.Format_Grayscale8) for shot in shots]
    assert grey[0] != grey[1]
    region = [(x, y) for x in range(100, 960, 3) for y in range(70, 880, 3)]
    bright = [sum(shot.pixelColor(*p).name() == DARK.ink.lower() for p in region) for shot in shots]
    assert bright[1] > bright[0] + (60 if view != "triangle" else 20)


def test_the_strain_of_a_rival_fades_and_never_flashes():
    steady, heats = Steady(), []
    for hop in range(100):
        made = state(gmed=0.4, tfl=0.6 if hop % 2 else 0.1)
        shown = steady.step(made, 10.0 + hop * 0.02)
        heats.append(next(c.heat for c in shown.columns if c.muscle == "tfl"))
    assert max(abs(b - a) for a, b in itertools.pairwise(heats)) < 0.15


@pytest.mark.parametrize(
    ("rivals", "share"), [((0.2, 0.2), 0.398), ((0.2, 0.0), 0.569), ((0.4, 0.1), 0.5136)]
)
def test_the_tick_is_where_the_margin_is_on_the_line(rivals, share):
    made = state(0.6, *rivals)
    assert made.share_line == pytest.approx(share, abs=0.001)
    at_line = state(1.32 * max(rivals), *rivals)
    assert share_of(at_line) == pytest.approx(at_line.share_line)


def test_without_a_line_there_is_no_tick():
    assert math.isnan(state(ratio=NAN).share_line)


def test_at_rest_there_is_no_share_and_an_unknown_muscle_has_none():
    rest = state(0.05, 0.04, 0.03)
    assert (rest.parts, beside.share_words(rest)) == ((), "No effort yet")
    assert beside.share_words(state()) == "Side of hip 71 %"
    broken = state()
    broken = replace(broken, columns=(replace(broken.columns[0], problem="off"), *broken.columns[1:]))
    assert (broken.parts, beside.share_words(broken)) == ((), "Not measured now")
    assert beside.share_words(replace(state(), live=False)) == ""


def test_a_rival_that_works_alone_is_a_share_of_nearly_nothing_and_not_rest():
    assert beside.share_words(state(0.02, 0.6, 0.02)).endswith(" 3 %")


def test_the_number_is_refreshed_four_times_a_second():
    steady, said = Steady(), []
    for hop in range(51):
        said.append(steady.step(state(0.4 + hop * 0.005), 10.0 + hop * 0.02).share)
    assert 4 <= len(set(said)) <= 6


@pytest.mark.parametrize("view", ["hip", "triangle"])
def test_a_top_is_drawn_where_one_is_set(qtbot, view):
    plain, topped = state(0.5), state(0.5, top=0.6)
    assert picture(qtbot, plain, view) != picture(qtbot, topped, view)
    for made, there in ((plain, False), (topped, True)):
        layout = hip.layout_of(made, *SIZE)
        assert ("top" in [label.text for label in beside.labels(made, DARK, layout)]) is there


def test_the_waist_of_the_other_side_stands_behind_the_near_one():
    near, other = state(), state(code="qlc")
    assert inside_of(other, "qlc").x() < inside_of(other, "gmed").x() - 80
    assert hip.suits(near)
    assert hip.suits(other)


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("gmed", [0.02, 0.12, 0.4, 0.59, 0.7])
def test_the_balloon_is_in_its_band_exactly_when_the_moment_counts(gmed, found):
    made = state(gmed, top=0.6)
    made = replace(made, columns=tuple(replace(c, heat=float(c.over)) for c in made.columns))
    sky = balloon.sky_of(balloon.layout_of(made, *SIZE))
    at = sky.height(balloon.flight(made, float(found and 0.1 <= gmed <= 0.6)))
    _, top, _, height = sky.band
    assert (top <= at <= top + height) is (found and 0.1 <= gmed <= 0.6)


def test_the_balloon_stays_on_the_ground_while_nothing_is_known():
    assert balloon.flight(replace(state(), live=False), 0.0) == 0.0


def test_the_ropes_stand_like_the_body():
    for side, order in (("right", ["ql", "tfl"]), ("left", ["tfl", "ql"])):
        made = state(side=side)
        pegs = balloon._pegs(made, balloon.sky_of(balloon.layout_of(made, *SIZE)))
        assert [column.muscle for column, _ in sorted(pegs, key=lambda peg: peg[1][0])] == order


def test_a_reached_step_is_a_star(qtbot):
    assert picture(qtbot, state(units=2), "balloon") != picture(qtbot, state(units=3), "balloon")


def test_a_sprite_is_painted_once_for_a_place_and_again_for_another_turn(qtbot):
    painted = []
    shot = QImage(200, 200, QImage.Format.Format_RGB32)
    with QPainter(shot) as painter:
        for at in (10, 20, 30):
            lay(painter, QPointF(at, at), (0, 0, 20, 20), lambda p, n: painted.append(n), 7)
        assert len(painted) == 3, "another function is another sprite"
        once = lambda p, n: painted.append(n)  # noqa: E731
        for at in (10, 20, 30):
            lay(painter, QPointF(at, at), (0, 0, 20, 20), once, 8)
        assert painted.count(8) == 1
        painter.rotate(90)
        lay(painter, QPointF(10, -50), (0, 0, 20, 20), once, 8)
        assert painted.count(8) == 2
        lay(painter, QPointF(10, -50), (0, 0, 20, 20), once, 9, strength=0.0)
        assert 9 not in painted
