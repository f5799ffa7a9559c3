"""FHIR messages to facts and dispositions.

Here: what single resources and Bundles become. Not here: whole corpora (test_fhir_corpora.py), laws
(test_fhir_laws.py) or files (test_fhir_frames.py).
"""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from clinical.wire import fhir
from clinical.wire.decoded import FACTS, MESSAGES
from clinical.wire.profile import FeedProfile, Limits
from clinical.wire.profile_text import parse

PROFILE = FeedProfile("test", format="fhir", facility="home", zone="Europe/London")
LOINC = "http://loinc.org"
HEART_RATE = {"coding": [{"system": LOINC, "code": "8867-4", "display": "Heart rate"}]}


def observation(**changes):
    made = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": HEART_RATE,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-05-01T10:00:00+02:00",
        "issued": "2024-05-01T08:05:00.250Z",
        "valueQuantity": {
            "value": 91,
            "unit": "beats/minute",
            "system": "http://unitsofmeasure.org",
            "code": "/min",
        },
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def patient(**changes):
    identifiers = [
        {"system": "urn:ssn", "value": "999"},
        {"type": {"coding": [{"code": "MR"}]}, "system": "urn:mrn", "value": "M7"},
    ]
    return {"resourceType": "Patient", "id": "p1", "identifier": identifiers} | changes


def encounter(**changes):
    made = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2024-05-01T08:00:00Z"},
    }
    return made | changes


def bundle(*resources, **changes):
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries} | changes


def decode(*messages, profile=PROFILE):
    raw = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in messages]
    return fhir.decode(pa.array(raw, pa.binary()), profile)


def rows(table, *messages, profile=PROFILE):
    decoded = decode(*messages, profile=profile)
    assert decoded.messages.schema == MESSAGES
    found = decoded.facts.get(table)
    if found is None:
        return []
    assert found.schema == FACTS[table]
    return found.to_pylist()


def disposition(message, profile=PROFILE):
    [row] = decode(message, profile=profile).messages.to_pylist()
    return row["disposition"], row["reason"]


def test_observation_becomes_one_row_as_sent():
    [row] = rows("observations", observation())
    assert row == {
        "message": 0, "facility": "home", "patient_id": "p1", "encounter_id": None,
        "order_id": "Observation/o1", "code": "8867-4", "code_system": LOINC,
        "code_text": "Heart rate", "alternate_code": None, "alternate_system": None,
        "sub_id": None, "value_type": "Quantity", "value_text": "91", "comparator": None,
        "value_number": 91.0, "unit_as_sent": "/min",
        "effective_at": datetime(2024, 5, 1, 8, tzinfo=UTC), "time_flag": None,
        "documented_at": datetime(2024, 5, 1, 8, 5, 0, 250_000, tzinfo=UTC),
        "status": "final", "abnormal_flag": None, "specimen": None, "reference_range": None,
    }  # fmt: skip


def test_loinc_coding_speaks_first_and_the_next_one_is_the_alternate():
    local = {"system": "urn:local", "code": "HR"}
    code = {"coding": [local, {"system": LOINC, "code": "8867-4"}], "text": "Pulse"}
    [row] = rows("observations", observation(code=code))
    assert (row["code"], row["alternate_code"]) == ("8867-4", "HR")
    assert (row["code_system"], row["alternate_system"]) == (LOINC, "urn:local")
    assert row["code_text"] == "Pulse"


