"""Treatment begins with the first of a run; what is told of a running one begins nothing."""

from datetime import timedelta

import pytest

from tests.clinical.detection.ward import START, Ward

CALM = {"heart_rate": 80, "respiratory_rate": 16}
WORSE = {**CALM, "heart_rate": 131}  # 3 points


def _infusion(
    ward: Ward, begins: float, ends: float, drug: str = "norepinephrine", *, told: float = 0
) -> None:
    """A vasopressor told at its start; or, `told` later, that it never was given."""
    start, end = (START + timedelta(hours=hours) for hours in (begins, ends))
    row = {
        "patient_id": "p1",
        "concept": "vasopressor",
        "ingredient": drug,
        "order_id": f"N{begins}",
    }
    row |= {"event": "cancelled" if told else "administered", "documented_at": start}
    row |= {"rate": begins / 100, "rate_unit": "ug/kg/min", "started_at": start, "ended_at": end}
    ward.tell(START + timedelta(hours=told or begins), medication_events=[row])


def _rules(ward: Ward) -> list[str]:
    return [row["rule"] for row in ward.alerts if row["rule_family"] == "deterioration"]


def _titrated(ends: float, drug: str = "norepinephrine") -> Ward:
    """Ill, treated from hour 2 on, better, and worse again after another rate at hour 4."""
    ward = Ward()
    ward.chart(0, **CALM)
    ward.chart(1, **WORSE)
    _infusion(ward, 2, ends)
    ward.chart(3, **CALM)
    _infusion(ward, 4, 9, drug)
    ward.chart(5, **WORSE)
    return ward


@pytest.mark.parametrize(("ends", "begins"), [(4.1, False), (4.0, False), (3.9, True)])
@pytest.mark.parametrize("drug", ["norepinephrine", "epinephrine"])
def test_a_new_rate_begins_treatment_only_where_none_ran(
    ends: float, drug: str, *, begins: bool
) -> None:
    told = ["news2_rise", "worse_on_treatment"] if begins else ["news2_rise"]
    assert _rules(_titrated(ends, drug)) == told


def test_the_alert_quotes_the_event_that_began_treatment() -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    _infusion(ward, 1, 2)
    _infusion(ward, 2, 9)
    ward.chart(3, **WORSE)
    [alert] = [row for row in ward.alerts if row["rule"] == "worse_on_treatment"]
    at = {item["name"]: item["effective_at"] for item in alert["evidence"]}
    assert at["vasopressor"] == START + timedelta(hours=1)


@pytest.mark.parametrize(("hours", "begins"), [(96.0, False), (96.1, True)])
def test_a_dose_begins_treatment_only_after_none_within_the_look_back(
    hours: float, *, begins: bool
) -> None:
    ward = Ward()
    ward.antibiotic(0)
    ward.chart(hours, **CALM)
    ward.antibiotic(hours)
    ward.chart(hours + 1, **WORSE)
    assert _rules(ward) == ["worse_on_treatment" if begins else "news2_rise"]


def _episodes(first: float, cancelled: float) -> int:
    """Episodes of a rise that was better when an infusion was withdrawn, and then came back."""
    ward = Ward()
    ward.chart(0, **CALM)
    _infusion(ward, first, 9)
    if cancelled != first:
        _infusion(ward, cancelled, 9)
    ward.chart(4, **WORSE)
    ward.chart(5, **CALM)
    _infusion(ward, cancelled, 9, told=6)
    ward.chart(7, **WORSE)
    assert _rules(ward)[0] == "worse_on_treatment"
    return len({row["episode_id"] for row in ward.alerts if row["rule_family"] == "deterioration"})


def test_a_rate_that_was_withdrawn_ends_no_episode() -> None:
    assert _episodes(first=1, cancelled=2) == 1


def test_where_the_start_itself_was_withdrawn_the_rise_still_stands() -> None:
    assert _episodes(first=1, cancelled=1) == 1


def test_a_start_that_was_withdrawn_lets_a_true_worsening_on_treatment_through() -> None:
    ward = Ward()
    ward.chart(0, **CALM)
    _infusion(ward, 1, 9)
    ward.chart(4, **WORSE)
    ward.chart(5, **CALM)
    _infusion(ward, 1, 9, told=6)
    _infusion(ward, 7, 9)
    ward.chart(8, **WORSE)
    assert _rules(ward) == ["worse_on_treatment"] * 2
