"""The support bundle: what helps is in it, and nothing about a person."""

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from emgfeedback import __version__
from emgfeedback.cli import support
from emgfeedback.cli.support import Traces, bundle, support_command, traces, write_bundle
from emgfeedback.errors import InputError

ANN = Traces("/home" + "/ann", ("ann", "P7", "praxis-pc"))


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "library"
    (folder / "sub-QX81" / "emg").mkdir(parents=True)
    (folder / "sub-QX81" / "emg" / "sub-QX81_task-E03_emg.bdf").write_bytes(b"the recording")
    monkeypatch.setattr(support, "default_library", lambda: folder)
    return folder


@pytest.fixture
def kept_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platformdirs, "user_log_path", lambda *_, **__: tmp_path / "log")
    (tmp_path / "log").mkdir()
    return tmp_path / "log" / "emgfeedback.log"


@pytest.fixture
def kept_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "config")
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "settings.toml"


def pack(*words: object) -> None:
    support_command.main([str(word) for word in words], standalone_mode=False)


def test_the_bundle_holds_what_helps(library: Path, tmp_path: Path) -> None:
    pack("--out", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as bag:
        texts = {name: bag.read(name).decode() for name in bag.namelist()}
    assert set(texts) == {"README.txt", *support.PARTS}
    assert f"emgfeedback {__version__}" in texts["about.txt"]
    assert "brainflow 5." in texts["about.txt"]
    assert "cyton: 250 Hz, 8 EMG channels, usable" in texts["boards.txt"]
    assert "QT_QPA_PLATFORM: offscreen" in texts["window.txt"]
    assert not any("could not be found out" in text for text in texts.values())


def test_nothing_of_the_person_or_the_user_is_in_it(
    library: Path, kept_log: Path, kept_settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "Klara Muster"
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setenv("USER", "kmuster")
    kept_log.write_text(
        f"INFO opened {home}/Documents/QX81 left hip/a.bdf\nINFO participant: QX81\n"
        f"ERROR '{library}/sub-QX81/emg/sub-QX81_task-E03_emg.bdf' is damaged\nuser kmuster, code qx81\n"
    )
    kept_settings.write_text(f'last_person = "QX81"\nlibrary = "{library}"\ntheme = "dark"\nlevel = 0.5\n')
    whole = "\n".join(bundle().values())
    for word in ("QX81", "qx81", "Klara", "Muster", "kmuster", str(library), "left hip", "the recording"):
        assert word not in whole, word
    assert "theme = dark" in whole
    assert "level = 0.5" in whole
    assert "is damaged" in whole


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("cannot write /home" + "/ann/Mrs Smith, left/x.bdf: No space", "cannot write ~/(path): No space"),
        ("[Errno 28] No space: '/media/ann/stick/x.bdf'", "[Errno 28] No space: '(path)'"),
        (r'opened "C:\Users\ann\Smith\x.bdf" again', 'opened "(path)" again'),
        (r"opened C:\Users\ann\Smith\x.bdf", "opened (path)"),
        (r"\\server\patients\Smith is away", "(path)"),
        (
            'File "/home' + '/ann/emgfeedback/emgfeedback/app/window.py", line 3',
            'File "emgfeedback/app/window.py", line 3',
        ),
        ("'/usr/lib/python3/site-packages/numpy/core.py'", "'site-packages/numpy/core.py'"),
        ("Smith.edf has no header", "(file).edf has no header"),
        ("in sub-P7/ses-2", "in sub-*/ses-*"),
        ("P7 rested; ANN came from PRAXIS-PC", "* rested; * came from *"),
        ("{'participant': 'B12', 'fs': 250}", "{'participant': (left out), 'fs': 250}"),
        ("ask ann.smith@clinic.example", "ask (mail)"),
        ("ganglion at e0:12:34:56:78:9a", "ganglion at (address)"),
        ("cu.usbserial-DM01N8KH", "cu.usbserial"),
        ("OpenBCI dongle (FT231X USB UART), no. DM01N8KH", "OpenBCI dongle (FT231X USB UART)"),
    ],
)
def test_a_trace_is_removed_and_the_rest_is_kept(said: str, kept: str) -> None:
    assert ANN.removed(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-20 16:12:59,120 WARNING emgfeedback.app.worker lost 3 samples, 12.5 % of rest/work",
        "cannot open /dev/ttyUSB0: Permission denied",
        "the ratio was 1.32 : 1 and/or 0.4",
        "Annotation channels are planned",
    ],
)
def test_what_names_nobody_stays(said: str) -> None:
    assert ANN.removed(said) == said


