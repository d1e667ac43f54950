"""A board that goes away in the middle of a hold: the session survives, and the record tells all of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from link_kit import job_of, through_brainflow
from run_kit import Ticks

from emgfeedback.run.job import Job, made_calibration, recorded_calibration, recorded_protocol, replay_job
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.patient import Patient
from emgfeedback.sources.virtual_cyton import ChannelFault, Faults, Outage, Stall, VirtualCyton, available
from emgfeedback.storage.recording import open_recording
from emgfeedback.values import Calibration, Chunk, Quality

pytestmark = pytest.mark.skipif(not available(), reason="this system has no pseudo-terminal")

FS_HZ = 250.0


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """Made by the same person on the same board, faster than real time."""
    _, recording = through_brainflow(tmp_path_factory.mktemp("set-up"), None, Faults(), speed=6.0)
    return made_calibration(recording)


@pytest.mark.parametrize(
    ("faults", "fewest_lost", "most_lost"),
    [
        (Faults(outages=(Outage(4.0, 4.0),)), 4.0, 9.0),
        pytest.param(Faults(stalls=(Stall(4.0, 2.0, late=False),)), 2.0, 2.0, marks=pytest.mark.full),
        (Faults(stalls=(Stall(4.0, 2.0, late=True),)), 0.0, 0.0),
    ],
    ids=["unplugged for 4 s", "2 s lost", "2 s late"],
)
def test_a_board_away_in_mid_hold_voids_the_repetition_and_the_session_goes_on_by_itself(
    tmp_path: Path, calibration: Calibration, faults: Faults, fewest_lost: float, most_lost: float
) -> None:
    job, recording = through_brainflow(tmp_path, calibration, faults)
    outcome = job.outcome
    assert outcome
    first, second = outcome.repetitions
    assert first["void"]
    assert not first["rewarded"]
    assert first["good_s"] > 1.0
    assert not second["void"]
    assert second["rewarded"]
    assert fewest_lost * FS_HZ <= outcome.lost_samples <= most_lost * FS_HZ
    assert sum(gap.n_samples for gap in recording.gaps) == outcome.lost_samples
    assert len(recording.counts) == outcome.received_samples + outcome.lost_samples
    links = [dict(command.data)["state"] for command in recording.commands if command.kind == "link"]
    assert links[0] in ("stalled", "lost")
    assert links[-1] == "streaming"
    again = replay_job(
        recording,
        recording.info,
        recorded_protocol(recording),
        50.0,
        calibration=recorded_calibration(recording),
        sizes=(7,),
    ).run()
    assert (again.ticks_sha256, again.events_sha256) == (outcome.ticks_sha256, outcome.events_sha256)


class Marker:
    """A sink that marks the newest sample whenever another second of signal has arrived."""

    def __init__(self, job: Job) -> None:
        self._job, self._next = job, 1000
        self.true_samples: list[int] = []

    def on_chunk(self, chunk: Chunk) -> None:
        if chunk.end_sample > self._next:
            self._next = chunk.end_sample + 250
            self.true_samples.append(chunk.end_sample - 1)
            self._job.commands.post("mark")

    def on_tick(self, tick: object) -> None:
        pass


def test_a_mark_carries_the_sample_that_was_being_taken(tmp_path: Path, calibration: Calibration) -> None:
    person = Patient("taught", seed=4, n_channels=8)
    with VirtualCyton(person.next_counts) as cyton:
        job = job_of(open_brainflow(f"cyton:{cyton.port}"), tmp_path, (person,), calibration)
        marker = Marker(job)
        job.commands.post("start")
        job.run((marker,))
    assert job.recorder
    marks = [c.data["at_sample"] for c in open_recording(job.recorder.path).commands if c.kind == "mark"]
    late = np.array(marks) - np.array(marker.true_samples[: len(marks)])
    assert len(late) > 2
    assert -5 <= np.median(late) < 250, "given after its sample has arrived, on a busy machine up to a second"


def test_the_accelerometer_is_recorded_beside_the_muscles(tmp_path: Path, calibration: Calibration) -> None:
    _, recording = through_brainflow(tmp_path, calibration, Faults())
    kinds = [channel.kind for channel in recording.info.channels]
    assert kinds == ["EMG"] * 8 + ["ACCEL"] * 3
    g = recording.counts[500:510][:, 8:] * recording.info.channels[8].lsb
    assert 0.5 < float((g**2).sum(axis=1).mean()) ** 0.5 < 1.5


def test_bad_channels_are_flagged_within_a_second_suspend_the_reward_and_clear_within_two(
    tmp_path: Path, calibration: Calibration
) -> None:
    begins_s, ends_s = 5.0, 9.0
    railed, off, flat = (ChannelFault(channel, begins_s, ends_s) for channel in (1, 2, 3))
    faults = Faults(railed=(railed,), lead_off=(off,), flat=(flat,))
    ticks = Ticks()
    through_brainflow(tmp_path, calibration, faults, sinks=(ticks,), work_s=14)
    end_s = np.array([tick.frame.end_sample for tick in ticks]) / FS_HZ
    quality = np.array([tick.frame.quality for tick in ticks])
    good = np.array([tick.reward.good for tick in ticks])
    expected = (Quality.RAILED, Quality.OFF | Quality.MAINS, Quality.FLAT)
    for column, flags in enumerate(expected):
        named = end_s[(quality[:, column] & flags) > 0]
        assert begins_s < named[0] <= begins_s + 1.0
        wrong = quality[:, column] > 0
        assert wrong[(end_s > begins_s + 1.0) & (end_s <= ends_s)].all()
        assert not wrong[end_s > ends_s + 2.0].any()
    assert not good[(end_s > begins_s + 1.0) & (end_s <= ends_s)].any()
    assert good[end_s < begins_s].any()
    assert good[end_s > ends_s + 2.0].any()


@pytest.mark.full
def test_one_bad_channel_leaves_the_others_measured(tmp_path: Path, calibration: Calibration) -> None:
    ticks = Ticks()
    faults = Faults(railed=(ChannelFault(2, 3.0),))
    through_brainflow(tmp_path, calibration, faults, sinks=(ticks,), work_s=6)
    late = [tick for tick in ticks if tick.frame.end_sample > 4 * FS_HZ]
    assert all(tick.frame.quality[1] & Quality.RAILED for tick in late)
    assert not any(tick.frame.quality[[0, 2]].any() for tick in late)
    assert all(np.isfinite(tick.level_pct[[0, 2]]).all() for tick in late)


LOCALISED = """
import ctypes, sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from emgfeedback.run.job import recorded_calibration, recorded_protocol, replay_job
from emgfeedback.run.ticks import TickTable
from emgfeedback.sources.virtual_cyton import Faults
from link_kit import job_of, through_brainflow
app = QApplication([])
printed = ctypes.create_string_buffer(9)
ctypes.CDLL(None).snprintf(printed, 9, b"%.1f", ctypes.c_double(0.5))
print(printed.value.decode())
library = Path(sys.argv[1])
job, recording = through_brainflow(library, None, Faults(), speed=6.0)
table = TickTable(library / "ticks.csv", job.info)
replayed = replay_job(
    recording, recording.info, recorded_protocol(recording), 50.0, calibration=recorded_calibration(recording)
)
replayed.run((table,))
table.close()
"""


def formats_of(path: Path) -> set[str]:
    """The lines of a file with every number replaced by one sign; of a BDF+ only the header."""
    data = path.read_bytes()
    text = (data[: int(data[184:192])] if path.suffix == ".bdf" else data).decode("latin-1")
    text = re.sub(r'"[0-9a-f]{8}"|"[0-9a-f]{64}"', '"#"', text)
    return set(re.sub(r"-?\d+([.]\d+)?(e-?\d+)?|NaN", "#", text).splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="a process takes its locale from LC_ALL on POSIX only")
def test_a_locale_with_a_decimal_comma_changes_the_format_of_no_file(tmp_path: Path) -> None:
    formats, printed = [], []
    for name in ("C.UTF-8", "de_DE.UTF-8"):
        library = tmp_path / name
        library.mkdir()
        environment = os.environ | {"LC_ALL": name, "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(
            [sys.executable, "-c", LOCALISED, str(library)],
            env=environment | {"PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout.strip())
        files = [path for path in sorted(library.rglob("*.*")) if path.is_file()]
        assert {".bdf", ".csv", ".tsv", ".json", ".jsonl"} <= {path.suffix for path in files}
        told = {path.suffix: path.read_text(encoding="latin-1") for path in files}
        assert not any(re.search(r"\d,\d", told[suffix]) for suffix in (".tsv", ".json", ".jsonl"))
        assert len({line.count(",") for line in told[".csv"].splitlines()}) == 1
        formats.append([formats_of(path) for path in files if path.suffix in (".bdf", ".json")])
    if printed[1] != "0,5":
        pytest.skip("the locale de_DE.UTF-8 is not installed")
    assert formats[0] == formats[1]
