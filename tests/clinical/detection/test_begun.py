"""What is told ahead of its time, a scheduled dose or the end of an infusion, hides nothing."""

from datetime import timedelta

import pytest

from tests.clinical.detection.ward import START, Ward


def _antibiotic_ahead(ward: Ward, hours: float, starts: float) -> None:
    """An antibiotic ordered `hours` after the start, to begin at another hour."""
    row = {"patient_id": "p1", "concept": "antibiotic", "order_id": f"A{starts}"}
    at = START + timedelta(hours=starts)
    told = [{**row, "event": "ordered", "started_at": at}]
    ward.tell(START + timedelta(hours=hours), medication_events=told)


def _infusion(ward: Ward, begins: float, ends: float) -> None:
    """Norepinephrine whose end is told with its start."""
    row = {"patient_id": "p1", "concept": "vasopressor", "ingredient": "norepinephrine"}
    given = {**row, "event": "administered", "order_id": f"N{begins}", "rate_unit": "ug/kg/min"}
    start, end = (START + timedelta(hours=hours) for hours in (begins, ends))
    ward.tell(
        start, medication_events=[{**given, "rate": 0.05, "started_at": start, "ended_at": end}]
    )


def _quoted(ward: Ward, family: str) -> dict[str, tuple[float, float]]:
    """Value and hour of everything that the family's one alert quotes."""
    (alert,) = [row for row in ward.alerts if row["rule_family"] == family]
    return {
        item["name"]: (item["value"], (item["effective_at"] - START).total_seconds() / 3600)
        for item in alert["evidence"]
    }


def test_a_course_for_next_week_does_not_hide_the_antibiotic_that_runs() -> None:
    ward = Ward()
    ward.culture(0)
    ward.antibiotic(1)
    _antibiotic_ahead(ward, 1.5, 97)
    ward.chart(2, respiratory_rate=30, systolic_bp=85)
    assert _quoted(ward, "sepsis")["antibiotic"] == (1, 1)


def test_an_antibiotic_that_is_only_ordered_ahead_still_tells_of_a_suspicion() -> None:
    ward = Ward()
    ward.culture(0)
    _antibiotic_ahead(ward, 1, 4)
    ward.chart(2, respiratory_rate=30, systolic_bp=85)
    assert _quoted(ward, "sepsis")["antibiotic"] == (1, 4)


def test_worse_on_treatment_rests_on_the_treatment_that_has_begun() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=80, respiratory_rate=16)
    ward.antibiotic(1)
    _antibiotic_ahead(ward, 1.5, 30)
    ward.chart(5, heart_rate=131)
    assert ("worse_on_treatment",) in ward.told("rule")
    assert _quoted(ward, "deterioration")["antibiotic"] == (1, 1)


@pytest.mark.parametrize(("ends", "shocked"), [(3.1, True), (3.0, False), (2.9, False)])
def test_a_vasopressor_runs_until_its_end_though_that_is_told_with_its_start(
    ends: float, *, shocked: bool
) -> None:
    ward = Ward()
    ward.culture(0)
    ward.antibiotic(1)
    _infusion(ward, 2, ends)
    ward.chart(3, lactate=3)
    assert (("septic_shock",) in ward.told("rule")) is shocked
    if shocked:
        assert _quoted(ward, "septic_shock")["norepinephrine_rate"] == (0.05, 2)
