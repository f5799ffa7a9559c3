"""Conversions that the unit registry gave, kept so that no start waits a second for it.

Here: the table `clinical/conversions.csv`, and how it is made (`python -m
clinical.normalise.conversions`): every known spelling's unit against every concept's. Not here: the
arithmetic (ucum.py), which remains the law: a test holds the table equal to it. Between listed
units what the table lacks does not convert; of any other unit the registry is asked.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files

from clinical.concepts import CONCEPTS
from clinical.normalise.spellings import LISTED
from clinical.normalise.ucum import by_registry

NAME = "conversions.csv"
COLUMNS = ("source", "target", "molar_mass_g_mol", "factor", "offset")

Key = tuple[str, str, float | None]


def affine(source: str, target: str, molar_mass: float | None) -> tuple[float, float] | None:
    """Factor and offset with `target = source * factor + offset`, as `ucum.by_registry`."""
    if source == target:
        return 1.0, 0.0
    kept = KEPT.get((source, target, molar_mass)) or KEPT.get((source, target, None))
    if kept or (source in LISTED and (target, molar_mass) in _TARGETS):
        return kept
    return by_registry(source, target, molar_mass)


def table(units: Iterable[str]) -> str:
    """The table's text, for these units and every numeric concept."""
    rows = {
        (source, target, bridge): found
        for source in sorted(set(units))
        for target, molar_mass in _TARGETS
        for bridge in (None, molar_mass)
        if source != target and (found := by_registry(source, target, bridge))
    }
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for source, target, mass in sorted(rows, key=lambda key: (key[0], key[1], key[2] or 0.0)):
        found = rows[source, target, mass]
        if mass is None or found != rows.get((source, target, None)):
            writer.writerow((source, target, mass or "", *(repr(number) for number in found)))
    return out.getvalue()


def _read(text: str) -> Mapping[Key, tuple[float, float]]:
    return {
        (row["source"], row["target"], float(row["molar_mass_g_mol"] or 0) or None): (
            float(row["factor"]),
            float(row["offset"]),
        )
        for row in csv.DictReader(text.splitlines())
    }


# What values are converted to: the units of numeric concepts, with and without a molar mass.
_TARGETS = frozenset(
    (one.unit, molar_mass)
    for one in CONCEPTS.values()
    if one.kind == "numeric"
    for molar_mass in (None, one.molar_mass)
)
KEPT = _read(files("clinical").joinpath(NAME).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.stdout.write(table(LISTED))
