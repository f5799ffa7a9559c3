"""The stage of kidney injury in plain Python: KDIGO for reading, and for checking the columns.

Here: the twin of kdigo_columns.py and kdigo_urine.py. Not here: the limits
(clinical/scores/kdigo.py).
"""

from dataclasses import replace
from typing import cast

from clinical.concepts import round_value
from clinical.scores.definition import WindowScore
from clinical.scores.kdigo import (
    ACUTE_HOURS,
    ACUTE_RISE,
    BASELINE_HOURS,
    FEWEST_URINE_HOURS,
    SEVERE_CREATININE,
    STAGE_BY_RATIO,
    URINE_CRITERIA,
    URINE_HOURS,
    URINE_SILENCE_HOURS,
    KdigoChoices,
)
from clinical.scoring.assessment import Assessment, Component
from clinical.scoring.inputs import URINE_RATE, Panel, Reading
from clinical.scoring.validity import FINEST, LOOKBACK, MICROSECONDS_PER_HOUR
from clinical.scoring.window_assessment import Past, as_points, within

_HOUR = MICROSECONDS_PER_HOUR
_DAY = 24 * _HOUR
_SILENCE = URINE_SILENCE_HOURS * _HOUR


def kdigo(score: WindowScore, past: Past, panel: Panel, now: int) -> Assessment:
    """Stage at a moment: the worse of creatinine (or dialysis) and urine."""
    choices = cast("KdigoChoices", score.choices)
    creatinine, low_7d, low_48h = _filtration(past, panel, now, choices)
    passed = _urine(past, panel, now, choices)
    parts = {
        "creatinine": creatinine,
        "creatinine_lowest_7_days": _shown("creatinine_lowest_7_days", low_7d),
        "creatinine_lowest_48_hours": _shown("creatinine_lowest_48_hours", low_48h),
        "urine_output": passed,
        "weight": _shown("weight", panel.current.get("weight")),
    }
    whole = as_points(score, parts, panel, now, is_worst=True)
    if creatinine or passed:
        return whole
    # A weight or a baseline alone gives no stage.
    return replace(
        whole, state="indeterminate", reason="no_inputs", observed=None, lowest=None, highest=None
    )


def _shown(name: str, reading: Reading | None) -> Component | None:
    return Component(name, 0, reading) if reading else None


def _filtration(
    past: Past, panel: Panel, now: int, choices: KdigoChoices
) -> tuple[Component | None, Reading | None, Reading | None]:
    """What creatinine or dialysis gives, and the two values that it was compared with."""
    every = [
        replace(one, value=round_value(one.value, FINEST)) for one in past.get("creatinine", ())
    ]
    recent = within({"creatinine": every}, "creatinine", now, LOOKBACK["creatinine"])
    newest = recent[-1] if recent else None
    low_7d, low_48h = _lowest(every, newest, choices) if newest else (None, None)
    found = None
    if newest and (low_7d or not choices.needs_baseline):
        found = Component("creatinine", _stage(newest, low_7d, low_48h, choices), newest)
    dialysis = panel.current.get("dialysis")
    for_good = "end_stage_renal_disease" in panel.current
    if choices.counts_dialysis and dialysis and not for_good:
        found = Component("creatinine", 3, dialysis)
    return found, low_7d, low_48h


def _lowest(
    every: list[Reading], newest: Reading, choices: KdigoChoices
) -> tuple[Reading | None, Reading | None]:
    """The lowest of the 7 days, and of the 48 hours, before the newest; of equals the later."""
    before = [one for one in every if one.effective_at < newest.effective_at]
    week = [one for one in before if _within_week(one, newest, choices)]
    days = [one for one in before if _within_two_days(one, newest, choices)]
    return _minimum(week), _minimum(days)


def _minimum(readings: list[Reading]) -> Reading | None:
    return min(reversed(readings), key=lambda one: one.value) if readings else None


def _within_week(one: Reading, newest: Reading, choices: KdigoChoices) -> bool:
    if choices.by_the_clock:
        days = newest.effective_at // _DAY - one.effective_at // _DAY
        return days <= BASELINE_HOURS * _HOUR // _DAY
    return newest.effective_at - one.effective_at <= BASELINE_HOURS * _HOUR


