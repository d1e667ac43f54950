"""The check of electrodes through BrainFlow's driver and at the command line."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from impedance_kit import restless

from emgfeedback.cli import impedance as command
from emgfeedback.cli.main import main
from emgfeedback.errors import SourceError
from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.boards import driver, find_board
from emgfeedback.sources.brainflow import impedance, resistances
from emgfeedback.sources.brainflow.contact import judge
from emgfeedback.sources.brainflow.impedance import check_electrodes
from emgfeedback.sources.brainflow.resistances import ask_resistances
from emgfeedback.sources.brainflow.tone import Tone
from emgfeedback.sources.ports import held
from emgfeedback.sources.virtual_cyton import Faults, Resistors, VirtualCyton

needs_pty = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")


class SelfMeasuring:
    """A Ganglion as far as its resistance rows go: zero until a number comes."""

    def __init__(self, ohm, gone=False):
        self.ohm, self.gone, self.sent = ohm, gone, []
        self.rows_of_ohm = driver().BoardShim.get_resistance_channels(find_board("ganglion").board_id)

    def config(self, text):
        if self.gone and text == "Z":
            raise SourceError("gone")
        self.sent.append(text)
        return ""

    def start(self):
        self.sent.append("start")

    def stop(self):
        self.sent.append("stop")

    def rows(self):
        rows = np.zeros((20, 3))
        rows[self.rows_of_ohm[: len(self.ohm)], 1] = self.ohm
        return rows


def test_a_ganglion_reports_its_own_resistances_as_they_come(monkeypatch):
    monkeypatch.setattr(resistances, "POLL_S", 0.001)
    device = SelfMeasuring([4e3, 30e3, 2e6])
    pins = ask_resistances(device, find_board("ganglion"), [1, 2, 3], 0.01, lambda: False)
    assert [(pin.channel, pin.ohm, pin.verdict) for pin in pins] == [
        (1, 4e3, "good"),
        (2, 30e3, "fair"),
        (3, 2e6, "open"),
    ]
    assert device.sent == ["z", "start", "stop", "Z"]


def test_a_ganglion_that_sends_no_number_or_keeps_its_current_on_is_said(monkeypatch):
    monkeypatch.setattr(resistances, "POLL_S", 0.001)
    ganglion = find_board("ganglion")
    with pytest.raises(SourceError, match="no resistance of channel 2"):
        ask_resistances(SelfMeasuring([4e3]), ganglion, [1, 2], 0.01, lambda: False)
    with pytest.raises(SourceError, match="could not be switched off"):
        ask_resistances(SelfMeasuring([4e3], gone=True), ganglion, [1], 0.01, lambda: False)
    cancelled = SelfMeasuring([4e3])
    assert ask_resistances(cancelled, ganglion, [1], 9.0, lambda: True) == []
    assert cancelled.sent[-1] == "Z"


def electrodes(ohm):
    """The pairs of `table` as faults of a virtual board."""
    channels = sorted({channel for channel, _ in ohm})
    return tuple(Resistors(channel, ohm[channel, "P"], ohm[channel, "N"]) for channel in channels)


def untouched(board):
    """Whether the firmware stands as its ``d`` leaves it."""
    firmware = board.firmware
    return set(firmware.settings) == {"060110"} and not firmware.driven.any() and not firmware.streaming


def becomes_true(condition, patience_s=30.0):
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.005)
    return True


@needs_pty
@pytest.mark.parametrize("loss_pct", [pytest.param(0.0, marks=pytest.mark.full), 5.0])
def test_through_the_real_driver_resistors_are_within_10_pct_and_the_board_as_before(loss_pct):
    p_ohm, n_ohm = ((1e3, 5e3), (200e3, 20e3)) if loss_pct else ((50e3, 1e3), (1e3, 5e3))
    ohm = {(i, "P"): p_ohm[i - 1] for i in (1, 2)} | {(i, "N"): n_ohm[i - 1] for i in (1, 2)}
    faults = Faults(resistors=electrodes(ohm), loss_pct=loss_pct)
    with VirtualCyton(restless(7), speed=16, faults=faults) as board:
        pins = check_electrodes(f"cyton:{board.port}", [1, 2])
        assert becomes_true(lambda: untouched(board))
    assert len(pins) == 4
    for pin in pins:
        assert pin.ohm == pytest.approx(ohm[pin.channel, pin.pin], rel=0.1), pin


@needs_pty
def test_a_daisy_is_measured_as_a_daisy_and_refused_as_a_plain_cyton():
    ohm = {(9, "P"): 20e3, (9, "N"): 5e3}
    with VirtualCyton(
        restless(8, 16), speed=16, faults=Faults(daisy=True, resistors=electrodes(ohm))
    ) as board:
        with pytest.raises(SourceError, match="Daisy"):
            check_electrodes(f"cyton:{board.port}", [1], seconds=1.0)
        pins = check_electrodes(f"cyton-daisy:{board.port}", [9])
        assert becomes_true(lambda: untouched(board))
    for pin in pins:
        assert pin.ohm == pytest.approx(ohm[pin.channel, pin.pin], rel=0.1), pin


@needs_pty
def test_a_board_in_use_is_not_measured():
    with VirtualCyton(restless(9)) as board, held(board.port, "the port"):
        with pytest.raises(SourceError, match="already open in this program"):
            check_electrodes(f"cyton:{board.port}", [1])
        assert untouched(board)


@pytest.mark.full
@needs_pty
def test_a_board_that_refuses_to_drive_a_current_is_refused_and_left_alone():
    with VirtualCyton(restless(9), faults=Faults(refused="z")) as board:
        with pytest.raises(SourceError) as failure:
            check_electrodes(f"cyton:{board.port}", [1], seconds=1.0)
        assert not board.firmware.driven.any()
    assert "Failure" in str(failure.value)


@needs_pty
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_killing_the_command_puts_the_board_back(name):
    with VirtualCyton(restless(10)) as board:
        words = ["impedance", "--source", f"cyton:{board.port}", "--yes", "--json", "--channels", "2"]
        with subprocess.Popen(
            [sys.executable, "-m", "emgfeedback", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                assert becomes_true(lambda: board.firmware.driven.any() and board.firmware.streaming)
                process.send_signal(getattr(signal, name))
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
        assert becomes_true(lambda: untouched(board))
    assert process.returncode == 0, err
    assert json.loads(out)["complete"] is False
    assert b"implant" in err


class Ran:
    """Exit code, standard output and standard error of a command."""

    def __init__(self, capsys, *words):
        with pytest.raises(SystemExit) as end:
            main(["impedance", *words])
        self.code = int(end.value.code or 0)
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def measured(monkeypatch):
    """Let no board be needed: remember what is asked for, and answer it."""
    asked = []

    def answer(address, channels, seconds, progress, cancelled):
        asked.append((address, list(channels), seconds))
        return judge({(channel, pin): Tone(40.0, 0.1) for channel in channels for pin in "PN"})

    monkeypatch.setattr(impedance, "check_electrodes", answer)
    return asked


def test_json_has_a_row_per_pin_with_its_range_verdict_and_muscle(capsys, measured):
    ran = Ran(capsys, "--source", "cyton:/dev/x", "--montage", "gmed=2,tfl='EMG 4'", "--yes", "--json")
    assert ran.code == 0
    data = json.loads(ran.out)
    assert measured == [("cyton:/dev/x", [2, 4], 4.0)]
    assert set(data) == {"source", "device", "complete", "pins"}
    assert [(pin["channel"], pin["muscle"], pin["pin"]) for pin in data["pins"]] == [
        (2, "gmed", "P"),
        (2, "gmed", "N"),
        (4, "tfl", "P"),
        (4, "tfl", "N"),
    ]
    fields = {"channel", "muscle", "pin", "ohm", "low_ohm", "high_ohm", "verdict", "words"}
    assert all(set(pin) == fields and pin["low_ohm"] < pin["ohm"] < pin["high_ohm"] for pin in data["pins"])


def test_for_people_the_range_and_the_warning_are_shown(capsys, measured):
    ran = Ran(capsys, "--source", "cyton:/dev/x", "--channels", "3", "--yes")
    assert ran.code == 0
    assert "±20 %" in ran.out
    assert "good contact" in ran.out
    assert "pacemaker" in ran.err


def test_without_a_yes_no_current_is_sent(capsys, measured, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    ran = Ran(capsys, "--source", "cyton:/dev/x")
    assert (ran.code, measured) == (2, [])
    assert "add --yes" in ran.err
    assert "pacemaker" in ran.err


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_the_question_is_asked(capsys, measured, monkeypatch, answer):
    monkeypatch.setattr(command.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())

    def confirm(text, abort, err):
        assert "implant" in text
        if not answer:
            raise command.click.Abort

    monkeypatch.setattr(command.click, "confirm", confirm)
    ran = Ran(capsys, "--source", "cyton:/dev/x")
    assert ran.code == 0
    assert len(measured) == answer


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--channels", "1,x"], "'x' is not the number of a channel"),
        (["--channels", "1,1"], "named twice"),
        (["--channels", "9"], "from 1 to 8"),
        (["--channels", "1", "--montage", "gmed=1"], "both given"),
        (["--montage", "gmed=1,tfl='EMG 1'"], "named twice"),
        (["--seconds", "nan"], "give 1 to 60"),
    ],
)
def test_a_mistake_is_one_sentence_before_any_current(capsys, measured, words, sentence):
    ran = Ran(capsys, "--source", "cyton:/dev/x", "--yes", *words)
    assert (ran.code, measured) == (2, [])
    assert sentence in ran.err
