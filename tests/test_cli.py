"""The command line: its contract for programs, and one clear sentence for every mistake."""

import csv
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from cli_kit import Ran

from emgfeedback.cli.main import main
from emgfeedback.sources.patient import steady
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.storage.recording import open_recording

RUN_FIELDS = {
    *("recording", "protocol", "fs_hz", "fs_measured_hz", "drift_ppm", "seconds", "received_samples"),
    *(
        "lost_samples",
        "flagged_samples",
        "gaps",
        "band_hz",
        "repetitions",
        "rewards",
        "quality",
        "warnings",
        "ticks",
    ),
    *("ticks_sha256", "events_sha256", "chunk_us_p50", "chunk_us_p99"),
    *("rule", "amplitude", "reference_kind", "change_from_start", "placement", "tests", "notes"),
    *("readings", "mode", "locked", "lines", "retests", "helps", "seen_and_quiet", "fade_level", "baselines"),
    *("pain", "acknowledged", "unlocked", "quiet", "sets_stopped", "ceilings"),
}
REPETITION_FIELDS = {
    *("start_s", "good_s", "longest_s", "rewarded", "share_median", "margin_median_ln", "leader", "void"),
    *("ratio_median_ln", "block", "onset_order", "fatigue", "repetition", "rule", "role", "label"),
    *("feedback", "hold_s", "line_ratio", "fixed_line_s", "met", "met_fixed", "hold_quality", "peak_pct"),
    *("quiet_pct", "tweak", "helps"),
}


