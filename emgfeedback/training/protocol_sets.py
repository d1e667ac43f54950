"""What must hold between the values of an exercise file: the reward, the blocks and how they teach."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from emgfeedback.training.protocol_errors import Loc
from emgfeedback.training.protocol_sheet import (
    EXERCISING,
    Found,
    Sheet,
    all_phases,
    blocks_of,
    kinds_of,
    phases_of,
    repetitions,
    table_of,
)

MIN_RETEST = 5
MIN_REP_S = 1.0
"""A repetition lasts half a second at least, and the person needs a moment to begin."""

DEFAULT_RATIO = 1.32


def broken_sets(sheet: Sheet) -> Found:
    """Yield what is wrong between the reward, the blocks and the tables that teach."""
    reward = table_of(sheet, "reward")
    blocks = blocks_of(sheet)
    return chain(
        _levels(reward),
        _hold_of_reward(reward),
        _rule_and_phases(sheet, reward),
        *(_rule_of_block(loc, block, reward) for loc, block in blocks),
        *(_times(loc, block, reward) for loc, block in blocks),
        *(_role(loc, block) for loc, block in blocks),
        _start(sheet),
        _steps(sheet, reward),
        _shaping(sheet, reward),
        _schedule(sheet, reward),
        _quiet(sheet, reward),
    )


def _levels(reward: Sheet) -> Found:
    ceiling, floor = reward.get("ceiling_pct"), reward.get("min_level_pct", 10.0)
    if ceiling is not None and floor is not None and ceiling <= floor:
        text = f"ceiling_pct = {ceiling:g} is not above min_level_pct = {floor:g}; write a higher ceiling_pct"
        yield ("reward", "ceiling_pct"), text


def _hold_of_reward(reward: Sheet) -> Found:
    rule = reward.get("rule")
    if rule == "hold" and "hold_s" not in reward:
        yield ("reward", "hold_s"), "hold_s is missing; write hold_s = 3, the good seconds that earn a reward"
    if rule in ("rep", "observe") and reward.get("hold_s") is not None:
        yield ("reward", "hold_s"), f'hold_s has no meaning with rule = "{rule}"; remove it'


def _rule_and_phases(sheet: Sheet, reward: Sheet) -> Found:
    """Refuse a rule that does not go with the phases."""
    phases = all_phases(sheet)
    rule, kinds = reward.get("rule"), kinds_of(phases)
    if not kinds:
        return
    if rule in ("hold", "rep") and "work" not in kinds:
        yield ("reward", "rule"), f'rule = "{rule}" without a work phase; write one, or rule = "observe"'
    if rule == "observe" and not {"observe", "work", "test", "baseline"} & set(kinds):
        yield ("reward", "rule"), 'rule = "observe" without an observe phase; write kind = "observe" in one'
    for (loc, _), kind in zip(phases, kinds, strict=True):
        if rule == "observe" and kind == "work":
            yield (*loc, "kind"), 'a work phase needs rule = "hold" or "rep"; write kind = "observe"'


def _rule_of_block(loc: Loc, block: Sheet, reward: Sheet) -> Found:
    """Refuse a rule or hold of a block that does not go with its phases or with the reward."""
    own = [key for key in ("rule", "hold_s") if block.get(key) is not None]
    kinds = kinds_of(phases_of(loc, block))
    if own and kinds and not set(EXERCISING) & set(kinds):
        yield (*loc, own[0]), f"{own[0]} has no meaning in a block without work; remove it"
    elif own and reward.get("rule") == "observe":
        yield (*loc, own[0]), f'{own[0]} has no meaning where the reward has rule = "observe"; remove it'
    elif "hold_s" in own and _rule(block, reward) == "rep":
        yield (*loc, "hold_s"), 'hold_s has no meaning with rule = "rep"; write rule = "hold" or remove it'
    elif block.get("rule") == "hold" and "hold_s" not in {**reward, **block}:
        yield (*loc, "rule"), "hold_s is missing; write hold_s = 3, the good seconds that earn a reward"


def _times(loc: Loc, block: Sheet, reward: Sheet) -> Found:
    """Refuse a work phase that is too short for what it asks."""
    rule, hold_s = _rule(block, reward), _hold_s(block, reward)
    for place, phase in phases_of(loc, block):
        seconds = phase.get("seconds")
        if phase.get("kind") != "work" or seconds is None:
            continue
        if rule != "rep" and hold_s is not None and seconds < hold_s:
            text = f"seconds = {seconds:g} is shorter than hold_s = {hold_s:g}; write {hold_s:g} or more"
            yield (*place, "seconds"), text
        if rule == "rep" and seconds < MIN_REP_S:
            text = f"seconds = {seconds:g} is too short for a repetition; write {MIN_REP_S:g} or more"
            yield (*place, "seconds"), text


def _role(loc: Loc, block: Sheet) -> Found:
    """Refuse feedback in a block that is only watched, and too few repetitions to compare."""
    role, phases = block.get("role"), phases_of(loc, block)
    kinds = kinds_of(phases)
    if not role or not kinds:
        return
    for (place, _), kind in zip(phases, kinds, strict=True):
        if kind not in ("observe", "relax"):
            text = f'kind = "{kind}" in a {role} block; write "observe" or "relax"'
            yield (*place, "kind"), text
    count = repetitions(loc, block, "observe")
    if "observe" not in kinds:
        yield (*loc, "role"), f'role = "{role}" without an observe phase; write kind = "observe" in one'
    elif role == "retest" and block.get("repeat", 1) and count < MIN_RETEST:
        text = f'role = "retest" with {count} repetitions; write {MIN_RETEST} or more, such as repeat = 5'
        yield (*loc, "role"), text


def _start(sheet: Sheet) -> Found:
    """Refuse a start that is not at the start, and a retest that has nothing to compare with."""
    worked = started = False
    for loc, block in blocks_of(sheet):
        role = block.get("role")
        if role == "start" and worked:
            yield (*loc, "role"), 'role = "start" comes after a block with work; write it before that'
        elif role == "start" and started:
            yield (*loc, "role"), 'role = "start" stands twice; write role = "retest" or "probe"'
        elif role == "retest" and not started:
            text = 'role = "retest" without a start block to compare with; write one with role = "start"'
            yield (*loc, "role"), text
        started = started or (role in ("start", None) and "role" in block)
        worked = worked or bool(repetitions(loc, block, "work"))


def _steps(sheet: Sheet, reward: Sheet) -> Found:
    """Refuse steps of a hold or an end of the sets where there is nothing to step through or to end."""
    rule, unit_s = reward.get("rule"), reward.get("unit_s") or 0.0
    holds = list(_holds(sheet, reward))
    if unit_s and not holds and rule:
        yield ("reward", "unit_s"), "unit_s has no meaning without a hold; remove it"
    known = [hold_s for hold_s in holds if hold_s is not None]
    if unit_s and known and len(known) == len(holds) and unit_s > max(known):
        text = f"unit_s = {unit_s:g} is longer than the longest hold, {max(known):g} s; write less"
        yield ("reward", "unit_s"), text
    if reward.get("stop_after") and rule == "observe":
        yield ("reward", "stop_after"), 'stop_after has no meaning with rule = "observe"; remove it'


def _shaping(sheet: Sheet, reward: Sheet) -> Found:
    shaping = sheet.get("shaping")
    if shaping is None:
        return
    if reward.get("rule") == "observe":
        yield ("shaping",), '[shaping] has no meaning with rule = "observe"; remove it'
    elif reward.get("rule") and not _starts_before_work(sheet):
        text = '[shaping] needs a start block; write role = "start" in a block of observe phases before work'
        yield ("shaping",), text
    ratio, top = reward.get("ratio", DEFAULT_RATIO), shaping.get("top_ratio", 2.0)
    if ratio == 0:
        yield ("shaping",), "[shaping] needs a ratio; write ratio = 1.32 in [reward], or remove [shaping]"
    elif ratio and top and top < ratio:
        text = f"top_ratio = {top:g} is below ratio = {ratio:g}; write {ratio:g} or more"
        yield ("shaping", "top_ratio"), text
    easier, harder = shaping.get("easier_below_pct", 60.0), shaping.get("harder_above_pct", 85.0)
    if easier is not None and harder is not None and easier >= harder:
        text = f"easier_below_pct = {easier:g} is not below harder_above_pct = {harder:g}; write less"
        yield ("shaping", "easier_below_pct"), text


def _starts_before_work(sheet: Sheet) -> bool:
    """Say whether a start block stands before the first work; a role that cannot be read may be one."""
    for loc, block in blocks_of(sheet):
        if block.get("role", "") in ("start", None):
            return True
        if repetitions(loc, block, "work"):
            return False
    return False


def _schedule(sheet: Sheet, reward: Sheet) -> Found:
    schedule = table_of(sheet, "feedback").get("schedule", "always")
    if schedule in ("always", None):
        return
    sets = sum(bool(repetitions(loc, block, "work")) for loc, block in blocks_of(sheet))
    if reward.get("rule") == "observe":
        text = f'schedule = "{schedule}" has no meaning with rule = "observe"; remove it'
        yield ("feedback", "schedule"), text
    elif schedule == "fade" and sets == 1 and kinds_of(all_phases(sheet)):
        text = 'schedule = "fade" with one block of work, which is seen in full; write two blocks or more'
        yield ("feedback", "schedule"), text


def _quiet(sheet: Sheet, reward: Sheet) -> Found:
    quiet, rivals = table_of(sheet, "quiet"), sheet.get("rivals") or [None]
    muscle, tries = quiet.get("muscle"), quiet.get("tries", 5)
    if muscle and all(rivals) and muscle not in rivals:
        yield ("quiet", "muscle"), f'muscle = "{muscle}" is not a rival; write one of {", ".join(rivals)}'
    count = sum(repetitions(loc, block, *EXERCISING) for loc, block in blocks_of(sheet))
    if quiet and tries and kinds_of(all_phases(sheet)) and tries >= count:
        text = f"tries = {tries} of {count} repetitions leave none to compare; write more repetitions"
        yield ("quiet", "tries") if "tries" in quiet else ("quiet",), text
    if quiet.get("ceiling") and reward.get("rule") == "observe":
        yield ("quiet", "ceiling"), 'ceiling = true has no meaning with rule = "observe"; remove it'


def _rule(block: Sheet, reward: Sheet) -> str | None:
    """Return the rule that the work of a block goes by."""
    return block.get("rule", reward.get("rule"))


def _hold_s(block: Sheet, reward: Sheet) -> float | None:
    return block.get("hold_s", reward.get("hold_s"))


def _holds(sheet: Sheet, reward: Sheet) -> Iterator[float | None]:
    """Yield the good seconds of every block that is held; None where they are wrong by themselves."""
    for loc, block in blocks_of(sheet):
        if repetitions(loc, block, "work") and _rule(block, reward) in ("hold", None):
            yield _hold_s(block, reward)