def test_components_become_rows_and_the_parent_only_with_a_value_of_its_own():
    systolic = {"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": {"value": 120}}
    absent = {"code": {"coding": [{"code": "8462-4"}]}, "dataAbsentReason": {"text": "error"}}
    panel = observation(valueQuantity=None, component=[systolic, absent])
    found = rows("observations", panel, observation(component=[systolic]))
    assert [(row["code"], row["sub_id"], row["value_number"]) for row in found] == [
        ("8480-6", "0", 120.0),
        ("8462-4", "1", None),
        ("8867-4", None, 91.0),
        ("8480-6", "0", 120.0),
    ]
    assert {row["order_id"] for row in found} == {"Observation/o1"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg"}}, ("5", 5.0, "mg", "<")),
        ({"valueQuantity": {"unit": "mg"}}, (None, None, None, None)),
        ({"valueQuantity": {"value": "5"}}, ("5", None, None, None)),
        ({"valueInteger": 3}, ("3", 3.0, None, None)),
        ({"valueBoolean": False}, ("false", None, None, None)),
        ({"valueString": "clear"}, ("clear", None, None, None)),
        ({"valueCodeableConcept": {"text": "Alert"}}, ("Alert", None, None, None)),
        ({"valueCodeableConcept": {"coding": [{"code": "A"}]}}, ("A", None, None, None)),
        ({"valueRange": {"low": {"value": 4}, "high": {"value": 6}}}, ("4-6", None, None, None)),
        (
            {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            ("1:128", None, None, None),
        ),
        ({"valueSampledData": {"data": "1 2 3"}}, (None, None, None, None)),
        ({"valueTime": "10:00:00"}, ("10:00:00", None, None, None)),
        (
            {"valueQuantity": {"value": 5}, "dataAbsentReason": {"text": "error"}},
            (None, None, None, None),
        ),
    ],
)
def test_value_types(value, expected):
    [row] = rows("observations", observation(valueQuantity=None) | value)
    names = ("value_text", "value_number", "unit_as_sent", "comparator")
    assert tuple(row[name] for name in names) == expected


@pytest.mark.parametrize(
    ("sent", "number"), [(b"6.10", 6.1), (b"1e999", None), (b"-1e-999", 0.0), (b"9" * 400, None)]
)
def test_numbers_keep_their_digits_and_are_never_infinite(sent, number):
    message = json.dumps(observation()).encode().replace(b"91", sent)
    [row] = rows("observations", message)
    assert row["value_text"] == sent.decode()
    assert row["value_number"] == number


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("registered", "registered"),
        ("preliminary", "preliminary"),
        ("final", "final"),
        ("amended", "amended"),
        ("appended", "appended"),
        ("corrected", "corrected"),
        ("cancelled", "cancelled"),
        ("entered-in-error", "entered_in_error"),
        ("unknown", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_statuses(status, word):
    [row] = rows("observations", observation(status=status))
    assert row["status"] == word


def test_correction_keeps_the_identity_of_what_it_corrects():
    first, second = rows("observations", observation(), observation(status="entered-in-error"))
    same = ("order_id", "code", "sub_id", "effective_at", "patient_id")
    assert [first[name] for name in same] == [second[name] for name in same]


@pytest.mark.parametrize(
    ("effective", "at", "flag"),
    [
        ({"effectiveDateTime": "2024-07"}, None, "bad_time"),
        ({"effectiveDateTime": "2024"}, None, "bad_time"),
        ({"effectivePeriod": {"start": "2024-07"}}, None, "bad_time"),
        ({"effectiveDateTime": "2024-07-03"}, datetime(2024, 7, 2, 23, tzinfo=UTC), None),
        ({"effectiveInstant": "2024-07-03T01:00:00Z"}, datetime(2024, 7, 3, 1, tzinfo=UTC), None),
        (
            {"effectivePeriod": {"start": "2024-07-03T01:00:00Z"}},
            datetime(2024, 7, 3, 1, tzinfo=UTC),
            None,
        ),
        ({"effectiveDateTime": "2024-02-30"}, None, "bad_time"),
        ({"effectiveDateTime": "yesterday"}, None, "bad_time"),
        ({"effectiveDateTime": "20240703"}, None, "bad_time"),
        ({"effectiveDateTime": "9999-12-31T23:59:59-12:00"}, None, "bad_time"),
        ({}, datetime(2024, 5, 1, 8, 5, 0, 250_000, tzinfo=UTC), None),
    ],
)
def test_effective_times(effective, at, flag):
    [row] = rows("observations", observation(effectiveDateTime=None) | effective)
    assert (row["effective_at"], row["time_flag"]) == (at, flag)


def test_patient_goes_by_the_medical_record_number():
    name = [{"use": "maiden", "family": "Old"}, {"family": "Roe", "given": [None, "Ann", "B"]}]
    sent = patient(name=name, birthDate="1950-02", gender="female", deceasedDateTime="2024-05-02")
    [row] = rows("patient_demographics", bundle(sent))
    assert (row["facility"], row["patient_id"]) == ("urn:mrn", "M7")
    assert (row["family_name"], row["given_name"]) == ("Roe", "Ann")
    assert (row["birth_date"], row["sex"]) == (date(1950, 2, 1), "female")
    assert (row["deceased"], row["died_at"]) == (True, datetime(2024, 5, 1, 23, tzinfo=UTC))


def test_patient_alone_goes_by_the_id_that_other_messages_know():
    [born] = rows("patient_demographics", patient(birthDate="1950-02-01"))
    [seen] = rows("observations", observation(subject={"reference": "Patient/p1"}))
    assert (born["facility"], born["patient_id"]) == (seen["facility"], seen["patient_id"])


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("planned", "preadmit"),
        ("arrived", "register"),
        ("in-progress", "admit"),
        ("onleave", "leave"),
        ("finished", "discharge"),
        ("cancelled", "cancel_admit"),
        ("entered-in-error", "delete_visit"),
        ("nonsense", "update"),
    ],
)
def test_encounter_statuses_become_events(status, event):
    [row] = rows("encounter_events", encounter(status=status))
    assert (row["event"], row["trigger"], row["patient_class"]) == (event, status, "I")


