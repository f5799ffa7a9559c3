"""Replacing rows of the tables that batch work makes.

Here: a relation of an engine as the new rows of a Delta table or of some of its partitions, on the
disk when it returns; readers see the old rows or the new ones. Not here: the tables that the stream
appends to (appends.py), ledgers (ledgers.py), or what the rows say.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import DeltaError

from lakehouse import durable
from lakehouse.catalogue import quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.mart_history import cut_of
from lakehouse.tables import Table
from lakehouse.writers import PROPERTIES, SKIPPED_BY, reason

# Rows leave the engine in batches of so many: more is faster, and takes more memory.
BATCH_ROWS = 50_000
# How often a publication is tried anew when others store the same table in the meantime.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Publication:
    """One build of one mart.

    `key` is the order in which rows are stored, so that equal rows make equal files. `partitions`
    names the values of `partition_by` that are replaced, with or without new rows; the whole table
    where it is None. `cut` is the line through the stream's tables that was read, as JSON; rows of
    a later one are replaced only `backwards`.
    """

    model: str
    invocation: str
    key: tuple[str, ...]
    partition_by: str | None = None
    partitions: tuple[str, ...] | None = None
    cut: str | None = None
    backwards: bool = False

    def __post_init__(self) -> None:
        """Refuse what would replace other rows than were meant."""
        if not self.key:
            msg = f"model `{self.model}` names no unique_key: a mart is stored in the order of one"
            raise ValueError(msg)
        if self.partitions is not None and self.partition_by is None:
            msg = f"model `{self.model}` names partitions to replace and no column partition_by"
            raise ValueError(msg)


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
    for _ in range(ATTEMPTS):
        before = _version(path)
        _refuse_older(path, before, publication)
        known = None if before < 0 else DeltaTable(str(path))
        try:
            _overwrite(path, known, _rows(connection, relation, publication), publication)
        except (DeltaError, OSError) as error:
            if _version(path) > before:
                # Another build stored it while ours was writing: what it left is replaced in turn.
                continue
            # The cause is dropped on purpose: its text may print rows.
            why = f"{reason(error)}; run it again"
            msg = f"could not store mart `{publication.model}` in {path}: {why}"
            raise AppendError(msg) from None
        durable.sync_commits(path, range(before + 1, _version(path) + 1))
        if known is None:
            durable.sync(path.parent.parent)
        return
    msg = (
        f"could not store mart `{publication.model}` in {path}: other builds stored it"
        f" {ATTEMPTS} times meanwhile; let them end, then run it again"
    )
    raise AppendError(msg)


def _version(path: Path) -> int:
    return DeltaTable(str(path)).version() if DeltaTable.is_deltatable(str(path)) else -1


def _refuse_older(path: Path, version: int, publication: Publication) -> None:
    """A mart is not taken back to an earlier cut unless that is asked for."""
    stored = cut_of(path, version) if version >= 0 else None
    if stored is None or publication.cut is None or publication.backwards:
        return
    ours = _cut(publication.cut)
    if any(ours.get(place, -1) < reached for place, reached in _cut(stored).items()):
        msg = (
            f"mart `{publication.model}` shows the lake at a later cut than this build reads;"
            " build at the newest cut, or go back on purpose with --vars 'backwards: true'"
        )
        raise AppendError(msg)


def _cut(text: str) -> Cut:
    return Cut.from_json(json.loads(text))


def replace_rows(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: Table,
    relation: str,
    *,
    run: str,
    partitions: tuple[str, ...] | None = None,
    cut: str | None = None,
) -> None:
    """Replace a batch table, or some of its partitions, by a relation's rows.

    Args:
        connection: Where the relation lives.
        lake: The lake, open for writing.
        table: The contract; the relation has its columns, in its types and order.
        relation: The relation as SQL names it.
        run: What wrote the rows, for the table's history.
        partitions: The values of `table.partition_by` to replace; the whole table where None.
        cut: The cut that the rows were made at, as JSON, for the table's history.

    Raises:
        ValueError: The relation's columns are not the contract's; the message names them.
        AppendError: It could not be stored; the table is as it was.
    """
    _refuse_other_columns(connection, table, relation)
    path = lake.path(table)
    publish(
        connection,
        relation,
        path,
        Publication(table.name, run, table.key, table.partition_by, partitions, cut),
    )


def _refuse_other_columns(
    connection: duckdb.DuckDBPyConnection, table: Table, relation: str
) -> None:
    found = connection.execute(f"from {relation} limit 0").to_arrow_table().schema
    given = [(field.name, field.type) for field in found]
    wanted = [(field.name, field.type) for field in table.schema]
    if given != wanted:
        named = ", ".join(f"{name} {type_}" for name, type_ in given if (name, type_) not in wanted)
        lacking = ", ".join(
            f"{name} {type_}" for name, type_ in wanted if (name, type_) not in given
        )
        msg = (
            f"rows for table `{table.name}` are not of its contract:"
            f" lacking [{lacking}], not wanted [{named}]"
        )
        raise ValueError(msg)


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
        commit_properties=CommitProperties(custom_metadata=_history(publication)),
    )


def _history(publication: Publication) -> dict[str, str]:
    """What the table's own history says of this build."""
    told = {"model": publication.model, "invocation": publication.invocation}
    return told if publication.cut is None else told | {"cut": publication.cut}


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
