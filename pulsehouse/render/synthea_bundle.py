"""Synthea's FHIR R4 bundles as plain records, and the texts of HL7 v2 that they become.

Here: reading a bundle, its patient, its references; times and codes in HL7's spelling. Not here:
messages (synthea_clinic.py, synthea_orders.py). The reading is our decoder's in no part: what both
roads tell can be held equal.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulsehouse.render.outcome import RenderError
from pulsehouse.render.segments import escape

Resource = Mapping[str, Any]
SUFFIXES = ("*.json", "*.json.gz")
# HL7 table 0396 for the systems that Synthea codes in.
SYSTEMS = {
    "http://loinc.org": "LN",
    "http://snomed.info/sct": "SCT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://hl7.org/fhir/sid/cvx": "CVX",
}
# HL7 tables 0001 and 0004.
SEXES = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
CLASSES = {"IMP": "I", "EMER": "E", "AMB": "O"}


@dataclass(frozen=True, slots=True)
class Record:
    """One patient's bundle: `number` is its place among the files."""

    number: int
    patient: Resource
    resources: tuple[Resource, ...]
    visits: Mapping[str, Resource]

    def of(self, kind: str) -> Iterator[Resource]:
        """The resources of one type, in the bundle's order."""
        return (one for one in self.resources if one["resourceType"] == kind)

    def visit(self, resource: Resource) -> Resource | None:
        """The Encounter that a resource belongs to."""
        return self.visits.get(resource.get("encounter", {}).get("reference", ""))


def records(folder: Path) -> Iterator[Record]:
    """Every bundle of a folder, in the order of file names.

    Raises:
        RenderError: There is none, or one is no bundle of one patient.
    """
    paths = [folder] if folder.is_file() else sorted(p for s in SUFFIXES for p in folder.glob(s))
    if not paths:
        msg = f"`{folder}` has no bundles (.json or .json.gz)"
        raise RenderError(msg)
    for number, path in enumerate(paths, start=1):
        yield _record(number, path)


def _record(number: int, path: Path) -> Record:
    content = path.read_bytes()
    try:
        # Digits are kept as they are written.
        bundle = json.loads(
            gzip.decompress(content) if path.suffix == ".gz" else content,
            parse_float=str,
            parse_int=str,
        )
        resources = tuple(entry["resource"] for entry in bundle["entry"])
        [patient] = [one for one in resources if one["resourceType"] == "Patient"]
    except (ValueError, KeyError, TypeError, EOFError, gzip.BadGzipFile):
        # A name of a file is often the patient's: which of them it is tells the number.
        msg = f"file {number} of the folder is no bundle of one patient"
        raise RenderError(msg) from None
    visits = {
        address: one
        for one in resources
        if one["resourceType"] == "Encounter"
        for address in (f"urn:uuid:{one['id']}", f"Encounter/{one['id']}")
    }
    return Record(number, patient, resources, visits)


def identity(patient: Resource) -> tuple[str, str]:
    """Who assigned the medical record number, and the number."""
    return next(
        (item["system"], item["value"])
        for item in patient["identifier"]
        if any(coding["code"] == "MR" for coding in item.get("type", {}).get("coding", ()))
    )


def own_id(resource: Resource) -> str:
    """What the hospital's systems number a resource by."""
    return f"{resource['resourceType']}/{resource['id']}"


def time(text: str | None) -> str:
    """A time as HL7 writes it, with its offset."""
    if not text:
        return ""
    moment = datetime.fromisoformat(text)
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
    return f"{moment:%Y%m%d%H%M%S}{fraction}{moment:%z}"


def sent(text: str) -> str:
    """A time as MSH-7 has it here: whole seconds of UTC, so that messages can be put in order."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y%m%d%H%M%S}"


def code(concept: Resource) -> str:
    """A concept as code, text and system (CE)."""
    first = concept["coding"][0]
    text = concept.get("text") or first.get("display", "")
    system = SYSTEMS.get(first["system"], first["system"])
    return f"{escape(first['code'])}^{escape(text)}^{escape(system)}"