def _within_two_days(one: Reading, newest: Reading, choices: KdigoChoices) -> bool:
    if choices.by_the_clock:
        return newest.effective_at // _HOUR - one.effective_at // _HOUR <= ACUTE_HOURS
    return newest.effective_at - one.effective_at <= ACUTE_HOURS * _HOUR


def _stage(
    newest: Reading, low_7d: Reading | None, low_48h: Reading | None, choices: KdigoChoices
) -> int:
    slack = FINEST if choices.is_exact else 0.0
    acute = low_48h is not None and newest.value >= low_48h.value + ACUTE_RISE - slack
    ratio, risen = 0, False
    if low_7d:
        times = [(newest.value >= low_7d.value * times - slack, n) for times, n in STAGE_BY_RATIO]
        ratio, risen = max(stage if holds else 0 for holds, stage in times), times[-1][0]
    severe = newest.value >= SEVERE_CREATININE and (acute or risen)
    return max(ratio, 3 if severe else 0, 1 if acute else 0)


def _urine(past: Past, panel: Panel, now: int, choices: KdigoChoices) -> Component | None:
    entries = sorted(
        [*past.get("urine_output", ()), *(_taken_off(one) for one in past.get("irrigant_in", ()))],
        key=lambda one: (one.effective_at, one.source),
    )
    recent = within({"urine": entries}, "urine", now, _SILENCE)
    weight = panel.current.get("weight")
    if not recent or not weight:
        return None
    end = recent[-1]
    over = _by_the_clock if choices.by_the_clock else _documented
    found = {hours: over(entries, end.effective_at, hours) for hours in URINE_HOURS}
    rates = {
        hours: _rate(amount, long, weight.value, choices)
        for hours, (amount, long) in found.items()
        if long
    }
    if URINE_HOURS[0] not in rates:
        return None
    stage, rate = _staged(rates, {hours: long for hours, (_, long) in found.items()}, choices)
    arrived = panel.current.get("icu_admission")
    if arrived and now <= arrived.effective_at + choices.unstaged_icu_hours * _HOUR:
        stage = 0 if choices.unstaged_icu_hours else stage
    reading = Reading(URINE_RATE, rate, end.effective_at, end.source)
    return Component("urine_output", stage, reading)


def _taken_off(one: Reading) -> Reading:
    return replace(one, value=-one.value)


def _documented(entries: list[Reading], end: int, hours: int) -> tuple[float, float]:
    """Millilitres and hours since the entry that opens the stretch; 0 hours where none does."""
    start = end - hours * _HOUR
    opening = [one for one in entries if start - _SILENCE < one.effective_at <= start]
    amount = sum(_exact(one.value) for one in entries if start < one.effective_at <= end)
    # More put in than ever came out: what came out was not all entered.
    is_documented = bool(opening) and amount >= 0
    return amount, (end - opening[-1].effective_at) / _HOUR if is_documented else 0.0


def _by_the_clock(entries: list[Reading], end: int, hours: int) -> tuple[float, float]:
    """As mimic-code: hours begun are counted, the first entry of a stretch stands for one."""
    by_end = [one for one in entries if one.effective_at <= end]
    elapsed = [one for one in by_end if end - one.effective_at <= (hours - 1) * _HOUR]
    begun = [one for one in by_end if end // _HOUR - one.effective_at // _HOUR < hours]
    summed = elapsed if hours == URINE_HOURS[-1] else begun
    first = min(one.effective_at for one in elapsed)
    return sum(_exact(one.value) for one in summed), end // _HOUR - first // _HOUR + 1.0


def _exact(millilitres: float) -> float:
    """To the microlitre, so that a sum does not depend on its order."""
    return round_value(millilitres, 0.001)


def _rate(amount: float, hours: float, weight: float, choices: KdigoChoices) -> float:
    rate = amount / weight / hours
    return round_value(rate, 1e-4) if choices.by_the_clock else rate


def _staged(
    rates: dict[int, float], hours: dict[int, float], choices: KdigoChoices
) -> tuple[int, float]:
    """Stage of the severest criterion that holds, and the rate it rests on."""
    for criterion in URINE_CRITERIA:
        rate = rates.get(criterion.hours)
        if rate is None or not (rate < criterion.below if criterion.below else rate == 0):
            continue
        if choices.by_the_clock and hours[criterion.hours] < FEWEST_URINE_HOURS[criterion.hours]:
            continue
        return criterion.stage, rate
    return 0, rates[URINE_HOURS[0]]
