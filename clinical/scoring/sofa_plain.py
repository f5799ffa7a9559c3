"""SOFA in plain Python: the worst of each organ in the window, for one patient at one moment.

Here: the law to be read, and to check the columns by. Not here: bounds and choices
(clinical/scores/sofa.py); GCS (sofa_plain_gcs.py), infusions and urine (sofa_plain_flows.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from clinical.scores.definition import WindowScore
from clinical.scores.sofa import (
    BILIRUBIN_FROM,
    CREATININE_FROM,
    GCS_BELOW,
    INVASIVE,
    MEAN_BP_BELOW,
    MOST_WITHOUT_SUPPORT,
    PAO2_FIO2_BELOW,
    PLATELETS_BELOW,
    VENTILATED_BY,
    VENTILATION_ENDS_BY,
    SofaChoices,
)
from clinical.scoring.assessment import Assessment, Component
from clinical.scoring.bounds import exact_value
from clinical.scoring.inputs import PAO2_FIO2, Panel, Reading
from clinical.scoring.sofa_plain_flows import infusions, urine
from clinical.scoring.sofa_plain_gcs import totals
from clinical.scoring.validity import hours
from clinical.scoring.window_assessment import Past, as_points, newest_within, within

# Of all candidates the one with most points, then the worst, then the newest told.
Candidate = tuple[int, float, Reading]


def sofa(score: WindowScore, past: Past, panel: Panel, now: int) -> Assessment:
    """SOFA of what is known of one patient."""
    choices = score.choices
    if not isinstance(choices, SofaChoices):
        msg = f"SOFA needs SofaChoices, got {type(choices).__name__}"
        raise TypeError(msg)
    window = hours(choices.window_hours)

    def values(concept: str) -> list[Reading]:
        found = within(past, concept, now, window)
        return [replace(one, value=exact_value(one.value)) for one in found]

    organs = {
        "respiration": _gases(past, values("pao2"), choices),
        "coagulation": _banded(values("platelets"), lambda v: _below(PLATELETS_BELOW, v), -1),
        "liver": _banded(values("bilirubin_total"), lambda v: _reached(BILIRUBIN_FROM, v), 1),
        "cardiovascular": [
            *_banded(values("mean_bp"), lambda v: int(v < MEAN_BP_BELOW), -1),
            *infusions(past, choices, now),
        ],
        "cns": [
            (_below(GCS_BELOW, one.value), -one.value, one) for one in totals(past, choices, now)
        ],
        "renal": [
            *urine(past, choices, now),
            *_banded(values("creatinine"), lambda v: _reached(CREATININE_FROM, v), 1),
        ],
    }
    parts = {name: _worst(name, found) for name, found in organs.items()}
    return as_points(score, parts, panel, now)


def _worst(name: str, found: Sequence[Candidate]) -> Component | None:
    """The last of the worst; candidates come by clinical time."""
    if not found:
        return None
    points, _, reading = max(reversed(found), key=lambda one: one[:2])
    return Component(name, points, reading)


def _banded(readings: list[Reading], points: Callable[[float], int], worse: int) -> list[Candidate]:
    return [(points(one.value), worse * one.value, one) for one in readings]


def _below(bounds: Sequence[float], value: float) -> int:
    return sum(value < bound for bound in bounds)


def _reached(bounds: Sequence[float], value: float) -> int:
    return sum(value >= bound for bound in bounds)


def _gases(past: Past, gases: list[Reading], choices: SofaChoices) -> list[Candidate]:
    """PaO2 over the FiO2 of its time; three and four points only under respiratory support."""
    found = []
    for gas in gases:
        fio2 = newest_within(past, "fio2", gas.effective_at, hours(choices.fio2_hours))
        if fio2 is None:
            continue
        ratio = gas.value / (exact_value(fio2.value) / 100)
        points = _below(PAO2_FIO2_BELOW, ratio)
        if not _is_supported(past, choices, gas.effective_at):
            points = min(points, MOST_WITHOUT_SUPPORT)
        elif points <= MOST_WITHOUT_SUPPORT and not choices.scores_mild_on_support:
            points = 0
        found.append((points, -ratio, replace(gas, concept=PAO2_FIO2, value=ratio)))
    return found


def _is_supported(past: Past, choices: SofaChoices, at: int) -> bool:
    """What was last said of a patient's breathing by then."""
    reach = hours(choices.support_hours)
    names = ("oxygen_device", *VENTILATED_BY, *VENTILATION_ENDS_BY)
    said = [one for name in names if (one := newest_within(past, name, at, reach)) is not None]
    if not said:
        return False
    last = max(said, key=lambda one: (one.effective_at, one.arrival))
    if last.concept == "oxygen_device":
        return last.value in choices.support
    return last.concept in VENTILATED_BY and bool(INVASIVE & choices.support)
