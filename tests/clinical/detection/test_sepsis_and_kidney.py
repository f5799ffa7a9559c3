"""Organ dysfunction with evidence of infection, and kidney injury: both sides of each limit."""

import pytest

from tests.clinical.detection.ward import Ward


def _infected(at: float = 0) -> Ward:
    ward = Ward()
    ward.culture(at)
    ward.antibiotic(at + 1)
    return ward


def _rules(ward: Ward, family: str) -> list[str]:
    return [rule for name, rule in ward.told("rule_family", "rule") if name == family]


@pytest.mark.parametrize(("platelets", "risen"), [(100, False), (99, True)])
def test_sofa_counts_from_2_points(platelets: float, *, risen: bool) -> None:
    ward = _infected()
    ward.chart(2, platelets=platelets)
    assert _rules(ward, "sepsis") == (["suspected_sepsis_sofa"] if risen else [])


@pytest.mark.parametrize(("bilirubin", "risen"), [(1.9, False), (2.0, True)])
def test_an_organ_known_before_counts_by_its_rise_alone(bilirubin: float, *, risen: bool) -> None:
    ward = Ward()
    ward.chart(0, platelets=99)  # 2 points a day before
    ward.culture(25)
    ward.antibiotic(26)
    ward.chart(27, platelets=99, bilirubin_total=bilirubin)
    assert _rules(ward, "sepsis") == (["suspected_sepsis_sofa"] if risen else [])


def test_sofa_without_evidence_of_infection_is_no_sepsis() -> None:
    ward = Ward()
    ward.chart(0, platelets=20, bilirubin_total=8, creatinine=4)
    assert _rules(ward, "sepsis") == []


def test_the_alert_quotes_sofa_of_now_and_of_the_day_before() -> None:
    ward = Ward()
    ward.chart(0, platelets=149)
    ward.culture(25)
    ward.antibiotic(26)
    ward.chart(27, platelets=49)
    [alert] = [one for one in ward.alerts if one["rule"] == "suspected_sepsis_sofa"]
    told = [(item["name"], item["value"]) for item in alert["evidence"]]
    assert ("sofa (vincent1996)", 3) in told
    assert ("sofa_24_h_before (vincent1996)", 1) in told


def test_a_withdrawn_result_ends_the_episode_that_rested_on_it() -> None:
    ward = _infected()
    ward.chart(2, platelets=99)
    ward.chart(2, withdrawn=True, platelets=99)
    ward.chart(3, platelets=98)
    assert _rules(ward, "sepsis") == ["suspected_sepsis_sofa"] * 2


@pytest.mark.parametrize(
    ("creatinine", "rules"),
    [(1.9, []), (2.0, ["kdigo_stage_2"]), (2.9, ["kdigo_stage_2"]), (3.0, ["kdigo_stage_3"])],
)
def test_kidney_injury_alerts_from_stage_2(creatinine: float, rules: list[str]) -> None:
    ward = Ward()
    ward.chart(0, creatinine=1.0)
    ward.chart(24, creatinine=creatinine)
    assert _rules(ward, "kdigo") == rules


def test_a_growing_injury_alerts_again() -> None:
    ward = Ward()
    for hours, creatinine in ((0, 1.0), (24, 2.0), (36, 2.1), (48, 3.0)):
        ward.chart(hours, creatinine=creatinine)
    assert _rules(ward, "kdigo") == ["kdigo_stage_2", "kdigo_stage_3"]


def test_a_summed_gcs_of_hours_ago_is_quoted_with_its_own_parts() -> None:
    ward = Ward()
    ward.chart(0, gcs_eye=2, gcs_verbal=2, gcs_motor=4)  # 8: SOFA 3, the worst of 24 h
    ward.chart(13, gcs_eye=4)
    ward.culture(14)
    ward.antibiotic(15)
    [alert] = [one for one in ward.alerts if one["rule"] == "suspected_sepsis_sofa"]
    told = [(item["name"], item["value"]) for item in alert["evidence"]]
    assert {("gcs_eye", 2), ("gcs_verbal", 2), ("gcs_motor", 4)} <= set(told)
