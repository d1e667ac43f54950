"""Hostile exercise files are refused at once: too large, too long, impossible numbers, unknown words.

"At once" is shown by what is not done (nothing is parsed, nothing is expanded). Where all of it is done the
processor time is bounded by the second of the issue, of which a tenth was used when this was written.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from protocol_kit import EXAMPLE, changed

from emgfeedback.cli.protocols import MAX_BYTES, protocols
from emgfeedback.errors import InputError, ProtocolError
from emgfeedback.training import protocol as module
from emgfeedback.training.protocol import MAX_TEXT, parse_protocol

LIMIT_S = 1.0


def mistakes(text: str) -> list[str]:
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, "x.toml")
    return str(caught.value).splitlines()


def never(*_: object, **__: object) -> None:
    raise AssertionError("this should not have been reached")


def fitting(line: str, rest: str = "") -> str:
    """Return as many lines as an exercise file may have, before ``rest``."""
    return line * ((MAX_TEXT - len(rest)) // len(line)) + rest


TEN = [
    ('id = "X1"', 'id = "X 1"'),
    ('name = "Example"', "name = 3"),
    ('target = "vmo"', 'target = "vmq"'),
    ("hold_s = 3", "hold_s = nan\nratio = 0.1\nmin_level_pct = -1\nstop_after = 21"),
    ("seconds = 10", "seconds = -10"),
    ("repeat = 3", "repeat = 1000000"),
    ("seconds = 4", "secnds = 4"),
]


def test_a_file_with_ten_mistakes_gets_ten_messages_in_its_order() -> None:
    told = mistakes(changed(*TEN))
    assert len(told) == 10
    lines = [int(line.split(": ")[1].removeprefix("line ")) for line in told]
    assert lines == sorted(lines)
    assert len(set(lines)) == 10
    for part, line in zip(
        ["X 1", "name", "vmq", "nan", "0.1", "-1", "21", "-10", "1000000", "secnds"], told, strict=True
    ):
        assert part in line


def test_a_megabyte_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.tomllib, "loads", never)
    assert mistakes("# comment\n" * 100_000) == [
        "x.toml: the text is longer than 100000 characters; write a shorter file"
    ]


def test_a_deep_key_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = changed(("hold_s = 3", "hold_s" + ".a" * 8 + " = 3"))
    assert "line 9: [reward]: hold_s is not a number" in mistakes(deep.replace(".a" * 8, ".a" * 7))[0]
    monkeypatch.setattr(module.tomllib, "loads", never)
    assert mistakes(deep) == ["x.toml: line 9: the key has more than 8 parts; write tables flat"]


def test_dots_in_texts_and_comments_are_no_deep_keys() -> None:
    dots = changed(
        ("Press and hold.", "a.b.c.d.e.f.g.h.i.j.k"), ("rivals", "# a.b.c.d.e.f.g.h.i.j.k = 1\nrivals")
    )
    assert parse_protocol(dots, "x.toml").repetitions == 3


def test_a_megabyte_on_disk_is_refused_before_it_is_all_read(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_bytes(b"# comment\n" * 100_000)
    assert MAX_BYTES >= MAX_TEXT
    error = CliRunner().invoke(protocols, ["check", str(file)]).exception
    assert isinstance(error, InputError)
    assert str(error) == f"{file}: larger than 400000 bytes; an exercise file is a short text"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("repeat = 3", "repeat = 1000000", "31: block 2: repeat = 1000000 is above 1000; write"),
        ("repeat = 3", "repeat = 1000", "30: block 2: makes 2003 phases in all; write at most 1000"),
        ("seconds = 8", "seconds = nan", '35: phase 4 "work": seconds = nan is not a finite number; write'),
        ("seconds = 8", "seconds = -1e-9", '35: phase 4 "work": seconds = -1e-09 is below 0.1; write'),
        ("seconds = 8", "seconds = 1e308", '35: phase 4 "work": seconds = 1e+308 is above 3600; write'),
        ('target = "vmo"', 'target = "VMO"', '4: target = "VMO" is not known; write the code of the muscle'),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_expanded(
    old: str, new: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_expand", never)
    monkeypatch.setattr(module, "Phase", never)
    (line,) = mistakes(changed((old, new)))
    assert line.startswith(f"x.toml: line {told}")


def test_an_unknown_muscle_is_offered_the_nearest_code() -> None:
    (line,) = mistakes(changed(('target = "vmo"', 'target = "VMO"')))
    assert line.endswith('such as "gmed"; did you mean "vmo"?')
    (line,) = mistakes(changed(('["vl"]', '["lv"]\nwatch = ["biceps"]'), ("lv", "vl")))
    assert 'watch entry 1 = "biceps" is not known' in line
    assert "did you mean" not in line


LARGEST: dict[str, Callable[[], str]] = {
    "comments": lambda: fitting("# comment\n", EXAMPLE),
    "keys": lambda: EXAMPLE.replace("[reward]", fitting("k = 1\n", EXAMPLE).removesuffix(EXAMPLE), 1),
    "blocks": lambda: EXAMPLE + fitting("[[block]]\n", EXAMPLE).removesuffix(EXAMPLE),
    "phases": lambda: EXAMPLE + fitting("[[block.phase]]\nkind='work'\n", EXAMPLE).removesuffix(EXAMPLE),
    "wrong phases": lambda: EXAMPLE + fitting("[[block.phase]]\nkind='x'\n", EXAMPLE).removesuffix(EXAMPLE),
    "rivals": lambda: EXAMPLE.replace('["vl"]', "[\n" + fitting('"vl",\n', EXAMPLE)[: -len(EXAMPLE)] + "]"),
    "quotes": lambda: EXAMPLE + fitting('"""', EXAMPLE).removesuffix(EXAMPLE),
    "dotted keys": lambda: fitting("a" + ".a" * 4_900 + " = 1\n", EXAMPLE),
    "dotted headers": lambda: EXAMPLE + fitting("[a" + " . 'a'" * 1_500 + "]\n", EXAMPLE)[: -len(EXAMPLE)],
    "long words": lambda: fitting("a" * 9_990 + "\n", EXAMPLE),
    "shallow keys": lambda: fitting("a.b.c.d.e.f.g.h = 1\n", EXAMPLE),
    "open strings": lambda: fitting("\"'\n", EXAMPLE),
    "brackets": lambda: fitting("[{\n", EXAMPLE),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_files_that_are_read_are_judged_within_a_second(name: str) -> None:
    text = LARGEST[name]()
    assert len(text) <= MAX_TEXT + 100
    started_s = time.process_time()
    told = [] if name == "comments" and parse_protocol(text, "x.toml") else mistakes(text)
    assert time.process_time() - started_s < LIMIT_S
    assert len(told) <= 101
    assert bool(told) == (name != "comments")
