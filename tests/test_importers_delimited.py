"""Delimited text of any origin: the real files, hand-written tricky ones, and what must be refused."""

import gzip
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from importer_examples import (
    GROVE,
    TFL,
    TFL_LABELLED,
    WALK,
    Write,
    microvolts,
    names_of,
    refusal,
    write_file,
)

from emgfeedback.errors import UsageError
from emgfeedback.storage.importers import ImportOptions, read_file
from emgfeedback.values import COUNT_MAX, Gap


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file and returns its path."""
    return partial(write_file, tmp_path)


def wave(n_samples: int, seed: int = 1) -> list[str]:
    """Return numbers in µV with three decimals, as text."""
    return [f"{value:.3f}" for value in np.random.default_rng(seed).normal(0, 50, n_samples)]


class TestDelimited:
    def test_the_walk_file_has_thirteen_muscles_at_1000_hz(self, shared_data: Path) -> None:
        recording = read_file(shared_data / WALK)
        assert " ".join(names_of(recording)) == "ME MA FL RF VM VL ST BF TA PL GM GL SO"
        assert (recording.info.fs_hz, recording.counts.shape) == (1000.0, (7618, 13))
        assert recording.meta["first_time_s"] == 0.014
        assert any("taken as uV" in warning for warning in recording.warnings)

    def test_the_rate_of_rounded_times_is_1920_and_not_1919_4(self, shared_data: Path) -> None:
        recording = read_file(shared_data / TFL, ImportOptions(unit="mV"))
        assert recording.info.fs_hz == 1920.0
        assert names_of(recording)[0] == "sEMG: tensor fascia lata"
        assert recording.counts.shape == (40320, 9)
        np.testing.assert_allclose(microvolts(recording)[0, :2], [-21.667, -48.523], rtol=1e-9)
        assert recording.warnings == ()

    def test_a_label_column_in_a_gzip_file_is_left_out(self, shared_data: Path) -> None:
        recording = read_file(shared_data / TFL_LABELLED, ImportOptions(unit="mV"))
        assert (recording.info.fs_hz, recording.counts.shape) == (1920.0, (31764, 9))
        assert recording.warnings == ("column 11 'label' holds text and is left out",)

    def test_a_header_is_not_needed_and_1e_3_is_a_time(self, shared_data: Path) -> None:
        recording = read_file(shared_data / "c3d_gait_bilateral/emg.csv", ImportOptions(unit="mV"))
        assert (recording.info.fs_hz, recording.counts.shape) == (1000.0, (3360, 1))
        assert names_of(recording) == ["EMG 1"]
        np.testing.assert_allclose(microvolts(recording)[:3, 0], [0, -21.97, -14.65], rtol=1e-9)

    def test_remarks_tell_rate_and_label(self, shared_data: Path) -> None:
        recording = read_file(shared_data / "biosppy_txt/emg.txt")
        assert (recording.info.fs_hz, recording.meta["fs_from"]) == (1000.0, "the header")
        assert recording.counts.shape == (100_000, 1)
        assert names_of(recording) == ["EMG"]
        np.testing.assert_allclose(microvolts(recording)[:2, 0], [2055, 2056])

    def test_byte_order_mark_and_empty_cells_of_a_real_file(self, shared_data: Path) -> None:
        recording = read_file(shared_data / "emgflow_csv/sample_data_01.csv")
        assert names_of(recording) == ["EMG_zyg", "EMG_cor"]
        assert (recording.info.fs_hz, len(recording.counts)) == (2000.0, 20_000)
        assert recording.gaps == (Gap(16598, 100),)
        assert any("gaps: 100" in warning for warning in recording.warnings)

    def test_blanks_separate_columns_and_counters_are_no_signals(self, shared_data: Path) -> None:
        recording = read_file(shared_data / GROVE, ImportOptions(unit="V"))
        assert (recording.info.fs_hz, recording.counts.shape) == (1000.0, (12_000, 2))
        np.testing.assert_allclose(microvolts(recording)[0], [1484807, 1489352])
        assert "column 3 only counts and is left out" in recording.warnings

    def test_windows_text_with_quotes_and_a_byte_order_mark(self, write: Write) -> None:
        rows = "".join(f'"{i / 500:.3f}","{uv}","-1.5","rest, still"\r\n' for i, uv in enumerate(wave(50)))
        content = '\ufeff"Time [s]","sEMG: gluteus, medius","TFL","task"\r\n' + rows
        recording = read_file(write(content), ImportOptions(unit="uV"))
        assert names_of(recording) == ["sEMG: gluteus, medius", "TFL"]
        assert recording.info.fs_hz == 500.0
        np.testing.assert_allclose(microvolts(recording)[:, 0], np.array(wave(50), float), atol=1e-9)

    def test_a_decimal_comma_is_never_guessed(self, write: Write) -> None:
        rows = "".join(f"{i / 1000:.3f};{uv};2.5\n".replace(".", ",") for i, uv in enumerate(wave(40)))
        path = write("Zeit;GMed;TFL\n" + rows)
        assert "--decimal ," in refusal(path)
        assert "--decimal ," in refusal(path, delimiter=";")
        recording = read_file(path, ImportOptions(decimal=",", unit="uV"))
        assert (recording.info.fs_hz, names_of(recording)) == (1000.0, ["GMed", "TFL"])
        np.testing.assert_allclose(microvolts(recording)[:, 0], np.array(wave(40), float), atol=1e-9)

    def test_two_columns_of_integers_or_one_with_a_comma_must_be_asked(self, write: Write) -> None:
        path = write("".join(f"{uv % 7},{uv % 5}\n" for uv in range(50)))
        assert "2 ways" in refusal(path, fs_hz=1000.0)
        assert read_file(path, ImportOptions(fs_hz=1000.0, decimal=".")).counts.shape == (50, 2)
        assert read_file(path, ImportOptions(fs_hz=1000.0, decimal=",")).counts.shape == (50, 1)
        named = write("GMed,TFL\n" + path.read_text(), "named.csv")
        assert names_of(read_file(named, ImportOptions(fs_hz=1000.0))) == ["GMed", "TFL"]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
    def test_each_delimiter_gives_the_same_signals(self, write: Write, delimiter: str) -> None:
        columns = list(zip(wave(60, 1), wave(60, 2), strict=True))
        path = write("".join(delimiter.join(row) + "\n" for row in columns))
        words = {",": "comma", ";": "semicolon", "\t": "tab", " ": "space"}
        for stated in (None, delimiter, words[delimiter]):
            recording = read_file(path, ImportOptions(fs_hz=250.0, unit="uV", delimiter=stated))
            np.testing.assert_allclose(microvolts(recording), np.array(columns, float), atol=1e-9)

    def test_numpys_own_header_and_a_delimiter_at_the_end_of_lines(self, write: Write) -> None:
        rows = "".join(f"{a},{b},\n" for a, b in zip(wave(30, 1), wave(30, 2), strict=True))
        recording = read_file(write("# GMed,TFL,\n" + rows), ImportOptions(fs_hz=250.0))
        assert names_of(recording) == ["GMed", "TFL"]

    def test_units_in_the_names_are_taken(self, write: Write) -> None:
        rows = "".join(f"{i},{a},{b}\n" for i, (a, b) in enumerate(zip(wave(30), wave(30), strict=True), 7))
        path = write("time (ms),GMed (mV),TFL [µV]\n" + rows)
        recording = read_file(path)
        assert (recording.info.fs_hz, recording.warnings) == (1000.0, ())
        assert recording.meta["first_time_s"] == 0.007
        np.testing.assert_allclose(microvolts(recording)[:, 0], 1000 * np.array(wave(30), float))
        told = read_file(path, ImportOptions(unit="uV"))
        assert any("--unit says uV, the file mV" in warning for warning in told.warnings)

    def test_a_time_column_without_a_believable_rate_asks_for_one(self, write: Write) -> None:
        path = write("time,GMed\n" + "".join(f"{i},{uv}\n" for i, uv in enumerate(wave(30))))
        assert "--fs" in refusal(path)
        assert read_file(path, ImportOptions(fs_hz=1000.0)).counts.shape == (30, 1)

    def test_a_muscle_that_begins_with_t_is_no_time(self, write: Write) -> None:
        path = write("TA,TFL\n" + "".join(f"{a},{b}\n" for a, b in zip(wave(30), wave(30, 2), strict=True)))
        assert names_of(read_file(path, ImportOptions(fs_hz=500.0))) == ["TA", "TFL"]

    def test_the_rate_given_wins_over_the_files_with_a_warning(self, shared_data: Path) -> None:
        recording = read_file(shared_data / WALK, ImportOptions(fs_hz=500.0))
        assert recording.info.fs_hz == 500.0
        assert "--fs says 500 Hz, the time column 1000 Hz; 500 Hz is used" in recording.warnings
        near = read_file(shared_data / WALK, ImportOptions(fs_hz=1004.0))
        assert not any("is used" in warning for warning in near.warnings)

    def test_holes_in_the_time_column_are_gaps(self, write: Write) -> None:
        kept = [i for i in range(400) if i not in range(100, 110) and i != 200]
        rows = "".join(f"{i / 1920:.6f},{uv}\n" for i, uv in zip(kept, wave(389), strict=True))
        recording = read_file(write("time,GMed\n" + rows))
        assert recording.gaps == (Gap(100, 10), Gap(200, 1))
        assert recording.info.fs_hz == 1920.0

    @pytest.mark.parametrize("fs_hz", [300, 700, 1000, 2000])
    def test_coarsely_rounded_times_make_no_holes(self, write: Write, fs_hz: int) -> None:
        rows = "".join(f"{i / fs_hz:.3f},{uv}\n" for i, uv in enumerate(wave(3000)))
        recording = read_file(write("time,GMed\n" + rows))
        assert recording.gaps == ()
        assert abs(recording.info.fs_hz - fs_hz) < 1

    @pytest.mark.parametrize("missing", ["", "NaN", "NA", " "])
    def test_missing_values_are_gaps_wherever_they_stand(self, write: Write, missing: str) -> None:
        values = wave(100)
        cells = [[a, b] for a, b in zip(values, wave(100, 2), strict=True)]
        cells[0][1] = cells[50][0] = cells[51][1] = cells[99][0] = missing
        path = write("GMed,TFL\n" + "".join(",".join(row) + "\n" for row in cells))
        recording = read_file(path, ImportOptions(fs_hz=250.0))
        assert recording.gaps == (Gap(0, 1), Gap(50, 2), Gap(99, 1))
        assert len(recording.counts) == 100
        assert list(recording.stretches()) == [(1, 50), (52, 99)]
        assert any("'GMed' (2), 'TFL' (2)" in warning for warning in recording.warnings)

    def test_equal_names_are_told_apart(self, write: Write) -> None:
        path = write("EMG,EMG,\n" + "".join(f"{uv},{uv},{uv}\n" for uv in wave(20)))
        assert names_of(read_file(path, ImportOptions(fs_hz=250.0))) == ["EMG", "EMG (2)", "EMG 3"]

    def test_a_wide_text_of_excel_is_read(self, write: Write) -> None:
        content = "GMed\tTFL\r\n" + "".join(f"{uv}\t{uv}\r\n" for uv in wave(20))
        assert names_of(read_file(write(content.encode("utf-16")), ImportOptions(fs_hz=250.0))) == [
            "GMed",
            "TFL",
        ]

    @pytest.mark.parametrize(("unit", "steps_uv"), [("uV", 1e-6), ("mV", 1e-3), ("V", 1.0)])
    def test_steps_are_the_smallest_power_of_ten_that_fits(
        self, write: Write, unit: str, steps_uv: float
    ) -> None:
        path = write("GMed,TFL\n" + "8.0,-8.0\n0.1,0.2\n" * 5)
        recording = read_file(path, ImportOptions(fs_hz=250.0, unit=unit))
        assert recording.info.lsb_uv == steps_uv
        assert recording.counts.max() == -recording.counts.min() == 8_000_000
        assert f"{steps_uv:g} uV" in recording.meta["lsb_note"]

    def test_the_largest_value_never_looks_railed(self, write: Write) -> None:
        path = write("GMed,TFL\n" + "8.388607,-8.388607\n0.1,0.2\n" * 5)
        assert read_file(path, ImportOptions(fs_hz=250.0)).counts.max() < 0.99 * COUNT_MAX

    def test_volts_taken_as_microvolts_are_doubted(self, write: Write) -> None:
        path = write("GMed,TFL\n" + "".join(f"{float(uv) * 1e-6:.9f},0.0\n" for uv in wave(20)))
        assert any("check --unit" in w for w in read_file(path, ImportOptions(fs_hz=250.0)).warnings)


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "empty"),
            (b"\n\n\n", "no columns"),
            (bytes(range(256)) * 40, "not text"),
            (b"PK\x03\x04" + bytes(500), "not text"),
            (b"\x1f\x8b\x08\x00junk", "cannot be read"),
            (gzip.compress(b"1.5,2.5\n" * 9999)[:-20], "cannot be read"),
            (b"walk\nrest\nwalk\n", "no columns"),
            (b"GMed,TFL\nnan,nan\n" + b"nan,nan\n" * 20, "no number"),
            (b"GMed,TFL\n1.5,nan\nnan,2.5\n" * 9, "line 4"),
            (b"GMed,TFL\n" + b"1.5,nan\nnan,2.5\n" * 9, "no row has a value"),
            (b"GMed,TFL\n" + b"1.5,0.5\n" * 20 + b"inf,0.5\n", "'GMed' reads inf"),
            (b"GMed,TFL\n" + b"1.5,0.5\n" * 20 + b"1.5,-1e99\n", "'TFL' reads -1e+99"),
            (b"GMed,TFL\n" + b"1.5,0.5\n" * 20 + b"1.5,0.5;\n", "line 22, column 2"),
            (b"GMed,TFL\n" + b"1.5,0.5\n" * 20 + b"1.5,1_0\n", "line 22, column 2"),
            (b"time\n" + b"".join(b"%d\n" % i for i in range(50)), "no signal"),
        ],
    )
    def test_each_says_what_is_wrong_in_one_sentence(self, write: Write, content: bytes, says: str) -> None:
        assert says in refusal(write(content), fs_hz=250.0)

    def test_a_missing_file_and_a_folder_are_refused(self, tmp_path: Path) -> None:
        assert "No such file" in refusal(tmp_path / "none.csv")
        assert "cannot be read" in refusal(tmp_path)

    def test_no_rate_is_refused(self, write: Write) -> None:
        assert "--fs" in refusal(write("GMed,TFL\n" + "1.5,0.5\n" * 20))

    @pytest.mark.parametrize(
        "options",
        [
            *({"fs_hz": rate} for rate in (0.0, -1.0, float("nan"), float("inf"), 1e6)),
            {"unit": "kV"},
            {"decimal": ";"},
            {"delimiter": ","} | {"decimal": ","},
            {"delimiter": "::"},
            {"delimiter": '"'},
            {"delimiter": ""},
            {"board": "TOASTER"},
            {"board": ""},
        ],
    )
    def test_options_that_no_file_could_have_are_wrong_usage(self, options: dict[str, object]) -> None:
        with pytest.raises(UsageError, match="--"):
            ImportOptions(**options)

    def test_a_small_file_cannot_unpack_without_end(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("emgfeedback.storage.importers.text.MAX_VALUES", 1000)
        path = write(gzip.compress(b"1.5,2.5\n" * 501), "bomb.csv.gz")
        assert "more than 1,000 numbers" in refusal(path, fs_hz=250.0)
