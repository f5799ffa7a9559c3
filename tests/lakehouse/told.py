"""Messages as a connection shows them: decoded, normalised and laid into tables, with the laws.

Here: HL7 v2 messages in the order in which they arrive, an hour apart from noon unless a test says
when. Not here: the lake on a disk (conftest.py).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from clinical.normalise import normalise
from clinical.wire import decode
from clinical.wire.profile import CodeRule, FeedProfile
from lakehouse import identities, medications, observations, orders
from lakehouse.laws import install, views
from lakehouse.tables import TABLES

LAWS = (identities.LAW, observations.LAW, orders.LAW, medications.LAW)
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
WARD = FeedProfile("ward", codes={("L", "K"): CodeRule("potassium", unit="mmol/L")})
TIMES = pa.timestamp("us", tz="UTC")


def message(kind: str, at: str, *segments: str, patient: str = "1") -> bytes:
    """One message sent at a time of the first of June, as `0830`."""
    head = f"MSH|^~\\&|LAB|H|||202406{at if len(at) == 6 else '01' + at}||{kind}|C|P|2.5"
    return "\r".join([head, f"PID|||{patient}^^^H^MR", *segments]).encode()


def shown(messages: Sequence[bytes], feeds: Sequence[str] = ()) -> duckdb.DuckDBPyConnection:
    """A connection over the facts of messages in the order in which they came."""
    received = pa.array([NOON + timedelta(days=2, hours=n) for n in range(len(messages))], TIMES)
    facts = normalise(decode(pa.array(messages, pa.binary()), WARD), received, WARD)
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; create schema lake")
    for name, table in TABLES.items():
        rows = (
            _placed(facts[name], received, feeds) if name in facts else table.schema.empty_table()
        )
        kept = rows.select([column for column in table.schema.names if column in rows.column_names])
        connection.register("rows", table.schema.empty_table())
        connection.execute(f"create table lake.{name} as from rows")
        connection.register("rows", kept)
        connection.execute(f"insert into lake.{name} by name from rows")
    for law in LAWS:
        install(connection, law, "lake", tuple(TABLES))
    for name, question in views(LAWS, tuple(TABLES)):
        connection.execute(f"create view {name} as from lake.{question}")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a question."""
    return connection.execute(sql).fetchall()


def _placed(rows: pa.Table, received: pa.Array, feeds: Sequence[str]) -> pa.Table:
    message = rows["message"].combine_chunks()
    count = len(rows)
    came_by = pa.array(feeds or ["ward"] * len(received), pa.string())
    columns = {
        "feed": came_by.take(message),
        "partition": pa.array([0] * count, pa.int32()),
        "offset": message.cast(pa.int64()),
        "received_at": received.take(message),
        "received_date": received.take(message).cast(pa.date32()),
    }
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows
