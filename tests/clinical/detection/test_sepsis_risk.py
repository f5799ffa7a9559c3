"""Sepsis risk: found in intensive care, from the limit on, for as long as the points were made."""

from datetime import timedelta

import pytest

from clinical.detection.sepsis_risk import LONGEST_STAY, NAME
from clinical.scores.sepsis_points import SEPSIS_POINTS, WARNING
from tests.clinical.detection.ward import START, Ward

# 17 points, and at 20 hours in intensive care none for hours.
ILL = {"temperature": 38.5, "heart_rate": 120, "systolic_bp": 95, "wbc": 21, "spo2": 90}


def admitted(unit: str) -> Ward:
    """A day and more after the patient came to the hospital: that gives no points."""
    ward = Ward()
    row = {"event": "admit", "patient_id": "p1", "patient_class": "I", "unit": unit}
    before = START - timedelta(hours=30)
    ward.tell(START, encounter_events=[row | {"event_at": START, "admitted_at": before}])
    return ward


def said(ward: Ward) -> list[tuple[object, ...]]:
    return [row[1:] for row in ward.told("rule_family", "severity", "status") if row[0] == NAME]


def test_a_patient_in_intensive_care_is_warned_of():
    ward = admitted("MICU")
    ward.chart(20, **ILL)
    assert said(ward) == [("medium", "raised")]
    (alert,) = [row for row in ward.alerts if row["rule_family"] == NAME]
    evidence = {one["name"]: one["value"] for one in alert["evidence"]}
    assert evidence["hours_in_icu"] == 20
    assert evidence["temperature"] == 38.5
    assert "creatinine" in alert["missing"]


def test_on_a_ward_and_where_nobody_knows_where_nothing_is_found():
    ward = admitted("Ward 5")
    ward.chart(20, **ILL)
    unknown = Ward()
    unknown.chart(20, **ILL)
    assert said(ward) == said(unknown) == []


@pytest.mark.parametrize(("hours", "found"), [(LONGEST_STAY, 1), (LONGEST_STAY + 1, 0)])
def test_beyond_the_longest_stay_that_was_looked_at_nothing_is_found(hours, found):
    ward = admitted("MICU")
    ward.chart(hours + 0.5, **ILL)
    assert len(said(ward)) == found


@pytest.mark.parametrize(("temperature", "found"), [(37.9, 0), (38.0, 1)])
def test_the_limit_counts_from_its_own_value_on(temperature, found):
    ward = admitted("MICU")
    ward.chart(20, **{**ILL, "temperature": temperature})
    newest = [row["observed"] for row in ward.scores if row["score"] == SEPSIS_POINTS.name][-1]
    assert (newest >= WARNING) == bool(found)
    assert newest == WARNING - 2 * (1 - found)
    assert len(said(ward)) == found


def test_after_a_discharge_nothing_is_found():
    ward = admitted("MICU")
    at = START + timedelta(hours=10)
    row = {"event": "discharge", "patient_id": "p1", "patient_class": "I"}
    ward.tell(at, encounter_events=[row | {"event_at": at, "discharged_at": at}])
    ward.chart(11, **ILL)
    assert said(ward) == []
