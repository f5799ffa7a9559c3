"""What contexts do to alerts: suppress, lower, re-route, mark; and every alert says so."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clinical.concepts import CONCEPTS
from clinical.context.contexts import CONTEXTS
from clinical.detection.effects import SEVERITIES, Applied, lowered, route
from clinical.detection.manifest import MANIFESTS, Effect
from clinical.detection.rules import FAMILIES
from tests.clinical.detection.ward import START, Ward

CODE = CONCEPTS["code_status"].answers
DEVICE = CONCEPTS["oxygen_device"].answers


def visit(ward: Ward, hours: float, event: str, encounter: str = "e1") -> None:
    """An inpatient's admission or discharge."""
    at = START + timedelta(hours=hours)
    row = {"patient_id": "p1", "encounter_id": encounter, "event": event, "event_at": at}
    ward.tell(at, encounter_events=[{**row, "patient_class": "I"}])


def news2(ward: Ward, *columns: str) -> list[tuple[Any, ...]]:
    return [rest for family, *rest in ward.told("rule_family", *columns) if family == "news2"]


def contexts(ward: Ward) -> list[list[tuple[str, str]]]:
    return [[(one["context"], one["effect"]) for one in row] for (row,) in news2(ward, "contexts")]


def of(*effects: Effect) -> list[Applied]:
    return [Applied(f"c{number}", effect, 0, 0) for number, effect in enumerate(effects)]


def test_an_alert_without_context_says_so() -> None:
    ward = Ward()
    ward.chart(0, heart_rate=140)
    told = news2(ward, "contexts", "severity", "declared_severity", "route", "suppressed_by")
    assert told == [[[], "medium", "medium", "unit", None]]


def test_a_suppressed_alert_names_the_context_its_reason_since_when_and_the_row() -> None:
    ward = Ward()
    ward.chart(0, code_status=CODE["comfort_care"])
    ward.chart(20, code_status=CODE["comfort_care"])
    ward.chart(21, heart_rate=140)
    [[status, by, [context]]] = news2(ward, "status", "suppressed_by", "contexts")
    assert (status, by) == ("suppressed", "comfort_care")
    assert context == {
        "context": "comfort_care",
        "effect": "suppress",
        "reason": MANIFESTS["news2"].context["comfort_care"].reason,
        "since": START,
        "feed": "f",
        "partition": 0,
        "offset": 1,
        "row": 0,
    }


def test_comfort_care_of_an_earlier_stay_does_not_silence_the_next() -> None:
    ward = Ward()
    visit(ward, 0, "admit")
    ward.chart(1, code_status=CODE["comfort_care"])
    ward.chart(2, heart_rate=140)
    visit(ward, 10, "discharge")
    visit(ward, 30, "admit", "e2")
    ward.chart(31, heart_rate=141)
    assert news2(ward, "status") == [["suppressed"], ["raised"]]


def test_a_discharge_that_is_taken_back_ended_nothing() -> None:
    ward = Ward()
    ward.chart(1, code_status=CODE["comfort_care"])
    visit(ward, 2, "discharge")
    visit(ward, 3, "cancel_discharge")
    ward.chart(4, heart_rate=140)
    assert news2(ward, "status") == [["suppressed"]]


def test_a_context_that_is_withdrawn_never_was() -> None:
    ward = Ward()
    ward.chart(1, code_status=CODE["comfort_care"])
    ward.chart(1, withdrawn=True, code_status=CODE["comfort_care"])
    ward.chart(2, heart_rate=140)
    assert news2(ward, "status") == [["raised"]]


def test_a_context_that_is_learnt_later_changes_nothing_that_was_said() -> None:
    ward = Ward()
    ward.chart(1, heart_rate=140)
    ward.chart(0.5, code_status=CODE["comfort_care"])
    ward.chart(2, systolic_bp=80)
    assert news2(ward, "status", "band") == [["raised", 1], ["suppressed", 2]]


def test_a_merge_brings_the_context_of_the_retired_identifier() -> None:
    ward = Ward()
    ward.chart(0, "old", code_status=CODE["comfort_care"])
    ward.merge(1, retired="old", surviving="new")
    ward.chart(2, "new", heart_rate=140)
    assert news2(ward, "patient_id", "status") == [["new", "suppressed"]]


