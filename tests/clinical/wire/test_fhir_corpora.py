"""Whole corpora of Synthea: counts and values against a reading without this code."""

import gzip
import json
from collections import Counter
from datetime import datetime

import pyarrow as pa
import pytest

from clinical.wire import fhir
from clinical.wire.fhir.frames import Splitter
from clinical.wire.profile import FeedProfile

PROFILE = FeedProfile("synthea", format="fhir", facility="synthea")
CHUNK = 1 << 20


def messages_of(path):
    splitter, found = Splitter(), []
    with gzip.open(path) as stream:
        while chunk := stream.read(CHUNK):
            found += splitter.feed(chunk).messages.to_pylist()
    end = splitter.close()
    last, truncated = end.messages.to_pylist(), end.truncated_last
    assert not truncated
    return found + last


@pytest.fixture(scope="module")
def bundles(request):
    shared = request.getfixturevalue("shared_data")
    return [messages_of(path) for path in sorted((shared / "fhir_synthea_r4").glob("*.json.gz"))]


def resources(raw, kind):
    read = json.loads(raw, parse_float=str, parse_int=str)
    found = (entry["resource"] for entry in read["entry"])
    return [resource for resource in found if resource["resourceType"] == kind]


def expected_rows(observation):
    """Code, sub-id, digits, number and unit of each row, by plain json."""
    parts = observation.get("component", [])
    own = [(None, observation)] if not parts or has_value(observation) else []
    for sub_id, part in [*own, *((str(place), part) for place, part in enumerate(parts))]:
        code = part["code"]["coding"][0]["code"]
        if quantity := part.get("valueQuantity"):
            digits = quantity["value"]
            yield code, sub_id, digits, float(digits), quantity["code"]
        else:
            coded = part.get("valueCodeableConcept", {"coding": [{}]})["coding"][0].get("code")
            yield code, sub_id, part.get("valueString", coded), None, None


def record_number(person):
    typed = (item for item in person["identifier"] if "type" in item)
    return next(item["value"] for item in typed if item["type"]["coding"][0]["code"] == "MR")


def has_value(observation):
    return any(name.startswith("value") for name in observation)


def test_each_bundle_is_one_message_and_parsed(bundles):
    assert {len(found) for found in bundles} == {1}
    decoded = fhir.decode(pa.array([found[0] for found in bundles], pa.binary()), PROFILE)
    assert decoded.messages["disposition"].to_pylist() == ["parsed"] * len(bundles)


def test_observations_equal_the_source_row_for_row(bundles):
    for [raw] in bundles:
        facts = fhir.decode(pa.array([raw], pa.binary()), PROFILE).facts
        names = ("code", "sub_id", "value_text", "value_number", "unit_as_sent")
        got = [tuple(row[name] for name in names) for row in facts["observations"].to_pylist()]
        sent = resources(raw, "Observation")
        assert got == [row for observation in sent for row in expected_rows(observation)]


def test_times_patients_and_visits_equal_the_source(bundles):
    for [raw] in bundles:
        facts = fhir.decode(pa.array([raw], pa.binary()), PROFILE).facts
        by_order = {row["order_id"]: row for row in facts["observations"].to_pylist()}
        [person] = resources(raw, "Patient")
        for sent in resources(raw, "Observation"):
            row = by_order[f"Observation/{sent['id']}"]
            assert row["effective_at"] == datetime.fromisoformat(sent["effectiveDateTime"])
            assert row["documented_at"] == datetime.fromisoformat(sent["issued"])
            assert row["patient_id"] == record_number(person)
            assert row["encounter_id"] == sent["encounter"]["reference"].removeprefix("urn:uuid:")
        assert facts["encounter_events"].num_rows == len(resources(raw, "Encounter"))
        assert facts["patient_demographics"].num_rows == 1


def test_bulk_export_lines_each_have_one_disposition(shared_data):
    tally = Counter()
    for path in sorted((shared_data / "fhir_bulk_ndjson_10").glob("*.ndjson.gz")):
        lines = messages_of(path)
        with gzip.open(path) as stream:
            assert len(lines) == sum(1 for line in stream if line.strip())
        decoded = fhir.decode(pa.array(lines, pa.binary()), PROFILE)
        tally += Counter((path.name.split(".")[0], *row) for row in dispositions(decoded))
    assert tally["Patient", "parsed", None] == 13
    assert tally["Encounter", "parsed", None] == 1215
    assert tally["Condition", "parsed", None] == 555
    assert tally["Organization", "skipped", "resource_type_not_used"] > 0
    assert tally["log", "quarantined", "no_resource_type"] == 4


def dispositions(decoded):
    columns = (decoded.messages[name].to_pylist() for name in ("disposition", "reason"))
    return zip(*columns, strict=True)


def test_another_reader_of_fhir_finds_the_same(bundles):
    """fhir.resources validates each element against the specification (R4B, the same here)."""
    r4b = pytest.importorskip("fhir.resources.R4B.observation")
    for [raw] in bundles[:3]:
        rows = fhir.decode(pa.array([raw], pa.binary()), PROFILE).facts["observations"].to_pylist()
        by_order = {row["order_id"]: row for row in rows}
        for sent in resources(raw, "Observation"):
            other = r4b.Observation.model_validate(sent)
            row = by_order[f"Observation/{other.id}"]
            assert row["effective_at"] == other.effectiveDateTime
            if other.valueQuantity is not None:
                assert row["value_number"] == float(other.valueQuantity.value)
                assert row["unit_as_sent"] == other.valueQuantity.code
