"""What the nightly jobs' readers take each item for: the jobs' own list.

Here: reading `items.csv` (item, label, concept, the unit its numbers are read in), and what follows
from it by the unit law of clinical/: how a number in a unit becomes one in the canonical unit. Not
here: the feeds' code maps (feeds/): the two lists are kept apart on purpose, so that a wrong line
in one of them shows.

An extract of charted values has no unit, so the list's stands for it. FiO2 has none in the list:
its readers tell a fraction from a percentage by its size. Labels are those of d_items and
d_labitems of MIMIC-III, concepts follow mimic-code; the unit is that of the source's own unit
column, else the one in which mimic-code reads the item.
"""

import csv
from functools import cache
from importlib.resources import files

import pyarrow as pa

from clinical.concepts import CONCEPTS, Concept
from clinical.normalise.conversions import KEPT
from clinical.normalise.units import SPELLINGS, UNITLESS, conversion

COLUMNS = ("job", "item_id", "label", "concept", "unit")
# The code system in which a feed sends what the extract of a job holds.
CODE_SYSTEMS = {"vitals": "MIMIC_CHART", "labs": "MIMIC_LAB"}


@cache
def items() -> pa.Table:
    """The jobs' list: job, item_id, label, concept and unit; null where it says nothing."""
    text = files("orchestration.jobs").joinpath("items.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return pa.table(
        {name: pa.array([row[name] or None for row in rows], pa.string()) for name in COLUMNS}
    )


@cache
def spellings() -> pa.Table:
    """Every known spelling of a unit, folded as the unit law folds it, and its UCUM unit."""
    return pa.table({"folded": list(SPELLINGS), "ucum": list(SPELLINGS.values())})


@cache
def canonical() -> pa.Table:
    """Per numeric concept and UCUM unit: `canonical = number * factor + shift`."""
    rows = [
        {"concept": concept.name, "unit": unit, "factor": found.factor, "shift": found.offset}
        for concept in CONCEPTS.values()
        if concept.kind == "numeric"
        for unit in sorted(_units_of(concept))
        if (found := conversion(concept, unit or None, None, {})).reason is None
    ]
    return pa.Table.from_pylist(rows)


def _units_of(concept: Concept) -> set[str]:
    # Units beyond these would have to be asked of the unit registry, which takes a second to load.
    convertible = {
        source
        for source, target, mass in KEPT
        if target == concept.unit and mass in {None, concept.molar_mass}
    }
    known = {"", concept.unit or "", *convertible}
    if concept.unit in UNITLESS:
        return known | {unit for unit in SPELLINGS.values() if unit.startswith("{")}
    if concept.charge is None:
        return known
    equivalents = {unit for unit in SPELLINGS.values() if "eq/" in unit}
    return known | {unit for unit in equivalents if unit.replace("eq/", "mol/") in known}
