"""Simulated people sent through every exercise file: who was rewarded, who was named, what leaked.

A test of the program, not of the therapy. Each person exercises headless, without a recorder and without
limits; pauses are cut to 3 s, and what repeats more often is done ``--repeats`` times. Where the program did
not do what it should, the progress on stderr says so, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from itertools import groupby, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from people_kit import (
    MOST_REPEATS,
    PEOPLE,
    PROTOCOLS,
    RATES,
    Row,
    complaints,
    people_for,
    read,
    shortened,
    told,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "people.md"
BEGIN, END = "<!-- table: benchmarks/people.py --write -->", "<!-- end of the table -->"
HEAD = (
    "exercise",
    "rate, Hz",
    "person",
    "repetitions",
    "rewarded, %",
    "leader named",
    "fixed line met, %",
    "feedback in observe and probe",
)
Task = tuple[Path, float, str, int]
Judged = tuple[Row, list[str]]


def judged(task: Task) -> Judged:
    """Run one person, and say what the program did wrong."""
    path, fs_hz, person, repeats = task
    protocol = read(path)
    row = told(shortened(protocol, repeats), person, fs_hz)
    return row, complaints(row, protocol)


def tasks(paths: Iterable[Path], rates: Sequence[float], people: Sequence[str], repeats: int) -> list[Task]:
    """Every exercise with every rate and everybody who can do it."""
    return [
        (path, fs_hz, person, repeats)
        for path, fs_hz in product(paths, rates)
        for person in people_for(read(path))
        if person in people
    ]


def run_all(todo: Sequence[Task], jobs: int) -> list[Judged]:
    """Do all tasks, in processes where there are many; progress goes to stderr."""
    if jobs == 1:
        return [_noted(judged(task), n, len(todo)) for n, task in enumerate(todo, start=1)]
    with ProcessPoolExecutor(jobs) as pool:
        doing = [pool.submit(judged, task) for task in todo]
        for n, done in enumerate(as_completed(doing), start=1):
            _noted(done.result(), n, len(todo))
        return [done.result() for done in doing]


def _noted(done: Judged, n: int, of: int) -> Judged:
    row, wrong = done
    print(
        f"{n}/{of} {row.protocol} {row.fs_hz:g} Hz {row.person}: {'; '.join(wrong) or 'ok'}", file=sys.stderr
    )
    return done


def cells(row: Row) -> list[str]:
    """One run as the columns of the table."""
    return [
        row.protocol,
        f"{row.fs_hz:g}",
        row.person,
        str(row.repetitions),
        _percent(row.rewarded_pct),
        row.leader or "nobody",
        _percent(row.fixed_pct),
        str(row.leaks),
    ]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def merged(rows: Sequence[Row]) -> list[list[str]]:
    """Rows with the rates of one person side by side: a value once where all rates agree."""
    by_person = groupby(sorted(rows, key=_order), key=lambda row: (row.protocol, row.person))
    lines = []
    for _, group in by_person:
        columns = zip(*(cells(row) for row in group), strict=True)
        lines.append([" / ".join(column if len(set(column)) > 1 else column[:1]) for column in columns])
    return lines


def _order(row: Row) -> tuple[str, int, float]:
    return row.protocol, PEOPLE.index(row.person), row.fs_hz


def table(lines: Iterable[Sequence[str]]) -> str:
    """Lines under their heads, as Markdown."""
    rows = [HEAD, ["---"] * len(HEAD), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(page: str, text: str) -> str:
    """The page with what stands between its markers replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def summary(done: Sequence[Judged], repeats: int) -> str:
    """What was run, and what went wrong in it."""
    exercises = len({row.protocol for row, _ in done})
    rates = ", ".join(f"{fs_hz:g}" for fs_hz in sorted({row.fs_hz for row, _ in done}))
    wrong = [(row, text) for row, text in done if text]
    lines = [
        f"{len(done)} runs of {exercises} exercises at {rates} Hz, a block repeated {repeats} times at most. "
        f"Runs that did not go as they should: {len(wrong)}.",
        *[""] * bool(wrong),
    ]
    lines += [f"- {row.protocol}, {row.fs_hz:g} Hz, {row.person}: {'; '.join(text)}" for row, text in wrong]
    return "\n".join(lines)


def chosen(options: argparse.Namespace) -> list[Path]:
    """Files named by slug or path; all of them when none is named."""
    named = {path.stem: path for path in PROTOCOLS}
    return [named.get(name) or Path(name) for name in options.protocols] or PROTOCOLS


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES))
    parser.add_argument("--people", nargs="+", default=list(PEOPLE), choices=PEOPLE)
    parser.add_argument("--protocols", nargs="+", default=[], help="slugs or paths; default: all")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--repeats", type=int, default=MOST_REPEATS, help="of a block, at most")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true")
    shape.add_argument("--markdown", action="store_true", help="the rates of a person side by side")
    parser.add_argument("--write", action="store_true", help="also put the table into docs/people.md")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when the program did something wrong."""
    options = options_of(arguments)
    todo = tasks(chosen(options), options.rates, options.people, options.repeats)
    done = run_all(todo, options.jobs)
    rows = [row for row, _ in done]
    text = f"{table(merged(rows))}\n\n{summary(done, options.repeats)}"
    if options.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    if options.json:
        print(json.dumps([{**asdict(row), "complaints": wrong} for row, wrong in done]))
    elif options.markdown:
        print(text)
    else:
        print(f"{table(cells(row) for row in rows)}\n\n{summary(done, options.repeats)}")
    return 1 if any(wrong for _, wrong in done) else 0


if __name__ == "__main__":
    sys.exit(main())
