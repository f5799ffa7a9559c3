"""Appending rows exactly once.

Here: the compare-and-set that drops rows a table already has, the commit, and its force onto the
disk. Not here: which rows and when (streaming/), joining small files (compaction.py), or reading
(catalogue.py).

A Delta transaction does not de-duplicate by itself: only two stale handles that race are refused.
So the transaction's version is read from the same handle that commits, and whoever loses the race
reads it anew. So does whoever was told of a failure: a commit may have been made all the same.
"""

import os
import time

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from lakehouse.errors import AppendError
from lakehouse.failpoints import reach
from lakehouse.lake import Lake
from lakehouse.shortening import shorten
from lakehouse.stamps import Stamp
from lakehouse.tables import RAW_MESSAGES, Table
from lakehouse.writers import PROPERTIES, forget, reason, standing, sync_since, writer

ATTEMPTS = 20
BACK_OFF_SECONDS = 0.01


def append(  # noqa: PLR0917 the seam that the design names, in its order
    lake: Lake,
    table: Table,
    feed: str,
    partition: int,
    rows: pa.Table,
    upto: int,
    *,
    line: str = "",
    stamp: Stamp | None = None,
) -> int:
    """Append the rows of one feed partition that the table does not have yet; return how many.

    On return they are on the disk. A row is known by its offset: rows at or below the offset that
    the table has reached are dropped, so appending the same rows again adds nothing. No rows, no
    commit.

    Args:
        lake: The lake, open for writing.
        table: The table's contract; the table is created by its first row.
        feed: The feed of all rows.
        partition: The partition of all rows.
        rows: Rows with the contract's columns; casts that would lose anything are refused.
        upto: The offset the table has reached with these rows; no row may lie beyond it.
        line: Where one partition's rows reach the table in several lines, each in order for
            itself, the name of this one.
        stamp: When the rows were learnt; a commit of `raw_messages` says it.

    Raises:
        ValueError: The rows break the contract, belong to another partition, or lie beyond `upto`.
        AppendError: They could not be committed or forced onto the disk; append them again.
    """
    rows = table.conform(rows)
    if not rows.num_rows:
        return 0
    _check_source(table, feed, partition, rows, upto)
    transaction = Transaction(f"{feed}/{partition}/{line}" if line else f"{feed}/{partition}", upto)
    try:
        return _compare_and_commit(lake, table, rows, transaction, stamp)
    except (DeltaError, OSError) as error:
        forget(lake, table)
        msg = (
            f"could not append to table `{table.name}` in {lake.root}: {reason(error)};"
            " mend that and append the same rows again, none will be stored twice"
        )
        # The cause is dropped on purpose: its text may print rows.
        raise AppendError(msg) from None


def _compare_and_commit(
    lake: Lake, table: Table, rows: pa.Table, transaction: Transaction, stamp: Stamp | None
) -> int:
    known = writer(lake, table).version()
    for attempt in range(ATTEMPTS):
        handle = writer(lake, table)
        fresh = _beyond(rows, handle.transaction_version(transaction.app_id))
        if not fresh.num_rows:
            # After a lost race it may be our own commit that is there already.
            sync_since(lake, table, known)
            return 0
        reach("lake.before_commit")
        try:
            _commit(lake, table, fresh, transaction, stamp)
        except CommitFailedError:
            lake.on_retry(table.name)
            step_back(attempt)
            handle.update_incremental()
            continue
        reach("lake.committed")
        sync_since(lake, table, known)
        shorten(lake, table, handle.version())
        reach("lake.synced")
        return int(fresh.num_rows)
    msg = f"{ATTEMPTS} attempts lost the race"
    raise CommitFailedError(msg)


def _commit(
    lake: Lake, table: Table, rows: pa.Table, transaction: Transaction, stamp: Stamp | None
) -> None:
    """Commit; an error is passed on only once a fresh look at the log says that nothing came."""
    told = None
    if table.name == RAW_MESSAGES.name:
        told = standing(lake) | ({} if stamp is None else stamp.told())
    try:
        write_deltalake(
            writer(lake, table),
            rows,
            mode="append",
            writer_properties=PROPERTIES,
            commit_properties=CommitProperties(
                app_transactions=[transaction], custom_metadata=told
            ),
        )
    except CommitFailedError:
        raise
    except (DeltaError, OSError):
        # What follows a commit may fail, such as its checkpoint, and a commit's answer get lost.
        forget(lake, table)
        found = writer(lake, table).transaction_version(transaction.app_id)
        if found is None or found < transaction.version:
            raise


def _beyond(rows: pa.Table, reached: int | None) -> pa.Table:
    if reached is None or pc.min(rows["offset"]).as_py() > reached:
        return rows
    return rows.filter(pc.greater(rows["offset"], reached))


def _check_source(table: Table, feed: str, partition: int, rows: pa.Table, upto: int) -> None:
    same = pc.and_(pc.equal(rows["feed"], feed), pc.equal(rows["partition"], partition))
    if not pc.all(same).as_py():
        msg = f"rows for table `{table.name}` come from other places than {feed}/{partition}"
        raise ValueError(msg)
    if (last := pc.max(rows["offset"]).as_py()) > upto:
        msg = f"rows for table `{table.name}` reach offset {last}, beyond the {upto} to commit"
        raise ValueError(msg)


def step_back(attempt: int) -> None:
    """Wait a little after a lost race, longer after each."""
    # Two racing processes have different numbers, and so step back for different times.
    time.sleep(BACK_OFF_SECONDS * (attempt + 1) * (1 + os.getpid() % 8 / 8))
