"""Score rows: what the engine found, in the columns of the `scores` table.

Here: the stored form. Not here: any decision. The contract itself is lakehouse/tables.py.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.scoring.columns import STATES
from clinical.scoring.engine import Moments, Scored
from clinical.scoring.inputs import WORKED_OUT
from clinical.scoring.memory import CONCEPT_NAMES, Stack

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_UTC = pa.timestamp("us", tz="UTC")
# Concept numbers from -2 down are those of values that were worked out.
_CONCEPTS = (*CONCEPT_NAMES, *WORKED_OUT)


class Sources(Protocol):
    """What resolves the rows that readings name."""

    @property
    def stack(self) -> Stack:
        """All rows."""

    @property
    def origins(self) -> Sequence[tuple[str, int]]:
        """The feed and partition of each number."""


PROVENANCE = ("feed", "partition", "offset", "received_at", "facility")


def score_rows(
    moments: Moments, scored: Sequence[Scored], signals: pa.Table, rules_version: str
) -> pa.Table:
    """Rows of the `scores` table, without received_date; grouped by score, numbered by message.

    Columns of all scores are joined before Arrow sees them: a small batch is not slowed by calls.
    """
    at = np.concatenate([one.at for one in scored])
    rank = np.repeat(np.arange(len(scored)), [len(one.at) for one in scored])
    first = pa.array(moments.first[at])
    columns = assessed_columns(moments, scored, rank)
    for name in PROVENANCE:
        column = signals[name].combine_chunks()
        told = column.dictionary_encode() if column.type == pa.string() else column
        columns[name] = told.take(first)
    columns["patient_id"] = moments.patient.take(pa.array(at))
    columns["encounter_id"] = moments.encounter.take(pa.array(at))
    columns["row"] = pa.array(numbers(moments.message[at], at, rank), pa.int32())
    columns["rules_version"] = _repeated(rules_version, len(at))
    return pa.table(columns)


def numbers(message: Ints, *order: Ints) -> Ints:
    """Place of each row within its message, counted from 0 in the given order of importance."""
    by = np.lexsort((*reversed(order), message))
    starts = np.flatnonzero(np.diff(message[by], prepend=-1))
    place = np.empty(len(by), np.int64)
    lengths = np.diff(np.append(starts, len(by)))
    place[by] = np.arange(len(by)) - np.repeat(starts, lengths)
    return place


def assessed_columns(sources: Sources, scored: Sequence[Scored], rank: Ints) -> dict[str, pa.Array]:
    """What was found, of all scores one after the other; `rank` is the score of each row."""
    singles = [_single(one) for one in scored]
    effective = _each(scored, "effective")
    known = [
        np.array([part.known for part in one.assessed.components])[:, one.at] for one in scored
    ]
    return {
        "score": _words(rank, [one.assessed.score.name for one in scored]),
        "variant": _words(rank, [one.assessed.score.variant for one in scored]),
        "state": _words(_each(scored, "state"), STATES),
        "state_reason": _reasons(scored),
        "observed": _numbers(_each(scored, "observed")),
        "lowest": _numbers(_each(scored, "lowest")),
        "highest": _numbers(_each(scored, "highest")),
        "missing": _missing(scored, known),
        "has_single_3": pa.array(
            np.concatenate([said for said, _ in singles]),
            mask=np.concatenate([silent for _, silent in singles]),
        ),
        "oldest_input_minutes": _numbers(_each(scored, "oldest_minutes")),
        "effective_at": pa.array(effective, pa.int64(), mask=effective < _LONG_AGO).cast(_UTC),
        "components": _components(sources, scored, known),
    }


def _each(scored: Sequence[Scored], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(one.assessed, name)[one.at] for one in scored])


def _single(scored: Scored) -> tuple[Bools, Bools]:
    """Whether 3 points stand in one parameter, and where a score has no such thing."""
    said = scored.assessed.has_single_3
    if said is None:
        return np.zeros(len(scored.at), np.bool_), np.ones(len(scored.at), np.bool_)
    return said[scored.at], np.zeros(len(scored.at), np.bool_)


def _reasons(scored: Sequence[Scored]) -> pa.Array:
    """The scores number reasons each in their own list; here they have one."""
    words = list(dict.fromkeys(word for one in scored for word in one.assessed.reasons))
    number = [
        np.array([words.index(word) for word in one.assessed.reasons])[one.assessed.reason[one.at]]
        for one in scored
    ]
    return _words(np.concatenate(number), words)


def _words(number: Ints, words: Sequence[str | None]) -> pa.Array:
    """Words by their numbers, kept as numbers until the writer's thread spells them out."""
    indices = number.astype(np.int16)
    told = pa.array(indices)
    if None in words:
        none = np.array([word is None for word in words])
        told = pa.array(indices, mask=none[number])
    return pa.DictionaryArray.from_arrays(told, _dictionary(tuple(words)))


