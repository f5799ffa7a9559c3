"""Which version of a feed's profile its messages were read by, written down.

Here: one entry where a partition's version changes. Not here: versions themselves
(feed_versions.py), or who takes one up (streaming/).

An entry tells from which offset on; what is read again after a crash may have been read by the
version of the entry after.
"""

from datetime import datetime
from typing import Final

import pyarrow as pa

from lakehouse.batch.operations import PROFILE_VERSIONS
from lakehouse.batch_reading import read_batch
from lakehouse.cuts import Place
from lakehouse.errors import LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry

_ATTEMPTS: Final = 5


def record_version(
    lake: Lake, place: Place, first_offset: int, fingerprint: str, now: datetime
) -> bool:
    """Record that a partition is read by a version from an offset on; False where it was before.

    Raises:
        AppendError: It could not be stored; record it again.
    """
    feed, partition = place
    for _ in range(_ATTEMPTS):
        number, last = _last(lake, place)
        if last == fingerprint:
            return False
        entry = {
            "number": number + 1,
            "feed": feed,
            "partition": partition,
            "first_offset": first_offset,
            "fingerprint": fingerprint,
            "since": now,
        }
        rows = pa.Table.from_pylist([entry], PROFILE_VERSIONS.schema)
        try:
            append_entry(lake, PROFILE_VERSIONS, f"{feed}/{partition}", number + 1, rows)
        except LedgerMovedError:
            continue
        return True
    return False


def _last(lake: Lake, place: Place) -> tuple[int, str | None]:
    rows = read_batch(lake, PROFILE_VERSIONS).to_pylist()
    mine = [row for row in rows if (row["feed"], row["partition"]) == place]
    return (mine[-1]["number"], mine[-1]["fingerprint"]) if mine else (0, None)
