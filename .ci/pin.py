"""Write the exact version of every dependency into pyproject.toml, per Python where they differ.

uv.lock records download addresses and stays out of git; these constraints are the part worth keeping.
After a change of dependencies: run this with a Python that has uv, run the tests, commit both together.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
BEGIN = "# Exact tested versions, written by .ci/pin.py; do not edit by hand."
END = "# End of the versions written by .ci/pin.py."


def without_pins(text: str) -> str:
    """Return the project file as people wrote it."""
    head, begin, rest = text.partition(BEGIN)
    if not begin:
        return text
    _, end, tail = rest.partition(END)
    if not end:
        raise SystemExit(f"pyproject.toml: found {BEGIN!r} but not {END!r}; restore the second line")
    return head.rstrip("\n") + "\n" + tail.lstrip("\n")


def resolve(text: str) -> list[str]:
    """Resolve all dependencies, extras and groups afresh; return ``name==version ; marker`` lines."""
    uv = [sys.executable, "-m", "uv", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(text, encoding="utf-8")
        subprocess.run([*uv, "lock"], cwd=folder, check=True)
        export = [*uv, "export", "--frozen", "--no-emit-project", "--all-extras", "--all-groups"]
        plain = ["--no-hashes", "--no-header", "--no-annotate"]
        done = subprocess.run([*export, *plain], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def with_pins(text: str, pins: list[str]) -> str:
    """Return the project file with the pins as its last table."""
    rows = [f'    "{pin}",' for pin in pins]
    table = ["", BEGIN, "[tool.uv]", "constraint-dependencies = [", *rows, "]", END, ""]
    return text.rstrip("\n") + "\n" + "\n".join(table)


def main() -> None:
    """Resolve, write, and say how many."""
    text = without_pins(PYPROJECT.read_text(encoding="utf-8"))
    pins = resolve(text)
    pinned = with_pins(text, pins)
    tomllib.loads(pinned)
    PYPROJECT.write_text(pinned, encoding="utf-8")
    print(f"{len(pins)} versions written to {PYPROJECT.name}")


if __name__ == "__main__":
    main()
