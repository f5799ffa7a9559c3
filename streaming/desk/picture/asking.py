"""The laws of the lake, asked of one patient's rows.

Here: engines in memory in which the laws stand ready over small tables, and asking them. Not here:
a law (lakehouse/laws.py installs them as they are), or which rows they are asked of (person.py).

Planning a law takes 25 to 150 ms, running it over one patient a few: so each is planned once and
then only run. Its moment is a row, for a parameter would be planned anew. Where the ledger of
identities says nothing of a patient, it stands empty by its very text, and the engine leaves out
two thirds of the work. What is asked is never committed, and leaves nothing behind.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from queue import LifoQueue
from typing import Any, Final

import duckdb
import pyarrow as pa

from lakehouse import encounters, identities, medications, observations
from lakehouse.catalogue import quoted_name
from lakehouse.laws import install
from lakehouse.tables import IDENTITY_EVENTS
from streaming.desk.picture.kept import KEPT

LAWS: Final = (identities.LAW, encounters.LAW, observations.LAW, medications.LAW)
TABLES: Final = tuple(dict.fromkeys(name for law in LAWS for name in law.needs))
# The rows that an engine is given are what was known: no law need look at when they came.
QUESTIONS: Final[Mapping[str, str]] = {
    "orders": "from {schema}.medication_orders_at((select t from named.asked), null)",
    "stays": "from {schema}.location_stays_as_known(null)",
    "results": "from {schema}.current_observations_as_known(null)",
}
ENGINES: Final = 2
_OF_THE_ROWS: Final = "statistics_propagation,compressed_materialization"
_NAMED, _ALONE = "named", "alone"


class _Engine:
    """A database in memory with the laws in it, for one thread at a time."""

    def __init__(self) -> None:
        config: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": False}
        self._engine = duckdb.connect(config=config)
        self._ready: set[str] = set()
        self._engine.execute("set TimeZone = 'UTC'")
        # A plan outlives the rows that it was made for: it must not rest on what they were.
        self._engine.execute(f"set disabled_optimizers = '{_OF_THE_ROWS}'")
        for schema in (_NAMED, _ALONE):
            self._engine.execute(f"create schema {schema}")
        self._engine.execute(f"create table {_NAMED}.asked (t timestamptz)")
        for name in TABLES:
            self._add(name)
        for law in LAWS:
            for schema in (_NAMED, _ALONE):
                install(self._engine, law, schema, TABLES)

    def ask(self, question: str, facts: Mapping[str, pa.Table], at: datetime) -> pa.Table:
        ledger = facts.get(IDENTITY_EVENTS.name)
        schema = _NAMED if ledger is not None and ledger.num_rows else _ALONE
        prepared = self._prepared(question, schema)
        self._engine.execute("begin")
        try:
            self._engine.execute(f"insert into {_NAMED}.asked values (?)", [at])  # noqa: S608
            for name, rows in facts.items():
                self._fill(name, rows)
            return self._engine.execute(f"execute {prepared}").to_arrow_table()
        finally:
            self._engine.execute("rollback")

    def close(self) -> None:
        self._engine.close()

    def _add(self, name: str) -> None:
        self._engine.register("shape", KEPT[name].schema.empty_table())
        table = quoted_name(name)
        self._engine.execute(f"create table {_NAMED}.{table} as from shape")
        known = "where false" if name == IDENTITY_EVENTS.name else ""
        self._engine.execute(f"create view {_ALONE}.{table} as from {_NAMED}.{table} {known}")

    def _prepared(self, question: str, schema: str) -> str:
        name = f"{question}_{schema}"
        if name not in self._ready:
            sql = QUESTIONS[question].replace("{schema}", schema)
            self._engine.execute(f"prepare {name} as {sql}")
            self._ready.add(name)
        return name

    def _fill(self, name: str, rows: pa.Table) -> None:
        if rows.num_rows:
            self._engine.register("given", rows)
            self._engine.execute(f"insert into {_NAMED}.{quoted_name(name)} by name from given")


class Laws:
    """Some engines; as many threads ask at once, others wait their turn."""

    def __init__(self, engines: int = ENGINES) -> None:
        """Start none yet: the first that asks does."""
        self._idle: LifoQueue[_Engine | None] = LifoQueue()
        for _ in range(engines):
            self._idle.put(None)

    def ask(self, question: str, facts: Mapping[str, pa.Table], at: datetime) -> pa.Table:
        """The answer to one of QUESTIONS at a moment, of these rows and no others."""
        with self._engine() as engine:
            return engine.ask(question, facts, at)

    def close(self) -> None:
        """Let go of the engines that are idle."""
        for _ in range(self._idle.qsize()):
            if (engine := self._idle.get()) is not None:
                engine.close()

    @contextmanager
    def _engine(self) -> Iterator[_Engine]:
        engine = self._idle.get()
        try:
            engine = engine or _Engine()
            yield engine
        finally:
            self._idle.put(engine)
