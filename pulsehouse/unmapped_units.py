"""What may mend a unit that is missing, not known, or not the one that was meant.

Here: remedies for the work-list of `pulsehouse unmapped`. Not here: counting
(unmapped_questions.py). Nothing is applied.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from clinical.concepts import CONCEPTS, Concept
from clinical.normalise.spellings import LISTED, SPELLINGS, folded
from clinical.normalise.units import UNITLESS, conversion
from pulsehouse.contents import Row

# Ten times what is usual is no evidence of a unit.
_FAR = 10


def with_remedies(rows: list[Row]) -> list[Row]:
    """Units that are missing or not known, with what may mend them."""
    return [_with_remedy(row) for row in rows]


def _with_remedy(row: Row) -> Row:
    """What may mend a unit: the concept's own for a missing one, the nearest spelling else."""
    concept = CONCEPTS[row["concept"]]
    row["remedy"] = None
    if row["reason"] == "missing_unit":
        if row["percentiles"] and _plausible(concept, row["percentiles"], (1.0, 0.0)):
            row["remedy"] = f"the code map's unit: {concept.unit} would make nine tenths plausible"
        return row
    near = get_close_matches(folded(row["unit_as_sent"] or ""), SPELLINGS, n=3, cutoff=0.75)
    fitting = [SPELLINGS[one] for one in near if _converts(concept, SPELLINGS[one])]
    if fitting:
        row["remedy"] = f'[units] "{concept.name}:{row["unit_as_sent"]}" = "{fitting[0]}"'
    return row


def _converts(concept: Concept, unit: str) -> bool:
    return conversion(concept, unit, None, {}).reason is None


def with_other_units(rows: list[Row]) -> list[Row]:
    """Implausible values, with the unit in which they would be usual."""
    for row in rows:
        row["other_unit"] = _other_unit(row)
        row.pop("usual")
    return rows


def _other_unit(row: Row) -> str | None:
    """The listed unit in which nine tenths are plausible, and the median is most like the usual."""
    concept, three = CONCEPTS[row["concept"]], row["percentiles"]
    if concept.kind != "numeric" or concept.unit in UNITLESS or not three or not row["usual"]:
        return None
    fitting = {}
    for unit in sorted(LISTED):
        found = conversion(concept, unit, None, {})
        if found.reason is None and _plausible(concept, three, (found.factor, found.offset)):
            usual = (three[1] * found.factor + found.offset) / row["usual"]
            fitting[unit] = round(max(usual, 1 / usual), 6) if usual > 0 else float("inf")
    best = min(fitting, key=lambda unit: (fitting[unit], len(unit), unit), default=None)
    return best if best is not None and fitting[best] < _FAR else None


def _plausible(concept: Concept, three: Sequence[float], how: tuple[float, float]) -> bool:
    low, high = concept.plausible_low, concept.plausible_high
    first, last = (three[at] * how[0] + how[1] for at in (0, 2))
    return low is not None and high is not None and low <= first and last <= high
