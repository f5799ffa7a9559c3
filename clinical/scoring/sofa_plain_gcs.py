"""The GCS of SOFA in plain Python: totals as charted, sums of parts, what a tube makes of them.

Here: each total that could be told. Not here: bounds and choices (clinical/scores/sofa.py).
"""

from dataclasses import replace

from clinical.scores.sofa import (
    LAST_TESTABLE_HOURS,
    NORMAL_GCS,
    UNTESTABLE_VERBAL,
    SofaChoices,
)
from clinical.scoring.bounds import exact_value
from clinical.scoring.inputs import GCS_FROM_PARTS, Reading
from clinical.scoring.validity import hours
from clinical.scoring.window_assessment import Past, newest_within

_MINUTE = 60_000_000


def totals(past: Past, choices: SofaChoices, now: int) -> list[Reading]:
    """The totals of the window by clinical time, each with what stands for one not testable."""
    told = _told(past, choices)
    sure = [(at, one) for at, one in told if one is not None and not _is_untestable(one)]
    found = []
    for at, one in told:
        if now - hours(choices.window_hours) < at <= now and one is not None:
            stand_in = _stand_in(choices, at, one, sure) if _is_untestable(one) else one
            found += [] if stand_in is None else [(at, stand_in)]
    found.sort(key=lambda pair: (pair[0], pair[1].arrival))
    return [replace(one, value=exact_value(one.value)) for _, one in found]


def _told(past: Past, choices: SofaChoices) -> list[tuple[int, Reading | None]]:
    """Every total with its clinical time: as charted, and at each part."""
    parts = [*NORMAL_GCS, UNTESTABLE_VERBAL]
    at_parts = [one for name in parts for one in past.get(name, ()) if _speaks(one)]
    return [
        *((one.effective_at, one) for one in past.get("gcs_total", ())),
        *((one.effective_at, _sum(past, choices, one)) for one in at_parts),
    ]


def _speaks(part: Reading) -> bool:
    return part.concept != UNTESTABLE_VERBAL or part.value > 0


def _is_untestable(total: Reading) -> bool:
    return total.concept == UNTESTABLE_VERBAL


def _sum(past: Past, choices: SofaChoices, part: Reading) -> Reading | None:
    """The sum with the other parts of the time of one, resting on that one."""
    reach, at = round(choices.gcs_minutes * _MINUTE), part.effective_at
    answers = {name: newest_within(past, name, at, reach) for name in NORMAL_GCS}
    silent = {UNTESTABLE_VERBAL: [one for one in past.get(UNTESTABLE_VERBAL, ()) if _speaks(one)]}
    tube, verbal = newest_within(silent, UNTESTABLE_VERBAL, at, reach), answers["gcs_verbal"]
    if tube and (verbal is None or _order(tube) > _order(verbal)):
        return replace(part, concept=UNTESTABLE_VERBAL)
    if not choices.takes_unknown_part_for_normal and None in answers.values():
        return None
    value = sum(
        NORMAL_GCS[name] if one is None else exact_value(one.value) for name, one in answers.items()
    )
    return replace(part, concept=GCS_FROM_PARTS, value=value)


def _order(reading: Reading) -> tuple[int, int]:
    return reading.effective_at, reading.arrival


def _stand_in(
    choices: SofaChoices, at: int, untested: Reading, sure: list[tuple[int, Reading]]
) -> Reading | None:
    """What stands for a total that could not be tested, if anything."""
    if choices.untestable == "impute_15":
        return replace(untested, concept=GCS_FROM_PARTS, value=float(sum(NORMAL_GCS.values())))
    if choices.untestable == "null":
        return None
    reach = hours(LAST_TESTABLE_HOURS)
    before = [(when, one.arrival, one) for when, one in sure if at - reach <= when <= at]
    return max(before, key=lambda item: item[:2])[2] if before else None