def test_encounter_carries_period_place_and_disposition():
    bed = {"physicalType": {"coding": [{"code": "bd"}]}, "location": {"display": "3"}}
    stays = [
        {"status": "completed", "location": {"display": "ED"}},
        {"status": "active", "location": {"reference": "Location/icu"}},
        {"status": "active"} | bed,
    ]
    left = {"dischargeDisposition": {"coding": [{"code": "home"}]}}
    period = {"start": "2024-05-01T08:00:00Z", "end": "2024-05-03T08:00:00Z"}
    sent = encounter(status="finished", location=stays, hospitalization=left, period=period)
    [row] = rows("encounter_events", sent)
    assert (row["prior_unit"], row["unit"], row["bed"]) == ("ED", "icu", "3")
    assert row["discharge_disposition"] == "home"
    assert row["event_at"] == row["discharged_at"] == datetime(2024, 5, 3, 8, tzinfo=UTC)
    assert row["admitted_at"] == datetime(2024, 5, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "reference",
    [
        "urn:uuid:11111111-2222-3333-4444-555555555555",
        "Patient/p1",
        "Patient/p1/_history/3",
        "https://server/fhir/Patient/p1",
    ],
)
def test_references_lead_to_the_patient_of_the_bundle(reference):
    url = "urn:uuid:11111111-2222-3333-4444-555555555555"
    sent = bundle(observation(subject={"reference": reference}))
    sent["entry"].append({"fullUrl": url, "resource": patient()})
    [row] = rows("observations", sent)
    assert (row["facility"], row["patient_id"]) == ("urn:mrn", "M7")


@pytest.mark.parametrize(
    ("subject", "who"),
    [
        ({"reference": "Patient/p9/_history/2"}, ("home", "p9")),
        ({"reference": "https://server/Patient/p9"}, ("home", "p9")),
        (
            {"reference": "urn:uuid:p9", "identifier": {"system": "urn:mrn", "value": "M8"}},
            ("urn:mrn", "M8"),
        ),
        ({"reference": "Patient?identifier=urn:mrn|M8"}, ("urn:mrn", "M8")),
        ({"identifier": {"system": "urn:mrn", "value": "M8"}}, ("urn:mrn", "M8")),
        ({"reference": "#c"}, ("urn:mrn", "M7")),
    ],
)
def test_references_beyond_the_message_speak_for_themselves(subject, who):
    [row] = rows("observations", observation(subject=subject, contained=[patient(id="c")]))
    assert (row["facility"], row["patient_id"]) == who


@pytest.mark.parametrize("reference", ["urn:uuid:p9", "urn:oid:1.2.3", "#p9", "#"])
@pytest.mark.parametrize("named_type", [None, "Patient"])
def test_reference_that_holds_in_its_message_alone_and_leads_nowhere_names_nobody(
    reference, named_type
):
    sent = observation(subject={"reference": reference, "type": named_type})
    told = [disposition(message) for message in (sent, bundle(patient(), sent))]
    assert told == [("quarantined", "no_patient")] * 2