def test_a_port_says_what_it_is_and_not_which(monkeypatch: pytest.MonkeyPatch) -> None:
    from emgfeedback.sources import ports

    mac = ports.SerialPort("/dev/cu.usbserial-DM01N8KH", "OpenBCI dongle (usbserial-DM01N8KH)")
    monkeypatch.setattr(ports, "serial_ports", lambda: (mac,))
    assert list(support.port_names()) == ["/dev/cu.usbserial: OpenBCI dongle (usbserial)"]
    monkeypatch.setattr(ports, "serial_ports", lambda: ())
    assert list(support.port_names()) == [support.NO_PORTS]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ('theme = "light"', "theme = light"),
        ("volume = -0.5", "volume = -0.5"),
        ('"turned": true,', "turned = true"),
        ('greeting = "Hello Ann"', f"greeting = {support.LEFT_OUT}"),
        ("last_person = 12", f"last_person = {support.LEFT_OUT}"),
    ],
)
def test_a_setting_is_kept_only_when_it_can_name_nobody(kept_settings: Path, line: str, kept: str) -> None:
    kept_settings.write_text(line + "\n")
    assert list(support.settings()) == [kept]


def test_only_the_last_lines_of_the_newest_logs_are_taken(kept_log: Path) -> None:
    kept_log.write_text("".join(f"line {i}\n" for i in range(60_000)))
    lines = list(support.log_lines())
    assert lines[0] == "== log 1 of 1"
    assert lines[1:] == [f"line {i}" for i in range(60_000 - support.LOG_LINES, 60_000)]


def test_without_logs_and_settings_it_says_so(kept_log: Path, kept_settings: Path) -> None:
    assert list(support.log_lines()) == [support.NO_LOG]
    assert list(support.settings()) == [support.NO_SETTINGS]


def test_a_part_that_fails_says_so_without_a_trace(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken() -> Iterator[str]:
        yield "first line"
        raise OSError(f"{library}/sub-QX81 is gone")

    monkeypatch.setitem(support.PARTS, "ports.txt", broken)
    texts = bundle()
    assert texts["ports.txt"].startswith("first line\ncould not be found out (OSError")
    assert "QX81" not in texts["ports.txt"]
    assert "cyton" in texts["boards.txt"]


def test_sound_without_portaudio_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "no sound" in next(iter(support.sound()))


def test_codes_come_from_the_library_and_from_the_limits(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "data")
    (tmp_path / "data" / "persons").mkdir(parents=True)
    (tmp_path / "data" / "persons" / "ZZ9.toml").write_text("")
    assert {"QX81", "ZZ9"} <= set(traces().words)
    assert "demo" not in traces().words


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "a.zip"
    kept.write_bytes(b"mine")
    with pytest.raises(InputError, match="exists already; choose another --out"):
        write_bundle(kept, {"a": "b"})
    assert kept.read_bytes() == b"mine"


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_bundle(tmp_path / "no" / "a.zip", {"a": "b"})


def test_json_names_the_bundle_and_its_files(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack("--out", tmp_path / "a.zip", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said == {"bundle": str(tmp_path / "a.zip"), "files": ["README.txt", *support.PARTS]}
