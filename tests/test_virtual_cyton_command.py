"""The command virtual-cyton: options become faults, the port comes first, mistakes are one sentence."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from virtual_cyton_kit import ask, becomes_true, decode, lines_of, opened, read_until

from emgfeedback.cli import virtual_cyton as command
from emgfeedback.cli.main import main
from emgfeedback.errors import InputError
from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.virtual_cyton import Burst, ChannelFault, Faults, Outage, Resistors, Stall

pytestmark = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")


def faults_of(monkeypatch, *words):
    """What the command would hand to the board."""
    seen = []

    class Board:
        def __init__(self, feed, *, faults, **options):
            seen.append((faults, options))
            raise KeyboardInterrupt

    monkeypatch.setattr(virtual_cyton, "VirtualCyton", Board)
    CliRunner().invoke(command.virtual_cyton_command, words)
    return seen[0]


def test_without_options_nothing_is_wrong(monkeypatch):
    faults, options = faults_of(monkeypatch)
    assert faults == Faults()
    assert (options["link"], options["truth_file"]) == (None, None)


def test_options_become_faults(monkeypatch, tmp_path):
    words = "--loss 5 --burst 10,300 --burst 20,3 --garbage 1 --garbage-kinds bit,cut --batch-ms 16"
    words += " --jitter-ms 10 --ppm -1500 --stall 3,2 --stall 9,1,lost --unplug 12,4"
    words += " --unplug 30 --rail 1,2,3 --flat 2,4"
    words += " --lead-off 3,5,6 --resistors 1:5k/20000,2:0.2M/0 --mains 60 --silent --off --refuse"
    words += f" --slow-stop-ms 100 --slow-reset-s 2 --seed 7 --link {tmp_path}/a --truth {tmp_path}/b"
    faults, options = faults_of(monkeypatch, *words.split())
    assert faults == Faults(
        loss_pct=5.0,
        bursts=(Burst(10.0, 300), Burst(20.0, 3)),
        garbage_pct=1.0,
        garbage_kinds=("bit", "cut"),
        batch_s=0.016,
        jitter_s=0.010,
        clock_ppm=-1500.0,
        stalls=(Stall(3.0, 2.0, True), Stall(9.0, 1.0, False)),
        outages=(Outage(12.0, 4.0), Outage(30.0, math.inf)),
        railed=(ChannelFault(1, 2.0, 3.0),),
        flat=(ChannelFault(2, 4.0, math.inf),),
        lead_off=(ChannelFault(3, 5.0, 6.0),),
        resistors=(Resistors(1, 5e3, 20e3), Resistors(2, 200e3, 0.0)),
        mains_hz=60.0,
        silent=True,
        off=True,
        refused="xz~",
        slow_stop_s=0.1,
        slow_reset_s=2.0,
        seed=7,
    )
    assert (options["link"], options["truth_file"]) == (tmp_path / "a", tmp_path / "b")
    assert faults_of(monkeypatch, "--refuse", "z", "--daisy")[0] == Faults(refused="z", daisy=True)


def test_resistors_may_stand_in_a_file(tmp_path):
    file = tmp_path / "resistors.txt"
    file.write_text("# thigh\n1:5k/20k\n\n2: 1000 / 50K  # waist\n")
    assert command.read_resistors(str(file)) == (Resistors(1, 5e3, 20e3), Resistors(2, 1e3, 50e3))


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("--loss 120", 2, "loss is 120 %; write 0 to 100"),
        ("--loss much", 2, "'much' is not a valid float"),
        ("--burst 5", 2, "--burst '5': write for example --burst 10,300"),
        ("--burst 1,2,3", 2, "--burst '1,2,3': write"),
        ("--stall 1,2,never", 2, "--stall '1,2,never': write for example --stall 10,2,late"),
        ("--unplug soon", 2, "--unplug 'soon': write for example --unplug 10,4"),
        ("--unplug 3,-1", 2, "unplugged for -1 s; write a time above 0"),
        ("--lead-off x,1", 2, "--lead-off 'x,1': write for example --lead-off 2,5,10"),
        ("--rail 9,1,2", 2, "there is no channel 9; write 1 to 8"),
        ("--resistors 1:5", 2, "--resistors '1:5': write channel:P/N in ohm, for example 1:5k/20k"),
        ("--resistors nowhere.txt", 4, "--resistors nowhere.txt: no such text file"),
        ("--refuse q", 2, "'q' cannot be refused"),
        ("--garbage-kinds egg", 2, 'kinds "egg"'),
        ("--seconds 0", 2, "--seconds 0: write a number above 0"),
        ("--patient fs=1000", 2, "this board has 250 Hz; leave out fs="),
        ("--link nowhere/x", 2, "link nowhere/x: cannot be made"),
        ("--truth nowhere/x", 2, "truth file nowhere/x: cannot be written"),
        ("--input nowhere.csv", 4, "nowhere.csv"),
    ],
)
def test_a_mistake_is_one_sentence(capsys, words, code, sentence):
    with pytest.raises(SystemExit) as stopped:
        main(["virtual-cyton", *words.split()])
    said = capsys.readouterr()
    assert stopped.value.code == code
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@contextlib.contextmanager
def running(*words):
    """The command as a process of its own."""
    arguments = [sys.executable, "-m", "emgfeedback", "virtual-cyton", *map(str, words)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_port_comes_first_faults_are_told_and_ctrl_c_ends_it_well(tmp_path):
    link, truth = tmp_path / "cyton", tmp_path / "truth.jsonl"
    with running("--link", link, "--truth", truth, "--rail", "2,0.2", "--loss", "50") as process:
        assert process.stdout.readline() == f"{link}\n"
        with opened(link) as cable:
            assert ask(cable, "V") == "v3.1.2$$$"
            os.write(cable, b"b")
            _, rows = decode(read_until(cable, lambda got: len(got) >= 33 * 60))
        becomes_true(lambda: "railed" in truth.read_text())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert rows[-1, 1] == 2**23 - 1
    assert (process.returncode, out) == (0, "")
    assert err.split("\n")[:2] == ["50 % of the packets are lost", "0.2 s: channel 2 is railed"]
    packets, _ = lines_of(truth)
    assert {packet["fate"] for packet in packets} == {"sent", "lost"}
    assert not link.is_symlink()


def test_a_file_is_streamed_to_its_last_row_and_json_names_the_port(tmp_path):
    file = tmp_path / "counts.csv"
    values = np.round(np.random.default_rng(1).normal(0, 100, (300, 3)), 1)
    np.savetxt(file, values, delimiter=",", header="gmed,tfl,ql", comments="", fmt="%.1f")
    with running("--input", file, "--fs", 250, "--unit", "uV", "--json") as process:
        lines = iter(process.stdout.readline, "")
        text = ""
        while not text.endswith("}\n"):
            text += next(lines)
        about = json.loads(text)
        assert about["port"] == about["device"]
        with opened(about["port"]) as cable:
            os.write(cable, b"b")
            _, rows = decode(read_until(cable, lambda got: len(got) >= 33 * 300))
        assert process.wait(timeout=60) == 0
    uv = rows * 4.5 / (2**23 - 1) / 24 * 1e6
    assert np.all(np.abs(uv[:, :3] - values) < 0.05)
    assert not rows[:, 3:].any()


def test_a_recording_at_another_rate_is_refused_with_both_rates(tmp_path):
    from emgfeedback.storage.importers import ImportOptions

    file = tmp_path / "fast.csv"
    np.savetxt(file, np.ones((100, 3)), delimiter=",", header="a,b,c", comments="")
    options = ImportOptions(fs_hz=1000.0, unit="uV")
    with pytest.raises(InputError, match="recorded at 1000 Hz; this board streams 125 Hz"):
        command.file_feed(file, options, Faults(daisy=True))
