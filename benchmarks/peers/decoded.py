"""The messages of the decode job and the rows that they hold.

Here: writing and reading the file of messages, and the rows' shape. Not here: how they are decoded.
Nothing of the product is needed, as a peer's environment has no more than the peer.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("patient", pa.string()),
        ("code", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("time", pa.string()),
    ]
)
Row = tuple[str, str, float, str, str]
# As MLLP ends a message: no byte of one.
_END = b"\x1c"


def write(path: Path, messages: Iterable[bytes]) -> Path:
    """Messages as a file."""
    path.write_bytes(_END.join(messages))
    return path


def read(path: Path) -> list[bytes]:
    """Messages as they were."""
    return path.read_bytes().split(_END)


def table(rows: list[Row]) -> pa.Table:
    """Rows of a decoder that made tuples."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(told, field.type) for told, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
