"""PaO2/FiO2 in plain Python: the newest gas, and the oxygen that was given when it was drawn.

Here: the twin of pf_ratio.py.
"""

from dataclasses import replace
from typing import cast

from clinical.concepts import CONCEPTS, round_value
from clinical.scores.definition import WindowScore
from clinical.scores.ratios import AIR_PER_CENT, PfChoices, pf_ratio_of
from clinical.scoring.assessment import Assessment, Component, State, with_times
from clinical.scoring.inputs import Panel, Reading
from clinical.scoring.validity import LOOKBACK, MICROSECONDS_PER_HOUR
from clinical.scoring.window_assessment import Past, newest_within, within


def pf_ratio(score: WindowScore, past: Past, panel: Panel, now: int) -> Assessment:
    """The ratio of the newest gas with the FiO2 of its time, in mmHg."""
    choices = cast("PfChoices", score.choices)
    gases = within(past, "pao2", now, LOOKBACK["pao2"])
    pao2 = _rounded(gases[-1]) if gases else None
    reach = round(choices.pairing_hours * MICROSECONDS_PER_HOUR)
    fio2 = newest_within(past, "fio2", pao2.effective_at, reach) if pao2 else None
    fio2 = _rounded(fio2) if fio2 else None
    parts = {"pao2": pao2, "fio2": fio2}
    components = tuple(Component(name, None, one) for name, one in parts.items() if one)
    if not pao2 or not fio2:
        missing = tuple(name for name, one in parts.items() if one is None)
        state: State = "stale" if panel.stale.intersection(missing) else "indeterminate"
        lacking = Assessment(state, "missing_inputs", missing=missing, components=components)
        return with_times(lacking, now)
    if fio2.value < AIR_PER_CENT:
        low = Assessment("indeterminate", "fio2_below_air", components=components)
        return with_times(low, now)
    value = float(pf_ratio_of(pao2.value, fio2.value))
    whole = Assessment("complete", None, value, value, value, components=components)
    return with_times(whole, now)


def _rounded(one: Reading) -> Reading:
    return replace(one, value=round_value(one.value, CONCEPTS[one.concept].precision))
