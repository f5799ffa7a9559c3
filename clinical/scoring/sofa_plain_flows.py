"""What flows into a patient and out, as SOFA in plain Python counts it: catecholamines and urine.

Here: rates while they count, and urine per day. Not here: bounds and choices
(clinical/scores/sofa.py).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clinical.concepts import CONCEPTS, round_value
from clinical.scores.sofa import (
    CATECHOLAMINES_ABOVE,
    INFUSION_HOURS,
    URINE_BELOW,
    SofaChoices,
)
from clinical.scoring.bounds import exact_value
from clinical.scoring.inputs import URINE_PER_DAY, Reading
from clinical.scoring.validity import FINEST, MICROSECONDS_PER_HOUR, UNLIMITED, hours
from clinical.scoring.window_assessment import Past, newest_within, within

HOUR = MICROSECONDS_PER_HOUR
DAY = 24 * HOUR
Candidate = tuple[int, float, Reading]


@dataclass(frozen=True, slots=True)
class _Rate:
    """A rate per kg from its time until the next; the reading it was told by."""

    value: float
    begins: int
    ends: int
    reading: Reading


def infusions(past: Past, choices: SofaChoices, now: int) -> list[Candidate]:
    """The rates that count in the window, by the time from which they do."""
    least, window = round(choices.infusion_minutes * 60_000_000), hours(choices.window_hours)
    found = []
    for drug, bounds in CATECHOLAMINES_ABOVE.items():
        for run in _runs(_rates(past, drug)):
            if run[-1].ends - run[0].begins < least:
                continue
            for rate in run:
                begins, ends = max(rate.begins, run[0].begins + least), rate.ends
                if choices.on_whole_hours:
                    begins, ends = (begins // HOUR + 1) * HOUR, ends // HOUR * HOUR
                    if begins > ends:
                        continue
                if begins <= now < ends + window:
                    found.append((begins, _above(bounds, rate.value), rate.reading))
    found.sort(key=lambda one: (one[0], one[2].arrival))
    return [
        (points, 0.0, replace(reading, value=exact_value(reading.value)))
        for _, points, reading in found
    ]


def _above(bounds: Mapping[float, int], value: float) -> int:
    return max((points for bound, points in bounds.items() if value > bound), default=0)


def _rates(past: Past, drug: str) -> list[_Rate]:
    """The rates of one drug by clinical time; of one time the highest, then the last told."""
    told = [(one, one.value) for one in past.get(f"{drug}_rate", ())]
    told += [(one, _per_kg(past, one)) for one in past.get(f"{drug}_flow", ())]
    exact = [(one, exact_value(value)) for one, value in told]
    exact.sort(key=lambda pair: (pair[0].effective_at, pair[1], pair[0].arrival))
    times, lasts = [one.effective_at for one, _ in exact], hours(INFUSION_HOURS)
    ends = [*times[1:], UNLIMITED][: len(times)]
    return [
        _Rate(value, start, min(end, start + lasts), one)
        for (one, value), start, end in zip(exact, times, ends, strict=True)
        if end > start
    ]


def _per_kg(past: Past, flow: Reading) -> float:
    """A rate in ug/min by the weight known; without one, the least rate that counts at all."""
    weight = newest_within(past, "weight", flow.effective_at, UNLIMITED)
    if weight is None:
        return FINEST if flow.value > 0 else 0.0
    return flow.value / weight.value


def _runs(rates: Sequence[_Rate]) -> list[list[_Rate]]:
    """Rates above 0 that follow each other without a break."""
    runs: list[list[_Rate]] = []
    for before, rate in zip([None, *rates], rates, strict=False):
        if rate.value <= 0:
            continue
        if before is not None and before.value > 0 and before.ends == rate.begins:
            runs[-1].append(rate)
        else:
            runs.append([rate])
    return runs


def urine(past: Past, choices: SofaChoices, now: int) -> list[Candidate]:
    """How little urine there was, resting on its newest entry; nothing where that is not known."""
    if choices.urine_documented_hours is None:
        return _on_the_hour(past, choices, now)
    least, most = (hours(one) for one in choices.urine_documented_hours)
    entries = within(past, "urine_output", now, DAY)
    before = within(past, "urine_output", now, most - DAY, DAY)
    if not entries or not before:
        return []
    covers = entries[-1].effective_at - before[-1].effective_at
    if covers < least:
        return []
    return [_little(entries[-1], _passed(past, now) * DAY / covers)]


def _on_the_hour(past: Past, choices: SofaChoices, now: int) -> list[Candidate]:
    """The least of the sums of 24 h up to each of the last hours, of those with any entry."""
    last = now - now % HOUR
    ends = range(last, last - hours(choices.window_hours), -HOUR)
    sums = [
        (_passed(past, end), entries[-1])
        for end in ends
        if (entries := within(past, "urine_output", end, DAY))
    ]
    least = sorted(sums, key=lambda one: one[0])[:1]
    return [_little(entry, passed) for passed, entry in least]


def _passed(past: Past, end: int) -> int:
    """Whole mL of 24 h, less what was put into the bladder."""
    out, into = (
        sum(round_value(one.value, CONCEPTS["urine_output"].precision) for one in readings)
        for readings in (within(past, name, end, DAY) for name in ("urine_output", "irrigant_in"))
    )
    return int(out - into)


def _little(entry: Reading, per_day: float) -> Candidate:
    points = max((given for bound, given in URINE_BELOW.items() if per_day < bound), default=0)
    return points, -math.inf, replace(entry, concept=URINE_PER_DAY, value=float(per_day))
