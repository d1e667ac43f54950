"""Files of the OpenBCI GUI and of BrainFlow, and damaged files of every format."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importer_examples import (
    EXAMPLES,
    GANGLION_RAW,
    V4,
    V5,
    V6,
    Write,
    axes_g,
    microvolts,
    n_emg,
    names_of,
    refusal,
    write_file,
)

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import FORMATS, ImportOptions, read_file
from emgfeedback.storage.importers.boards import (
    CYTON_LSB_G,
    CYTON_LSB_UV,
    GANGLION_LSB_UV,
)
from emgfeedback.storage.importers.counter import places
from emgfeedback.values import ACCEL, COUNT_MAX, EMG, Gap


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file and returns its path."""
    return partial(write_file, tmp_path)


class TestOpenBciText:
    def test_three_header_generations_give_the_same_samples(self, shared_data: Path) -> None:
        v4, v5, v6 = (read_file(shared_data / name) for name in (V4, V5, V6))
        assert [len(recording.counts) for recording in (v4, v5, v6)] == [7500, 7500, 22490]
        assert [n_emg(recording) for recording in (v4, v5, v6)] == [8, 8, 8]
        np.testing.assert_array_equal(v4.counts[:, :8], v5.counts[:, :8])
        np.testing.assert_array_equal(v5.counts, v6.counts[:7500])
        assert [recording.gaps for recording in (v4, v5, v6)] == [(), (), ()]
        assert [recording.warnings for recording in (v4, v5, v6)] == [(), (), ()]

    @pytest.mark.parametrize("name", [V4, V5, V6])
    def test_a_cyton_file_lies_on_the_converters_grid(self, shared_data: Path, name: str) -> None:
        recording = read_file(shared_data / name)
        assert recording.info.fs_hz == 250.0
        assert recording.info.device == "CYTON"
        assert recording.info.lsb_uv == CYTON_LSB_UV == 4.5 / (2**23 - 1) / 24 * 1e6
        first_uv = [61379.36, 49492.89, -16597.06, -21309.75, 6703.91, -3284.86, 7223.10, 1740.11]
        np.testing.assert_allclose(microvolts(recording)[0], first_uv, atol=CYTON_LSB_UV / 2)
        assert recording.meta["started_at"] == "2019-05-15T16:00:53.329000+00:00"

    def test_labels_are_those_of_the_file_or_numbers(self, shared_data: Path) -> None:
        assert names_of(read_file(shared_data / V6))[0] == "EXG Channel 0"
        assert names_of(read_file(shared_data / V4)) == [f"EMG {n}" for n in range(1, 9)]

    @pytest.mark.parametrize(
        ("name", "n_samples", "first_uv"),
        [
            ("S06_S1R0", 28124, [-11.20, 16.89, 0, 0]),
            ("S06_S1REST", 5767, [-28.89, 46.51, 0, 0]),
            ("S12_S1R0", 25592, [19.94, 0.96, 0, 0]),
            ("S12_S1REST", 5536, [6.59, -3.55, 0, 0]),
        ],
    )
    def test_the_oldest_ganglion_files_are_read_whole(
        self, shared_data: Path, name: str, n_samples: int, first_uv: list[float]
    ) -> None:
        recording = read_file(shared_data / "openbci_ganglion_emg" / f"OpenBCI-RAW-{name}.txt")
        assert recording.counts.shape == (n_samples, 4)
        assert (recording.info.fs_hz, recording.info.device) == (200.0, "GANGLION")
        assert recording.info.lsb_uv == GANGLION_LSB_UV
        np.testing.assert_allclose(microvolts(recording)[0], first_uv, atol=GANGLION_LSB_UV / 2)
        assert recording.gaps == ()

    def test_lines_taken_out_of_a_real_file_become_gaps(self, shared_data: Path, write: Write) -> None:
        lines = (shared_data / V6).read_text().splitlines(keepends=True)
        whole = read_file(shared_data / V6)
        # A short loss, one over the wrap of the index, and one of more than a whole turn of it.
        lost = [(100, 3), (250, 20), (1000, 700)]
        missing = {row for first, n in lost for row in range(first, first + n)}
        kept = [line for row, line in enumerate(lines, -5) if row not in missing]
        recording = read_file(write("".join(kept), "lossy.txt"))
        assert recording.gaps == tuple(Gap(first, n) for first, n in lost)
        present = np.array([row not in missing for row in range(len(whole.counts))])
        np.testing.assert_array_equal(recording.counts[present], whole.counts[present])
        assert "lost samples: 723 of 22490 (gaps: 3)" in recording.warnings

    def test_rows_that_came_late_are_not_lost(self, shared_data: Path, write: Write) -> None:
        lines = (shared_data / V4).read_text().splitlines()
        held_back = range(2006, 2506)
        arrival = lines[held_back.stop].rsplit(",", 1)[1]
        late = [
            f"{line.rsplit(',', 1)[0]},{arrival}" if i in held_back else line for i, line in enumerate(lines)
        ]
        recording = read_file(write("\n".join(late), "late.txt"))
        assert recording.gaps == ()
        assert len(recording.counts) == 7500

    def test_a_single_false_index_loses_nothing(self, shared_data: Path, write: Write) -> None:
        lines = (shared_data / V4).read_text().splitlines()
        lines[506] = "7" + lines[506][lines[506].index(",") :]
        recording = read_file(write("\n".join(lines), "flipped.txt"))
        assert recording.gaps == ()
        assert "false sample indices put right: 1" in recording.warnings

    def test_java_numbers_and_daisy_steps_are_understood(self, write: Write) -> None:
        header = "%OpenBCI Raw EXG Data\r\n%Number of channels = 16\r\n%Sample Rate = 125 Hz\r\n"
        header += "%Board = OpenBCI_GUI$BoardCytonSerialDaisy\r\n"
        cells = ", ".join(["1.0E-4"] * 15 + ["-2.5E2"])
        indices = [*range(0, 256, 2), 0, 2, 6, 8, 8, 12]
        rows = "".join(f"{index}.0, {cells}, 0.1, 0.2, 0.3, 12:00:00.000\r\n" for index in indices)
        recording = read_file(write(header + rows, "daisy.txt"))
        assert recording.info.device == "CYTON_DAISY"
        np.testing.assert_allclose(microvolts(recording)[0, -1], -250.0, atol=CYTON_LSB_UV / 2)
        # One row is lost at 4; the second 8 carries a stale half and is left out, as 10 is.
        assert recording.gaps == (Gap(130, 1), Gap(133, 1))

        np.testing.assert_allclose(axes_g(recording)[0], [0.1, 0.2, 0.3], rtol=1e-12)
        assert not recording.counts[130, 16:].any(), "nothing is known in a gap"

    def test_a_last_line_cut_short_is_left_out(self, shared_data: Path, write: Write) -> None:
        content = (shared_data / V4).read_text()
        recording = read_file(write(content[:-60], "cut.txt"))
        assert (len(recording.counts), recording.gaps) == (7499, ())

    def test_a_header_without_rate_or_samples_is_refused(self, shared_data: Path, write: Write) -> None:
        lines = (shared_data / V4).read_text().splitlines()
        no_rate = write("\n".join(line for line in lines if "Sample Rate" not in line), "a.txt")
        assert "--fs" in refusal(no_rate)
        assert read_file(no_rate, ImportOptions(fs_hz=250.0)).meta["fs_from"] == "--fs"
        assert "without samples" in refusal(write("\n".join(lines[:6]) + "\n", "b.txt"))

    def test_another_board_than_the_headers_wins_with_a_warning(self, shared_data: Path) -> None:
        recording = read_file(shared_data / V6, ImportOptions(board="cyton-wifi", fs_hz=1000.0))
        assert recording.info.device == "CYTON_WIFI"
        assert sum("is used" in warning for warning in recording.warnings) == 2

    def test_values_beyond_the_usual_gain_get_stated_steps(self, shared_data: Path, write: Write) -> None:
        content = (shared_data / V4).read_text().replace("61379.36", "1061379.36")
        recording = read_file(write(content, "gain.txt"))
        assert recording.info.lsb_uv == 1.0
        assert any("usual gain" in warning for warning in recording.warnings)


