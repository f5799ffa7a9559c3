"""The arithmetic between two UCUM units.

Here: factor and offset between units of one dimension, and between mass and substance
concentration. Not here: a feed's spellings, or which conversions a concept allows (units.py).

The UCUM grammar and pint take a second or two to load, so they load when they are first asked: for
a unit that no table lists (conversions.py) and that is made of UCUM's symbols (symbols.py).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from clinical.normalise.symbols import may_be_ucum

if TYPE_CHECKING:
    from pint import Quantity

# UCUM arbitrary units measure one substance's effect: nothing converts to or from them (UCUM, 24).
_ARBITRARY = ("[iU]", "[IU]", "[arb'U]", "[USP'U]", "[CFU]", "[PFU]")
# Angles are dimensionless to pint: without this a saturation in degrees would pass for a share.
_ANGLES = frozenset({"deg", "rad", "gon", "sr"})
_OFFSET_SCALES = {"degree_Celsius", "degree_Fahrenheit"}
_MASS_CONCENTRATION = {"[mass]": 1, "[length]": -3}
_SUBSTANCE_CONCENTRATION = {"[substance]": 1, "[length]": -3}


def by_registry(source: str, target: str, molar_mass: float | None) -> tuple[float, float] | None:
    """Factor and offset with `target = source * factor + offset`; None when there is no such thing.

    Args:
        source: UCUM unit of the value.
        target: UCUM unit wanted.
        molar_mass: g/mol of what is measured; None forbids mass to substance.
    """
    one = quantity(source)
    wanted = None if one is None else quantity(target)
    if one is None or wanted is None:
        return None
    if one.dimensionality == wanted.dimensionality:
        return _temperature(one, wanted) or (_ratio(one, wanted), 0.0)
    bridged = _bridged(one, wanted, molar_mass)
    return None if bridged is None else (_ratio(bridged, wanted), 0.0)


def _ratio(one: Quantity[float], wanted: Quantity[float]) -> float:
    return float((one / wanted).to("dimensionless").magnitude)


def _temperature(one: Quantity[float], wanted: Quantity[float]) -> tuple[float, float] | None:
    """Scales whose zeros differ, snapped to exact fractions (5/9 and -160/9 for Fahrenheit)."""
    if not {str(one.units), str(wanted.units)} & _OFFSET_SCALES:
        return None
    zero, thousand = (
        float(type(one)(number, one.units).to(wanted.units).magnitude) for number in (0.0, 1000.0)
    )
    factor = Fraction((thousand - zero) / 1000).limit_denominator(10_000)
    return float(factor), float(Fraction(zero).limit_denominator(10_000))


def _bridged(
    one: Quantity[float], wanted: Quantity[float], molar_mass: float | None
) -> Quantity[float] | None:
    gram_per_mole = quantity("g/mol")
    if molar_mass is None or gram_per_mole is None:
        return None
    per_mole = molar_mass * gram_per_mole
    kinds = dict(one.dimensionality), dict(wanted.dimensionality)
    if kinds == (_MASS_CONCENTRATION, _SUBSTANCE_CONCENTRATION):
        return cast("Quantity[float]", one / per_mole)
    if kinds == (_SUBSTANCE_CONCENTRATION, _MASS_CONCENTRATION):
        return cast("Quantity[float]", one * per_mole)
    return None


@cache
def quantity(unit: str) -> Quantity[float] | None:
    """One of a unit; None where the text is no UCUM, an arbitrary unit or a mere annotation."""
    if not may_be_ucum(unit):
        return None
    from lark.exceptions import LarkError  # noqa: PLC0415
    from pint import Quantity  # noqa: PLC0415

    if unit in _ANGLES or any(mark in unit for mark in _ARBITRARY):
        return None
    try:
        one = _registry().from_ucum(unit)
    except LarkError:
        return None
    return one if isinstance(one, Quantity) else None


@cache
def _registry() -> Any:  # noqa: ANN401 - ucumvert carries no annotations
    from ucumvert import PintUcumRegistry  # noqa: PLC0415

    return PintUcumRegistry()
