"""Transactions over the desk's store.

Here: the one way to write and the one way to read. Not here: what is written (cases.py, workers.py
and others), or the engine itself (opening.py).

SQLite lets one writer in at a time and makes others guess when to come again; within a process they
queue at a lock instead. A transaction that will write says so at its beginning: one that found out
later could be refused for what it had read.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

SQLITE: Final = "sqlite"
_WRITES: Final = "pulsehouse_writes"
_turns: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()
_making = threading.Lock()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: committed at the end, undone where an error leaves it."""
    with ExitStack() as held:
        if engine.dialect.name == SQLITE:
            held.enter_context(_turn(engine))
        connection = held.enter_context(engine.connect())
        connection = connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads: what it sees is of one moment, and nobody waits for it."""
    with engine.connect() as connection, connection.begin():
        yield connection


def begin(connection: Connection) -> None:
    """Begin a transaction of SQLite as what it was opened for."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _turn(engine: Engine) -> threading.Lock:
    with _making:
        return _turns.setdefault(engine, threading.Lock())
