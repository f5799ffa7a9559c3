"""The public messages that are mutated: all HL7 v2 corpora, and resources and bundles of FHIR.

Here: reading them. Not here: what is done to them (mutations.py).
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from clinical.wire.hl7 import Splitter

HL7 = ("hl7_simhospital", "hl7_ms_fhir_converter", "hl7_linuxforhealth", "hl7_oie")
FHIR_LINES, FHIR_BUNDLES = "fhir_bulk_ndjson_10", "fhir_synthea_r4"
# Longer ones cost time and hold nothing that the shorter ones do not.
LONGEST = 20_000
# Of each kind of resource; and entries of a bundle that is cut from a longer one.
EACH, ENTRIES = 60, 4


def hl7_messages(shared: Path) -> list[bytes]:
    """The messages of every HL7 corpus."""
    found: list[bytes] = []
    for path in sorted(path for corpus in HL7 for path in (shared / corpus).rglob("*")):
        if path.suffix in {".hl7", ".out"}:
            splitter = Splitter()
            found += splitter.feed(path.read_bytes()).messages.to_pylist()
            found += splitter.close().messages.to_pylist()
    return [raw for raw in found if len(raw) <= LONGEST]


def fhir_messages(shared: Path) -> list[bytes]:
    """Some resources of every kind, and small bundles of them."""
    kinds: dict[str, list[bytes]] = {}
    bundles = []
    for resources in (*_lines(shared / FHIR_LINES), *_entries(shared / FHIR_BUNDLES)):
        for resource in resources:
            kinds.setdefault(resource.get("resourceType", ""), []).append(_bytes(resource))
        entries = [{"resource": resource} for resource in resources[:ENTRIES]]
        bundles.append(_bytes({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    found = [raw for each in kinds.values() for raw in each[:: max(1, len(each) // EACH)][:EACH]]
    return [raw for raw in found + bundles if len(raw) <= LONGEST]


def _lines(folder: Path) -> Iterator[list[dict[str, object]]]:
    for path in sorted(folder.glob("*.ndjson.gz")):
        lines = gzip.decompress(path.read_bytes()).splitlines()[: EACH * 2]
        yield [json.loads(line) for line in lines if line.strip()]


def _entries(folder: Path) -> Iterator[list[dict[str, object]]]:
    for path in sorted(folder.glob("*.json.gz"))[:3]:
        bundle = json.loads(gzip.decompress(path.read_bytes()))
        resources = [entry["resource"] for entry in bundle["entry"]]
        yield resources
        for at in range(0, min(len(resources), ENTRIES * EACH), ENTRIES):
            yield resources[at : at + ENTRIES]


def _bytes(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
