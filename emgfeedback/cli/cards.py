"""``emgfeedback protocols card``: an exercise on paper, for the clinic or for home."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from emgfeedback.cli.common import json_option, print_json
from emgfeedback.errors import InputError, UsageError
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.values import Protocol

INDEX = "README.md"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A dose for home in words, who confirmed it, and until when; empty where nobody did."""

    dose: str
    by: str
    until: str


@click.command("card")
@click.argument("names", metavar="[PROTOCOL]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every exercise that comes with the program.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder, or a file for a single card.")
@click.option("--home", is_flag=True, help="A page to print and take home: no sensors, and a diary (HTML).")
@click.option("--dose", default="", help="With --home: how much and how often, as confirmed.")
@click.option("--by", default="", help="With --dose: who confirmed it.")
@click.option("--until", default="", help="With --dose: until when it holds.")
@json_option
def card_command(
    names: tuple[str, ...],
    everything: bool,
    out: Path | None,
    home: bool,
    dose: str,
    by: str,
    until: str,
    as_json: bool,
) -> None:
    """Print exercises on one page each. PROTOCOL is a name, an id or a path."""
    _check_choice(names, everything)
    confirmed = Confirmed(dose.strip(), by.strip(), until.strip())
    _check_dose(confirmed, home, len(names))
    exercises = _packaged() if everything else _named(names)
    if home and everything:
        exercises = {slug: protocol for slug, protocol in exercises.items() if protocol.repetitions}
    suffix = ".html" if home else ".md"
    pages = {slug + suffix: _page(protocol, home, confirmed) for slug, protocol in exercises.items()}
    if everything and not home:
        from emgfeedback.reports.card_index import card_index

        pages[INDEX] = card_index(exercises)
    _hand_out(pages, out, as_json)


def _check_choice(names: Sequence[str], everything: bool) -> None:
    if everything == bool(names):
        raise UsageError("name one exercise or more, or write --all for every one")


def _check_dose(confirmed: Confirmed, home: bool, count: int) -> None:
    if not (confirmed.dose or confirmed.by or confirmed.until):
        return
    if not home:
        raise UsageError("--dose, --by and --until belong to a card for home; add --home")
    if not (confirmed.dose and confirmed.by):
        raise UsageError(
            "a dose is printed only with the name of who confirmed it; write both --dose TEXT and --by NAME"
        )
    if count != 1:
        raise UsageError("a dose is confirmed for one exercise; name a single one with --dose")


def _packaged() -> dict[str, Protocol]:
    from emgfeedback.cli.protocols import load_protocol

    files = sorted(packaged_dir("protocols").glob("*.toml"))
    return {file.stem: load_protocol(str(file)) for file in files}


def _named(names: Sequence[str]) -> dict[str, Protocol]:
    from emgfeedback.cli.protocols import load_protocol

    loaded = ((name, load_protocol(name)) for name in dict.fromkeys(names))
    return {_slug(name, protocol): protocol for name, protocol in loaded}


def _slug(name: str, protocol: Protocol) -> str:
    """The file name of an exercise without its ending, whether it was named by slug, id or path."""
    path = Path(name)
    if path.suffix.lower() == ".toml" or len(path.parts) > 1:
        return path.stem
    slugs = {file.stem.casefold(): file.stem for file in packaged_dir("protocols").glob("*.toml")}
    words = "-".join(re.findall(r"[a-z0-9]+", protocol.name.casefold()))
    by_text = (file.stem for file in packaged_dir("protocols").glob("*.toml") if _same(file, protocol))
    return slugs.get(name.casefold()) or next(by_text, words)


def _same(file: Path, protocol: Protocol) -> bool:
    return file.read_bytes().decode("utf-8").removeprefix("\ufeff") == protocol.text


def _page(protocol: Protocol, home: bool, confirmed: Confirmed) -> str:
    from emgfeedback.reports.exercise_card import exercise_card
    from emgfeedback.reports.home_card import home_card

    sheet = tomllib.loads(protocol.text)
    if home:
        return home_card(protocol, sheet, confirmed.dose, confirmed.by, confirmed.until)
    return exercise_card(protocol, sheet)


def _hand_out(pages: Mapping[str, str], out: Path | None, as_json: bool) -> None:
    """Print the pages, or write them and say where."""
    if out is None:
        if as_json:
            print_json({"cards": [{"name": name, "text": text} for name, text in pages.items()]})
        else:
            click.echo("\n".join(pages.values()), nl=False)
        return
    written = [str(_write(path, pages[name])) for name, path in _places(pages, out).items()]
    if as_json:
        print_json({"cards": written})
    else:
        click.echo("\n".join(written), err=True)


def _places(pages: Mapping[str, str], out: Path) -> dict[str, Path]:
    """Where each page goes: into a folder, or a single one into a file named like one."""
    single = next(iter(pages)) if len(pages) == 1 else ""
    if single and out.suffix == Path(single).suffix and not out.is_dir():
        return {single: out}
    if out.suffix in (".md", ".html") and not out.is_dir():
        raise UsageError(
            f"--out {out}: write a folder, or for a single card a file *{Path(next(iter(pages))).suffix}"
        )
    return {name: out / name for name in pages}


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another --out") from None
    return path