def test_encounter_goes_by_its_visit_number_where_the_bundle_tells_it():
    visit = encounter(identifier=[{"value": "V1"}])
    inside = observation(encounter={"reference": "Encounter/e1"})
    outside = observation(encounter={"reference": "Encounter/e2/_history/1"})
    found = rows("observations", bundle(visit, inside, outside))
    astray = observation(encounter={"reference": "urn:uuid:e3"})
    found += rows("observations", bundle(astray))
    assert [row["encounter_id"] for row in found] == ["V1", "e2", None]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (observation(), ("parsed", None)),
        (bundle(observation(), {"resourceType": "Claim"}), ("parsed", None)),
        (bundle(observation(), {"resourceType": "Klaim"}), ("parsed", None)),
        ({"resourceType": "Claim", "status": 7}, ("skipped", "resource_type_not_used")),
        (bundle({"resourceType": "Claim"}), ("skipped", "resource_type_not_used")),
        (bundle(), ("skipped", "resource_type_not_used")),
        (observation(subject={"reference": "Group/g"}), ("skipped", "subject_not_patient")),
        (observation(focus=[{"reference": "#f"}]), ("skipped", "subject_not_patient")),
        ({"resourceType": "Klaim"}, ("quarantined", "unknown_resource_type")),
        (bundle({"resourceType": "Klaim"}), ("quarantined", "unknown_resource_type")),
        (bundle(bundle(observation())), ("quarantined", "nested_bundle")),
        ({"exportId": "x"}, ("quarantined", "no_resource_type")),
        ([observation()], ("quarantined", "no_resource_type")),
        (observation(subject=None), ("quarantined", "no_patient")),
        (bundle(patient(), observation(subject={})), ("quarantined", "no_patient")),
        (observation(code="8867-4"), ("quarantined", "wrong_shape")),
        (observation(status=["final"]), ("quarantined", "wrong_shape")),
        (b"", ("quarantined", "not_json")),
        (b"MSH|^~\\&|", ("quarantined", "not_json")),
        (b'{"resourceType":"Observation","status":"fin', ("quarantined", "not_json")),
        (b'{"resourceType":"Observation","x":NaN}', ("quarantined", "not_json")),
        (b'{"resourceType":"Observation","id":"\xff"}', ("quarantined", "not_json")),
        (b'{"resourceType":"Claim","x":' + b"[" * 99_999, ("quarantined", "nested_too_deep")),
        (b"\xef\xbb\xbf" + json.dumps(observation()).encode(), ("parsed", None)),
        (b'{"id":"1","resourceType":"Claim","id":"2"}', ("skipped", "resource_type_not_used")),
    ],
)
def test_every_message_has_one_disposition(message, expected):
    assert disposition(message) == expected


def test_message_beyond_the_limit_is_quarantined():
    small = FeedProfile("test", format="fhir", limits=Limits(message_bytes=100))
    assert disposition(observation(), small) == ("quarantined", "message_too_large")


def test_quarantined_bundle_leaves_no_rows():
    decoded = decode(observation(), bundle(observation(), observation(subject={})), observation())
    assert decoded.facts["observations"]["message"].to_pylist() == [0, 2]


def test_message_is_named_by_type_id_and_source():
    [row] = decode(observation(meta={"source": "urn:lab"})).messages.to_pylist()
    named = (row["message_type"], row["message_control_id"], row["sender"])
    assert named == ("Observation", "o1", "urn:lab")


def test_sent_at_is_the_bundle_time_else_the_newest_time_of_its_resources():
    sent = [
        bundle(observation(), timestamp="2024-06-01T00:00:00Z"),
        bundle(observation(), encounter(meta={"lastUpdated": "2024-05-02T00:00:00Z"})),
        observation(),
        {"resourceType": "Claim"},
        [],
    ]
    raw = pa.array([json.dumps(item).encode() for item in sent], pa.binary())
    assert fhir.sent_at(raw, PROFILE).to_pylist() == [
        datetime(2024, 6, 1, tzinfo=UTC),
        datetime(2024, 5, 2, tzinfo=UTC),
        datetime(2024, 5, 1, 8, 5, 0, 250_000, tzinfo=UTC),
        None,
        None,
    ]


def test_empty_batch_decodes_to_nothing():
    empty = pa.array([], pa.binary())
    assert fhir.decode(empty, PROFILE).messages.num_rows == 0
    assert len(fhir.sent_at(empty, PROFILE)) == 0


def test_bundled_profile_is_read(request):
    text = (request.config.rootpath / "feeds" / "fhir_r4.toml").read_text()
    assert parse("fhir_r4", text).format == "fhir"
