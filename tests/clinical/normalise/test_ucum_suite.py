"""The functional tests of UCUM: what is supported passes, and the rest is named."""

import math
from importlib.resources import files
from xml.etree import ElementTree

import pytest

from clinical.normalise.symbols import NAME, UNITS, may_be_ucum, table
from clinical.normalise.ucum import by_registry, quantity
from tests.clinical.ucum_texts import is_ucum

CASES = 573  # of the 575 `case` elements of the file two are commented out

# Cases that do not pass, with the reason. One that begins to pass has to be taken off.
UNSUPPORTED = {
    "validation 1-108": "the grammar of ucumvert takes 10+3 for 10 to the third",
    **{
        f"displayNameGeneration 2-{number}": "units are shown as codes: no names are made of them"
        for number in range(101, 110)
    },
}


@pytest.fixture(scope="module")
def suite(shared_data):
    path = shared_data / "ucum" / "UcumFunctionalTests.xml"
    root = ElementTree.parse(path).getroot()  # noqa: S314 - a file of our own
    return [(part.tag, case.attrib) for part in root for case in part if case.tag == "case"]


def passes(part, case):
    if part == "validation":
        return is_ucum(case["unit"]) == (case["valid"] == "true")
    if part == "conversion":
        return converts(case)
    if part in {"multiplication", "division"}:
        return computes(part, case)
    return False


def converts(case):
    found = by_registry(case["srcUnit"], case["dstUnit"], None)
    return found is not None and agrees(float(case["value"]) * found[0] + found[1], case["outcome"])


def computes(part, case):
    one = float(case["v1"]) * quantity(case["u1"])
    other = float(case["v2"]) * quantity(case["u2"])
    result = one * other if part == "multiplication" else one / other
    wanted = quantity(case["uRes"]) if case["uRes"] else 1
    return agrees(float((result / wanted).to("dimensionless").magnitude), case["vRes"])


def agrees(number, outcome):
    """Outcomes are rounded to the figures that are written: the number may differ beyond them."""
    written = outcome if "." in outcome else outcome.rstrip("0")
    figures = len(written.replace(".", "").lstrip("0"))
    return math.isclose(number, float(outcome), rel_tol=max(5.1 * 10.0**-figures, 1e-9))


def test_every_case_passes_but_those_that_are_named(suite):
    assert len(suite) == CASES
    failed = {f"{part} {case['id']}" for part, case in suite if not passes(part, case)}
    assert failed == set(UNSUPPORTED)


def test_no_valid_unit_is_refused_by_its_symbols(suite):
    valid = {case["unit"] for _, case in suite if case.get("valid") == "true"}
    assert len(valid) > 300
    assert [unit for unit in valid if not may_be_ucum(unit)] == []


@pytest.mark.parametrize(
    "unit", ["furlongs", "mm Hg", "cells/hpf", "mmHg", "bpm", "ng/mL DDU", "µmol/L", "Einheiten"]
)
def test_what_is_no_ucum_is_known_by_its_symbols(unit):
    assert not may_be_ucum(unit)


def test_the_symbols_are_those_of_the_grammar():
    assert files("clinical").joinpath(NAME).read_text(encoding="utf-8") == table()
    assert len(UNITS) > 300
