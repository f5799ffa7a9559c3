"""Lakes of a few messages, for tests of the picture.

Here: messages laid into the tables of a real lake, in as many commits as a test likes. Not here:
the messages themselves (tests/lakehouse/told.py has HL7 v2 ones).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from clinical.detection.batch_clock import BatchClock
from clinical.normalise import normalise
from clinical.wire import decode
from lakehouse.appends import append
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES, TABLES
from streaming.desk.picture.asking import Laws
from streaming.desk.picture.mirror import Mirror
from streaming.desk.picture.picture import Picture
from tests.lakehouse.told import WARD

# Laws take half a second to stand ready: once for all tests of a process.
_LAWS = Laws()
TIMES = pa.timestamp("us", tz="UTC")


def picture_of(lake: Lake, now: datetime) -> Picture:
    """A picture that has taken in what a lake holds."""
    found = Picture(lake, BatchClock(), Mirror(lake), _LAWS)
    found.keep_up(now)
    return found


def tell(lake: Lake, messages: Sequence[bytes], received: Sequence[datetime], first: int) -> None:
    """Commit messages as the stream does: the facts first, `raw_messages` last."""
    tell_facts(lake, messages, received, first)
    tell_messages(lake, received, first)


def tell_facts(
    lake: Lake, messages: Sequence[bytes], received: Sequence[datetime], first: int
) -> None:
    """Commit the facts alone, as where the stream stands between two tables."""
    times = pa.array(received, TIMES)
    facts = normalise(decode(pa.array(messages, pa.binary()), WARD), times, WARD)
    for name, rows in facts.items():
        if name in TABLES and rows.num_rows:
            placed = _placed(name, rows, times, first)
            append(lake, TABLES[name], "ward", 0, placed, first + len(messages) - 1)


def tell_messages(lake: Lake, received: Sequence[datetime], first: int) -> None:
    """Commit the messages themselves, which lets the cut move on."""
    count = len(received)
    rows = {
        "feed": ["ward"] * count,
        "partition": [0] * count,
        "offset": list(range(first, first + count)),
        "row": [0] * count,
        "received_at": list(received),
        "received_date": [time.date() for time in received],
        "disposition": ["parsed"] * count,
    }
    append(
        lake, RAW_MESSAGES, "ward", 0, _table(RAW_MESSAGES.schema, rows, count), first + count - 1
    )


def _placed(name: str, rows: pa.Table, received: pa.Array, first: int) -> pa.Table:
    message = rows["message"].combine_chunks()
    count = rows.num_rows
    columns = {column: rows[column] for column in rows.column_names} | {
        "feed": ["ward"] * count,
        "partition": [0] * count,
        "offset": [first + number for number in message.to_pylist()],
        "received_at": received.take(message),
        "received_date": received.take(message).cast(pa.date32()),
    }
    return _table(TABLES[name].schema, columns, count)


def _table(schema: pa.Schema, columns: Mapping[str, object], count: int) -> pa.Table:
    return pa.table([_column(columns.get(f.name), f.type, count) for f in schema], schema)


def _column(values: object, kind: pa.DataType, count: int) -> pa.Array | pa.ChunkedArray:
    if values is None:
        return pa.nulls(count, kind)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, kind)
