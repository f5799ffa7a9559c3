"""dbt's way into the lake and out of it: the dbt-duckdb plugin that profiles.yml names.

Here: the lake's tables at one cut as the schema `lake`, the marts there already are, and storing a
model as a Delta table under `<lake>/marts`. Not here: what a model says (dbt_project/), or the
tables that the stream appends to (appends.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import DeltaError

from lakehouse import durable
from lakehouse.catalogue import attach, quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.writers import PROPERTIES, SKIPPED_BY, reason

SOURCES = "lake"
MARTS = "marts"
# A mart leaves the engine in batches of so many rows: more is faster, and takes more memory.
BATCH_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Publication:
    """One build of one mart.

    `key` is the order in which rows are stored, so that equal rows make equal files. `partitions`
    names the values of `partition_by` that are replaced, with or without new rows; the whole table
    where it is None.
    """

    model: str
    invocation: str
    key: tuple[str, ...]
    partition_by: str | None = None
    partitions: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what would replace other rows than were meant."""
        if not self.key:
            msg = f"model `{self.model}` names no unique_key: a mart is stored in the order of one"
            raise ValueError(msg)
        if self.partitions is not None and self.partition_by is None:
            msg = f"model `{self.model}` names partitions to replace and no column partition_by"
            raise ValueError(msg)


class Plugin(BasePlugin):
    """The lake, as dbt-duckdb sees it.

    Configuration: `lake`, its directory, and `cut`, as `Cut.to_json` writes it; the newest where
    that is empty.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the configuration; nothing is opened before dbt connects."""
        self._root = Path(plugin_config["lake"])
        self._cut = _read_cut(plugin_config.get("cut"))
        self._connection: duckdb.DuckDBPyConnection | None = None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Show the lake at the run's cut, and the marts that earlier runs stored."""
        lake = Lake.open(self._root, create=False)
        attach(conn, lake, SOURCES, at=self._cut)
        conn.execute(f"create schema {quoted_name(MARTS)}")
        for path in _stored_marts(lake.root / MARTS):
            _show(conn, path)
        self._connection = conn

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Times are UTC, whatever the machine's zone."""
        cursor.execute("set TimeZone = 'UTC'")

    def store(self, target_config: TargetConfig) -> None:
        """Store a relation as the mart that the configuration names, and show the result."""
        if self._connection is None:
            msg = "dbt stores a model before it has connected"
            raise RuntimeError(msg)
        path = self._root.absolute() / MARTS / target_config.config["model"]
        with self._connection.cursor() as cursor:
            self.configure_cursor(cursor)
            relation = target_config.relation.render()
            publish(cursor, relation, path, _publication(target_config.config))
            _show(cursor, path)


def publish(
    connection: duckdb.DuckDBPyConnection, relation: str, path: Path, publication: Publication
) -> None:
    """Replace a mart, or some of its partitions, by a relation's rows; on return it is on the disk.

    Readers see the old rows or the new ones. Rows stream from the engine to the files.

    Args:
        connection: Where the relation lives.
        relation: The relation as SQL names it.
        path: The mart's directory.
        publication: What is replaced, and in which order rows are stored.

    Raises:
        AppendError: It could not be stored; the mart is as it was.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    known = DeltaTable(str(path)) if DeltaTable.is_deltatable(str(path)) else None
    rows = _rows(connection, relation, publication)
    try:
        _overwrite(path, known, rows, publication)
    except (DeltaError, OSError) as error:
        # The cause is dropped on purpose: its text may print rows.
        msg = f"could not store mart `{publication.model}` in {path}: {reason(error)}; run it again"
        raise AppendError(msg) from None
    before = -1 if known is None else known.version()
    durable.sync_commits(path, range(before + 1, DeltaTable(str(path)).version() + 1))
    if known is None:
        durable.sync(path.parent.parent)


def _overwrite(
    path: Path, known: DeltaTable | None, rows: pa.RecordBatchReader, publication: Publication
) -> None:
    partial = _partial(known, rows.schema, publication)
    write_deltalake(
        str(path),
        rows,
        mode="overwrite",
        schema_mode=None if partial else "overwrite",
        predicate=partial,
        partition_by=[publication.partition_by] if publication.partition_by else None,
        name=publication.model,
        configuration=None if known else _configuration(rows.schema),
        writer_properties=PROPERTIES,
        commit_properties=CommitProperties(
            custom_metadata={"model": publication.model, "invocation": publication.invocation}
        ),
    )


def _partial(known: DeltaTable | None, schema: pa.Schema, publication: Publication) -> str | None:
    """The condition on the rows to replace; None where the whole table is."""
    if publication.partitions is None or publication.partition_by is None or known is None:
        return None
    # The engine would cast to the stored types, and lose what does not fit.
    if known.schema().to_json() != Schema.from_arrow(schema).to_json():
        msg = f"the columns of mart `{publication.model}` have changed: build it without partitions"
        raise AppendError(msg)
    listed = ", ".join(quoted_text(value) for value in publication.partitions)
    return f"{quoted_name(publication.partition_by)} in ({listed})" if listed else "false"


def _rows(
    connection: duckdb.DuckDBPyConnection, relation: str, publication: Publication
) -> pa.RecordBatchReader:
    order = ", ".join(quoted_name(column) for column in publication.key)
    chosen, values = "true", []
    if publication.partitions is not None and publication.partition_by is not None:
        chosen = f"list_contains(?, cast({quoted_name(publication.partition_by)} as varchar))"
        values = [list(publication.partitions)]
    sql = f"select * from {relation} where {chosen} order by {order}"  # noqa: S608 names, quoted
    return connection.execute(sql, values).to_arrow_reader(BATCH_ROWS)


def _configuration(schema: pa.Schema) -> Mapping[str, str | None]:
    # As for the lake's own tables: other columns' least and greatest values may be names.
    skipped_by = [name for name in SKIPPED_BY if name in schema.names]
    if skipped_by:
        return {"delta.dataSkippingStatsColumns": ",".join(skipped_by)}
    return {"delta.dataSkippingNumIndexedCols": "0"}


def _publication(config: Mapping[str, Any]) -> Publication:
    partitions = config.get("partitions")
    return Publication(
        model=config["model"],
        invocation=config["invocation"],
        key=_names(config.get("unique_key")),
        partition_by=config.get("partition_by"),
        partitions=None if partitions is None else tuple(str(value) for value in partitions),
    )


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _stored_marts(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (p for p in sorted(root.iterdir()) if DeltaTable.is_deltatable(str(p)))


def _show(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    view = f"{quoted_name(MARTS)}.{quoted_name(path.name)}"
    source = f"delta_scan({quoted_text(str(path))})"
    connection.execute(f"create or replace view {view} as from {source}")


def _read_cut(given: str | list[dict[str, str | int]] | None) -> Cut | None:
    # dbt hands a text that looks like a list on as a list.
    if not given:
        return None
    return Cut.from_json(json.loads(given) if isinstance(given, str) else given)
