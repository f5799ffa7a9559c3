"""Rows by patient, in memory, that can be added to at any time.

Here: rows in sorted runs, from which those of a few patients are cut out without looking at the
others. Not here: what the rows mean, or whom a number stands for (kin.py).

A thousand messages a second bring rows of everybody in turn, while a page asks for one patient: so
each addition is sorted for itself, and runs of like size are joined into one, as a log-structured
tree does. Scanning one table of four million rows took 30 to 200 ms for one patient.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# A run this long is left alone, so that joining never takes long.
WHOLE_ROWS: Final = 1_000_000
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class _Run(NamedTuple):
    keys: Ints
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Runs:
    """Rows with these columns. Each addition gives a new value, so that a reader keeps his own.

    Texts that are few and said often are kept once.
    """

    schema: pa.Schema
    runs: tuple[_Run, ...] = ()

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return sum(len(run.keys) for run in self.runs)

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return sum(run.keys.nbytes + run.rows.nbytes for run in self.runs)

    def with_rows(self, keys: Ints, rows: pa.Table) -> Self:
        """These rows too, each under a key; in order under one key."""
        if not len(keys):
            return self
        runs = [*self.runs, _sorted(keys, packed(rows))]
        while len(runs) > 1 and _is_due(runs[-2], runs[-1]):
            runs[-2:] = [_joined(runs[-2], runs[-1])]
        return type(self)(self.schema, tuple(runs))

    def of(self, keys: Iterable[int], columns: Sequence[str] = ()) -> pa.Table:
        """The rows under some keys, as they are kept; all columns if none is named."""
        wanted = np.array(sorted(set(keys)), np.int64)
        names = list(columns) or self.schema.names
        found = [piece for run in self.runs if (piece := _cut(run, wanted, names)).num_rows]
        if not found:
            return pa.schema([_kept_as(self.schema.field(name)) for name in names]).empty_table()
        return pa.concat_tables(found)

    def count(self, keys: Iterable[int]) -> int:
        """How many rows stand under some keys."""
        wanted = np.array(sorted(set(keys)), np.int64)
        return sum(
            int((run.keys.searchsorted(wanted, "right") - run.keys.searchsorted(wanted)).sum())
            for run in self.runs
        )

    def only(self, stays: Callable[[Ints, pa.Table], Bools]) -> Self:
        """What stays of each run by its keys and rows."""
        kept = [(run, stays(run.keys, run.rows)) for run in self.runs]
        runs = tuple(
            run if mask.all() else _Run(run.keys[mask], _whole(run.rows.filter(pa.array(mask))))
            for run, mask in kept
            if mask.any()
        )
        return type(self)(self.schema, runs)


def _cut(run: _Run, wanted: Ints, names: list[str]) -> pa.Table:
    """The rows of a run under some keys, which are in order."""
    first = run.keys.searchsorted(wanted)
    many = run.keys.searchsorted(wanted, "right") - first
    rows = run.rows.select(names)
    there = np.flatnonzero(many)
    if len(there) <= 1:
        return rows.slice(*((first[there[0]], many[there[0]]) if len(there) else (0, 0)))
    places = np.repeat(first - (np.cumsum(many) - many), many) + np.arange(many.sum())
    return rows.take(pa.array(places))


def _is_due(older: _Run, newer: _Run) -> bool:
    return len(older.keys) <= 2 * len(newer.keys) and len(older.keys) < WHOLE_ROWS


def _sorted(keys: Ints, rows: pa.Table) -> _Run:
    order = np.argsort(keys, kind="stable")
    return _Run(keys[order], _whole(rows.take(pa.array(order))))


def _joined(older: _Run, newer: _Run) -> _Run:
    both = pa.concat_tables([older.rows, newer.rows])
    return _sorted(np.concatenate([older.keys, newer.keys]), both)


def _whole(rows: pa.Table) -> pa.Table:
    return rows.unify_dictionaries().combine_chunks()


# Columns whose texts are few: an identifier kept once each would only cost more.
_FEW = frozenset(
    (
        *("feed", "facility", "concept", "comparator", "ucum_unit", "unit_as_sent", "status"),
        *("not_scored_reason", "abnormal_flag", "value_code", "event", "trigger", "patient_class"),
        *("unit", "room", "bed", "prior_unit", "prior_room", "prior_bed", "code_system", "code"),
        *("code_text", "route", "dose_unit", "rate_unit", "order_control", "order_status"),
        *("ingredient", "ingredient_code", "score", "variant", "state", "state_reason", "sex"),
        *("result_status", "specimen", "reference_range"),
    )
)


def _kept_as(field: pa.Field) -> pa.Field:
    is_few = field.name in _FEW and pa.types.is_string(field.type)
    return pa.field(field.name, pa.dictionary(pa.int32(), pa.string())) if is_few else field


def packed(rows: pa.Table) -> pa.Table:
    """Rows as they are kept: texts that are said often once each."""
    for place, field in enumerate(rows.schema):
        if (kept := _kept_as(field)) is not field:
            rows = rows.set_column(place, kept, rows.column(place).dictionary_encode())
    return rows


def plain(rows: pa.Table) -> pa.Table:
    """Rows with every text spelt out again."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            whole = rows.column(place).cast(field.type.value_type)
            rows = rows.set_column(place, field.name, whole)
    return rows
