"""Our facts are those that another converter found, or differ in a named way."""

import json
from pathlib import Path

import pytest

from tests.conformance.converter_classes import CLASSES, Sent, explained
from tests.conformance.converter_expected import claims
from tests.conformance.converter_facts import facts
from tests.conformance.converter_verdicts import differences
from tests.conformance.converters import compared

RAW = (
    "MSH|^~\\&|LAB|H|||20240601120000||ORU^R01|C1|P|2.5\r"
    "PID|||1^^^H^MR||DOE^JANE||19500229|F\r"
    "OBR|1|P1|F1|CHEM\r"
    "OBX|1|NM|2524-7^Lactate^LN||4.0|mmol/L|||||I|||20240601110000\r"
)
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"value": "1"}],
    "name": [{"family": "DOE", "given": ["JANE"]}],
    "gender": "female",
}
OBSERVATION = {
    "resourceType": "Observation",
    "code": {"coding": [{"code": "2524-7"}]},
    "status": "unknown",
    "valueQuantity": {"value": 4, "code": "mmol/L"},
    "effectiveDateTime": "2024-06-01T16:30:00+05:30",
}


def unlike(*resources: object) -> list[tuple[str, str | None]]:
    """The fields that differ, and the class of each."""
    ours = facts([RAW.encode()])
    sent = Sent(RAW.split("\r"), ours)
    bundle = {"entry": [{"resource": resource} for resource in resources]}
    return [(one.field, explained(one, sent)) for one in differences(claims(bundle), ours)]


def test_facts_of_public_messages_equal_a_converters_or_differ_in_a_named_way(
    shared_data: Path,
) -> None:
    folder = shared_data / "hl7_ms_fhir_converter"
    found = compared(folder / "messages", folder / "expected_fhir")
    assert found.unexplained == []
    assert found.bundles >= 100
    # Merges across two authorities are refused.
    assert found.refused == {"bad_merge": 2}
    assert set(found.classes) <= set(CLASSES)
    assert sum(found.classes.values()) < found.fields / 4


def test_the_three_mappings_of_a_status_are_a_named_difference() -> None:
    assert unlike(PATIENT, OBSERVATION) == [("status", "OBX-11")]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({**PATIENT, "gender": "male"}, "sex"),
        ({**PATIENT, "name": [{"family": "ROE"}]}, "family_name"),
        ({**OBSERVATION, "valueQuantity": {"value": 4.1}}, "value_number"),
        ({**OBSERVATION, "valueQuantity": {"value": 4, "unit": "mg/dL"}}, "unit_as_sent"),
        ({**OBSERVATION, "effectiveDateTime": "2024-06-01T16:30:01+05:30"}, "effective_at"),
    ],
)
def test_another_value_is_a_difference_that_nothing_explains(changed: object, field: str) -> None:
    assert (field, None) in unlike(changed)


def test_a_bundle_is_paired_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "one.hl7").write_text(RAW)
    bundle = {"resourceType": "Bundle", "entry": [{"resource": OBSERVATION}]}
    (tmp_path / "one-expected.json").write_text(json.dumps(bundle))
    (tmp_path / "two.json").write_text("{}")
    found = compared(tmp_path, tmp_path)
    assert (found.bundles, found.classes) == (1, {"OBX-11": 1})
