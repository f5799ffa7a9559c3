"""Appending numbered rows exactly once: those that a table has already are left out.

Here: the compare-and-set for rows whose writer numbers them without gaps, and the commit, on the
disk when it returns. Not here: the stream's appends, which know their rows by offset (appends.py),
or ledgers, in which a number decides something (ledgers.py).
"""

import os

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from lakehouse import durable
from lakehouse.appends import ATTEMPTS, step_back
from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.shortening import shorten
from lakehouse.tables import Table
from lakehouse.writers import PROPERTIES, forget, reason, writer


def reached(lake: Lake, table: Table, line: str) -> int:
    """The newest number of a line that the table has; 0 where it has none."""
    if not lake.has(table):
        return 0
    return DeltaTable(str(lake.path(table))).transaction_version(line) or 0


def append_numbered(lake: Lake, table: Table, line: str, rows: pa.Table) -> int:
    """Append those rows of a line that the table does not have yet; gives how many.

    Args:
        lake: The lake, open for writing.
        table: The contract; its column `number` numbers a line's rows.
        line: Whose numbers they are.
        rows: Rows with the contract's columns, all of this line, in the order of their numbers.

    Raises:
        ValueError: The rows break the contract.
        AppendError: They could not be committed; append them again, none will be stored twice.
    """
    rows = table.conform(rows)
    if not rows.num_rows:
        return 0
    os.umask(0o077)
    try:
        return _append(lake, table, line, rows)
    except (DeltaError, OSError) as error:
        forget(lake, table)
        # The cause is dropped on purpose: its text may print rows.
        msg = f"could not append to `{table.name}` in {lake.root}: {reason(error)}; try again"
        raise AppendError(msg) from None


def _append(lake: Lake, table: Table, line: str, rows: pa.Table) -> int:
    lake.path(table).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        try:
            writer(lake, table)
            # Read and committed by one handle: another's commit between the two is a conflict.
            handle = DeltaTable(str(lake.path(table)))
            before = handle.version()
            fresh = rows.filter(pc.field("number") > (handle.transaction_version(line) or 0))
            if fresh.num_rows:
                _commit(handle, fresh, Transaction(line, pc.max(rows["number"]).as_py()))
        except CommitFailedError:
            step_back(attempt)
            continue
        durable.sync_commits(lake.path(table), range(before + 1, handle.version() + 1))
        shorten(lake, table, handle.version())
        return int(fresh.num_rows)
    msg = f"{ATTEMPTS} attempts lost the race"
    raise CommitFailedError(msg)


def _commit(handle: DeltaTable, rows: pa.Table, transaction: Transaction) -> None:
    write_deltalake(
        handle,
        rows,
        mode="append",
        writer_properties=PROPERTIES,
        commit_properties=CommitProperties(app_transactions=[transaction]),
    )
