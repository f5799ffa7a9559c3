"""What a score is, given the values that count now.

Here: totals, what the missing leave possible, states; for one panel, in plain Python. `pulsehouse
score` and the reference use it. Not here: which values count, or the columnar twin (columns.py).

States: complete; partial (a parameter was never known); stale (a missing parameter was known, too
long ago); indeterminate (a ratio without an input or outside its conditions, or points without any
input); not_applicable (outside the population).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from clinical.scores.definition import (
    Alternative,
    Parameter,
    PointScore,
    Population,
    RatioScore,
)
from clinical.scoring.inputs import Panel, Reading

State = Literal["complete", "partial", "stale", "indeterminate", "not_applicable"]
# NEWS2: 3 points in one parameter alone call for a doctor; the scale that a clinician prescribes.
SINGLE_PARAMETER, SPO2_SCALE_2 = 3, 2
_MINUTE = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Component:
    """Points of one parameter, or one input of a ratio, with the reading it rests on."""

    parameter: str
    points: int | None
    reading: Reading


@dataclass(frozen=True, slots=True)
class Assessment:
    """One score now. `lowest` and `highest` bound what the missing parameters allow."""

    state: State
    reason: str | None = None
    observed: float | None = None
    lowest: float | None = None
    highest: float | None = None
    missing: tuple[str, ...] = ()
    has_single_3: bool | None = None
    components: tuple[Component, ...] = ()
    oldest_input_minutes: float | None = None
    effective_at: int | None = None

    @property
    def lacks_an_input(self) -> bool:
        """Whether there is no number for want of an input (any, or a ratio's every one)."""
        return self.observed is None and bool(self.missing)


def assess(score: PointScore | RatioScore, panel: Panel, now: int) -> Assessment:
    """Assess one score of current values on a derived panel at `now` (microseconds, UTC)."""
    if reason := outside(score.population, panel, now):
        return Assessment("not_applicable", reason)
    if isinstance(score, RatioScore):
        return _ratio(score, panel, now)
    return _points(score, panel, now)


def outside(population: Population, panel: Panel, now: int) -> str | None:
    """Why a patient is not one of those whom a score is for, if so."""
    birth = panel.current.get("birth_date")
    if birth and age_in_years(birth.value, now) < population.lowest_age:
        return f"age_below_{population.lowest_age}"
    pregnancy = panel.current.get("pregnancy")
    if population.excludes_pregnancy and pregnancy and pregnancy.value == 1:
        return "pregnancy"
    return None


def age_in_years(birth_days: float, now: int) -> int:
    """Completed years at `now`; birth_days are days since 1970-01-01."""
    born = (_EPOCH + timedelta(days=birth_days)).date()
    today = (_EPOCH + timedelta(microseconds=now)).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _points(score: PointScore, panel: Panel, now: int) -> Assessment:
    components, missing, lowest, highest = [], [], 0, 0
    for parameter in score.parameters:
        component, least, most = _parameter(parameter, panel)
        lowest, highest = lowest + least, highest + most
        if component:
            components.append(component)
        else:
            missing.append(parameter.name)
    return with_times(
        Assessment(
            _points_state(score, missing, panel),
            None if components else "no_inputs",
            float(lowest) if components else None,
            float(lowest) if components else None,
            float(highest) if components else None,
            tuple(missing),
            any(item.points == SINGLE_PARAMETER for item in components) if components else None,
            tuple(components),
        ),
        now,
    )


def _points_state(score: PointScore, missing: list[str], panel: Panel) -> State:
    if len(missing) == len(score.parameters):
        return "indeterminate"
    if not missing:
        return "complete"
    gone = (item for item in score.parameters if item.name in missing)
    known_once = any(panel.stale.intersection(_names(item)) for item in gone)
    return "stale" if known_once else "partial"


def _names(parameter: Parameter) -> set[str]:
    return {option.input for option in parameter.alternatives}


def _parameter(parameter: Parameter, panel: Panel) -> tuple[Component | None, int, int]:
    """The deciding component with the least and the most points the parameter may have."""
    scored = [
        (*_regimes(parameter, option, panel, reading), reading)
        for option in parameter.alternatives
        if (reading := panel.current.get(option.input)) is not None
    ]
    if not scored:
        return None, 0, parameter.highest
    least, most, reading = max(scored, key=lambda item: item[0])
    return Component(parameter.name, least, reading), least, max(most, least)


def _regimes(
    parameter: Parameter, option: Alternative, panel: Panel, reading: Reading
) -> tuple[int, int]:
    """Least and most points of a reading under the bands that may apply to this patient."""
    if parameter.switch == "none":
        points = option.bands[0].points(reading.value)
        return points, points
    scale_1, on_air, on_oxygen = (bands.points(reading.value) for bands in option.bands)
    scale = panel.current.get("spo2_scale")
    if scale is None or scale.value != SPO2_SCALE_2:
        return scale_1, scale_1
    oxygen = panel.current.get("oxygen")
    if oxygen is None:
        return on_air, on_oxygen
    return (on_oxygen, on_oxygen) if oxygen.value else (on_air, on_air)


def _ratio(score: RatioScore, panel: Panel, now: int) -> Assessment:
    missing = tuple(name for name in score.inputs if name not in panel.current)
    known = [panel.current[name] for name in score.inputs if name in panel.current]
    components = tuple(
        Component(name, None, panel.current[name]) for name in score.inputs if name in panel.current
    )
    if missing:
        state: State = "stale" if panel.stale.intersection(missing) else "indeterminate"
        lacking = Assessment(state, "missing_inputs", missing=missing, components=components)
        return with_times(lacking, now)
    if reason := _unmet(score, panel):
        return with_times(Assessment("indeterminate", reason, components=components), now)
    value = float(score.formula(*(reading.value for reading in known)))
    whole = Assessment("complete", None, value, value, value, components=components)
    return with_times(whole, now)


def _unmet(score: RatioScore, panel: Panel) -> str | None:
    for requirement in score.requires:
        if not requirement.holds(panel.current[requirement.input].value):
            return requirement.reason
    times = [panel.current[name].effective_at for name in score.paired]
    if max(times) - min(times) > score.pairing_minutes * _MINUTE:
        return "not_paired"
    return None


def with_times(assessment: Assessment, now: int) -> Assessment:
    """The same, with the age of its oldest input and the clinical time of its newest."""
    if not assessment.components:
        return assessment
    times = [item.reading.effective_at for item in assessment.components]
    return Assessment(
        assessment.state,
        assessment.reason,
        assessment.observed,
        assessment.lowest,
        assessment.highest,
        assessment.missing,
        assessment.has_single_3,
        assessment.components,
        (now - min(times)) / _MINUTE,
        max(times),
    )
