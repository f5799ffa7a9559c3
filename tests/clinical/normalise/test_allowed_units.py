"""Every unit that a concept takes converts there and back, by factors that others published."""

import subprocess
import sys

import pytest

from clinical.concepts import CONCEPTS
from clinical.normalise.conversions import affine
from clinical.normalise.spellings import LISTED
from clinical.normalise.ucum import by_registry
from clinical.normalise.units import UNITLESS, conversion

NUMERIC = [one for one in CONCEPTS.values() if one.kind == "numeric" and one.unit not in UNITLESS]


def taken(concept):
    """The listed units that a concept takes, other than its own."""
    found = {unit: conversion(concept, unit, None, {}) for unit in LISTED - {concept.unit}}
    return {unit: one for unit, one in found.items() if one.reason is None}


@pytest.mark.parametrize("concept", NUMERIC, ids=lambda one: one.name)
def test_every_unit_that_a_concept_takes_converts_there_and_back(concept):
    for unit, there in taken(concept).items():
        plain = unit.replace("eq/", "mol/")
        if plain in {concept.unit, unit} and plain == concept.unit:
            assert there.factor == pytest.approx(1 / (concept.charge or 1))
            continue
        back = by_registry(concept.unit, plain, concept.molar_mass)
        if concept.name == "fio2" and there.factor == 1.0:
            continue  # told by its size
        assert back is not None, (concept.name, unit)
        charge = (concept.charge or 1) if plain != unit else 1
        number = 7.0
        canonical = number * there.factor + there.offset
        again = (canonical * back[0] + back[1]) * charge
        assert again == pytest.approx(number, rel=1e-9, abs=1e-9), (concept.name, unit)


# Factors to the concept's unit, as miracum/loinc-conversion (conversion.tsv, 048031a) or labunits
# 0.2.1 print them; ours are exact to their molar mass, theirs to the figures printed.
PUBLISHED = [
    ("creatinine", "umol/L", 0.01131, "miracum 14682-9 to 2160-0"),
    ("glucose", "mmol/L", 18.02, "miracum 14749-6 to 2345-7"),
    ("bilirubin_total", "umol/L", 0.05847, "miracum 14631-6 to 1975-2"),
    ("bilirubin_direct", "umol/L", 0.05847, "miracum 14629-0 to 1968-7"),
    ("haemoglobin", "mmol/L", 1.61, "miracum 59260-0 to 718-7: the monomer"),
    ("lactate", "mg/dL", 0.111, "miracum 59032-3 to 32693-4"),
    ("calcium", "mmol/L", 1 / 0.249500998, "miracum 17861-6 to 2000-8"),
    ("ionised_calcium", "mg/dL", 0.25, "miracum 38230-9 to 1994-3"),
    ("magnesium", "mmol/L", 1 / 0.411353353, "miracum 19123-9 to 2601-3"),
    ("phosphate", "mmol/L", 3.097, "miracum 14879-1 to 2777-1"),
    ("ammonia", "ug/dL", 0.58719906, "miracum 22763-7 to 16362-6"),
    ("bun", "mmol/L", 1 / 0.357, "labunits: urea nitrogen, mg/dL to mmol/L of urea"),
    ("cortisol", "nmol/L", 1 / 27.5862069, "miracum 14675-3 and 2143-6, printed the other way"),
]


@pytest.mark.parametrize(("concept", "unit", "factor", "source"), PUBLISHED)
def test_mass_and_substance_convert_by_a_published_factor(concept, unit, factor, source):
    found = conversion(CONCEPTS[concept], unit, None, {})
    assert found.factor == pytest.approx(factor, rel=3e-3), source


def test_every_molar_mass_is_held_against_a_published_factor():
    assert {one.name for one in CONCEPTS.values() if one.molar_mass} == {
        row[0] for row in PUBLISHED
    }


@pytest.mark.parametrize(
    ("concept", "number", "unit", "canonical"),
    [
        ("troponin_t", 14.0, "ng/L", 0.014),
        ("troponin_i", 14.0, "pg/mL", 0.014),
        ("d_dimer", 0.5, "ug/mL{FEU}", 500.0),
        ("d_dimer", 0.5, "mg/L FEU", 500.0),
        ("nt_probnp", 300.0, "ng/L", 300.0),
        ("crp", 1.2, "mg/dL", 12.0),
        ("platelets", 250.0, "10*9/L", 250.0),
        ("wbc", 7000.0, "{cells}/uL", 7.0),
        ("red_cells", 4.5, "10*12/L", 4.5),
        ("paco2", 5.333, "kPa", 40.0),
        ("peep", 5.0, "mbar", 5.0986),
        ("alt", 0.5, "ukat/L", 30.0),
        ("alt", 30.0, "[iU]/L", 30.0),
        ("lipase", 0.06, "kU/L", 60.0),
        ("urine_output", 0.4, "L", 400.0),
        ("weight", 70000.0, "g", 70.0),
        ("haematocrit", 0.42, "L/L", 42.0),
        ("oxygen_flow", 2000.0, "mL/min", 2.0),
        ("potassium", 4.1, "meq/L", 4.1),
        ("calcium", 2.4, "mmol/L", 9.62),
        ("albumin", 40.0, "g/L", 4.0),
        ("fibrinogen", 2.5, "g/L", 250.0),
    ],
)
def test_a_unit_of_the_ward_becomes_the_concepts_own(concept, number, unit, canonical):
    found = conversion(CONCEPTS[concept], unit, None, {})
    assert found.reason is None
    assert number * found.factor + found.offset == pytest.approx(canonical, rel=1e-3)


@pytest.mark.parametrize("unit", ["ng/mL{DDU}", "ug/mL {DDU}", "ng/mL DDU", "mg/L{D-DU}"])
def test_d_dimer_units_are_not_taken_for_fibrinogen_equivalent_ones(unit):
    assert conversion(CONCEPTS["d_dimer"], unit, None, {}).reason == "unknown_unit"


@pytest.mark.parametrize(
    ("concept", "unit"),
    [
        ("troponin_t", "nmol/L"),  # no molar mass: a protein of several forms
        ("albumin", "umol/L"),
        ("crp", "nmol/L"),
        ("potassium", "mg/dL"),
        ("heart_rate", "%"),
        ("spo2", "mm[Hg]"),
        ("weight", "cm"),
    ],
)
def test_a_listed_unit_that_does_not_convert_is_unknown(concept, unit):
    assert conversion(CONCEPTS[concept], unit, None, {}).reason == "unknown_unit"


def test_between_listed_units_the_table_knows_what_the_registry_knows():
    for concept in NUMERIC:
        for unit in sorted(LISTED)[::7]:
            asked = (unit, concept.unit, concept.molar_mass)
            if unit != concept.unit:
                assert affine(*asked) == by_registry(*asked), asked


def test_strange_units_do_not_stop_a_live_feed():
    """Neither a listed unit that does not convert nor a text that is no UCUM loads the grammar."""
    program = (
        "import sys\n"
        "from clinical.concepts import CONCEPTS\n"
        "from clinical.normalise.units import conversion\n"
        "sent = [('heart_rate', '%'), ('sodium', 'mg/dL'), ('heart_rate', 'furlongs'),"
        " ('wbc', 'cells/hpf'), ('d_dimer', 'ng/mL DDU'), ('creatinine', 'Einheiten')]\n"
        "found = [conversion(CONCEPTS[name], unit, None, {}) for name, unit in sent]\n"
        "assert all(item.reason == 'unknown_unit' for item in found)\n"
        "sys.exit('pint' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
