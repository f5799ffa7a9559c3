"""Every LOINC code names its source, and is mapped only where the concept holds all its values."""

import csv
import gzip
import json
import re

import pytest

from clinical.concepts import CONCEPTS, KNOWN_CODES, LOINC_CONCEPTS
from clinical.normalise.units import conversion
from tests.clinical.ucum_texts import is_ucum

MAPPED = [code for code in KNOWN_CODES.values() if code.concept is not None]


def test_every_code_has_a_name_a_source_and_its_version():
    for code in KNOWN_CODES.values():
        assert re.fullmatch(r"\d{3,6}-\d", code.code)
        assert code.name, code
        assert code.source, code
        assert code.version, code
    assert all(is_ucum(unit) for unit in {code.unit for code in KNOWN_CODES.values()} - {""})


def test_a_mapped_code_is_of_a_concept_in_a_unit_that_it_takes():
    for code in MAPPED:
        concept = CONCEPTS[code.concept]
        assert code.method in {"equal", "narrower", "converted"}, code
        if concept.kind != "numeric":
            continue
        found = conversion(concept, code.unit or None, concept.unit, {})
        assert found.reason is None, code
        # Another property is one that the concept's molar mass converts, and no other is.
        assert (code.method == "converted") == (found.factor != 1.0), code


def test_a_code_that_is_known_and_not_scored_says_no_method():
    others = [code for code in KNOWN_CODES.values() if code.concept is None]
    assert all(code.method is None for code in others)
    assert len(others) > 300


def test_the_first_code_of_a_concept_stands_for_it():
    assert CONCEPTS["heart_rate"].loinc[0] == "8867-4"
    assert CONCEPTS["glucose"].loinc[0] == "2345-7"
    assert LOINC_CONCEPTS["14749-6"].name == "glucose"
    assert CONCEPTS["consciousness"].loinc == ()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("3091-6", "urea in mg/dL is 2.14 times its nitrogen in the same unit"),
        ("54347-0", "albumin has no molar mass here"),
        ("75940-7", "nor has potassium"),
        ("19214-6", "half saturation is no partial pressure of a sample"),
        ("19230-2", "standard bicarbonate is not the actual one"),
        ("89276-0", "a saturation under exercise is none at rest"),
        ("2161-8", "creatinine of urine"),
        ("2756-5", "pH of urine"),
    ],
)
def test_a_code_of_another_quantity_is_known_and_not_mapped(code, why):
    assert KNOWN_CODES[code].concept is None, why


def test_every_code_of_a_file_that_is_at_hand_stands_in_it(shared_data):
    known = {
        **_mimic_code(shared_data / "terminology_maps" / "mimic_iv_mapping"),
        "MIMIC-III d_labitems": _d_labitems(shared_data),
        "US Core vital signs profiles": _us_core(shared_data),
    }
    named = [code for code in KNOWN_CODES.values() if code.source in known]
    assert len(named) > 600
    assert [code.code for code in named if code.code not in known[code.source]] == []


def test_the_codes_of_synthea_are_all_known(shared_data):
    sent = set()
    for path in sorted((shared_data / "fhir_synthea_r4").glob("*.json.gz"))[:12]:
        sent |= _observed(json.loads(gzip.decompress(path.read_bytes())))
    assert len(sent) > 50
    panels = {"55284-4"}  # its components carry the values
    assert sent - set(KNOWN_CODES) <= panels


def _mimic_code(folder):
    return {
        f"mimic-code {path.name}": {row.get("omop_concept_code") for row in _rows(path)}
        for path in folder.glob("*.csv")
    }


def _rows(path):
    with path.open(encoding="utf-8") as text:
        return list(csv.DictReader(text))


def _d_labitems(shared_data):
    with gzip.open(shared_data / "mimic3_demo" / "d_labitems.csv.gz", "rt") as rows:
        return {row["loinc_code"] for row in csv.DictReader(rows)}


def _us_core(shared_data):
    paths = (shared_data / "terminology_maps" / "us_core_5_0_1").glob("*.json.gz")
    return set().union(*(_codes(json.loads(gzip.decompress(path.read_bytes()))) for path in paths))


def _observed(bundle):
    entries = (entry["resource"] for entry in bundle["entry"])
    return {
        coding["code"]
        for resource in entries
        if resource["resourceType"] == "Observation"
        for coding in resource["code"]["coding"]
        if coding["system"] == "http://loinc.org"
    }


def _codes(node):
    if isinstance(node, list):
        return set().union(*map(_codes, node))
    if not isinstance(node, dict):
        return set()
    own = {node["code"]} if isinstance(node.get("code"), str) else set()
    return own.union(*map(_codes, node.values()))
