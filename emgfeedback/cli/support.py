"""``emgfeedback support``: what helps to help, without a trace of the people it was used with or by."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import locale
import os
import platform
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from emgfeedback import __version__
from emgfeedback.cli.common import default_library, json_option, print_json
from emgfeedback.errors import InputError

NAME = "emgfeedback"
DEFAULT_FILE = "emgfeedback-support.zip"
LIBRARIES = (
    *("numpy", "scipy", "brainflow", "PySide6_Essentials", "shiboken6", "pyqtgraph", "pydantic"),
    *("click", "rich", "platformdirs", "sounddevice", "pylsl"),
)
WINDOW_SETTINGS = (
    *("QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "QT_FONT_DPI", "QT_STYLE_OVERRIDE", "QT_OPENGL"),
    *("XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "LANG", "LC_ALL", "LC_NUMERIC"),
)
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
LOG_LINES, LOG_FILES, FILE_BYTES = 300, 3, 200_000
SETTINGS_SUFFIXES = {".toml", ".json", ".ini", ".conf"}

README = """\
This bundle was made by "emgfeedback support". It holds versions, the kind of computer, the boards and ports,
how the window and the sound are set up, settings that are numbers or plain choices, and the last lines of
the log. It holds no recording, no code of a person, no name, and no path or file name of yours.
Please look through it before you send it: it is plain text, and you decide.
"""
LEFT_OUT = "(left out)"
NO_LOG = "no log was kept on this computer"
NO_SETTINGS = "no settings were kept on this computer"
NO_PORTS = "no serial port on this computer now"

_QUOTED_PATH = re.compile(r"""(["'])([^"'\n]*[\\/][^"'\n]*)\1""")
_OPEN_PATH = re.compile(r"(?<![\w/~)>])(?:~|/\w|[A-Za-z]:[\\/]|\\\\)[^\n]*?(?=: (?!.*[\\/])|$)", re.MULTILINE)
_FILE_NAME = re.compile(
    r"[^\s\"'(]+(\.(?:bdf|edf|csv|tsv|xdf|mat|c3d|jsonl?|toml|html|pdf|txt|zip))\b", re.IGNORECASE
)
_CODE = re.compile(r"\b(sub|ses)-[A-Za-z0-9]+")
_NAMED = re.compile(r"(?i)\b(participant|person|patient|code|name|who|author)(['\"]?\s*[=:]\s*)([^,;}\n]+)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_ADDRESS = re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b")
_SERIAL = re.compile(r"(usbserial|usbmodem)-?\w+|, no\. \S.*")
_OWN_CODE = re.compile(r"(?:.*[\\/])?((?:emgfeedback|site-packages)[\\/][\w.\\/-]+\.py)$")
_DEVICE = re.compile(r"/dev/tty\w+$|/dev/cu\.usbserial$|COM\d+$")
_SETTING = re.compile(r"""^\s*"?([A-Za-z][\w.-]*)"?\s*[=:]\s*(.+?),?\s*$""")
_NUMBER = re.compile(r"(?i)(?:true|false|null|none|[-+]?\d+(?:\.\d+)?)$")
_PLAIN = re.compile(
    r"light|dark|contrast|hip|columns|triangle|blank|balloon|left|right|both|en|de|zh|zh_CN|rms|bayes|whitened"
    r"|bayes-whitened|off|on|auto|system"
)
_PERSONAL = re.compile(
    r"(?i)name|code|participant|person|patient|folder|path|librar|file|recent|last|note|who|until"
)


@dataclass(frozen=True, slots=True)
class Traces:
    """Words that would say whose computer this is, and whom it was used with."""

    home: str = ""
    words: tuple[str, ...] = ()

    def removed(self, text: str) -> str:
        """The text without paths, file names, codes, names and addresses."""
        if self.home:
            text = text.replace(self.home, "~")
        text = _QUOTED_PATH.sub(lambda found: f"{found[1]}{_short(found[2])}{found[1]}", text)
        text = _OPEN_PATH.sub(lambda found: _short(found[0]), text)
        text = _NAMED.sub(rf"\1\2{LEFT_OUT}", _FILE_NAME.sub(r"(file)\1", text))
        text = _ADDRESS.sub("(address)", _MAIL.sub("(mail)", _CODE.sub(r"\1-*", text)))
        text = _SERIAL.sub(lambda found: found[1] or "", text)
        for word in self.words:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "*", text, flags=re.IGNORECASE)
        return text


def _short(path: str) -> str:
    """What may be kept of a path: a file of the program's code, a port, or that it lay in the home folder."""
    own = _OWN_CODE.match(path)
    if own:
        return own[1].replace("\\", "/")
    if _DEVICE.match(path):
        return path
    return "~/(path)" if path.startswith("~") else "(path)"