class TestBrainFlowRows:
    def test_one_missing_package_of_a_ganglion_is_a_gap_of_two_samples(self, shared_data: Path) -> None:
        recording = read_file(shared_data / GANGLION_RAW, ImportOptions(board="GANGLION"))
        assert recording.info.fs_hz == 200.0
        assert recording.gaps == (Gap(196, 2),)
        assert recording.counts.shape == (3002, 4)
        first_uv = [2647.490138, 2364.813540, -8183.738841, 2606.560673]
        np.testing.assert_allclose(microvolts(recording)[0], first_uv, atol=GANGLION_LSB_UV / 2)
        assert "lost samples: 2 of 3002 (gaps: 1)" in recording.warnings
        assert recording.meta["format"] == "brainflow"

    def test_the_board_must_be_named_and_fit(self, shared_data: Path) -> None:
        assert "--board" in refusal(shared_data / GANGLION_RAW)
        assert "15 columns, but CYTON writes 24" in refusal(shared_data / GANGLION_RAW, board="CYTON")

    @pytest.mark.parametrize(
        ("board", "n_rows", "n_channels", "fs_hz"),
        [
            ("CYTON", 24, 8, 250.0),
            ("CYTON_DAISY_BOARD", 32, 16, 125.0),
            ("synthetic", 32, 16, 250.0),
            ("ganglion-wifi", 25, 4, 1600.0),
        ],
    )
    @pytest.mark.parametrize("delimiter", ["\t", ","])
    def test_each_layout_is_read_back(
        self, write: Write, board: str, n_rows: int, n_channels: int, fs_hz: float, delimiter: str
    ) -> None:
        n_samples = 600
        rng = np.random.default_rng(2)
        emg_uv = rng.integers(-9000, 9000, (n_samples, n_channels)) * CYTON_LSB_UV
        lsb_g = 0.001 if "wifi" in board else CYTON_LSB_G
        axes = np.repeat(rng.integers(1, 30_000, (n_samples // 10, 3)) * lsb_g, 10, axis=0)
        table = np.zeros((n_samples, n_rows))
        step = 2 if "DAISY" in board else 1
        table[:, 0] = step * np.arange(n_samples) % 256
        table[:, 1 : n_channels + 1] = emg_uv
        table[:, n_channels + 1 : n_channels + 4] = axes
        table[:, -2] = 1.7e9 + np.arange(n_samples) / fs_hz
        rows = "".join(delimiter.join(f"{value:.6f}" for value in row) + "\n" for row in table)
        recording = read_file(write(rows, "raw.csv"), ImportOptions(board=board))
        assert recording.info.fs_hz == fs_hz
        assert recording.gaps == ()
        np.testing.assert_allclose(microvolts(recording), emg_uv, atol=1e-3)
        np.testing.assert_array_equal(recording.counts[:, -3:], np.rint(axes / lsb_g))
        if board == "CYTON":
            np.testing.assert_array_equal(recording.counts[:, :8], np.rint(emg_uv / CYTON_LSB_UV))

    def test_a_decimal_comma_is_asked_for(self, shared_data: Path, write: Write) -> None:
        german = write((shared_data / GANGLION_RAW).read_text().replace(".", ","), "de.csv")
        assert "--decimal ," in refusal(german, board="GANGLION")
        recording = read_file(german, ImportOptions(board="GANGLION", decimal=","))
        expected = read_file(shared_data / GANGLION_RAW, ImportOptions(board="GANGLION"))
        np.testing.assert_array_equal(recording.counts, expected.counts)


class TestCounter:
    def test_firmware_2_of_a_ganglion_sends_one_sample_in_package_0_and_two_in_the_others(self) -> None:
        turn = [0, *np.repeat(np.arange(101, 201), 2)]
        counter = np.array(turn * 3, dtype=float)
        np.testing.assert_array_equal(places(counter, None, 200.0, ganglion=True)[0], np.arange(603))
        lossy = np.delete(counter, [201, 302, 303])
        expected = np.delete(np.arange(603), [201, 302, 303])
        np.testing.assert_array_equal(places(lossy, None, 200.0, ganglion=True)[0], expected)

    def test_a_counter_that_does_not_count_is_said_so(self) -> None:
        result, warnings = places(np.zeros(10), None, 250.0, ganglion=False)
        np.testing.assert_array_equal(result, np.arange(10))
        assert "does not count" in warnings[0]

    @given(
        losses=st.lists(st.tuples(st.integers(1, 900), st.integers(1, 2000)), max_size=4),
        seed=st.integers(0, 99),
    )
    def test_any_losses_are_found_exactly_from_index_and_arrival(
        self, losses: list[tuple[int, int]], seed: int
    ) -> None:
        """Packages 16 ms late at most, as with an FTDI chip (acquisition.md, section 5)."""
        kept = [np.arange(400)]
        for run, lost in losses:
            start = kept[-1][-1] + 1 + lost
            kept.append(np.arange(start, start + run + 300))
        truth = np.concatenate(kept)
        times_s = truth / 250 + np.random.default_rng(seed).uniform(0, 0.016, len(truth))
        found, _ = places(truth % 256.0, np.maximum.accumulate(times_s), 250.0, ganglion=False)
        np.testing.assert_array_equal(found, truth)


def test_every_format_detects_its_own_files_and_is_the_first_to_do_so(shared_data: Path) -> None:
    assert EXAMPLES.keys() == FORMATS.keys()
    for name, paths in EXAMPLES.items():
        for path in paths:
            first = next(other for other in FORMATS if FORMATS[other].detects(shared_data / path))
            assert first == name


def damage(content: bytes, data: st.DataObject) -> bytes:
    """Overwrite, cut, repeat or insert a few bytes, more often near the header than elsewhere."""
    for _ in range(data.draw(st.integers(1, 4))):
        limit = len(content) if data.draw(st.booleans()) else min(len(content), 600)
        at = data.draw(st.integers(0, limit))
        length = data.draw(st.sampled_from((0, 1, 2, 7, 40, 3000)))
        junk = data.draw(
            st.sampled_from((b"", b"9", b"-", b".", b",", b";", b"\n", b'"', b"E", b"e99", b"nan", b"inf"))
            | st.sampled_from((b"%", b"#", b"\t", b" ", b"\x00", b"\xff\xfe", b"\r", "٣µ".encode()))
            | st.binary(max_size=8)
            | st.just(content[at : at + length] * 2)
        )
        content = content[:at] + junk + content[at + length :]
    return content


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_damaged_files_are_refused_or_plausible(shared_data: Path, write: Write, data: st.DataObject) -> None:
    """ecosystem.md, section 8: readers under fuzz crash in many ways; ours has one."""
    name = data.draw(st.sampled_from([path for paths in EXAMPLES.values() for path in paths]))
    with (shared_data / name).open("rb") as file:
        content = b"".join(file.readlines()[:400])
    options = data.draw(
        st.sampled_from((ImportOptions(), ImportOptions(fs_hz=250.0, unit="mV"), ImportOptions(decimal=",")))
        if name != GANGLION_RAW
        else st.just(ImportOptions(board="GANGLION"))
    )
    path = write(damage(content, data), "damaged.txt")
    try:
        recording = read_file(path, options)
    except InputError:
        return
    n_samples, n_channels = recording.counts.shape
    assert recording.counts.dtype == np.int32
    assert 1 <= n_samples <= 60_000
    assert 1 <= n_channels == len(recording.info.channels) <= 512
    assert 1 <= recording.info.fs_hz <= 100_000
    assert np.abs(recording.counts).max() <= COUNT_MAX + 1
    assert len({channel.name for channel in recording.info.channels}) == n_channels
    kinds = [channel.kind for channel in recording.info.channels]
    assert kinds in ([EMG] * n_channels, [EMG] * (n_channels - 3) + [ACCEL] * 3)
    ends = [0, *(gap.first_sample + gap.n_samples for gap in recording.gaps)]
    assert all(
        gap.n_samples > 0 and gap.first_sample >= end for gap, end in zip(recording.gaps, ends, strict=False)
    )
    assert ends[-1] <= n_samples
    received = sum(len(chunk.counts) for chunk in recording.chunks())
    assert received == n_samples - sum(gap.n_samples for gap in recording.gaps)
