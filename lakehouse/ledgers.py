"""Appending to a ledger: rows that decide something, one after the other, never two for one place.

Here: one numbered append per line of a ledger, on the disk when it returns. Not here: what a ledger
says (orchestration/), or the stream's appends (appends.py).
"""

import os

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from lakehouse import durable
from lakehouse.appends import step_back
from lakehouse.errors import AppendError, LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.tables import Table
from lakehouse.writers import PROPERTIES, forget, reason, writer

ATTEMPTS = 20


def append_entry(lake: Lake, table: Table, line: str, number: int, rows: pa.Table) -> None:
    """Append the entry with this number to a line of a ledger.

    Of two that append the same number one succeeds: the other has to read again what the line says
    now, and decide again.

    Args:
        lake: The lake, open for writing.
        table: The ledger's contract.
        line: What is decided upon, such as a job.
        number: The entry's place in its line, from 1.
        rows: The entry, with the contract's columns.

    Raises:
        LedgerMovedError: The line has an entry with this number already.
        AppendError: It could not be stored; nothing was.
    """
    rows = table.conform(rows)
    # A lake that was opened for reading is written here too, by the audit: for its user alone.
    os.umask(0o077)
    transaction = Transaction(line, number)
    try:
        _append(lake, table, rows, transaction)
    except (DeltaError, OSError) as error:
        forget(lake, table)
        # The cause is dropped on purpose: its text may print rows.
        msg = f"could not append to `{table.name}` in {lake.root}: {reason(error)}; try again"
        raise AppendError(msg) from None


def _append(lake: Lake, table: Table, rows: pa.Table, transaction: Transaction) -> None:
    lake.path(table).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        if not lake.has(table) and not _created(lake, table):
            step_back(attempt)
            continue
        # A ledger is small: a fresh handle costs little, and two threads never share one.
        handle = DeltaTable(str(lake.path(table)))
        before = handle.version()
        if (handle.transaction_version(transaction.app_id) or 0) >= transaction.version:
            msg = (
                f"`{transaction.app_id}` in `{table.name}` has moved on since it was read;"
                " look at it again, then decide"
            )
            raise LedgerMovedError(msg)
        try:
            write_deltalake(
                handle,
                rows,
                mode="append",
                writer_properties=PROPERTIES,
                commit_properties=CommitProperties(app_transactions=[transaction]),
            )
        except CommitFailedError:
            step_back(attempt)
            continue
        durable.sync_commits(lake.path(table), range(before + 1, handle.version() + 1))
        return
    msg = f"{ATTEMPTS} attempts lost the race"
    raise CommitFailedError(msg)


def _created(lake: Lake, table: Table) -> bool:
    try:
        writer(lake, table)
    except CommitFailedError:
        # Another process creates it at this moment.
        return False
    return True
