"""Each rule fires at its published limit and not before."""

import csv
from datetime import date
from importlib.resources import files

import pytest

from clinical.concepts import CONCEPTS
from clinical.detection.critical import LIMITS
from clinical.normalise.conversions import affine
from tests.clinical.detection.ward import Ward

CALM = {"respiratory_rate": 16, "spo2": 98, "systolic_bp": 120, "heart_rate": 70, "temperature": 37}


@pytest.mark.parametrize(
    ("values", "rule", "severity"),
    [
        ({"heart_rate": 131}, "news2_single_3", "medium"),
        ({"heart_rate": 111, "temperature": 39.1}, None, None),
        ({"heart_rate": 111, "temperature": 39.1, "systolic_bp": 110}, "news2_urgent", "high"),
        ({"heart_rate": 131, "systolic_bp": 90}, "news2_urgent", "high"),
        ({"heart_rate": 131, "systolic_bp": 90, "spo2": 95}, "news2_emergency", "critical"),
    ],
)
def test_news2_alerts_by_its_response_bands(
    values: dict[str, float], rule: str | None, severity: str | None
) -> None:
    ward = Ward()
    ward.chart(0, **{**CALM, **values})
    assert ward.told("rule", "severity") == ([(rule, severity)] if rule else [])


def test_an_alert_names_what_was_missing_and_what_it_rests_on() -> None:
    ward = Ward()
    ward.chart(0, **{**CALM, "heart_rate": 140})
    [alert] = ward.alerts
    assert alert["missing"] == ["oxygen", "consciousness"]
    pulse = next(item for item in alert["evidence"] if item["name"] == "heart_rate")
    assert (pulse["value"], pulse["unit"]) == (140, "/min")
    assert (pulse["feed"], pulse["partition"], pulse["offset"], pulse["row"]) == ("f", 0, 0, 3)


def test_a_gcs_that_was_summed_is_quoted_with_its_parts() -> None:
    ward = Ward()
    ward.culture(0)
    ward.antibiotic(0)
    ward.chart(0, gcs_eye=3, gcs_verbal=4, gcs_motor=6, systolic_bp=95)
    quoted = {item["name"]: item["value"] for item in ward.alerts[-1]["evidence"]}
    assert quoted["gcs"] == 13
    assert (quoted["gcs_eye"], quoted["gcs_verbal"], quoted["gcs_motor"]) == (3, 4, 6)


def test_a_child_raises_no_adult_alert() -> None:
    ward = Ward()
    ward.born(date(2015, 6, 1))
    ward.chart(0, heart_rate=140, systolic_bp=80)
    assert ward.alerts == []


@pytest.mark.parametrize(
    ("birth_date", "alerts"),
    [(date(2026, 1, 6), 0), (date(2026, 1, 7), 1), (date(2050, 1, 5), 1)],
)
def test_a_birth_date_in_the_future_makes_no_child(birth_date: date, alerts: int) -> None:
    ward = Ward()
    ward.born(birth_date)
    ward.chart(0, heart_rate=140, systolic_bp=80)
    assert len(ward.alerts) == alerts


SEPTIC = {"respiratory_rate": 24, "systolic_bp": 95}  # qSOFA 2


def test_qsofa_alone_never_suspects_sepsis() -> None:
    ward = Ward()
    ward.chart(0, **SEPTIC)
    assert "sepsis" not in {family for (family,) in ward.told("rule_family")}


@pytest.mark.parametrize(
    ("culture", "antibiotic", "suspected"),
    [
        (0, 1, True),
        (0, 23.5, True),
        (1, 0, True),
        (23.5, 0, True),
        (24.5, 0, False),  # the culture came more than 24 h after the antibiotic
        (0, 73, False),  # the antibiotic came more than 72 h after the culture
    ],
)
def test_infection_is_suspected_within_the_sepsis_3_windows(
    culture: float, antibiotic: float, *, suspected: bool
) -> None:
    ward = Ward()
    order = sorted([(culture, ward.culture), (antibiotic, ward.antibiotic)], key=lambda x: x[0])
    for hours, tell in order:
        tell(hours)
    ward.chart(max(culture, antibiotic), **SEPTIC)
    rules = {rule for (rule,) in ward.told("rule")}
    assert ("suspected_sepsis_qsofa" in rules) is suspected


def test_dysfunction_counts_until_24_hours_after_the_suspicion() -> None:
    for hours, suspected in ((23.9, True), (24.1, False)):
        ward = Ward()
        ward.culture(0)
        ward.antibiotic(0.5)
        ward.chart(hours, **SEPTIC)
        found = {rule for (rule,) in ward.told("rule")}
        assert ("suspected_sepsis_qsofa" in found) is suspected, hours


def test_infection_evidence_after_the_dysfunction_raises_the_alert() -> None:
    ward = Ward()
    ward.chart(0, **SEPTIC)
    ward.culture(1)
    assert "sepsis" not in {family for (family,) in ward.told("rule_family")}
    ward.antibiotic(2)
    assert ward.told("rule")[-1] == ("suspected_sepsis_qsofa",)
    names = {item["name"] for item in ward.alerts[-1]["evidence"]}
    assert {"culture", "antibiotic", "qsofa (gcs_below_15)"} <= names


def test_a_cancelled_culture_is_no_evidence() -> None:
    ward = Ward()
    ward.culture(0)
    ward.culture(0.5, cancelled=True)
    ward.antibiotic(1)
    ward.chart(1.5, **SEPTIC)
    assert "sepsis" not in {family for (family,) in ward.told("rule_family")}


@pytest.mark.parametrize(("concept", "limits"), LIMITS.items())
def test_a_result_is_critical_beyond_its_limits_and_not_at_them(
    concept: str, limits: object
) -> None:
    low, high = limits.low, limits.high  # type: ignore[attr-defined]
    step = CONCEPTS[concept].precision
    for value, critical in ((low, False), (low - step, True), (high, False), (high + step, True)):
        if abs(value) != float("inf"):
            ward = Ward()
            ward.chart(0, **{concept: value})
            assert (("critical_result",) in ward.told("rule")) is critical, value


@pytest.mark.parametrize(
    ("concept", "unit", "published"),
    [
        ("glucose", "mmol/L", (3.0, 20.0)),
        ("calcium", "mmol/L", (1.5, 2.80)),
        ("magnesium", "mmol/L", (0.4, 2.0)),
        ("phosphate", "mmol/L", (0.35, 3.00)),
        ("haemoglobin", "g/L", (70, 200)),
        ("fibrinogen", "g/L", (1.0, float("inf"))),
    ],
)
def test_critical_limits_are_the_published_ones_in_our_units(
    concept: str, unit: str, published: tuple[float, float]
) -> None:
    known = CONCEPTS[concept]
    conversion = affine(unit, known.unit, known.molar_mass)
    assert conversion is not None
    for limit, value in zip((LIMITS[concept].low, LIMITS[concept].high), published, strict=True):
        if value != float("inf"):
            ours = value * conversion[0] + conversion[1]
            assert abs(limit - ours) <= known.precision / 2 + 1e-9


def test_every_critical_limit_states_its_unit_and_its_source() -> None:
    text = files("clinical").joinpath("critical_results.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        assert row["unit"] == CONCEPTS[row["concept"]].unit
        assert row["source"].strip()
        assert row["published"].strip()
        assert row["low"] or row["high"]
