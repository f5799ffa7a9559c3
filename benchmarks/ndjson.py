"""FHIR as NDJSON: one kind of resource a file, as bulk exports have it.

Here: how fast Observations with and without components, Encounters, Patients, documents and
resources that are not used are decoded, and what a single one costs. Not here: HL7 v2 (cases.py,
mixed.py). Seconds are those of the processor, as the rates are per core.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import ward
from benchmarks.measuring import Place, Run, Watch
from clinical import wire
from clinical.wire.profile import FeedProfile
from streaming.replay import Options

Resource = dict[str, Any]
PROFILE = FeedProfile("bench", format="fhir", facility="HOSP")
PATIENTS, MEASURED = 200, ("8867-4", "9279-1", "2708-6", "8480-6", "8310-5", "2345-7", "2823-3")
_ONES = 200
# Kinds of which a single one is measured too, and what that is called.
_SINGLE = {"observations": "fhir_one_observation_us", "unused": "fhir_one_unused_us"}
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def ndjson(size: int, _place: Place) -> Iterator[Run]:
    """Resources decoded per second, by type, and microseconds of a message that is one resource."""
    lines = {name: [_line(one) for one in make(size)] for name, make in _MAKERS.items()}
    alone = {name: [pa.array(lines[name][:1], pa.binary())] * _ONES for name in _SINGLE}
    while True:
        watches = {name: _decoded(_batches(some)) for name, some in lines.items()}
        ones = {name: _decoded(batches) for name, batches in alone.items()}
        told = {f"fhir_{n}_per_second": size / one.cpu_seconds for n, one in watches.items()}
        told |= {_SINGLE[n]: one.cpu_seconds / _ONES * 1e6 for n, one in ones.items()}
        seconds = sum(one.seconds for one in watches.values())
        yield Run(seconds, sum(one.cpu_seconds for one in watches.values()), told)


def fhir_file(path: Path, size: int) -> Path:
    """Observations as one NDJSON file."""
    with path.open("wb") as out:
        for one in _observations(size):
            out.write(_line(one) + b"\n")
    return path


def _line(resource: Resource) -> bytes:
    return json.dumps(resource, separators=(",", ":")).encode()


def _batches(lines: list[bytes]) -> list[pa.Array]:
    step = Options().batch
    return [pa.array(lines[at : at + step], pa.binary()) for at in range(0, len(lines), step)]


def _decoded(batches: list[pa.Array]) -> Watch:
    with (watch := Watch()):
        for batch in batches:
            wire.decode(batch, PROFILE)
    return watch


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


def _components(size: int) -> Iterator[Resource]:
    for each in _observations(size):
        value = each.pop("valueQuantity")
        parts = [{"code": each["code"], "valueQuantity": value} for _ in range(2)]
        yield {**each, "component": parts}


def _documents(size: int) -> Iterator[Resource]:
    for number in range(size):
        text = f"Seen on round {number}. ".encode() * 60
        told = {"contentType": "text/plain", "data": b64encode(text).decode()}
        yield {
            "resourceType": "DocumentReference",
            "id": f"d{number}",
            "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
            "subject": _whose(number)["subject"],
            "date": _time(number),
            "content": [{"attachment": told}],
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
    "components": _components,
    "encounters": _encounters,
    "patients": _patients,
    "documents": _documents,
    "unused": _unused,
}
