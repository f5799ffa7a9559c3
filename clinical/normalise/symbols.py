"""Which texts cannot be UCUM, told without loading the grammar.

Here: the symbols of UCUM (`clinical/ucum_symbols.csv`, made by `python -m
clinical.normalise.symbols`; a test holds them equal to the grammar's) and whether a text is made of
them. Not here: the grammar itself, or arithmetic (ucum.py).

Most strange units are no UCUM at all, and the grammar takes a second to load: a live feed must not
stand still to learn that `furlongs` is none.
"""

import csv
import re
import sys
from importlib.resources import files

NAME = "ucum_symbols.csv"
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_BETWEEN = re.compile(r"[./()]")
_EXPONENT = re.compile(r"[+-]?\d+$")


def may_be_ucum(unit: str) -> bool:
    """Whether a text could be UCUM; False is certain, True is not."""
    if not unit.isascii():
        return False
    plain = _ANNOTATION.sub("", unit)
    for symbol in _COMPOUND:
        plain = plain.replace(symbol, "m")
    return all(_is_term(part) for part in _BETWEEN.split(plain))


def _is_term(part: str) -> bool:
    bare = _EXPONENT.sub("", part)
    return not bare or any(_is_unit(text) for text in {part, bare})


def _is_unit(text: str) -> bool:
    return text in UNITS or any(text[:size] in PREFIXES and text[size:] in UNITS for size in (1, 2))


def _of(kind: str, rows: list[dict[str, str]]) -> frozenset[str]:
    return frozenset(row["symbol"] for row in rows if row["kind"] == kind)


def table() -> str:
    """The table's text, from the grammar's own list."""
    from ucumvert import xml_util  # noqa: PLC0415 - takes as long to load as the grammar

    units = {*xml_util.get_units(), *xml_util.get_base_units()}
    listed = [("prefix", one) for one in sorted(xml_util.get_prefixes())]
    listed += [("unit", one) for one in sorted(units)]
    return "".join(f"{kind},{symbol}\n" for kind, symbol in (("kind", "symbol"), *listed))


_ROWS = list(
    csv.DictReader(files("clinical").joinpath(NAME).read_text(encoding="utf-8").splitlines())
)
PREFIXES, UNITS = _of("prefix", _ROWS), _of("unit", _ROWS)
# Symbols with a slash or a full stop within.
_COMPOUND = tuple(unit for unit in sorted(UNITS) if _BETWEEN.search(unit))


if __name__ == "__main__":
    sys.stdout.write(table())
