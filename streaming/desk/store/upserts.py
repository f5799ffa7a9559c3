"""Inserting what is not there yet, in either engine.

Here: `insert ... on conflict do nothing`, in chunks that every engine takes. Not here: what is
inserted.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from streaming.desk.store.writing import SQLITE

T = TypeVar("T")
# Fewer bound values than the least limit of any engine (SQLite before 3.32: 999).
CHUNK: Final = 500


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is there already are left out."""
    if not rows:
        return
    if connection.dialect.name == SQLITE:
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)
    else:
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Values in lists of a size that one statement takes."""
    following = iter(values)
    while found := list(islice(following, size)):
        yield found
