"""A small exercise file for other muscles, and a way to change it."""

EXAMPLE = """\
schema = 1
id = "X1"
name = "Example"
target = "vmo"
rivals = ["vl"]

[reward]
rule = "hold"
hold_s = 3

[[block]]

[[block.phase]]
kind = "rest"
seconds = 10
cue = "Rest."

[[block.phase]]
kind = "reference"
seconds = 5
muscle = "vmo"
cue = "Inner thigh: press."

[[block.phase]]
kind = "reference"
seconds = 5
muscle = "vl"
cue = "Outer thigh: press."

[[block]]
repeat = 3

[[block.phase]]
kind = "work"
seconds = 8
cue = "Press and hold."

[[block.phase]]
kind = "relax"
seconds = 4
cue = "Rest."
"""


def changed(*changes: tuple[str, str]) -> str:
    """Return the example with parts replaced; a part that is not there is a mistake of the test."""
    text = EXAMPLE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
