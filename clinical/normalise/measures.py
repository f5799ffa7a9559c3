"""Numbers of numeric concepts in their canonical units.

Here: conversion, the inspired-fraction rule and censored values. Not here: which conversions a
concept allows (units.py), texts that stand for a number (answers.py), plausibility (values.py).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, grid_above, grid_below
from clinical.normalise.coding import Codings, per_concept
from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.normalise.units import Conversion, conversion
from clinical.wire.profile import FeedProfile

Floats = NDArray[np.float64]
_IS_FIO2 = per_concept(lambda concept: float(concept.name == "fio2"))
_PRECISION = per_concept(lambda concept: concept.precision)


@dataclass(frozen=True, slots=True)
class Measures:
    """Canonical value of every row, NaN where there is none, and where which reason applies."""

    value: Floats
    reasons: dict[str, NDArray[np.bool_]]


def measures(rows: pa.Table, codings: Codings, profile: FeedProfile) -> Measures:
    """The numbers of a table of observations; rows of other concepts are left alone."""
    pairs = distinct(pa.array(codings.which), flat(rows["unit_as_sent"]))
    known, each = _conversions(profile), codings.each
    found = [known[each[place].name, unit, each[place].unit] for place, unit in pairs.keys]
    factor = np.array([item.factor for item in found] or [1.0])[pairs.which]
    offset = np.array([item.offset for item in found] or [0.0])[pairs.which]
    number = np.asarray(flat(rows["value_number"]).to_numpy(zero_copy_only=False), np.float64)
    finite = np.isfinite(number)
    with np.errstate(over="ignore"):  # a number too large for its unit is implausible (values.py)
        value = np.where(finite, number, np.nan) * factor + offset
    value = _censored(_inspired(value, codings), flat(rows["comparator"]), codings)
    reasons = {"not_a_number": ~finite}
    for reason in {item.reason for item in found if item.reason is not None}:
        applies = np.array([item.reason == reason for item in found])[pairs.which]
        reasons[reason] = applies
        value[applies] = np.nan
    return Measures(value, reasons)


_Sent = tuple[str | None, str | None, str | None]


@per_profile
def _conversions(profile: FeedProfile) -> Answers[_Sent, Conversion]:
    """How a feed's numbers are converted: by concept, unit as sent and unit of the code map."""
    return Answers(lambda sent: _conversion(*sent, profile))


def _conversion(
    name: str | None, unit: str | None, default: str | None, profile: FeedProfile
) -> Conversion:
    if name is None or CONCEPTS[name].kind != "numeric":
        return Conversion()
    return conversion(CONCEPTS[name], unit, default, profile.units)


def _inspired(value: Floats, codings: Codings) -> Floats:
    """Inspired oxygen as a percentage: 0.2-1.0 is a fraction of 1.

    20-100 is kept; 1-20 falls outside the plausible range: a litre flow in the wrong field.

    Source: clinical-definitions section 4, after mimic-code bg.sql.
    """
    fraction = codings.per_row(_IS_FIO2) == 1.0
    fraction &= (value >= 0.2) & (value <= 1.0)  # noqa: PLR2004 - the bounds of the source
    return value * np.where(fraction, 100.0, 1.0)


def _censored(value: Floats, comparator: pa.Array, codings: Codings) -> Floats:
    """A censored value as the nearest number on the concept's grid that it can be.

    `<5` of a concept with precision 1 is 4, `>5` is 6; `<=5` and `>=5` are 5. Bands are defined on
    that grid, so the value falls into the band beside the bound, never into the bound's own. [P]
    """
    if comparator.null_count == len(comparator):
        return value
    signs = distinct(comparator)
    below, above = (signs.are(frozenset({sign})) for sign in ("<", ">"))
    if not (below.any() or above.any()):
        return value
    precision = np.nan_to_num(codings.per_row(_PRECISION), nan=1.0)
    value = value.copy()
    value[below] = grid_below(value[below], precision[below])
    value[above] = grid_above(value[above], precision[above])
    return value
