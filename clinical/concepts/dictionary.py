"""The dictionary of concepts: one row of `clinical/concepts.csv` each.

Here: `Concept`, the dictionary by name and by LOINC code. Not here: which LOINC codes are known
(loinc.py), or rounding (rounding.py).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

from clinical.concepts.loinc import KNOWN_CODES, of_concepts

Kind = Literal["numeric", "coded", "event"]


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept.

    `unit` is the canonical UCUM unit; `precision` the grid that bands are defined on, in that unit.
    A value outside the closed range `plausible_low` to `plausible_high` is kept but never scored.
    `lookback_hours` is how long a value speaks for the patient; None is for good. `molar_mass`
    (g/mol) converts between mass and substance, `charge` between equivalents and moles; where one
    is None that conversion is not made. `answers` gives the number of each answer of a coded
    concept. `loinc` are its codes in loinc.csv; the first stands for it. `source` cites the range;
    [P] marks this project's own choice.
    """

    name: str
    kind: Kind
    loinc: tuple[str, ...]
    unit: str
    precision: float
    plausible_low: float | None
    plausible_high: float | None
    lookback_hours: float | None
    molar_mass: float | None
    charge: int | None
    answers: Mapping[str, float]
    description: str
    source: str


def read_concepts(text: str) -> Mapping[str, Concept]:
    """Read the dictionary from the text of `concepts.csv`."""
    codes = of_concepts(KNOWN_CODES)
    return MappingProxyType(
        {row["concept"]: _concept(row, codes) for row in csv.DictReader(text.splitlines())}
    )


def _concept(row: Mapping[str, str], codes: Mapping[str, tuple[str, ...]]) -> Concept:
    charge = _number(row["charge"])
    return Concept(
        name=row["concept"],
        kind=cast("Kind", row["kind"]),
        loinc=codes.get(row["concept"], ()),
        unit=row["unit"],
        precision=_number(row["precision"]) or 1.0,
        plausible_low=_number(row["plausible_low"]),
        plausible_high=_number(row["plausible_high"]),
        lookback_hours=_number(row["lookback_hours"]),
        molar_mass=_number(row["molar_mass_g_mol"]),
        charge=None if charge is None else int(charge),
        answers=MappingProxyType(_answers(row["answers"])),
        description=row["description"],
        source=row["source"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def _answers(text: str) -> dict[str, float]:
    pairs = (answer.split("=") for answer in text.split())
    return {code: float(number) for code, number in pairs}


CONCEPTS = read_concepts(files("clinical").joinpath("concepts.csv").read_text(encoding="utf-8"))
LOINC_CONCEPTS: Mapping[str, Concept] = MappingProxyType(
    {code: concept for concept in CONCEPTS.values() for code in concept.loinc}
)
