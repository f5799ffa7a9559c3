"""What is in quarantine, and what became of it.

Here: the quarantined messages of a lake at a cut, which of them were replayed, whether that was of
use, and one message as it was received. Not here: replaying them (quarantine_replay.py), or showing
(pulsehouse/quarantine_report.py).
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from lakehouse.arrivals import add_runs, arrivals
from lakehouse.catalogue import connect, read
from lakehouse.cuts import Cut
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES
from streaming.inbox.journal_reading import JournalReader
from streaming.inbox.opening import journal_directory

# Of these the inbox never had all bytes, or has others: there is nothing to read again.
NOT_WHOLE: Final = ("message_too_large", "truncated", "journal_damaged")
# Stage of what the road refused, whatever the decoder would have said.
BY_ROAD: Final = "frame"
# What is known of a quarantined message: nothing was done with it; its replay waits in the inbox;
# it was replayed, and understood or quarantined again; or it cannot be replayed.
STATES: Final = ("open", "waiting", "understood", "again", "not_whole")

Place = tuple[int, int]
# The messages of a feed, by partition and offset, whose replays the inbox holds.
Waiting = Callable[[str], Set[Place]]


class UnknownMessageError(LakehouseError):
    """No message has this place, or it is not in quarantine."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages: of one feed, with one reason; all of them where None."""

    feed: str | None = None
    reason: str | None = None


def waiting_in(settings: Settings, lake: Lake) -> Waiting:
    """Asks the inbox of a deployment for the replays that it holds.

    Of Kafka nothing is asked: a replay that is put there twice is admitted once.
    """
    if settings.inbox == "kafka":
        return lambda _feed: frozenset()
    directory = journal_directory(settings, lake)

    def asked(feed: str) -> Set[Place]:
        reader = JournalReader(directory)
        try:
            return reader.originals(feed)
        finally:
            reader.close()

    return asked


def entries(
    lake: Lake, at: Cut, wanted: Wanted, waiting: Waiting, *, sized: bool = False
) -> pa.Table:
    """The quarantined messages up to a cut, in the order in which they were learnt.

    Without what they say: place, received_at, stage, reason, message_type, message_control_id, the
    message that each replays (original_...), the one that replays it (replay_...), and its state.
    With `sized` also the size in bytes, for which all their bytes are read.
    """
    with connect(lake, tables=(RAW_MESSAGES,), at=at) as connection:
        add_runs(connection, arrivals(lake, at))
        connection.register("waiting", _waiting(at, waiting))
        values = {"feed": wanted.feed, "reason": wanted.reason}
        return connection.execute(
            _ENTRIES.format(size=_SIZE if sized else ""), values
        ).to_arrow_table()


def _waiting(at: Cut, waiting: Waiting) -> pa.Table:
    found = [(feed, *place) for feed in {feed for feed, _ in at} for place in waiting(feed)]
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    kinds = (pa.string(), pa.int32(), pa.int64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, ["feed", "partition", "offset"])


def message(lake: Lake, at: Cut, place: str) -> dict[str, Any]:
    """One quarantined message by its place, FEED/PARTITION/OFFSET: its row of `raw_messages`.

    Raises:
        UnknownMessageError: There is none; the message says why.
    """
    feed, partition, offset = _parsed(place)
    where = 'feed = ? and "partition" = ? and "offset" = ?'
    rows = read(lake, RAW_MESSAGES, where=where, parameters=(feed, partition, offset), at=at)
    if not rows.num_rows:
        msg = f"no message {place} in {lake.root}; `pulsehouse quarantine list` shows their places"
        raise UnknownMessageError(msg)
    (row,) = rows.to_pylist()
    if row["disposition"] != "quarantined":
        msg = f"message {place} is {row['disposition']}, not quarantined"
        raise UnknownMessageError(msg)
    found: dict[str, Any] = row
    return found


def _parsed(place: str) -> tuple[str, int, int]:
    feed, _, rest = place.partition("/")
    partition, _, offset = rest.partition("/")
    if not (feed and _is_number(partition) and _is_number(offset)):
        msg = f"{place!r} is no place of a message: write FEED/PARTITION/OFFSET, as `list` does"
        raise UnknownMessageError(msg)
    return feed, int(partition), int(offset)


def _is_number(text: str) -> bool:
    # As many digits as an offset may have.
    return text.isascii() and text.isdigit() and len(text) < len(str(1 << 63))


# Of several replays the first that was no duplicate tells what became of the message.
_SIZE = "coalesce(octet_length(m.raw), 0) as size,"
_ENTRIES = f"""
with replays as (
    select feed, original_partition, original_offset,
        "partition" as replay_partition, "offset" as replay_offset,
        disposition as replay_disposition, reason as replay_reason
    from raw_messages where original_offset is not null
    qualify row_number() over (
        partition by feed, original_partition, original_offset
        order by disposition = 'duplicate', "partition", "offset"
    ) = 1
)
select m.feed, m."partition", m."offset", m.received_at, m.stage, m.reason, m.message_type,
    m.message_control_id, {{size}} m.original_partition, m.original_offset,
    p.replay_partition, p.replay_offset, p.replay_disposition, p.replay_reason,
    case
        when p.replay_disposition = 'quarantined' then 'again'
        when p.replay_offset is not null then 'understood'
        when w."offset" is not null then 'waiting'
        when m.stage = '{BY_ROAD}' and m.reason in {NOT_WHOLE} then 'not_whole'
        else 'open'
    end as state
from raw_messages m
asof join runs r on m.feed = r.feed and m."partition" = r."partition" and m."offset" >= r.first
left join replays p
    on m.feed = p.feed
    and m."partition" = p.original_partition and m."offset" = p.original_offset
left join waiting w
    on m.feed = w.feed and m."partition" = w."partition" and m."offset" = w."offset"
where m.disposition = 'quarantined'
    and ($feed is null or m.feed = $feed) and ($reason is null or m.reason = $reason)
order by r.number, m."offset"
"""  # noqa: S608 contracts, and our own words
