"""Every resource of the public corpora is counted in exactly one place."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from clinical.wire import fhir
from clinical.wire.decoded import Decoded
from clinical.wire.fhir.kinds import KINDS
from clinical.wire.profile import FeedProfile

PROFILE = FeedProfile("public", format="fhir", facility="public", zone="UTC")
# Where each kind is found again by its own number. Patients and visits go by their identifiers, and
# of the kinds below the corpora hold nothing.
OWN = {
    "Observation": ("observations", "order_id"),
    "DiagnosticReport": ("order_events", "filler_id"),
    "MedicationRequest": ("medication_events", "order_id"),
    "Immunization": ("medication_events", "event_id"),
    "Condition": ("diagnoses", "diagnosis_id"),
    "Procedure": ("procedures", "procedure_id"),
    "AllergyIntolerance": ("allergies", "allergy_id"),
    "Device": ("flags", "flag_id"),
    "DocumentReference": ("notes", "note_id"),
}
OTHERWISE = {"Patient", "Encounter", "Location"}
ABSENT = {
    *("ServiceRequest", "Specimen", "MedicationAdministration", "MedicationDispense"),
    *("MedicationStatement", "Medication", "Flag", "Consent", "Communication"),
}


def bundles(place: Path) -> tuple[list[bytes], list[dict]]:
    raws = [gzip.decompress(path.read_bytes()) for path in sorted(place.glob("*.json.gz"))]
    return raws, [entry["resource"] for raw in raws for entry in json.loads(raw)["entry"]]


def lines(place: Path) -> tuple[list[bytes], list[dict]]:
    paths = [path for path in sorted(place.glob("*.ndjson.gz")) if path.name != "log.ndjson.gz"]
    raws = [line for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]
    return raws, [json.loads(raw) for raw in raws]


def found_again(decoded: Decoded, kind: str) -> Counter[str]:
    """How many rows each resource of a kind has, by its number."""
    table, column = OWN[kind]
    numbers: Iterator[str] = (
        (number for number in decoded.facts[table][column].to_pylist() if number)
        if table in decoded.facts
        else iter(())
    )
    return Counter(number for number in numbers if number.startswith(f"{kind}/"))


def test_no_kind_is_left_out_of_the_count() -> None:
    assert {kind.shape.__name__ for kind in KINDS} == {*OWN, *OTHERWISE, *ABSENT}


@pytest.mark.parametrize(
    ("read", "folder"), [(bundles, "fhir_synthea_r4"), (lines, "fhir_bulk_ndjson_10")]
)
def test_every_resource_is_counted_in_one_place(shared_data: Path, read, folder: str) -> None:
    raws, resources = read(shared_data / folder)
    decoded = fhir.decode(pa.array(raws, pa.binary()), PROFILE)
    sent = Counter(one["resourceType"] for one in resources)
    assert not set(sent) & ABSENT
    for kind in OWN:
        ids = {f"{kind}/{one['id']}" for one in resources if one["resourceType"] == kind}
        assert len(ids) == sent[kind]
        assert set(found_again(decoded, kind)) == ids, kind
    assert decoded.facts["encounter_events"].num_rows == sent["Encounter"]
    assert decoded.facts["patient_demographics"].num_rows == sent["Patient"]


def test_request_that_is_over_is_counted_twice_and_any_other_once(shared_data: Path) -> None:
    raws, resources = bundles(shared_data / "fhir_synthea_r4")
    decoded = fhir.decode(pa.array(raws, pa.binary()), PROFILE)
    requests = [one for one in resources if one["resourceType"] == "MedicationRequest"]
    assert found_again(decoded, "MedicationRequest") == {
        f"MedicationRequest/{one['id']}": 1 + (one["status"] == "stopped") for one in requests
    }
