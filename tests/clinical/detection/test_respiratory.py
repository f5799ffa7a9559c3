"""Respiratory failure: each published limit from both sides, and what does not count."""

import pytest

from clinical.concepts import CONCEPTS
from tests.clinical.detection.ward import Ward

DEVICES = CONCEPTS["oxygen_device"].answers
HIGH_FLOW = DEVICES["high_flow_nasal_cannula"]


def _found(ward: Ward) -> list[str]:
    told = ward.told("rule_family", "rule")
    return [rule for family, rule in told if family == "respiratory_failure"]


@pytest.mark.parametrize(
    ("spo2", "fio2", "rule"),
    [
        (95, 40, None),  # 237.5
        (94, 40, "hypoxaemia_moderate"),  # 235
        (89, 60, "hypoxaemia_moderate"),  # 148.3
        (74, 50, "hypoxaemia_severe"),  # 148
        (97, 40, None),
        (97, 41, None),  # 236.6
        (97, 42, "hypoxaemia_moderate"),
        (98, 100, None),  # above 97 % the ratio says nothing
    ],
)
def test_hypoxaemia_follows_the_sf_ratio_where_it_is_valid(
    spo2: float, fio2: float, rule: str | None
) -> None:
    ward = Ward()
    ward.chart(0, spo2=spo2, fio2=fio2)
    assert _found(ward) == ([rule] if rule else [])


# SpO2 97 % and FiO2 of 100 % make S/F 97: ROX is 97 over the breathing rate.
@pytest.mark.parametrize(
    ("hours", "rate", "fails"),
    [
        (1.9, 60, False),  # before 2 h nothing was studied
        (2, 34, False),  # 2.853
        (2, 35, True),  # 2.771
        (5.9, 28, False),  # 3.464 is above the limit of 2 h
        (6, 27, False),  # 3.593
        (6, 28, True),
        (11.9, 26, False),  # 3.731
        (12, 26, True),
        (12, 25, False),  # 3.88
    ],
)
def test_rox_is_held_to_the_limit_of_its_hours_on_high_flow(
    hours: float, rate: float, *, fails: bool
) -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=HIGH_FLOW)
    ward.chart(hours, oxygen_device=HIGH_FLOW, spo2=97, fio2=100, respiratory_rate=rate)
    assert ("rox_failure" in _found(ward)) is fails


def test_rox_says_nothing_off_high_flow() -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=DEVICES["nasal_cannula"])
    ward.chart(6, oxygen_device=1, spo2=97, fio2=100, respiratory_rate=40)
    assert "rox_failure" not in _found(ward)


def test_the_hours_count_anew_after_a_pause_of_high_flow() -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=HIGH_FLOW)
    ward.chart(3, oxygen_device=DEVICES["nasal_cannula"])
    ward.chart(5, oxygen_device=HIGH_FLOW, spo2=97, fio2=100, respiratory_rate=60)
    assert "rox_failure" not in _found(ward)


def test_an_alert_on_rox_quotes_the_hours_on_high_flow() -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=HIGH_FLOW)
    ward.chart(6, oxygen_device=HIGH_FLOW, spo2=97, fio2=100, respiratory_rate=30)
    quoted = {item["name"]: item["value"] for item in ward.alerts[-1]["evidence"]}
    assert quoted["hours_on_high_flow"] == 6


@pytest.mark.parametrize(
    ("concept", "before", "after", "rises"),
    [
        ("fio2", 30, 49, False),
        ("fio2", 30, 50, True),
        ("oxygen_flow", 2, 6.9, False),
        ("oxygen_flow", 2, 7, True),
    ],
)
def test_oxygen_need_rises_by_20_points_or_5_litres(
    concept: str, before: float, after: float, *, rises: bool
) -> None:
    ward = Ward()
    ward.chart(0, **{concept: before})
    ward.chart(6, **{concept: after})
    assert _found(ward) == (["rising_oxygen_need"] if rises else [])


@pytest.mark.parametrize(("hours", "rises"), [(23.9, True), (24, False)])
def test_the_lowest_oxygen_counts_for_a_day(hours: float, *, rises: bool) -> None:
    ward = Ward()
    ward.chart(0, oxygen_flow=2)
    ward.chart(hours, oxygen_flow=7)
    assert _found(ward) == (["rising_oxygen_need"] if rises else [])


@pytest.mark.parametrize("device", ["high_flow_nasal_cannula", "cpap", "bipap", "ventilator"])
def test_flow_of_a_machine_is_not_oxygen(device: str) -> None:
    ward = Ward()
    ward.chart(0, oxygen_flow=2)
    ward.chart(1, oxygen_flow=40, oxygen_device=DEVICES[device])
    assert _found(ward) == []


def test_an_alert_on_rising_need_quotes_both_values() -> None:
    ward = Ward()
    ward.chart(0, oxygen_flow=2)
    ward.chart(6, oxygen_flow=8)
    [alert] = ward.alerts[-1:]
    quoted = {item["name"]: (item["value"], item["unit"]) for item in alert["evidence"]}
    assert quoted["oxygen_flow"] == (8, "L/min")
    assert quoted["oxygen_flow_lowest_of_24_h"] == (2, "L/min")


@pytest.mark.parametrize(("hours", "quoted"), [(6.0, True), (6.1, False)])
def test_a_gas_is_quoted_only_while_it_counts(hours: float, *, quoted: bool) -> None:
    ward = Ward()
    ward.chart(0, pao2=250, fio2=40)
    ward.chart(hours, spo2=89, fio2=60)
    [alert] = [one for one in ward.alerts if one["rule"] == "hypoxaemia_moderate"]
    names = {item["name"] for item in alert["evidence"]}
    assert ("pf_ratio (arterial)" in names, "pao2" in names) == (quoted, quoted)