@pytest.fixture(scope="module")
def demo_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded demo session of the simulated person, in sample time."""
    library = tmp_path_factory.mktemp("library")
    words = [
        "run",
        "demo",
        "--source",
        "patient:seed=3",
        "--headless",
        "--library",
        library,
        "--participant",
        "T1",
    ]
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    assert not end.value.code
    return next(library.glob("sub-T1/emg/*_emg.bdf"))


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def short_run(cli, tmp_path: Path, *more: object) -> Ran:
    words = (
        "run",
        "demo",
        "--source",
        "patient:seed=1",
        "--headless",
        "--library",
        tmp_path / "library",
        "--json",
    )
    return cli(*words, "--seconds", 3, *more)


def test_run_prints_one_object_with_the_fields_of_the_contract(cli, tmp_path: Path) -> None:
    words = ("--source", "patient:seed=2", "--headless", "--library", tmp_path, "--seconds", 120)
    ran = cli("run", "E03", *words, "--json")
    assert ran.code == 0
    assert set(ran.json) == RUN_FIELDS
    assert ran.json["protocol"] == "E03"
    assert ran.json["rule"]["name"] == "bayes-quick"
    assert 0 < ran.json["rule"]["figures"]["false_pct"] <= 0.5
    assert all(set(repetition) == REPETITION_FIELDS for repetition in ran.json["repetitions"])
    assert "observe 1 of" in ran.err, "progress goes to stderr"


def test_a_run_says_what_its_rate_can_show(cli, tmp_path: Path) -> None:
    ran = cli(
        "run", "demo", "--source", "patient:seed=1", "--headless", "--library", tmp_path, "--seconds", 2
    )
    assert "This board at 250 Hz sees about 26 % of normal EMG power" in ran.err
    assert "uncalibrated" in ran.err


def test_seconds_stops_properly_and_the_recording_has_all_that_was_received(cli, tmp_path: Path) -> None:
    ran = short_run(cli, tmp_path)
    assert ran.code == 0
    recording = open_recording(Path(ran.json["recording"]))
    assert len(recording.counts) == ran.json["received_samples"] >= 750
    assert not recording.warnings


def test_replay_of_a_run_gives_the_same_hashes_for_any_chunk(cli, tmp_path: Path) -> None:
    live = cli(
        "run", "demo", "--source", "patient:seed=9", "--headless", "--library", tmp_path, "--json"
    ).json
    for chunk in ("7", "whole"):
        again = cli("replay", live["recording"], "--headless", "--chunk", chunk, "--json").json
        for same in ("ticks", "ticks_sha256", "events_sha256", "repetitions", "rewards", "received_samples"):
            assert again[same] == live[same]
    assert live["rewards"] >= 2
    assert not live["repetitions"][0]["rewarded"]


def test_rescoring_with_another_line_or_protocol_is_another_answer(cli, demo_recording: Path) -> None:
    plain = cli("replay", demo_recording, "--headless", "--json").json
    strict = cli("replay", demo_recording, "--headless", "--json", "--set", "ratio=9").json
    assert strict["rewards"] == 0 < plain["rewards"]
    other = cli("replay", demo_recording, "--headless", "--json", "--protocol", "E01")
    assert (other.code, other.json["protocol"]) == (0, "E01")


def test_the_tick_table_has_a_row_per_hop_and_agrees_with_the_repetitions(
    cli, demo_recording: Path, tmp_path: Path
) -> None:
    table = tmp_path / "ticks.csv"
    ran = cli("replay", demo_recording, "--headless", "--json", "--ticks", table).json
    rows = rows_of(table)
    assert len(rows) == ran["ticks"]
    assert list(rows[0])[:5] == ["time_s", "end_sample", "gmed_uv", "tfl_uv", "ql_uv"]
    assert {"gmed_pct", "share", "share_low", "share_high", "margin_ln", "margin_low_ln"} <= set(rows[0])
    assert all(float(row["time_s"]) == int(row["end_sample"]) / 250 for row in rows)
    third = ran["repetitions"][2]
    work = [row for row in rows if third["start_s"] < float(row["time_s"]) <= third["start_s"] + 7]
    assert sum(int(row["good"]) for row in work) * 0.02 == pytest.approx(third["good_s"])
    assert sum(int(row["rewarded"]) for row in rows) == ran["rewards"]
    assert rows[0]["share"] == ""


def test_replay_of_a_plain_table_calibrates_from_named_seconds(cli, tmp_path: Path) -> None:
    known = steady({"gmed": 0.6, "tfl": 0.2, "ql": 0.3}, 20.0, 1000.0, seed=2, reference_s=20.0)
    table = tmp_path / "emg.csv"
    emg_uv = known.counts * known.info.lsb_uv
    np.savetxt(table, emg_uv, fmt="%.6f", delimiter=",", header="Glut,TFL,Waist", comments="")
    references = [f"--reference={muscle}={known.seconds(span)}" for muscle, span in known.references.items()]
    ticks = tmp_path / "t.csv"
    ran = cli(
        "replay", table, "--fs", 1000, "--unit", "uV", "--montage", "gmed=Glut,tfl=2,ql='Waist'",
        "--headless", "--json", "--rest", known.seconds(known.rest), *references, "--ticks", ticks,
    )  # fmt: skip
    assert ran.code == 0
    first, last = (sample / 1000 for sample in known.work)
    rows = [row for row in rows_of(ticks) if first + 0.5 < float(row["time_s"]) <= last]
    assert np.median([float(row["share"]) for row in rows]) == pytest.approx(0.6 / 1.1, abs=0.03)
    assert np.mean([float(row["gmed_pct"]) for row in rows]) == pytest.approx(60, rel=0.05)
    assert np.mean([int(row["good"]) for row in rows]) > 0.9
    assert {row["leader"] for row in rows} == {"gmed"}


def test_an_imported_file_is_analysed_like_the_file_itself(cli, tmp_path: Path) -> None:
    known = steady({"gmed": 0.6, "tfl": 0.2, "ql": 0.3}, 5.0, 1000.0, seed=2)
    table = tmp_path / "emg.csv"
    np.savetxt(
        table, known.counts * known.info.lsb_uv, fmt="%.4f", delimiter=",", header="a,b,c", comments=""
    )
    montage = ("--montage", "gmed=1,tfl=2,ql=3")
    imported = cli(
        "import", table, "--fs", 1000, "--unit", "uV", "--library", tmp_path, "--json", *montage
    ).json
    (recording,) = imported["recordings"]
    one = cli("analyze", table, "--fs", 1000, "--unit", "uV", "--json", *montage).json
    two = cli("analyze", recording, "--json").json
    assert [c["rms_uv"] for c in two["channels"]] == [c["rms_uv"] for c in one["channels"]]
    assert set(one) == {"fs_hz", "seconds", "band_hz", "channels", "gaps", "warnings"}


def test_calibration_of_one_recording_serves_the_next_run(cli, demo_recording: Path, tmp_path: Path) -> None:
    ran = cli(
        "run", "demo", "--source", "patient:seed=3,script=taught", "--headless", "--library", tmp_path,
        "--calibration", demo_recording, "--json",
    )  # fmt: skip
    assert ran.code == 0
    assert ran.json["seconds"] < 60
    assert ran.json["rewards"] == 5
    again = cli("replay", ran.json["recording"], "--headless", "--json").json
    assert again["ticks_sha256"] == ran.json["ticks_sha256"]


def test_the_recording_that_comes_with_the_program_replays_to_its_summary(cli) -> None:
    recording = next(packaged_dir("recordings").glob("sub-demo/emg/*_emg.bdf"))
    again = cli("replay", recording, "--headless", "--json").json
    kept = open_recording(recording).meta["summary"]
    assert [done["rewarded"] for done in again["repetitions"]] == [False, False, True, True, True]
    for one, other in zip(again["repetitions"], kept["repetitions"], strict=True):
        assert one["share_median"] == pytest.approx(other["share_median"], rel=1e-6)
        assert one["good_s"] == pytest.approx(other["good_s"], abs=0.1)


def test_boards_and_protocols_are_listed(cli) -> None:
    rows = cli("boards", "--json").json["boards"]
    assert {"cyton", "ganglion", "synthetic"} <= {row["name"] for row in rows}
    listed = cli("protocols", "list", "--json").json
    assert "E03" in json.dumps(listed)


def test_an_unfinished_recording_replays_and_recovers(cli, demo_recording: Path, tmp_path: Path) -> None:
    for file in demo_recording.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    torn = tmp_path / demo_recording.name
    torn.write_bytes(torn.read_bytes()[:-1000])
    ran = cli("replay", torn, "--headless", "--json")
    assert ran.code == 0
    assert ran.json["warnings"]
    assert cli("recover", torn, "--json").code == 0
    assert cli("replay", torn, "--headless", "--json").code == 0


JUNK = bytes(range(256)) * 20
BAD_TOML = """schema = 1
id = "X"
name = "n"
target = "gmed"
rivals = ["tfl"]
bogus = 3
[reward]
rule = "hold"
hold_s = -1
[[block]]
[[block.phase]]
kind = "wrok"
seconds = 5
cue = "x"
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4, ["analyze", "missing.csv"]),
        (4, ["analyze", "junk.bdf"]),
        (4, ["analyze", "junk.csv"]),
        (4, ["replay", "short.bdf", "--headless"]),
        (4, ["replay", "REC", "--headless", "--montage", "gmed=99,tfl=2"]),
        (4, ["replay", "REC", "--headless", "--montage", "gmed=nobody,tfl=2"]),
        (4, ["replay", "REC", "--headless", "--rest", "0,3", "--reference", "900,910"]),
        (4, ["analyze", "nan.csv", "--fs", "250"]),
        (4, ["analyze", "good.csv", "--fs", "1000", "--band", "10,900"]),
        (4, ["run", "bad.toml", "--source", "patient:", "--headless"]),
        (4, ["run", "demo", "--source", "file:missing.bdf", "--headless"]),
        (4, ["run", "demo", "--source", "patient:", "--calibration", "missing.bdf", "--headless"]),
        (4, ["recover", "missing.bdf"]),
        (4, ["import", "junk.csv", "--fs", "250"]),
        (2, ["replay", "REC", "--headless", "--montage", "gmed=1,tfl"]),
        (2, ["replay", "REC", "--headless", "--montage", "gmed=1,tfl=1"]),
        (2, ["replay", "REC", "--headless", "--chunk", "0"]),
        (2, ["replay", "REC", "--headless", "--speed", "nan"]),
        (2, ["replay", "REC", "--headless", "--set", "nothing=1"]),
        (2, ["replay", "REC", "--headless", "--rest", "0,3"]),
        (2, ["replay", "good.csv", "--fs", "1000", "--headless"]),
        (2, ["analyze", "good.csv", "--fs", "0"]),
        (2, ["analyze", "good.csv", "--fs", "nan"]),
        (2, ["analyze", "good.csv", "--fs", "-250"]),
        (2, ["analyze", "good.csv", "--fs", "1000", "--from", "5", "--to", "2"]),
        (2, ["run", "E99", "--source", "patient:", "--headless"]),
        (2, ["run", "demo", "--source", "bogus:1", "--headless"]),
        (2, ["run", "demo", "--source", "nothing", "--headless"]),
        (2, ["run", "demo", "--source", "patient:fs=0", "--headless"]),
        (2, ["run", "demo", "--source", "patient:", "--headless", "--seconds", "-5"]),
        (2, ["run", "demo", "--source", "patient:", "--headless", "--seconds", "nan"]),
        (2, ["run", "demo", "--source", "patient:", "--headless", "--participant", "../../x"]),
        (2, ["run", "demo", "--source", "patient:", "--headless", "--montage", "gmed=1,gmed=2"]),
        (2, ["run"]),
        (2, ["frobnicate"]),
        (3, ["run", "demo", "--source", "cyton:/dev/no-such-port", "--headless"]),
        (3, ["run", "demo", "--source", "cyton:" + "x" * 5000, "--headless"]),
        (5, ["run", "demo", "--source", "patient:", "--headless", "--library", "junk.csv/inside"]),
    ],
)
def test_each_mistake_is_told_in_a_sentence_with_its_exit_code(
    cli, demo_recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("junk.bdf").write_bytes(JUNK)
    Path("junk.csv").write_bytes(JUNK)
    Path("short.bdf").write_bytes(demo_recording.read_bytes()[:700])
    Path("nan.csv").write_text("a,b\n" + "nan,nan\n" * 50)
    Path("good.csv").write_text("a,b\n" + "1.0,2.0\n-1.0,3.0\n" * 2000)
    Path("bad.toml").write_text(BAD_TOML)
    if words[0] in ("run", "import") and "--library" not in words:
        words = [*words, "--library", "library"]
    ran = cli(*[str(demo_recording) if word == "REC" else word for word in words])
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    said = [line for line in ran.err.splitlines() if not line.startswith("note:")]
    assert len(said) == (3 if "bad.toml" in words else 1), ran.err
    assert all(20 < len(line) < 400 for line in said)


def test_three_mistakes_of_a_protocol_are_told_at_once_with_their_lines(cli, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(BAD_TOML)
    ran = cli("run", file, "--source", "patient:", "--headless")
    assert [line.split(":")[1].strip() for line in ran.err.splitlines()] == ["line 6", "line 9", "line 12"]


def test_debug_shows_the_traceback_that_is_otherwise_hidden(cli) -> None:
    assert "Traceback" in cli("analyze", "missing.csv", "--debug").err


@pytest.mark.skipif(os.name != "posix", reason="file size limits are a POSIX matter")
def test_a_disk_that_fills_up_ends_the_run_with_code_5_and_a_readable_recording(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000));"
        "from emgfeedback.cli.main import main; main(sys.argv[1:])"
    )
    words = ["run", "demo", "--source", "patient:seed=1", "--headless", "--library", str(tmp_path), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    recording = open_recording(next(tmp_path.glob("sub-*/emg/*_emg.bdf")))
    assert len(recording.counts) > 1000


def test_help_is_quick_and_names_every_command(cli) -> None:
    ran = cli("--help")
    assert ran.code == 0
    for command in (
        "demo",
        "run",
        "replay",
        "analyze",
        "import",
        "recover",
        "protocols",
        "boards",
        "virtual-cyton",
        "support",
    ):
        assert command in ran.out


def test_a_not_a_number_never_reaches_the_json(cli, demo_recording: Path) -> None:
    ran = cli("replay", demo_recording, "--headless", "--json", "--set", "min_level_pct=100000")
    assert not [v for v in ran.json.values() if isinstance(v, float) and math.isnan(v)]
    assert "NaN" not in ran.out
