"""How fast a drug runs, from when until when.

Here: rates of vasopressors and inotropes from administrations, in the one unit of their concept,
volumes of crystalloid, and when sedation ended. Not here: which ingredient a text names
(medications.py), sums or durations (clinical/scoring).

An administration says its rate at its start and 0 at its end. A later administration of the drug
takes over from its own start, also at the very time at which the one before ends. A cancelled
administration never was: both are withdrawn. A stop (not given, at a rate of 0) is 0 at its time.
A hold of its order stops it when the hold is written, and a release with a rate starts it again. A
rate in a unit that is not listed here is never scored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.normalise.conversions import affine
from clinical.normalise.distinct import Distinct, distinct, flags, flat, valid
from clinical.normalise.signal_rows import (
    UTC,
    as_signals,
    identity,
    of_concept,
    only,
    order_identity,
    time_text,
)
from clinical.normalise.units import spelled

# UCUM units that a rate may be sent in, by the unit it is scored in. Only these convert: a mass per
# weight and time has the dimension of a frequency, which anything per minute has.
PER_WEIGHT, FLOW, EFFECT = "ug/kg/min", "ug/min", "[iU]/min"
ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        PER_WEIGHT: frozenset({PER_WEIGHT, "ug/kg/h", "mg/kg/h", "mg/kg/min", "ng/kg/min"}),
        FLOW: frozenset({FLOW, "ug/h", "mg/h", "mg/min", "ng/min"}),
    }
)
# Units of effect, which no registry converts: by definition of the prefix and of the hour.
_OF_EFFECT = MappingProxyType({EFFECT: 1.0, "[iU]/h": 1 / 60, "m[iU]/min": 1 / 1000})
CRYSTALLOID, VOLUME = "crystalloid", "crystalloid_volume"
SEDATIVE, SEDATIVE_END = "sedative", "sedative_end"
_GIVEN, _STOPPED, _CANCELLED = "administered", "not_given", "cancelled"
_HELD, _RESUMED = "held", "resumed"
READ = (
    *("concept", "ingredient", "code", "code_text", "order_id", "event", "dose", "dose_unit"),
    *("rate", "rate_unit", "started_at", "ended_at", "documented_at"),
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Infusion:
    """The concepts that say how fast an ingredient runs: by the unit they are scored in."""

    ingredient: str
    concepts: Mapping[str, str]


def _infusions() -> Iterator[Infusion]:
    ingredients = [name.removesuffix("_rate") for name in CONCEPTS if name.endswith("_rate")]
    for ingredient in ingredients:
        names = (name for name in (f"{ingredient}_rate", f"{ingredient}_flow") if name in CONCEPTS)
        concepts = {CONCEPTS[name].unit: name for name in names}
        if not concepts.keys().isdisjoint((PER_WEIGHT, FLOW, EFFECT)):
            yield Infusion(ingredient, MappingProxyType(concepts))


INFUSIONS: tuple[Infusion, ...] = tuple(_infusions())
INFUSION_CONCEPTS = frozenset(name for one in INFUSIONS for name in one.concepts.values())


def infusion_signals(rows: pa.Table) -> list[pa.Table]:
    """The signals of rates and volumes in a table of medication events."""
    ingredient, concept = (distinct(flat(rows[name])) for name in ("ingredient", "concept"))
    here = [one for one in INFUSIONS if (one.ingredient,) in ingredient.keys]
    classes = {name for (name,) in concept.keys} & {CRYSTALLOID, SEDATIVE}
    if not here and not classes:
        return []
    return list(_told(_paused(rows), ingredient, concept, here))


def _told(
    rows: pa.Table, ingredient: Distinct, concept: Distinct, here: Iterable[Infusion]
) -> Iterator[pa.Table]:
    event = distinct(flat(rows["event"]))
    poured = event.are(frozenset({_GIVEN, _CANCELLED}))
    told = poured | (event.are(frozenset({_STOPPED})) & _is_zero(rows))
    for one in here:
        mine = told & ingredient.are(frozenset({one.ingredient}))
        if mine.any():
            yield from _rates(only(rows, mine, READ), one)
    poured &= concept.are(frozenset({CRYSTALLOID}))
    if poured.any():
        yield _volumes(only(rows, poured, READ))
    sedated = told & concept.are(frozenset({SEDATIVE}))
    if sedated.any():
        yield _sedation_ends(only(rows, sedated, READ))


def _paused(rows: pa.Table) -> pa.Table:
    """A hold as the stop that it is, and a release with a rate as the start, when written."""
    event = distinct(flat(rows["event"]))
    held, resumed = (event.are(frozenset({name})) for name in (_HELD, _RESUMED))
    resumed &= valid(flat(rows["rate"]))
    if not (held | resumed).any():
        return rows
    stops, paused = pa.array(held), pa.array(held | resumed)
    told = pc.if_else(stops, _STOPPED, pc.if_else(pa.array(resumed), _GIVEN, flat(rows["event"])))
    changed = {
        "event": told,
        "rate": pc.if_else(stops, 0.0, flat(rows["rate"])),
        "rate_unit": pc.if_else(stops, pa.scalar(None, pa.string()), flat(rows["rate_unit"])),
        "started_at": pc.if_else(paused, flat(rows["documented_at"]), flat(rows["started_at"])),
        "ended_at": pc.if_else(stops, pa.scalar(None, UTC), flat(rows["ended_at"])),
    }
    for name, column in changed.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def _sedation_ends(rows: pa.Table) -> pa.Table:
    """When administrations of sedatives ended: at their end, or where a stop was charted."""
    event = distinct(flat(rows["event"]))
    stopped = pa.array(event.are(frozenset({_STOPPED})))
    ended = pc.if_else(stopped, flat(rows["started_at"]), flat(rows["ended_at"]))
    rows = rows.set_column(rows.schema.get_field_index("ended_at"), "ended_at", ended)
    rows = of_concept(rows, SEDATIVE_END)
    void, whose = pa.array(event.are(frozenset({_CANCELLED}))), _identity("sedative_end:", rows)
    return as_signals(rows, "ended_at", pa.array(np.ones(len(rows))), void, whose)


def _is_zero(rows: pa.Table) -> NDArray[np.bool_]:
    zero: NDArray[np.bool_] = flags(pc.equal(flat(rows["rate"]), 0.0).fill_null(False))
    return zero


def _rates(rows: pa.Table, infusion: Infusion) -> Iterator[pa.Table]:
    """Starts and ends of one ingredient's administrations, per concept that says its rate.

    A stop or a cancellation that names no unit is one of whatever the rate was.
    """
    unitless = ~valid(flat(rows["rate_unit"]))
    unitless &= _is_zero(rows) | distinct(flat(rows["event"])).are(frozenset({_CANCELLED}))
    for unit, concept in infusion.concepts.items():
        factor = np.where(unitless, 1.0, _factors(rows["rate_unit"], unit))
        mine = np.isfinite(factor)
        if not mine.any():
            continue
        rate = _numbers(rows["rate"]) * factor
        ours = of_concept(rows, concept)
        yield _started(ours.filter(pa.array(mine)), rate[mine], concept)
        ended = mine & valid(flat(rows["ended_at"]))
        if ended.any():
            yield _ended(ours.filter(pa.array(ended)))


def _started(rows: pa.Table, rate: Floats, concept: str) -> pa.Table:
    return as_signals(
        rows, "started_at", pa.array(rate), _void(rows, rate, concept), _identity("rate:", rows)
    )


def _ended(rows: pa.Table) -> pa.Table:
    void = pa.array(distinct(flat(rows["event"])).are(frozenset({_CANCELLED})))
    zero = pa.array(np.zeros(len(rows)))
    return as_signals(rows, "ended_at", zero, void, _identity("rate_end:", rows))


def _identity(prefix: str, rows: pa.Table) -> pa.Array:
    """One administration of an order: several, at different times, may share the order's number."""
    return identity(prefix, order_identity("", rows), time_text(rows["started_at"]))