@pytest.mark.parametrize("status", ["dnr", "dni", "dnr_dni"])
def test_limits_of_resuscitation_mark_an_alert_and_hide_nothing(status: str) -> None:
    ward = Ward()
    ward.chart(0, code_status=CODE[status])
    ward.chart(1, heart_rate=140)
    assert news2(ward, "status", "severity") == [["raised", "medium"]]
    assert {effect for _, effect in contexts(ward)[0]} == {"mark"}
    assert {name for name, _ in contexts(ward)[0]} == set(status.split("_"))


def test_a_lowered_alert_keeps_the_severity_that_was_declared() -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=DEVICE["ventilator"])
    ward.chart(1, heart_rate=140, systolic_bp=80, respiratory_rate=30)
    told = news2(ward, "status", "severity", "declared_severity")
    assert told[-1] == ["raised", "high", "critical"]
    assert ("ventilated", "lower") in contexts(ward)[-1]


def test_extubation_ends_the_lowering() -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=DEVICE["ventilator"])
    ward.chart(1, oxygen_device=DEVICE["nasal_cannula"])
    ward.chart(2, heart_rate=140, systolic_bp=80, respiratory_rate=30)
    assert news2(ward, "severity")[-1] == ["critical"]


def test_an_effect_on_some_rules_leaves_the_others_alone() -> None:
    ward = Ward()
    ward.chart(0, oxygen_device=DEVICE["ventilator"], gcs_total=15)
    ward.culture(0)
    ward.antibiotic(0)
    ward.chart(1, temperature=38.5, heart_rate=95, respiratory_rate=12, systolic_bp=120)
    found = [alert for alert in ward.alerts if alert["rule_family"] == "sepsis"]
    effects = {one["context"]: one["effect"] for one in found[-1]["contexts"]}
    assert (found[-1]["rule"], effects["ventilated"]) == ("suspected_sepsis_sirs", "lower")
    assert (found[-1]["declared_severity"], found[-1]["severity"]) == ("high", "medium")
    assert effects["already_treated"] == "mark"


def test_a_critical_result_in_comfort_care_goes_to_whom_its_manifest_names() -> None:
    ward = Ward()
    ward.chart(0, code_status=CODE["comfort_care"])
    ward.chart(1, potassium=7.9)
    declared = MANIFESTS["critical_result"].context["comfort_care"].route
    assert ward.told("status", "route") == [("raised", declared)]


def test_a_critical_result_of_a_child_is_marked_as_one_since_birth() -> None:
    ward = Ward()
    ward.born(date(2009, 1, 5))  # seventeen at the start
    ward.chart(1, potassium=7.9)
    [(found,)] = ward.told("contexts")
    told = [(one["context"], one["effect"], one["since"]) for one in found]
    assert told == [("paediatric", "mark", datetime(2009, 1, 5, tzinfo=UTC))]


def test_what_suppresses_one_family_leaves_another_its_alert() -> None:
    ward = Ward()
    ward.chart(0, code_status=CODE["comfort_care"])
    ward.chart(1, heart_rate=140, potassium=7.9)
    told = dict(ward.told("rule_family", "status"))
    assert told == {"news2": "suppressed", "critical_potassium": "raised"}


def test_of_several_lowerings_the_strongest_counts_and_none_falls_below_low() -> None:
    one, two = (Effect("lower", "because", steps=steps) for steps in (1, 2))
    assert lowered("critical", of(one, one)) == "high"
    assert lowered("critical", of(one, two, Effect("mark", "because"))) == "medium"
    assert lowered("low", of(two)) == "low"
    assert [lowered(severity, of()) for severity in SEVERITIES] == [*SEVERITIES]


def test_the_first_route_that_is_declared_counts() -> None:
    there, elsewhere = (Effect("reroute", "because", route=to) for to in ("there", "elsewhere"))
    assert route(of(Effect("mark", "because"), there, elsewhere)) == "there"
    assert route(of(Effect("mark", "because"))) == "unit"


def test_every_context_that_a_manifest_names_is_one() -> None:
    named = {name for manifest in MANIFESTS.values() for name in manifest.context}
    assert named <= CONTEXTS.keys()


def test_every_rule_that_an_effect_names_belongs_to_its_family() -> None:
    for family in FAMILIES:
        rules = {band.rule for band in family.bands.values()}
        for effect in MANIFESTS[family.name].context.values():
            assert set(effect.rules) <= rules, family.name
