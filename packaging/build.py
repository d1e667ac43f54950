"""Builds the one-folder program: ``python packaging/build.py``; ``--try`` also runs what was built.

Needs PyInstaller and the libraries of the program in the Python that runs it (see ``packaging/README.md``).
The folder works on the kind of system it was built on, and needs no Python there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contents

HERE = Path(__file__).resolve().parent
NAME = "emgfeedback"
TRIALS = (
    ("--help",),
    ("protocols", "list"),
    ("boards", "--json"),
    ("support", "--json"),
    ("demo", "--headless", "--seconds", "5", "--json"),
)
"""What a built program must be able to do."""


def main() -> int:
    """Build, furnish and report; returns the exit code."""
    options = _options()
    if importlib.util.find_spec("PyInstaller") is None:
        return _say("PyInstaller is missing: python -m pip install pyinstaller, in this environment", 1)
    started = time.monotonic()
    folder = build(options.out.resolve())
    furnish(folder)
    _say(f"{folder}: {size_mb(folder):.0f} MB, built in {time.monotonic() - started:.0f} s")
    if options.archive:
        _say(shutil.make_archive(str(folder), "zip" if os.name == "nt" else "gztar", folder.parent, NAME))
    return try_out(folder) if options.trial else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the one-folder program.")
    parser.add_argument("--out", type=Path, default=contents.REPO / "dist", help="where the folder goes")
    parser.add_argument("--try", dest="trial", action="store_true", help="run the program that was built")
    parser.add_argument("--archive", action="store_true", help="also pack the folder into one file")
    return parser.parse_args()


def build(out: Path) -> Path:
    """Run PyInstaller; returns the folder of the program."""
    import PyInstaller.__main__

    work = Path(tempfile.mkdtemp(prefix="emgfeedback-build-"))
    where = ["--distpath", str(out), "--workpath", str(work)]
    try:
        PyInstaller.__main__.run([str(HERE / f"{NAME}.spec"), *where, "--noconfirm", "--log-level", "WARN"])
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out / NAME


def furnish(folder: Path) -> None:
    """Add what is not code: how to start, the licences, and on Linux the menu entry with its icon."""
    shutil.copy(HERE / "START-HERE.txt", folder)
    shutil.copy(contents.REPO / "LICENSE", folder)
    for file, name in contents.licences():
        goal = folder / "licences" / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, goal)
    if sys.platform.startswith("linux"):
        share = folder / "share"
        share.mkdir(exist_ok=True)
        shutil.copy(HERE / "linux" / "install.sh", folder)
        for file in (HERE / "linux" / f"{NAME}.desktop", *(HERE / "icons").glob("*.png")):
            shutil.copyfile(file, share / file.name)
        shutil.copyfile(HERE / "icons" / f"{NAME}.svg", share / f"{NAME}.svg")


def size_mb(folder: Path) -> float:
    """Size of all files in 10^6 bytes; a linked file counts once."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink()) / 1e6


def try_out(folder: Path) -> int:
    """Run `TRIALS` away from the checkout, with folders of their own; returns the exit code."""
    program = folder / (f"{NAME}.exe" if os.name == "nt" else NAME)
    with tempfile.TemporaryDirectory(prefix="emgfeedback-try-") as empty:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        environment = {**kept, "XDG_DOCUMENTS_DIR": empty, "XDG_DATA_HOME": empty}
        for words in TRIALS:
            started = time.monotonic()
            done = subprocess.run(
                [program, *words], cwd=empty, env=environment, capture_output=True, text=True
            )
            _say(f"{' '.join(words)}: exit code {done.returncode} in {time.monotonic() - started:.2f} s")
            if done.returncode or not _has_said(words, done.stdout):
                return _say(done.stdout[-2000:] + done.stderr[-2000:], 1)
    return 0


def _has_said(words: tuple[str, ...], said: str) -> bool:
    """Whether the answer is that of a whole program: exercises are there, boards, and a recorded session."""
    if "--json" not in words:
        return "find-the-contraction" in said if "protocols" in words else "Commands" in said
    answer = json.loads(said)
    if "boards" in words:
        return any(board["name"] == "cyton" for board in answer["boards"])
    if "support" in words:
        return "boards.txt" in answer["files"]
    return bool(answer["received_samples"]) and bool(answer["recording"])


def _say(words: str, exit_code: int = 0) -> int:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