def _volumes(rows: pa.Table) -> pa.Table:
    sent = distinct(flat(rows["dose_unit"]))
    factor = np.array(sent.decide(_litres) or [np.nan])[sent.which]
    volume = _numbers(rows["dose"]) * factor
    void = _void(rows, volume, VOLUME)
    rows = of_concept(rows, VOLUME)
    return as_signals(rows, "started_at", pa.array(volume), void, _identity("volume:", rows))


def _void(rows: pa.Table, value: Floats, concept: str) -> pa.Array:
    """Where nothing counts: cancelled, without a number, or implausible."""
    known = CONCEPTS[concept]
    low, high = known.plausible_low or 0.0, known.plausible_high or np.inf
    cancelled = distinct(flat(rows["event"])).are(frozenset({_CANCELLED}))
    return pa.array(cancelled | ~((value >= low) & (value <= high)))


def _factors(sent: pa.ChunkedArray, wanted: str) -> Floats:
    """What a rate in each unit is multiplied by; NaN where it is not a rate of this kind."""
    units = distinct(flat(sent))
    each = units.decide(lambda unit: _factor(unit, wanted))
    factors: Floats = np.array(each or [np.nan])[units.which]
    return factors


def _factor(sent: str | None, wanted: str) -> float:
    unit = spelled(sent or "")
    if wanted == EFFECT:
        return _OF_EFFECT.get(unit, np.nan)
    if unit not in ALLOWED.get(wanted, ()):
        return np.nan
    found = (1.0, 0.0) if unit == wanted else affine(unit, wanted, None)
    return found[0] if found else np.nan


def _litres(sent: str | None) -> float:
    unit = spelled(sent or "")
    return 1.0 if unit == "mL" else 1000.0 if unit == "L" else np.nan


def _numbers(column: pa.ChunkedArray) -> Floats:
    numbers: Floats = flat(column).to_numpy(zero_copy_only=False)
    return numbers
