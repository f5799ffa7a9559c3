"""FHIR as NDJSON: one kind of resource a file, as bulk exports have it.

Here: how fast Observations, Encounters, Patients and resources that are not used are decoded, and
what a single one costs. Not here: HL7 v2 (cases.py, mixed.py). Seconds are those of the processor,
as the rates are per core.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import process_time
from typing import Any

import pyarrow as pa

from benchmarks import ward
from clinical import wire
from clinical.wire.profile import FeedProfile
from streaming.replay import Options

Resource = dict[str, Any]
PROFILE = FeedProfile("bench", format="fhir", facility="HOSP")
PATIENTS, MEASURED = 200, ("8867-4", "9279-1", "2708-6", "8480-6", "8310-5", "2345-7", "2823-3")
_ONES = 200
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def ndjson(size: int, runs: int) -> dict[str, float]:
    """Resources decoded per second, by type, and microseconds of a message that is one resource."""
    whole = Options().batch
    told: dict[str, float] = {}
    for name, make in _MAKERS.items():
        lines = [json.dumps(each, separators=(",", ":")).encode() for each in make(size)]
        batches = [
            pa.array(lines[at : at + whole], pa.binary()) for at in range(0, len(lines), whole)
        ]
        told[f"fhir_{name}_per_second"] = size / _median(runs, batches)
    alone = pa.array(lines[:1], pa.binary())
    one = pa.array([json.dumps(next(_observations(1))).encode()], pa.binary())
    told["fhir_one_observation_us"] = _median(runs, [one] * _ONES) / _ONES * 1e6
    told["fhir_one_unused_us"] = _median(runs, [alone] * _ONES) / _ONES * 1e6
    return told


def _median(runs: int, batches: list[pa.Array]) -> float:
    # Once unmeasured: imports and first allocations are no part of a rate.
    return statistics.median([_seconds(batches) for _ in range(runs + 1)][1:])


def _seconds(batches: list[pa.Array]) -> float:
    began = process_time()
    for batch in batches:
        wire.decode(batch, PROFILE)
    return process_time() - began


def _observations(size: int) -> Iterator[Resource]:
    for number in range(size):
        at = _time(number)
        code = MEASURED[number % len(MEASURED)]
        yield {
            "resourceType": "Observation",
            "id": f"o{number}",
            "meta": {"versionId": "1", "lastUpdated": at},
            "status": "final",
            "category": [{"coding": [{"system": _CATEGORY, "code": "vital-signs"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": "Vital"}]},
            **_whose(number),
            "effectiveDateTime": at,
            "issued": at,
            "valueQuantity": {
                "value": 60 + number % 97,
                "unit": "/min",
                "system": "http://unitsofmeasure.org",
                "code": "/min",
            },
        }


def _encounters(size: int) -> Iterator[Resource]:
    for number in range(size):
        yield {
            "resourceType": "Encounter",
            "id": f"e{number}",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": _whose(number)["subject"],
            "period": {"start": _time(number), "end": _time(number + 3600)},
            "location": [{"location": {"reference": "Location/icu", "display": "ICU"}}],
        }


def _patients(size: int) -> Iterator[Resource]:
    for number in range(size):
        yield {
            "resourceType": "Patient",
            "id": f"p{number}",
            "identifier": [{"system": "urn:hosp", "value": f"M{number}"}],
            "name": [{"use": "official", "family": f"Roe{number}", "given": ["Ann"]}],
            "telecom": [{"system": "phone", "value": "555-0100"}],
            "gender": "female",
            "birthDate": "1950-02-01",
            "address": [{"line": ["1 High St"], "city": "Leeds", "postalCode": "LS1 1AA"}],
        }


def _unused(size: int) -> Iterator[Resource]:
    for number, each in enumerate(_observations(size)):
        yield {**each, "resourceType": "Claim", "id": f"c{number}"}


def _whose(number: int) -> Resource:
    patient = number % PATIENTS
    return {
        "subject": {"reference": f"Patient/p{patient}"},
        "encounter": {"reference": f"Encounter/e{patient}"},
    }


def _time(second: int) -> str:
    moment: datetime = ward.BEGINS + timedelta(seconds=second)
    return moment.isoformat(timespec="seconds")


_MAKERS: dict[str, Callable[[int], Iterator[Resource]]] = {
    "observations": _observations,
    "encounters": _encounters,
    "patients": _patients,
    "unused": _unused,
}
