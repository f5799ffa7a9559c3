"""The ledger of replayed files: which offsets a file's messages have, for ever.

Here: claims. A file is a source like any other, so each of its messages has one offset; a file that
comes again, or again after a crash, gets the offsets it had. Files are known by the SHA-256 of
their bytes: a name or a path may carry an identifier and is never stored.
Not here: reading files (streaming/), or committing rows (appends.py).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.errors import ClaimError
from lakehouse.lake import Lake

NAME = "replays.sqlite"
SCHEMA = """
create table if not exists claims (
    feed text not null,
    partition integer not null,
    first_offset integer not null,
    messages integer not null,
    fingerprint text not null,
    primary key (feed, fingerprint)
) strict
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The offsets of one file: from `first_offset`, one for each of its messages."""

    partition: int
    first_offset: int
    messages: int

    @property
    def end(self) -> int:
        """The first offset after the file's last message."""
        return self.first_offset + self.messages

    def is_passed(self, feed: str, at: Cut) -> bool:
        """Whether every message of the file is in every table."""
        return self.end <= at.next_offset(feed, self.partition) or not self.messages


def claim(
    lake: Lake,
    feed: str,
    fingerprint: str,
    messages: int,
    *,
    after: Claim | None = None,
    at: Cut | None = None,
) -> Claim:
    """The offsets of a file; on return they are on the disk.

    A known file gets its old claim. A new one is put at the end of the lowest partition whose files
    are all ingested, else into a new partition.

    Args:
        lake: The lake, open for writing and locked.
        feed: The feed the file is replayed as.
        fingerprint: SHA-256 of the file's bytes, in hex.
        messages: How many messages the file holds.
        after: The claim of the file that this one follows in the same run: it then takes the next
            offsets of the same partition, though the file before is not ingested yet.
        at: The cut, where the caller has read it already.

    Raises:
        ClaimError: The file had another number of messages, or follows a file that is not ingested.
    """
    reached = cut_now(lake) if at is None else at
    with _ledger(lake) as ledger:
        claims = _claims(ledger, feed)
        known = claims.get(fingerprint)
        if known is not None:
            _check_messages(known, feed, messages)
            if after is None or after.partition != known.partition:
                _check_order(known, feed, tuple(claims.values()), reached)
            return known
        partition, first_offset = place(tuple(claims.values()), feed, reached, after)
        row = (feed, partition, first_offset, messages, fingerprint)
        ledger.execute("insert into claims values (?, ?, ?, ?, ?)", row)
        return Claim(partition, first_offset, messages)


def place(
    claims: Sequence[Claim], feed: str, at: Cut, after: Claim | None = None
) -> tuple[int, int]:
    """Where a new file goes: its partition and first offset."""
    ends: dict[int, int] = {}
    for made in claims:
        ends[made.partition] = max(ends.get(made.partition, 0), made.end)
    if after is not None and ends.get(after.partition) == after.end:
        return after.partition, after.end
    for partition, end in sorted(ends.items()):
        if at.next_offset(feed, partition) == end:
            return partition, end
    # A partition that the ledger does not know but the tables do is another source's: keep off it.
    taken = ends.keys() | {known for name, known in at if name == feed}
    return min(set(range(len(taken) + 1)) - taken), 0


def _check_messages(known: Claim, feed: str, messages: int) -> None:
    if known.messages != messages:
        msg = (
            f"a file of feed `{feed}` was replayed with {known.messages} messages before, and now"
            f" has {messages}: it is framed differently; replay it into a new lake"
        )
        raise ClaimError(msg)


def _check_order(known: Claim, feed: str, claims: Sequence[Claim], at: Cut) -> None:
    before = [c for c in claims if c.partition == known.partition and c.end <= known.first_offset]
    if not all(earlier.is_passed(feed, at) for earlier in before):
        msg = (
            f"a file of feed `{feed}` follows one that is only partly ingested; replay both in one"
            " run, in the order in which they were first given"
        )
        raise ClaimError(msg)


def _claims(ledger: sqlite3.Connection, feed: str) -> dict[str, Claim]:
    rows = ledger.execute(
        "select fingerprint, partition, first_offset, messages from claims where feed = ?"
        " order by partition, first_offset, messages",
        (feed,),
    )
    return {fingerprint: Claim(*numbers) for fingerprint, *numbers in rows}


@contextmanager
def _ledger(lake: Lake) -> Iterator[sqlite3.Connection]:
    ledger = sqlite3.connect(lake.root / NAME, isolation_level=None, timeout=30)
    try:
        # EXTRA also forces the directory onto the disk when the journal goes.
        ledger.execute("pragma synchronous = extra")
        ledger.execute("begin immediate")
        ledger.execute(SCHEMA)
        yield ledger
        ledger.execute("commit")
    except sqlite3.DatabaseError as error:
        msg = f"the replay ledger {lake.root / NAME} cannot be used: {error}"
        raise ClaimError(msg) from error
    finally:
        ledger.close()
