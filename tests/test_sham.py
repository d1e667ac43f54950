"""Made-up feedback: only with a study file that asks for it, labelled in the data, the same in a replay."""

from pathlib import Path

import numpy as np
import pytest
from run_kit import frame, protocol
from session_kit import GRID, INFO, TAUGHT, UNTAUGHT, calibration
from test_live_replay import replayed, same

from emgfeedback.cli.protocols import load_protocol
from emgfeedback.errors import InputError
from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.run.outcome import Outcome
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.storage.recording import open_recording
from emgfeedback.study.study_file import parse_study
from emgfeedback.training.session import Session
from emgfeedback.training.sham import GOOD_S, OFF_S, Sham
from emgfeedback.values import Command, Phase

STUDY = 'schema = 1\nethics = "2026-12"\nexercises = ["Sham1"]\nsham = true\n'


@pytest.fixture
def sham_file(tmp_path: Path) -> Path:
    demo = (packaged_dir("protocols") / "demo.toml").read_text("utf-8").replace('id = "demo"', 'id = "Sham1"')
    file = tmp_path / "sham.toml"
    file.write_text(demo.replace("[coaching]", '[feedback]\nschedule = "sham"\n\n[coaching]'), "utf-8")
    return file


def run(cli, file: Path, tmp_path: Path, *more: object):
    words = ("run", file, "--source", "patient:seed=4,script=untaught", "--headless", "--json")
    return cli(*words, "--library", tmp_path / "library", *more)


def test_a_sham_without_a_study_file_is_refused_in_a_sentence(cli, sham_file: Path, tmp_path: Path) -> None:
    refused = run(cli, sham_file, tmp_path)
    assert refused.code == 2
    assert "--study" in refused.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("sham = true", "sham = false"), "--study"),
        (("Sham1", "E03"), "does not name"),
        (('"2026-12"', '""'), "ethics"),
        (("schema = 1", "schema = 2"), "schema"),
        (("sham = true", "sham = 1"), "sham cannot be read"),
    ],
)
def test_a_study_that_does_not_ask_for_it_allows_no_sham(
    cli, sham_file: Path, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.replace(*change))
    refused = run(cli, sham_file, tmp_path, "--study", study)
    assert refused.code in (2, 4)
    assert words in refused.err


def test_a_sham_is_labelled_never_rewarded_and_replays_to_the_same(
    cli, sham_file: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY)
    told = run(cli, sham_file, tmp_path, "--study", study).json
    assert [one["feedback"] for one in told["repetitions"]] == ["sham"] * 5
    assert told["rewards"] == 0
    recording = open_recording(Path(told["recording"]))
    assert recording.meta["terms"]["study"]["sha256"] == parse_study(STUDY, "").sha256
    outcomes: list[Outcome] = [replayed(recording, sizes) for sizes in ((1024,), (7,))]
    assert same(*outcomes)
    assert outcomes[0].events_sha256 == told["events_sha256"]


def test_what_is_shown_follows_the_draw_and_not_the_muscles() -> None:
    exercise = protocol([Phase("work", 20.0, "Lift", repetition=1, feedback="sham")])

    def shown(levels: tuple[float, ...], seed: int) -> list[bool | None]:
        session = Session(
            INFO,
            GRID,
            exercise,
            50.0,
            calibration(),
            draw=lambda number: np.random.default_rng([seed, number]),
        )
        ticks = [session.step(frame(5, levels), [Command(0, "start")])]
        ticks += [session.step(frame(5 * i, levels), []) for i in range(2, 900)]
        assert not any(tick.reward.rewarded for tick in ticks)
        return [tick.sham_good for tick in ticks]

    assert shown(TAUGHT, 1) == shown(UNTAUGHT, 1) != shown(TAUGHT, 2)


@pytest.mark.parametrize("fs_hz", [125.0, 250.0, 1000.0])
def test_a_sham_is_good_two_thirds_of_the_time_at_every_rate(fs_hz: float) -> None:
    grid = grid_for(fs_hz, trunk=True)
    sham = Sham(grid, np.random.default_rng(3))
    hops = grid.hops(3000.0)
    for _ in range(hops):
        sham.hop()
    assert sham.good_s / (hops * grid.hop_s) == pytest.approx(GOOD_S / (GOOD_S + OFF_S), abs=0.04)


def test_a_study_file_that_is_not_toml_is_refused() -> None:
    with pytest.raises(InputError, match="TOML"):
        parse_study("schema =", "study.toml")
    assert load_protocol("demo").schedule == "always"
