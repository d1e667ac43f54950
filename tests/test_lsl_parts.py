"""What an LSL source makes of addresses, descriptions and time stamps; no network, no pylsl."""

import subprocess
import sys

import numpy as np
import pytest
from lsl_kit import FS_HZ

from emgfeedback.errors import UsageError
from emgfeedback.sources.lsl import parse_query
from emgfeedback.sources.lsl.description import FLOAT_STEP_UV, describe
from emgfeedback.sources.lsl.stamps import CONFIRM_S, StampClock

# The address


def test_a_plain_word_after_the_scheme_is_the_name_of_the_stream() -> None:
    assert parse_query("Delsys Trigno").properties == {"name": "Delsys Trigno"}


def test_an_address_may_name_several_properties_and_a_unit() -> None:
    query = parse_query("type=EMG, name=A,hostname=lab-2,unit=mV")
    assert query.properties == {"type": "EMG", "name": "A", "hostname": "lab-2"}
    assert query.unit == "mV"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\nb",
        "x" * 256,
        "colour=red",
        "type=",
        "name=A,name=B",
        "unit=uV",
        "name=A,unit=parsec",
        "type=a,b",
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="write") as refusal:
        parse_query(text)
    assert "\n" not in str(refusal.value)


# The description


def xml(*channels: tuple[str, str]) -> str:
    told = "".join(f"<channel><label>{a}</label><unit>{b}</unit></channel>" for a, b in channels)
    return f"<?xml version='1.0'?><info><desc><channels>{told}</channels></desc></info>"


@pytest.mark.parametrize(
    ("unit", "scale_uv"),
    [("microvolts", 1), ("uV", 1), ("\u00b5V", 1), ("\u03bcV", 1), ("mV", 1e3), ("V", 1e6), ("nV", 1e-3)],
)
def test_a_unit_of_voltage_gives_the_scale(unit: str, scale_uv: float) -> None:
    about = describe(xml(("a", unit)), 1, whole=False)
    assert about.scale_uv.tolist() == [scale_uv]
    assert not about.warnings


def test_labels_name_the_channels_and_equal_ones_are_told_apart() -> None:
    about = describe(xml(("TFL", "uV"), ("TFL", "uV"), ("", "uV")), 3, whole=False)
    assert [channel.name for channel in about.channels] == ["TFL", "TFL (2)", "EMG 3"]


def test_a_channel_without_a_voltage_is_taken_for_microvolts_and_the_user_is_told() -> None:
    about = describe(xml(("a", "uV"), ("b", ""), ("c", "counts")), 3, whole=False)
    assert about.scale_uv.tolist() == [1, 1, 1]
    (warning,) = about.warnings
    assert "2 (none), 3 (counts)" in warning
    assert "assumed" in warning


def test_a_unit_in_the_address_stands_in_where_the_stream_states_none() -> None:
    about = describe(xml(("a", ""), ("b", "uV")), 2, whole=False, unit="mV")
    assert about.scale_uv.tolist() == [1e3, 1]
    assert not about.warnings


def test_whole_numbers_keep_their_step_and_floats_get_a_tenth_of_a_microvolt() -> None:
    assert describe(xml(("a", "nV")), 1, whole=True).lsb_uv == 1e-3
    assert describe(xml(("a", "V")), 1, whole=False).lsb_uv == FLOAT_STEP_UV == 0.1


BOMB = (
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>"
    "<info><desc><channels><channel><label>&b;</label></channel></channels></desc></info>"
)


@pytest.mark.parametrize(
    "text", [BOMB, "<info>" + " " * 2**20 + "</info>", "<info><desc>", "", xml(("a", "uV"), ("b", "uV"))]
)
def test_a_description_that_is_unsafe_broken_or_of_other_channels_is_left_out_with_a_warning(
    text: str,
) -> None:
    about = describe(text, 3, whole=False)
    assert [channel.name for channel in about.channels] == ["EMG 1", "EMG 2", "EMG 3"]
    assert len(about.warnings) == 2


def test_an_entity_of_a_description_is_never_expanded() -> None:
    about = describe(BOMB, 1, whole=False)
    assert [channel.name for channel in about.channels] == ["EMG 1"]
    assert "unsafe" in about.warnings[0]


# Time stamps


