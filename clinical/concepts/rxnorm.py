"""RxNorm codes of the drugs that rules ask for: one row of `clinical/rxnorm.csv` each.

Here: the ingredient, as `clinical/medications.csv` names it, of a code of an ingredient, a dose
form or a product; and the code of an ingredient. Not here: classes and routes
(clinical/normalise/medications.py), or a feed's own codes.

Forms that do not reach the circulation have no row. Of a combination the ingredient counts that
stands first in `medications.csv`. An ingredient without a row of its own has no code here.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

# How HL7 v2 (table 0396) and FHIR name RxNorm.
RXNORM_SYSTEMS = frozenset(
    {
        *("RXNORM", "RxNorm", "RXN", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        *("urn:oid:2.16.840.1.113883.6.88", "2.16.840.1.113883.6.88"),
    }
)


@dataclass(frozen=True, slots=True)
class DrugCode:
    """One code: `kind` tells an ingredient's own code from that of a form or product of it."""

    code: str
    name: str
    ingredient: str
    kind: Literal["ingredient", "drug"]
    source: str
    version: str


def read_codes(text: str) -> Mapping[str, DrugCode]:
    """Read the codes from the text of `rxnorm.csv`."""
    return MappingProxyType({row["rxcui"]: _code(row) for row in csv.DictReader(text.splitlines())})


def _code(row: Mapping[str, str]) -> DrugCode:
    kind = cast('Literal["ingredient", "drug"]', row["kind"])
    return DrugCode(
        row["rxcui"], row["name"], row["ingredient"], kind, row["source"], row["version"]
    )


DRUG_CODES = read_codes(files("clinical").joinpath("rxnorm.csv").read_text(encoding="utf-8"))
INGREDIENTS: Mapping[str, str] = MappingProxyType(
    {code.code: code.ingredient for code in DRUG_CODES.values()}
)
INGREDIENT_CODES: Mapping[str, str] = MappingProxyType(
    {code.ingredient: code.code for code in DRUG_CODES.values() if code.kind == "ingredient"}
)
