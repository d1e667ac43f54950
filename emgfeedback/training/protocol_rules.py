"""What must hold between the values of an exercise file.

Works on the parsed TOML in which every value that is wrong by itself was replaced by None, so that one
mistake neither hides nor causes another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.protocol_errors import MAX_SHOWN, Loc, Mistake, about, clip

MAX_PHASES = 1000
MAX_TOTAL_S = 4 * 3600.0
MIN_CALIBRATION_S = 5.0

CONTRACTING = ("reference", "test")
CALIBRATING = ("rest", *CONTRACTING)
EXERCISING = ("work", "observe")

Sheet = dict[str, Any]
Placed = list[tuple[Loc, Sheet]]


def broken_rules(sheet: Sheet) -> list[Mistake]:
    """Return the mistakes between values; ``sheet`` has None where a value is wrong by itself."""
    phases = list(_phases(sheet))
    reward = sheet.get("reward") or {}
    muscles = _muscles(sheet)
    found = chain(
        _rivals(sheet),
        _coaching(sheet),
        _levels(reward),
        _limits(sheet),
        *(_phase(loc, phase, muscles) for loc, phase in phases),
        *(_hold(loc, phase, reward) for loc, phase in phases),
        _reward(reward, phases),
        _opening(reward, phases, muscles),
    )
    return [about(loc, text, sheet) for loc, text in islice(found, MAX_SHOWN + 1)]


Found = Iterator[tuple[Loc, str]]


def _phases(sheet: Sheet) -> Iterator[tuple[Loc, Sheet]]:
    for b, block in enumerate(sheet.get("block") or []):
        for p, phase in enumerate((block or {}).get("phase") or []):
            yield ("block", b, "phase", p), phase or {}


def _muscles(sheet: Sheet) -> list[str]:
    """Return target and rivals, or nothing unless all of them are sound."""
    muscles = [sheet.get("target"), *(sheet.get("rivals") or [None])]
    return [muscle for muscle in muscles if muscle] if all(muscles) else []


def _rivals(sheet: Sheet) -> Found:
    seen = [sheet.get("target")]
    for rival in sheet.get("rivals") or []:
        if rival and rival == seen[0]:
            yield ("rivals",), f'"{rival}" is the target and a rival; write another muscle in rivals'
        elif rival and rival in seen:
            yield ("rivals",), f'"{rival}" stands twice in rivals; write it once'
        seen.append(rival)


def _coaching(sheet: Sheet) -> Found:
    rivals = sheet.get("rivals") or [None]
    for muscle in sheet.get("coaching") or {}:
        if all(rivals) and muscle not in rivals:
            known = ", ".join(rivals)
            yield ("coaching", muscle), f"{clip(muscle)} is not a rival; write a line for {known}"


def _levels(reward: Sheet) -> Found:
    ceiling, floor = reward.get("ceiling_pct"), reward.get("min_level_pct", 10.0)
    if ceiling is not None and floor is not None and ceiling <= floor:
        text = f"ceiling_pct = {ceiling:g} is not above min_level_pct = {floor:g}; write a higher ceiling_pct"
        yield ("reward", "ceiling_pct"), text


def _limits(sheet: Sheet) -> Found:
    """Refuse what is too long; the block that passes the limit is named."""
    count, seconds = 0, 0.0
    for b, block in enumerate(sheet.get("block") or []):
        phases = [phase or {} for phase in (block or {}).get("phase") or []]
        repeat = (block or {}).get("repeat", 1) or 1
        within = count <= MAX_PHASES, seconds <= MAX_TOTAL_S
        count += repeat * len(phases)
        seconds += repeat * sum(phase.get("seconds") or 0.0 for phase in phases)
        if within[0] and count > MAX_PHASES:
            yield ("block", b), f"makes {count} phases in all; write at most {MAX_PHASES}"
        if within[1] and seconds > MAX_TOTAL_S:
            yield ("block", b), f"makes {seconds:.0f} s in all; write at most {MAX_TOTAL_S:.0f} (4 hours)"


def _phase(loc: Loc, phase: Sheet, muscles: list[str]) -> Found:
    kind, seconds = phase.get("kind"), phase.get("seconds")
    if kind in CALIBRATING and seconds is not None and seconds < MIN_CALIBRATION_S:
        text = f"seconds = {seconds:g} is too short to calibrate; write {MIN_CALIBRATION_S:g} or more"
        yield (*loc, "seconds"), text
    muscle = phase.get("muscle", "")
    known = [*muscles, *NEIGHBOURS] if kind == "test" else muscles
    if kind in CONTRACTING and muscle == "":
        yield loc, f"muscle is missing; write muscle = and one of {', '.join(known) or 'target and rivals'}"
    elif kind in CONTRACTING and muscle and muscles and muscle not in known:
        text = f'muscle = "{muscle}" is neither target nor rival; write one of {", ".join(known)}'
        yield (*loc, "muscle"), text
    elif kind not in (*CONTRACTING, None) and muscle:
        yield (*loc, "muscle"), f'muscle = "{muscle}" belongs to a reference phase; remove this line'


def _hold(loc: Loc, phase: Sheet, reward: Sheet) -> Found:
    hold_s, seconds = reward.get("hold_s"), phase.get("seconds")
    if phase.get("kind") == "work" and hold_s is not None and seconds is not None and seconds < hold_s:
        text = f"seconds = {seconds:g} is shorter than hold_s = {hold_s:g}; write {hold_s:g} or more"
        yield (*loc, "seconds"), text


def _reward(reward: Sheet, phases: Placed) -> Found:
    """Refuse a rule that does not go with its hold or its phases."""
    rule, kinds = reward.get("rule"), [phase.get("kind") for _, phase in phases]
    if rule == "hold" and "hold_s" not in reward:
        yield ("reward", "hold_s"), "hold_s is missing; write hold_s = 3, the good seconds that earn a reward"
    if rule == "observe" and reward.get("hold_s") is not None:
        yield ("reward", "hold_s"), 'hold_s has no meaning with rule = "observe"; remove it'
    if not kinds or None in kinds:
        return
    if rule == "hold" and "work" not in kinds:
        yield ("reward", "rule"), 'rule = "hold" without a work phase; write one, or rule = "observe"'
    if rule == "observe" and not {"observe", "work", "test"} & set(kinds):
        yield ("reward", "rule"), 'rule = "observe" without an observe phase; write kind = "observe" in one'
    for (loc, _), kind in zip(phases, kinds, strict=True):
        if rule == "observe" and kind == "work":
            yield (*loc, "kind"), 'a work phase needs rule = "hold"; write kind = "observe"'


def _opening(reward: Sheet, phases: Placed, muscles: list[str]) -> Found:
    """Refuse references without a rest before them, or exercise without a reference of each muscle."""
    kinds = [phase.get("kind") for _, phase in phases]
    if not kinds or None in kinds or not (reward.get("rule") == "hold" or set(CONTRACTING) & set(kinds)):
        return
    start = next((i for i, kind in enumerate(kinds) if kind in EXERCISING), len(kinds))
    if kinds[0] != "rest":
        yield phases[0][0], "stands before the rest is measured; write a rest phase before it"
    for loc, phase in phases[start:]:
        if phase["kind"] in CALIBRATING:
            text = f'kind = "{phase["kind"]}" comes after exercise has begun; write it before that'
            yield (*loc, "kind"), text
    referenced = [phase.get("muscle") for _, phase in phases[:start] if phase["kind"] in CONTRACTING]
    if start == len(kinds) or not set(referenced) <= {*muscles, *NEIGHBOURS}:
        return
    for muscle in muscles:
        if muscle not in referenced:
            text = f'no reference of "{muscle}" stands before it; write one with muscle = "{muscle}"'
            yield phases[start][0], text