def placed(stamps_s: np.ndarray, cuts: list[int], fs_hz: float = FS_HZ) -> list[int]:
    """Indices after the rows came in such parts, each when its last row was due, and a moment passed."""
    clock, now_s, found = StampClock(fs_hz), 0.0, []
    for part in np.split(stamps_s, cuts):
        now_s = max(now_s, float(part[-1])) if len(part) else now_s
        found.append(clock.place(part, now_s, np.nan))
    found.append(clock.place(np.empty(0), now_s + 2 * CONFIRM_S, np.nan))
    return np.concatenate(found).tolist()


def cuts_of(generator: np.random.Generator, n_rows: int, n_cuts: int) -> list[int]:
    return sorted(generator.integers(1, n_rows, n_cuts).tolist())


@pytest.mark.parametrize("seed", range(12))
def test_exact_stamps_give_exact_indices_whatever_was_lost_and_however_it_was_cut(seed: int) -> None:
    generator = np.random.default_rng(seed)
    kept = np.flatnonzero(generator.random(3000) > 0.004)
    kept = kept[(kept < 1500) | (kept > 1800)]
    expected = (kept - kept[0]).tolist()
    drift = 1 + generator.uniform(-100e-6, 100e-6)
    assert placed(50.0 + kept / FS_HZ * drift, cuts_of(generator, len(kept), 150)) == expected


@pytest.mark.parametrize("seed", range(12))
def test_a_sender_that_is_late_and_catches_up_loses_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    due_s = np.arange(200) * 0.016
    late_s = generator.uniform(0, 0.006, 200)
    late_s[100] = 0.08
    sent_s = np.maximum.accumulate(due_s + late_s)
    rows = np.arange(16) / FS_HZ
    clock, found = StampClock(FS_HZ), []
    for push_s in sent_s:
        found.append(clock.place(push_s + rows, push_s, np.nan))
    found.append(clock.place(np.empty(0), sent_s[-1] + 2 * CONFIRM_S, np.nan))
    assert np.concatenate(found).tolist() == list(range(3200))


def test_a_loss_larger_than_the_jitter_is_found_to_within_the_jitter() -> None:
    generator = np.random.default_rng(3)
    push_s = np.arange(200) * 0.016 + generator.uniform(0, 0.004, 200)
    push_s[120:] += 0.5
    clock, found = StampClock(FS_HZ), []
    for sent_s in push_s:
        found.append(clock.place(sent_s + np.arange(16) / FS_HZ, sent_s, np.nan))
    index = np.concatenate(found)
    assert abs(index[-1] + 1 - len(index) - 500) <= 4
    assert np.count_nonzero(np.diff(index) != 1) == 1


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0, 1e9])
@pytest.mark.parametrize("away_s", [0.0, 3.0])
def test_when_the_senders_clock_is_set_the_time_that_passed_here_counts(jump_s: float, away_s: float) -> None:
    stamps_s = 5000 + np.arange(400) / FS_HZ
    stamps_s[200:] += jump_s
    clock, back_s = StampClock(FS_HZ), 0.4 + away_s
    found = [clock.place(stamps_s[:200], 0.2, np.nan), clock.place(stamps_s[200:], back_s, np.nan)]
    found.append(clock.place(np.empty(0), back_s + 2 * CONFIRM_S, np.nan))
    lost = round(away_s * FS_HZ)
    assert np.concatenate(found).tolist() == [*range(200), *range(200 + lost, 400 + lost)]


# Without pylsl

WITHOUT = """
import sys
sys.modules["pylsl"] = None
import emgfeedback.cli.main
from emgfeedback.errors import UsageError
from emgfeedback.run.lsl_outlets import LslOutlets
from emgfeedback.sources.lsl import open_lsl
try:
    open_lsl("amplifier")
except UsageError as error:
    sys.stdout.write(str(error))
"""


def test_without_pylsl_all_else_works_and_lsl_says_how_to_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "python -m pip install pylsl" in done.stdout


def test_pylsl_is_not_loaded_before_it_is_asked_for() -> None:
    code = "import sys, emgfeedback.cli.main, emgfeedback.sources.lsl, emgfeedback.run.lsl_outlets as o; "
    done = subprocess.run(
        [sys.executable, "-c", code + "print(*sys.modules)"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "pylsl" not in done.stdout.split()
