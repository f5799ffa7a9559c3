"""Septic shock needs all three: infection, a vasopressor that runs, lactate above 2 mmol/L."""

from datetime import timedelta

import pytest

from clinical.detection.septic_shock import RATES
from tests.clinical.detection.vectors import infuse
from tests.clinical.detection.ward import START, Ward


def _infected() -> Ward:
    ward = Ward()
    ward.culture(0)
    ward.antibiotic(1)
    return ward


def _shocked(ward: Ward) -> bool:
    return ("septic_shock",) in ward.told("rule")


@pytest.mark.parametrize(("lactate", "shocked"), [(2.0, False), (2.04, False), (2.1, True)])
def test_lactate_counts_above_2_mmol(lactate: float, *, shocked: bool) -> None:
    ward = _infected()
    infuse(ward, 2, norepinephrine=0.01)
    ward.chart(3, lactate=lactate)
    assert _shocked(ward) is shocked


@pytest.mark.parametrize("drug", ["norepinephrine", "epinephrine", "dopamine", "phenylephrine"])
def test_any_vasopressor_counts(drug: str) -> None:
    ward = _infected()
    ward.chart(2, lactate=3)
    infuse(ward, 3, **{drug: 0.02})
    assert _shocked(ward)


def test_an_inotrope_alone_is_no_vasopressor() -> None:
    ward = _infected()
    ward.chart(2, lactate=3)
    infuse(ward, 3, dobutamine=5.0, concept="inotrope")
    assert not _shocked(ward)
    assert not [name for name in RATES if name.startswith("dobutamine")]


@pytest.mark.parametrize(("hours", "shocked"), [(23.9, True), (24.1, False)])
def test_without_a_known_rate_an_order_counts_for_a_day(hours: float, *, shocked: bool) -> None:
    ward = _infected()
    row = {"patient_id": "p1", "concept": "vasopressor", "order_id": "V1", "event": "ordered"}
    at = START + timedelta(hours=1)
    ward.tell(at, medication_events=[{**row, "started_at": at}])
    ward.antibiotic(1 + hours - 1)  # keeps the suspicion: culture at 0, antibiotic within 72 h
    ward.culture(1 + hours - 0.5)
    ward.chart(1 + hours, lactate=3)
    assert _shocked(ward) is shocked


def test_a_rate_of_0_overrules_an_order() -> None:
    ward = _infected()
    infuse(ward, 2, until=2.5, norepinephrine=0.1)
    ward.chart(3, lactate=3)
    assert not _shocked(ward)


def test_the_alert_quotes_what_it_rests_on() -> None:
    ward = _infected()
    ward.chart(2, lactate=3)
    infuse(ward, 3, norepinephrine=0.1)
    quoted = {item["name"]: item["value"] for item in ward.alerts[-1]["evidence"]}
    assert quoted["lactate"] == 3
    assert quoted["norepinephrine_rate"] == 0.1
    assert {"culture", "antibiotic"} <= quoted.keys()
