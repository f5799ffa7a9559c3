"""Whose rows may tell of one patient.

Here: a number for every identifier, and which identifiers and visits events of the ledger name with
each other. Not here: who stands for whom: the law (lakehouse/identities.py) is asked of the rows
that are found so, and of no others; too many found change nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Name(NamedTuple):
    """An identifier of a patient, or with `is_visit` the number of a visit, of one facility."""

    facility: str
    text: str
    is_visit: bool = False


class Kin:
    """Names, their numbers, and whom the ledger names together. One thread alone adds to it."""

    def __init__(self) -> None:
        """Nobody is known."""
        self._numbers: dict[Name, int] = {}
        self._names: list[Name] = []
        self._facilities: dict[str, tuple[str, ...]] = {}
        self._group: dict[Name, tuple[Name, ...]] = {}

    def number(self, name: Name) -> int | None:
        """The number of a name; None where no row has it."""
        return self._numbers.get(name)

    def name(self, number: int) -> Name:
        """The name that has a number."""
        return self._names[number]

    def facilities(self, patient_id: str) -> tuple[str, ...]:
        """The facilities that have a patient of this identifier."""
        return self._facilities.get(patient_id, ())

    def numbers(self, rows: pa.Table, column: str, *, is_visit: bool = False) -> Ints:
        """The number of each row's name; -1 where it has none."""
        both = pa.StructArray.from_arrays(
            [pc.fill_null(rows[name].combine_chunks(), "") for name in ("facility", column)],
            ["facility", "text"],
        )
        if not len(both):
            return np.empty(0, np.int64)
        told = pc.binary_join_element_wise(both.field(0), both.field(1), _BETWEEN)
        encoded = told.dictionary_encode()
        known = np.array(
            [self._numbered(text, is_visit=is_visit) for text in encoded.dictionary.to_pylist()],
            np.int64,
        )
        found = known[encoded.indices.to_numpy()]
        return np.where(rows[column].is_valid().to_numpy(), found, -1)

    def _numbered(self, told: str, *, is_visit: bool) -> int:
        facility, _, text = told.partition(_BETWEEN)
        name = Name(facility, text, is_visit)
        if name not in self._numbers:
            self._names.append(name)
            self._numbers[name] = len(self._names) - 1
            if not is_visit:
                self._facilities[text] = (*self.facilities(text), facility)
        return self._numbers[name]

    def learn(self, ledger: Iterable[dict[str, Any]]) -> None:
        """Take events of the ledger of identities: what one names belongs together."""
        for row in ledger:
            named = {member for name in _named(row) for member in self.group(name)}
            self._group |= dict.fromkeys(named, tuple(sorted(named)))

    def group(self, name: Name) -> tuple[Name, ...]:
        """All that the ledger names with a name, itself too."""
        return self._group.get(name, (name,))

    def is_named(self, name: Name) -> bool:
        """Whether the ledger names it at all."""
        return name in self._group


# Between facility and identifier: no text of a message holds it.
_BETWEEN = "\x1f"


def _named(row: dict[str, Any]) -> Iterator[Name]:
    facility = row["facility"] or ""
    for column in ("patient_id", "retired_id", "surviving_id"):
        if row[column]:
            yield Name(facility, row[column])
    for column in ("encounter_id", "retired_visit", "surviving_visit"):
        if row[column]:
            yield Name(facility, row[column], is_visit=True)
