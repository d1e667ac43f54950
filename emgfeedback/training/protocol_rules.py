"""What must hold between the values of an exercise file: muscles, times, and the order of phases."""

from __future__ import annotations

from itertools import chain, islice

from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.protocol_errors import MAX_SHOWN, Loc, Mistake, about, clip
from emgfeedback.training.protocol_sets import broken_sets
from emgfeedback.training.protocol_sheet import (
    CALIBRATING,
    CONTRACTING,
    EXERCISING,
    Found,
    Placed,
    Sheet,
    all_phases,
    blocks_of,
    kinds_of,
    muscles_of,
    phases_of,
    table_of,
    watched,
)
from emgfeedback.training.protocol_tables import MAX_PHASES

MAX_TOTAL_S = 4 * 3600.0
MIN_CALIBRATION_S = 5.0


def broken_rules(sheet: Sheet) -> list[Mistake]:
    """Return the mistakes between values; ``sheet`` has None where a value is wrong by itself."""
    phases = all_phases(sheet)
    found = chain(
        _rivals(sheet),
        _watch(sheet),
        _unverified(sheet),
        _free_tables(sheet),
        _texts(sheet),
        _options(sheet),
        _limits(sheet),
        *(_phase(loc, phase, sheet) for loc, phase in phases),
        broken_sets(sheet),
        _opening(sheet, phases),
    )
    return [about(loc, text, sheet) for loc, text in islice(found, MAX_SHOWN + 1)]


def _rivals(sheet: Sheet) -> Found:
    seen = [sheet.get("target")]
    for rival in sheet.get("rivals") or []:
        if rival and rival == seen[0]:
            yield ("rivals",), f'"{rival}" is the target and a rival; write another muscle in rivals'
        elif rival and rival in seen:
            yield ("rivals",), f'"{rival}" stands twice in rivals; write it once'
        seen.append(rival)


def _watch(sheet: Sheet) -> Found:
    judged, seen = muscles_of(sheet), set()
    for muscle in watched(sheet):
        if muscle in judged:
            yield ("watch",), f'"{muscle}" is the target or a rival and watched; remove it from watch'
        elif muscle in seen:
            yield ("watch",), f'"{muscle}" stands twice in watch; write it once'
        seen.add(muscle)


def _unverified(sheet: Sheet) -> Found:
    recorded = [*muscles_of(sheet), *watched(sheet)]
    for muscle in sheet.get("unverified") or []:
        if muscle and muscles_of(sheet) and muscle not in recorded:
            yield ("unverified",), f'"{muscle}" is not recorded; write one of {", ".join(recorded)}'


def _free_tables(sheet: Sheet) -> Found:
    """Refuse an entry of a table by rival whose muscle is none."""
    rivals = sheet.get("rivals") or [None]
    if not all(rivals):
        return
    known = ", ".join(rivals)
    for muscle in sheet.get("coaching") or {}:
        if muscle not in rivals:
            yield ("coaching", muscle), f"{clip(muscle)} is not a rival; write a line for {known}"
    for muscle in table_of(sheet, "reward").get("rival_ceiling_pct") or {}:
        if muscle not in rivals:
            place = ("reward", "rival_ceiling_pct", muscle)
            yield place, f"{clip(muscle)} is not a rival; write a level for {known}"


def _texts(sheet: Sheet) -> Found:
    if sheet.get("dose_is") and "dose" not in sheet:
        yield ("dose_is",), "dose_is stands without a dose; write dose = or remove it"
    first, _, last = (sheet.get("stage") or "").partition("-")
    if last and last < first:
        yield ("stage",), f'stage = "{first}-{last}" goes backwards; write "{last}-{first}"'


def _options(sheet: Sheet) -> Found:
    seen = set()
    for number, option in enumerate(sheet.get("option") or []):
        name = (option or {}).get("name")
        if name and name in seen:
            yield ("option", number, "name"), f'name = "{clip(name)}" stands twice; write another name'
        seen.add(name)


def _limits(sheet: Sheet) -> Found:
    """Refuse what is too long; the block that passes the limit is named."""
    count, seconds = 0, 0.0
    for loc, block in blocks_of(sheet):
        phases = phases_of(loc, block)
        repeat = block.get("repeat", 1) or 1
        within = count <= MAX_PHASES, seconds <= MAX_TOTAL_S
        count += repeat * len(phases)
        seconds += repeat * sum(phase.get("seconds") or 0.0 for _, phase in phases)
        if within[0] and count > MAX_PHASES:
            yield loc, f"makes {count} phases in all; write at most {MAX_PHASES}"
        if within[1] and seconds > MAX_TOTAL_S:
            yield loc, f"makes {seconds:.0f} s in all; write at most {MAX_TOTAL_S:.0f} (4 hours)"


def _phase(loc: Loc, phase: Sheet, sheet: Sheet) -> Found:
    kind, seconds = phase.get("kind"), phase.get("seconds")
    if kind in (*CALIBRATING, "baseline") and seconds is not None and seconds < MIN_CALIBRATION_S:
        measure = "measure" if kind == "baseline" else "calibrate"
        text = f"seconds = {seconds:g} is too short to {measure}; write {MIN_CALIBRATION_S:g} or more"
        yield (*loc, "seconds"), text
    muscle, muscles = phase.get("muscle", ""), muscles_of(sheet)
    known = [*muscles, *watched(sheet), *(NEIGHBOURS if kind == "test" else ())]
    if kind in CONTRACTING and muscle == "":
        one = ", ".join(known) if muscles else "target and rivals"
        yield loc, f"muscle is missing; write muscle = and one of {one}"
    elif kind in CONTRACTING and muscle and muscles and muscle not in known:
        text = f'muscle = "{muscle}" is neither target nor rival; write one of {", ".join(known)}'
        yield (*loc, "muscle"), text
    elif kind not in (*CONTRACTING, None) and muscle:
        yield (*loc, "muscle"), f'muscle = "{muscle}" belongs to a reference phase; remove this line'


def _opening(sheet: Sheet, phases: Placed) -> Found:
    """Refuse references without a rest before them, or exercise without a reference of each muscle."""
    rule, kinds = table_of(sheet, "reward").get("rule"), kinds_of(phases)
    if not kinds or not (rule in ("hold", "rep") or set(CONTRACTING) & set(kinds)):
        return
    start = next((i for i, kind in enumerate(kinds) if kind in EXERCISING), len(kinds))
    first = next((i for i, kind in enumerate(kinds) if kind != "baseline"), 0)
    if kinds[first] != "rest":
        yield phases[first][0], "stands before the rest is measured; write a rest phase before it"
    for loc, phase in phases[start:]:
        if phase["kind"] in CALIBRATING:
            text = f'kind = "{phase["kind"]}" comes after exercise has begun; write it before that'
            yield (*loc, "kind"), text
    if start < len(kinds):
        yield from _unreferenced(sheet, phases[:start], phases[start][0])


def _unreferenced(sheet: Sheet, opening: Placed, exercise: Loc) -> Found:
    muscles = muscles_of(sheet)
    referenced = [phase.get("muscle") for _, phase in opening if phase["kind"] in CONTRACTING]
    if not set(referenced) <= {*muscles, *watched(sheet), *NEIGHBOURS}:
        return
    for muscle in muscles:
        if muscle not in referenced:
            text = f'no reference of "{muscle}" stands before it; write one with muscle = "{muscle}"'
            yield exercise, text