def traces() -> Traces:
    """What is private on this computer."""
    home = str(Path.home())
    names = {Path.home().name, platform.node(), os.environ.get("USER", ""), os.environ.get("USERNAME", "")}
    said = {word for word in names | set(_codes()) if len(word) > 1} - {"root", "demo", "localhost", NAME}
    return Traces(home if len(home) > 1 else "", tuple(sorted(said, key=len, reverse=True)))


def _codes() -> Iterator[str]:
    """Codes of persons, by the folders of the library and the files of their limits."""
    import platformdirs

    for folder in _listing(default_library()):
        yield folder.name.removeprefix("sub-") if folder.name.startswith("sub-") else ""
    for file in _listing(platformdirs.user_data_path(NAME, appauthor=False) / "persons"):
        yield file.stem


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def about() -> Iterator[str]:
    """Program, Python, system and libraries."""
    built = "the built program" if getattr(sys, "frozen", False) else "installed in a Python"
    yield f"emgfeedback {__version__}, {built}"
    yield f"Python {platform.python_version()} {platform.python_implementation()}"
    yield f"system {platform.platform()}, {platform.machine()}, {os.cpu_count()} processors"
    yield f"language {locale.getlocale()[0]}"
    for name in LIBRARIES:
        yield f"{name} {_version(name)}"
    yield from _own_files()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _own_files() -> Iterator[str]:
    """Whether the files that come with the program are there."""
    from emgfeedback.storage.packaged import packaged_dir

    for name, kind in (("protocols", "*.toml"), ("recordings", "*.bdf")):
        try:
            yield f"{name}: {len(list(packaged_dir(name).rglob(kind)))} files"
        except InputError:
            yield f"{name}: missing, install emgfeedback again"


def board_table() -> Iterator[str]:
    """The boards that can be used."""
    from emgfeedback.sources.boards import boards

    for board in boards():
        yield f"{board.scheme}: {board.fs_hz:g} Hz, {board.n_channels} EMG channels, {board.verdict}"


def port_names() -> Iterator[str]:
    """What is plugged in, without serial numbers."""
    from emgfeedback.sources.ports import serial_ports

    ports = serial_ports()
    for port in ports:
        yield _SERIAL.sub(lambda found: found[1] or "", f"{port.path}: {port.name}")
    if not ports:
        yield NO_PORTS


def window() -> Iterator[str]:
    """Why a window would not open, and what decides how it does."""
    from emgfeedback.app.main import why_no_window

    yield f"a window can open: {why_no_window() or 'yes'}"
    for name in WINDOW_SETTINGS:
        yield f"{name}: {os.environ.get(name, 'not set')}"
    for name in SCREENS:
        yield f"{name}: {'set' if os.environ.get(name) else 'not set'}"
    yield f"platforms of Qt: {', '.join(_qt_platforms()) or 'none found'}"
    if sys.platform.startswith("linux"):
        yield f"libxcb-cursor: {_xcb_cursor() or 'missing; Qt needs it for a window under X11'}"


def _xcb_cursor() -> str:
    """Where the library is that is missing most often when no window opens; the built program brings it."""
    brought = Path(getattr(sys, "_MEIPASS", "")) / "libxcb-cursor.so.0"
    is_brought = hasattr(sys, "_MEIPASS") and brought.is_file()
    return "in the program" if is_brought else ctypes.util.find_library("xcb-cursor") or ""


