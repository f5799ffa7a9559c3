"""PyArrow: split strings in columns and explode them.

Here: the decode job. Not here: escapes, repetitions, encodings, errors.
"""

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.peers.decoded import SCHEMA

PACKAGES = ("pyarrow",)


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric OBX of every message."""
    lines = pc.split_pattern(pa.array(messages, pa.binary()).cast(pa.string()), "\r")
    line, owner = lines.flatten(), pc.list_parent_indices(lines)
    patient = _cell(_cut(line.filter(pc.starts_with(line, "PID|"))), 3)
    numeric = pc.match_substring_regex(line, r"^OBX\|[^|]*\|NM\|")
    fields = _cut(line.filter(numeric))
    columns = [
        _first(patient).take(owner.filter(numeric)),
        _first(_cell(fields, 3)),
        _cell(fields, 5).cast(pa.float64()),
        _cell(fields, 6),
        _cell(fields, 14),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _cut(line: pa.Array) -> pa.Array:
    return pc.split_pattern(line, "|")


def _cell(fields: pa.Array, place: int) -> pa.Array:
    return pc.list_element(fields, place)


def _first(cell: pa.Array) -> pa.Array:
    return pc.list_element(pc.split_pattern(cell, "^", max_splits=1), 0)
