"""The LOINC codes that are known: one row of `clinical/loinc.csv` each.

Here: which code stands for which concept, how it was matched, and who says so; and codes of tests
that no score reads, which are known all the same. Not here: concepts (dictionary.py), a feed's own
codes (feeds/), or units as sent (clinical/normalise).

A code is mapped only where every value of it is a value of the concept:

- `equal`: the analyte, its property and its specimen are the concept's;
- `narrower`: the code says more, a method, a position, an artery;
- `converted`: the same analyte as an amount of substance where the concept is a mass, or the other
  way round; the unit as sent tells, and the concept's molar mass converts.

What is wider than a concept, or another quantity in the same unit (urea in mg/dL is not urea
nitrogen), has a row without a concept.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

Method = Literal["equal", "narrower", "converted"]


@dataclass(frozen=True, slots=True)
class LoincCode:
    """One LOINC code.

    `unit` is the UCUM unit that the source gives, empty where it gives none. `concept` and `method`
    are None for a code that is known and not scored. `source` names where the code and its name
    stand, `version` the edition of it.
    """

    code: str
    name: str
    unit: str
    concept: str | None
    method: Method | None
    source: str
    version: str


def read_codes(text: str) -> Mapping[str, LoincCode]:
    """Read the codes from the text of `loinc.csv`, in its order."""
    return MappingProxyType({row["loinc"]: _code(row) for row in csv.DictReader(text.splitlines())})


def _code(row: Mapping[str, str]) -> LoincCode:
    return LoincCode(
        row["loinc"],
        row["name"],
        row["unit"],
        row["concept"] or None,
        cast("Method", row["method"]) if row["method"] else None,
        row["source"],
        row["version"],
    )


def of_concepts(known: Mapping[str, LoincCode]) -> Mapping[str, tuple[str, ...]]:
    """The codes of each concept; the first is the one that stands for it."""
    found: dict[str, tuple[str, ...]] = {}
    for code in known.values():
        if code.concept is not None:
            found[code.concept] = (*found.get(code.concept, ()), code.code)
    return found


KNOWN_CODES = read_codes(files("clinical").joinpath("loinc.csv").read_text(encoding="utf-8"))