@lru_cache(maxsize=256)
def _dictionary(words: tuple[str | None, ...]) -> pa.Array:
    """Words of which there are few kinds of lists."""
    return pa.array([word or "" for word in words], pa.string())


def _repeated(word: str, length: int) -> pa.Array:
    return _words(np.zeros(length, np.int64), [word])


# Before any clinical time: marks a moment at which no input was current.
_LONG_AGO = -(1 << 60)


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _missing(scored: Sequence[Scored], known: Sequence[Bools]) -> pa.Array:
    gone = [~some & one.assessed.applies[one.at] for one, some in zip(scored, known, strict=True)]
    names = [part.parameter for one in scored for part in one.assessed.components]
    return pa.ListArray.from_arrays(
        _offsets(gone), pa.array(names, pa.string()).take(pa.array(_parts(gone)))
    )


def _offsets(present: Sequence[Bools]) -> pa.Array:
    """Where the list of each row ends, given the parts it has: a line per part of a score."""
    ends = np.cumsum(np.concatenate([one.sum(axis=0) for one in present]))
    return pa.array(np.concatenate([[0], ends]), pa.int32())


def _parts(present: Sequence[Bools]) -> Ints:
    """The part of each item of these lists, numbered through all scores."""
    before = np.cumsum([0, *(len(one) for one in present)])
    return np.concatenate(
        [np.nonzero(one.T)[1] + first for one, first in zip(present, before, strict=False)]
    )


def _components(sources: Sources, scored: Sequence[Scored], known: Sequence[Bools]) -> pa.Array:
    parts = [part for one in scored for part in one.assessed.components]
    number = _parts(known)
    fields = {
        "parameter": _words(number, [part.parameter for part in parts]),
        **_readings(sources, scored, known, number),
    }
    struct = pa.StructArray.from_arrays(list(fields.values()), list(fields))
    return pa.ListArray.from_arrays(_offsets(known), struct)


def _readings(
    sources: Sources, scored: Sequence[Scored], known: Sequence[Bools], number: Ints
) -> dict[str, pa.Array]:
    """The readings behind the known parts of every row."""
    parts = [part for one in scored for part in one.assessed.components]
    moment = np.concatenate(
        [one.at[np.nonzero(some.T)[0]] for one, some in zip(scored, known, strict=True)]
    )

    def each(name: str) -> NDArray[Any]:
        every = np.array([getattr(part.reading, name) for part in parts])
        told: NDArray[Any] = every[number, moment]
        return told

    concept = each("concept")
    named = np.where(concept < 0, len(CONCEPT_NAMES) - 2 - concept, concept)
    # A ratio gives no points.
    none = np.zeros(len(parts[0].known), np.int64)
    points = np.array([none if part.points is None else part.points for part in parts])
    pointless = np.array([part.points is None for part in parts])
    given = points[number, moment].astype(np.int16)
    return {
        "concept": _words(named, _CONCEPTS),
        "value": pa.array(each("value"), pa.float64()),
        "points": pa.array(given, pa.int16(), mask=pointless[number]),
        "effective_at": pa.array(each("effective"), pa.int64()).cast(_UTC),
        **source_fields(sources, each("row")),
    }


def source_fields(sources: Sources, row: Ints) -> dict[str, pa.Array]:
    """The stored row each reading came from: feed, partition, offset and row."""
    stack = sources.stack
    origin = pa.array(stack["origin"][row])
    return {
        "feed": _words(
            stack["origin"][row].astype(np.int64), [feed for feed, _ in sources.origins]
        ),
        "partition": pa.array([part for _, part in sources.origins], pa.int32()).take(origin),
        "offset": pa.array(stack["offset"][row]),
        "row": pa.array(stack["row"][row]),
    }


def row_source(moments: Moments, row: int) -> dict[str, object]:
    """The stored row that stands at a place in the stack, for evidence."""
    stack = moments.stack[row]
    feed, partition = moments.origins[stack["origin"]]
    return {
        "feed": feed,
        "partition": partition,
        "offset": int(stack["offset"]),
        "row": int(stack["row"]),
    }
