"""Patients of FHIR: by which number they are known, where they live, which records are one."""

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.wire import fhir
from tests.clinical.wire.fhir_examples import PROFILE, Resource, bundle, rows


def patient(own: str = "p1", **changes: Any) -> Resource:
    """A person."""
    return {"resourceType": "Patient", "id": own} | changes


def numbered(own: str, *numbers: tuple[str, str]) -> Resource:
    """A person with identifiers of these types."""
    told = [
        {"type": {"coding": [{"code": kind}]}, "system": "urn:h", "value": value}
        for kind, value in numbers
    ]
    return patient(own, identifier=told)


def linked(kind: str, other: str = "Patient/p2") -> Resource:
    """A person whose record says something of another."""
    return patient(link=[{"other": {"reference": other}, "type": kind}])


def merges(*messages: Resource) -> list[tuple[Any, ...]]:
    names = ("event", "facility", "patient_id", "surviving_id", "retired_id")
    return [tuple(row[name] for name in names) for row in rows("identity_events", *messages)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("replaced-by", ("merge", "home", "p2", "p2", "p1")),
        ("replaces", ("merge", "home", "p1", "p1", "p2")),
        ("seealso", ("link", "home", "p1", "p1", "p2")),
        ("refer", ("link", "home", "p1", "p1", "p2")),
    ],
)
def test_link_joins_two_records(kind: str, expected: tuple[str, ...]) -> None:
    assert merges(linked(kind)) == [expected]
    assert len(rows("patient_demographics", linked(kind))) == 1


@pytest.mark.parametrize("other", ["Patient/p1", "RelatedPerson/r1", ""])
def test_link_that_leads_to_no_other_patient_joins_nothing(other: str) -> None:
    assert merges(linked("replaced-by", other)) == []


def test_link_within_a_bundle_joins_the_numbers_of_the_hospital() -> None:
    old = numbered("p1", ("MR", "M1")) | {
        "link": [{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}]
    }
    assert merges(bundle(old, numbered("p2", ("MR", "M2")))) == [
        ("merge", "urn:h", "M2", "M2", "M1")
    ]


@pytest.mark.parametrize(
    ("wanted", "known_by"),
    [(("MR", "MRN"), "7"), (("MRN", "MR"), "8"), (("PI",), "9"), (("XX",), "6")],
)
def test_number_of_the_feed_s_choice_is_who_a_patient_is(
    wanted: tuple[str, ...], known_by: str
) -> None:
    sent = bundle(numbered("p1", ("SS", "6"), ("MR", "7"), ("MRN", "8"), ("PI", "9")))
    profile = replace(PROFILE, patient_number=wanted)
    raw = pa.array([json.dumps(sent).encode()], pa.binary())
    [row] = fhir.decode(raw, profile).facts["patient_demographics"].to_pylist()
    assert (row["facility"], row["patient_id"]) == ("urn:h", known_by)


def test_address_and_telephone_are_those_in_use() -> None:
    sent = patient(
        address=[
            {"use": "old", "city": "Bath"},
            {"use": "work", "city": "York"},
            {"use": "home", "line": ["1 High St", None], "city": "Leeds", "postalCode": "LS1 1AA"},
        ],
        telecom=[
            {"system": "email", "value": "a@b.example"},
            {"system": "phone", "use": "old", "value": "1"},
            {"system": "phone", "value": "2"},
        ],
    )
    [row] = rows("patient_demographics", sent)
    assert (row["address"], row["postcode"], row["phone"]) == ("1 High St, Leeds", "LS1 1AA", "2")


SYSTEMS = st.sampled_from([None, "urn:h", "urn:ssn"])
NUMBERS = st.builds(
    lambda system, value: {"value": value} | ({"system": system} if system else {}),
    SYSTEMS,
    st.sampled_from("123"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=3), max_size=3), NUMBERS)
def test_subject_told_by_a_number_is_the_one_patient_of_that_number_here(
    numbers: list[list[Resource]], named: Resource
) -> None:
    people = [patient(f"p{n}", identifier=each) for n, each in enumerate(numbers)]
    known = {
        (row["facility"], row["patient_id"])
        for each, one in zip(numbers, people, strict=True)
        if named in each
        for row in rows("patient_demographics", bundle(one))
    }
    itself = (named.get("system", PROFILE.facility), named["value"])
    [row] = rows("observations", bundle(*people, heart_rate({"identifier": named})))
    expected = known.pop() if len(known) == 1 else itself
    assert (row["facility"], row["patient_id"]) == expected


def test_subject_told_by_a_number_stands_for_itself_in_another_message() -> None:
    number = {"system": "urn:h", "value": "7"}
    person, value = patient(identifier=[number]), heart_rate({"identifier": number})
    [row] = rows("observations", person, value)
    assert (row["facility"], row["patient_id"]) == ("urn:h", "7")


def test_subject_told_by_a_search_finds_any_number_of_a_patient() -> None:
    person = numbered("p1", ("MR", "7"), ("SS", "9"))
    [row] = rows(
        "observations", bundle(person, heart_rate({"reference": "Patient?identifier=urn:h|9"}))
    )
    assert (row["facility"], row["patient_id"]) == ("urn:h", "7")


def heart_rate(subject: Resource) -> Resource:
    """A value of whom a reference names."""
    told = {"status": "final", "code": {"text": "heart rate"}, "valueInteger": 80}
    return {"resourceType": "Observation", "id": "o1", "subject": subject, **told}


def test_names_and_addresses_stand_in_demographics_alone() -> None:
    sent = bundle(
        patient(name=[{"family": "Roe"}], address=[{"city": "Leeds"}]),
        {"resourceType": "Observation", "subject": {"reference": "Patient/p1", "display": "Roe"}},
    )
    assert "Roe" not in repr(rows("observations", sent))