def _qt_platforms() -> list[str]:
    found = importlib.util.find_spec("PySide6")
    folders = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    plugins = [file for folder in folders for file in folder.glob("**/plugins/platforms/*q*")]
    return sorted(file.stem.removeprefix("lib").removeprefix("q") for file in plugins)


def sound() -> Iterator[str]:
    """Whether the sound library is there; devices stay unnamed, people name them after themselves."""
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        yield f"no sound: {error}"
        return
    outputs = [device for device in sounddevice.query_devices() if device["max_output_channels"]]
    yield f"{sounddevice.get_portaudio_version()[1]}; {len(outputs)} outputs"


def settings() -> Iterator[str]:
    """Settings that are numbers, switches or plain choices; texts are left out."""
    import platformdirs

    files = [
        file
        for file in _listing(platformdirs.user_config_path(NAME, appauthor=False))
        if file.suffix in SETTINGS_SUFFIXES
    ]
    for file in files:
        for line in _end_of(file):
            found = _SETTING.match(line)
            if found:
                yield f"{found[1]} = {_kept(found[1], found[2])}"
    if not files:
        yield NO_SETTINGS


def _kept(key: str, value: str) -> str:
    bare = value.strip("\"'")
    is_plain = _NUMBER.fullmatch(bare) or _PLAIN.fullmatch(bare)
    return bare if is_plain and not _PERSONAL.search(key) else LEFT_OUT


def log_lines() -> Iterator[str]:
    """The last lines of the newest logs."""
    import platformdirs

    logs = [
        file for file in _listing(platformdirs.user_log_path(NAME, appauthor=False)) if file.suffix == ".log"
    ]
    newest = sorted(logs, key=lambda file: file.stat().st_mtime)[-LOG_FILES:]
    for number, file in enumerate(newest, start=1):
        yield f"== log {number} of {len(newest)}"
        yield from _end_of(file)[-LOG_LINES:]
    if not newest:
        yield NO_LOG


def _end_of(file: Path) -> list[str]:
    """The lines at the end of a file, the first of them whole."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - FILE_BYTES))
        lines = stream.read().decode("utf-8", errors="replace").splitlines()
    return lines[1:] if size > FILE_BYTES else lines


PARTS: dict[str, Callable[[], Iterable[str]]] = {
    "about.txt": about,
    "boards.txt": board_table,
    "ports.txt": port_names,
    "window.txt": window,
    "sound.txt": sound,
    "settings.txt": settings,
    "log.txt": log_lines,
}
"""File of the bundle → what says its lines. A part that fails says so and spoils no other."""


def bundle() -> dict[str, str]:
    """The texts of a support bundle by file name, free of personal data."""
    private = traces()
    texts = {name: private.removed("\n".join(_lines(part)) + "\n") for name, part in PARTS.items()}
    return {"README.txt": README, **texts}


def _lines(part: Callable[[], Iterable[str]]) -> list[str]:
    lines: list[str] = []
    try:
        lines.extend(part())
    except Exception as error:
        lines.append(f"could not be found out ({type(error).__name__}: {error})")
    return lines


def write_bundle(file: Path, texts: dict[str, str]) -> None:
    """Write a zip of texts; an existing file is kept.

    Raises
    ------
    InputError
        The file exists, or its folder cannot be written to.
    """
    try:
        with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as bag:
            for name, text in texts.items():
                bag.writestr(name, text)
    except FileExistsError:
        raise InputError(f"{file}: exists already; choose another --out") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror}); choose another --out") from None


@click.command("support")
@click.option("--out", type=click.Path(path_type=Path), default=Path(DEFAULT_FILE), show_default=True)
@json_option
def support_command(out: Path, as_json: bool) -> None:
    """Pack what helps to help into FILE.zip: versions, boards, set-up, last log lines.

    Never recordings, codes, names or paths. Look through it before you send it.
    """
    texts = bundle()
    write_bundle(out, texts)
    if as_json:
        print_json({"bundle": str(out), "files": list(texts)})
        return
    click.echo(f"{out}: {', '.join(texts)}")
    click.echo("It is plain text without personal data; look through it before you send it.")
