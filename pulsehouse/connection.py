"""The analyst's connection: every table, mart and served view at one cut, to be read and no more.

Here: `connect()`, what it shows, and what it refuses. Not here: the sandbox (lakehouse/catalogue),
the served views (orchestration/migration), the data dictionary (dictionary.py).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow as pa

from lakehouse import audit
from lakehouse.batch import BATCH_TABLES
from lakehouse.batch.sepsis import SEPSIS
from lakehouse.batch_reading import attach_marts, attach_zone, stored_marts
from lakehouse.catalogue import LAWS, attach, close_sandbox, quoted_name
from lakehouse.catalogue import query as run_query
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.laws import views
from lakehouse.mart_history import at_one_cut
from lakehouse.settings import Settings
from lakehouse.tables import TABLES, Table
from orchestration.migration.served import show_served
from pulsehouse import dictionary

if TYPE_CHECKING:
    import pandas as pd

ZONES = tuple(dict.fromkeys(table.zone for table in BATCH_TABLES.values()))


class Answer:
    """The rows of one query."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self._rows

    def df(self) -> "pd.DataFrame":
        """The rows as a pandas data frame."""
        return self._rows.to_pandas()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows as tuples."""
        return list(self)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row; None where there is none."""
        return next(iter(self), None)

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return list(self._rows.column_names)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return zip(*(column.to_pylist() for column in self._rows.columns), strict=True)

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def __repr__(self) -> str:
        return repr(self.df())

    def _repr_html_(self) -> str:
        """How a notebook shows the rows."""
        return str(self.df()._repr_html_())


class Connection:
    """A DuckDB in memory over one lake; it holds no lock and writes nothing.

    Schemas: `lake` (also without a name before the table, as `adjudication`), `marts`, `served`,
    those of batch work (`legacy`, `reconciliation`, ...), and `meta`, the data dictionary. What it
    shows stays at one cut as long as it is open.
    """

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        lake: Lake,
        cut: Cut,
        told: Mapping[str, str] | None = None,
    ) -> None:
        self._engine = engine
        self._told = dict(told or {})
        self.lake = lake
        self.cut = cut

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> Answer:
        """Run one reading statement; `parameters` are the values of its `?`.

        Raises:
            QueryError: In one line why not; statements that write are refused.
        """
        self._tell(query)
        return Answer(run_query(self._engine, query, parameters))

    execute = sql

    def _tell(self, query: str) -> None:
        """Make the views of laws that a query names; to plan one costs more than most queries."""
        for name in [name for name in self._told if name in query.lower()]:
            source = self._told.pop(name)
            self._engine.execute(f"create view main.{quoted_name(name)} as from lake.{source}")

    def close(self) -> None:
        """Let go of the engine's memory."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connect(
    lake: Path | str | None = None,
    *,
    at: Cut | None = None,
    identified: bool = False,
) -> Connection:
    """Open a lake for analysis, as `pulsehouse sql` does.

    Example:
        >>> import pulsehouse
        >>> house = pulsehouse.connect("demo-lake")  # doctest: +SKIP
        >>> house.sql("select rule, count(*) from alerts group by rule").df()  # doctest: +SKIP

    Args:
        lake: The lake's directory; that of the settings where None.
        at: The cut to read the stream's tables at; the newest where None.
        identified: Also show names and raw messages. Opening them is written to the audit first.

    Raises:
        LakehouseError: There is no lake, or its audit cannot be written; the message says what to
            do.
    """
    settings = Settings.load()
    opened = Lake.open(settings.lake if lake is None else Path(lake), create=False)
    if identified:
        audit.record(opened, audit.Read("connect", restricted()))
    return open_connection(opened, settings, at=at, identified=identified)


def open_connection(
    lake: Lake, settings: Settings, *, at: Cut | None = None, identified: bool = False
) -> Connection:
    """The connection itself; whoever shows identified tables has written it to the audit before."""
    cut = cut_now(lake) if at is None else at
    engine = duckdb.connect()
    engine.execute("set TimeZone = 'UTC'")
    shown = readable(identified=identified)
    _show(engine, lake, settings, shown, cut)
    folders = [lake.path(table) for table in (*shown, *BATCH_TABLES.values())]
    close_sandbox(engine, [*folders, *stored_marts(lake)])
    told = views(LAWS, [table.name for table in shown])
    return Connection(engine, lake, cut, dict(told))


def readable(*, identified: bool) -> list[Table]:
    """The tables to show: names, identifiers and raw messages only when asked for."""
    return [table for table in TABLES.values() if identified or table.phi != "identified"]


def restricted() -> tuple[str, ...]:
    """The names of the tables that identify patients."""
    return tuple(table.name for table in TABLES.values() if table.phi == "identified")


def _show(
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    settings: Settings,
    shown: Sequence[Table],
    cut: Cut,
) -> None:
    attach(engine, lake, "lake", tables=shown, at=cut)
    for table in shown:
        name = quoted_name(table.name)
        engine.execute(f"create view main.{name} as from lake.{name}")
    versions = at_one_cut(lake)
    attach_marts(engine, lake, {mart: found.version for mart, found in versions.items()})
    for zone in ZONES:
        attach_zone(engine, lake, zone)
    for table in SEPSIS:
        name = quoted_name(table.name)
        engine.execute(f"create view main.{name} as from {quoted_name(table.zone)}.{name}")
    show_served(engine, lake, settings)
    dictionary.show(engine, lake, shown, versions, json.dumps(cut.to_json()))
    # The laws' macros, such as `active_medications_at(t)`, are found without their schema.
    engine.execute("set search_path = 'main,lake'")
