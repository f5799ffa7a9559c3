"""How units are spelled: what was sent, in UCUM.

Here: the spellings of `clinical/units.csv`, and the units that they lead to. Not here: a feed's own
spellings, or which conversions a concept allows (units.py).
"""

import csv
import re
from collections.abc import Mapping
from importlib.resources import files

from clinical.concepts import CONCEPTS


def folded(unit: str) -> str:
    """One key for spellings that differ in case, blanks, degree sign or micro sign."""
    plain = re.sub(r"\s+", "", unit).casefold()
    return plain.replace("º", "°").replace("˚", "°").replace("μ", "u").replace("µ", "u")


def spelled(unit: str) -> str:
    """A unit as sent in UCUM, where the spelling is known."""
    return SPELLINGS.get(folded(unit)) or unit


def _spellings(text: str) -> dict[str, str]:
    return {folded(row["as_sent"]): row["ucum"] for row in csv.DictReader(text.splitlines())}


SPELLINGS: Mapping[str, str] = _spellings(
    files("clinical").joinpath("units.csv").read_text(encoding="utf-8")
)
# Every unit that a spelling or a concept names: what converts between two of them is worked out
# beforehand (conversions.py).
LISTED = frozenset(SPELLINGS.values()) | {one.unit for one in CONCEPTS.values() if one.unit}
