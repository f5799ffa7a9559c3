"""Replaying out of quarantine: messages into the inbox again, each once, as new ones.

Here: which are put, in pieces, and what is to be expected of them. Not here: which were replayed
before (quarantine.py), or what becomes of them in the dataflow (admission.py).

A message is put as it was received; its feed's profile, as it is now, says whether that is of any
use. What the road refused is held against the road's own rules again, so that a test message does
not come in by the back door. A replay that failed is replayed in turn once its profile has
something else to say of it: so that asking again and again adds nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.profile import FeedProfile
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.errors import LakehouseError
from lakehouse.failpoints import reach
from lakehouse.lake import Lake
from lakehouse.lock import attempt
from lakehouse.tables import RAW_MESSAGES
from streaming.gateway.framing import Frame
from streaming.gateway.header import header
from streaming.gateway.intake import judged_group
from streaming.gateway.refusals import refusal
from streaming.inbox.arrival import Arrival, Inbox
from streaming.quarantine import BY_ROAD, Waiting, Wanted, entries

LOCK: Final = "quarantine.lock"
# One put: so many messages, and about so many bytes, are in memory at a time.
MESSAGES: Final = 1_000
BYTES: Final = 16 * 1024 * 1024

Told = Callable[[int, int], None]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class QuarantineBusyError(LakehouseError):
    """Another replay out of quarantine is at work in this lake."""


@dataclass(slots=True)
class Outcome:
    """What was put: counts per (feed, stage, reason) of the messages in quarantine.

    `put` of `messages` went into the inbox, or would. Of them the profiles understand `clear` now.
    The others were replayed before and are `understood`, failed `again`, or are `waiting` in the
    inbox; are `not_whole`, so that they cannot be replayed; or would fail `as_before`.
    """

    counts: dict[tuple[str, str, str], Counter[str]] = field(default_factory=dict)

    def add(self, group: tuple[str, str, str], name: str, messages: int = 1) -> None:
        """Count messages of a group."""
        self.counts.setdefault(group, Counter())[name] += messages

    def total(self, name: str) -> int:
        """One count over all groups."""
        return sum(counts[name] for counts in self.counts.values())

    def to_json(self) -> dict[str, object]:
        """The stable form: the whole, then each feed, stage and reason."""
        groups = [
            {"feed": feed, "stage": stage, "reason": reason, **{n: counts[n] for n in COUNTS}}
            for (feed, stage, reason), counts in sorted(self.counts.items())
        ]
        return {**{name: self.total(name) for name in COUNTS}, "by_reason": groups}


COUNTS: Final = (
    *("messages", "put", "clear", "waiting", "understood", "again"),
    *("not_whole", "as_before"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive quarantined messages of one partition, to be put together."""

    feed: str
    partition: int
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay out of the quarantine of a lake.

    `inbox` takes the messages; None only says what would be put. `profiles` gives a feed's profile
    as it is now, `waiting` the replays that the inbox holds (`waiting_in`). The messages are
    received `now`: that is when we learn them.
    """

    lake: Lake
    inbox: Inbox | None
    profiles: Callable[[str], FeedProfile]
    waiting: Waiting
    now: datetime

    def run(self, wanted: Wanted, told: Told = lambda _done, _all: None) -> Outcome:
        """Put quarantined messages into the inbox again, each that was not replayed before.

        Killed at any moment and run again it goes on where it stopped: what is in the inbox, or
        came out of it, is not put a second time.

        Args:
            wanted: Which messages.
            told: Told how many messages were looked at, of how many.

        Raises:
            QuarantineBusyError: Another process is at it.
            UnknownFeedError, ProfileError: A feed has no profile that can be used.
            InboxFullError, InboxDownError, InboxFailedError: What was put before stays.
        """
        if self.inbox is None:
            return self._run(wanted, told)
        with attempt(self.lake.root / LOCK) as is_mine:
            if not is_mine:
                place = self.lake.root
                msg = f"another replay out of quarantine is at work in {place}; wait for its end"
                raise QuarantineBusyError(msg)
            return self._run(wanted, told)

    def _run(self, wanted: Wanted, told: Told) -> Outcome:
        at, outcome, done = cut(self.lake), Outcome(), 0
        found = entries(self.lake, at, wanted, self.waiting, sized=True)
        _count_known(found, outcome)
        left = found.filter(pc.equal(found["state"], "open"))
        known = {feed: self.profiles(feed) for feed in sorted(pc.unique(left["feed"]).to_pylist())}
        for piece in pieces(left):
            given = _arrivals(piece, _raw(self.lake, at, piece), known[piece.feed], self.now)
            self._put(_of_use(piece, judged_group(given, known), outcome))
            done += piece.rows.num_rows
            told(done, left.num_rows)
        return outcome

    def _put(self, arrivals: Sequence[Arrival]) -> None:
        if self.inbox is not None and arrivals:
            reach("quarantine.before_put")
            self.inbox.put(arrivals)


def _count_known(found: pa.Table, outcome: Outcome) -> None:
    groups = found.group_by(["feed", "stage", "reason", "state"]).aggregate([([], "count_all")])
    for row in groups.to_pylist():
        group = (row["feed"], row["stage"], row["reason"])
        outcome.add(group, "messages", row["count_all"])
        if row["state"] != "open":
            outcome.add(group, row["state"], row["count_all"])


def pieces(found: pa.Table) -> Iterator[Piece]:
    """Messages in their order, cut where the partition changes or a put is large enough."""
    places = zip(found["feed"].to_pylist(), found["partition"].to_pylist(), strict=True)
    sizes = found["size"].to_pylist()
    begin, size, before = 0, 0, None
    for row, place in enumerate(places):
        is_full = row - begin == MESSAGES or size + sizes[row] > BYTES
        if before is not None and (place != before or is_full):
            yield Piece(*before, found.slice(begin, row - begin))
            begin, size = row, 0
        before, size = place, size + sizes[row]
    if before is not None:
        yield Piece(*before, found.slice(begin))


def _raw(lake: Lake, at: Cut, piece: Piece) -> Mapping[int, bytes]:
    offsets = piece.rows["offset"]
    low, high = pc.min(offsets).as_py(), pc.max(offsets).as_py()
    with connect(lake, tables=(RAW_MESSAGES,), at=at) as connection:
        connection.register("wanted", pa.table({"offset": offsets}))
        values = {"feed": piece.feed, "partition": piece.partition, "low": low, "high": high}
        rows = connection.execute(_RAW, values).fetchall()
    return {offset: raw or b"" for offset, raw in rows}


# The bounds let the engine skip files.
_RAW = """
select m."offset", m.raw
from raw_messages m semi join wanted w on m."offset" = w."offset"
where m.feed = $feed and m."partition" = $partition and m."offset" between $low and $high
"""


def _arrivals(
    piece: Piece, raw: Mapping[int, bytes], profile: FeedProfile, now: datetime
) -> list[Arrival]:
    received_at = (now - _EPOCH) // timedelta(microseconds=1)
    places = zip(piece.rows["offset"].to_pylist(), piece.rows["stage"].to_pylist(), strict=True)
    return [
        Arrival(
            feed=piece.feed,
            raw=raw[offset],
            received_at=received_at,
            road="quarantine",
            refused=_refusal(raw[offset], profile) if stage == BY_ROAD else None,
            original=(piece.partition, offset),
        )
        for offset, stage in places
    ]


def _refusal(content: bytes, profile: FeedProfile) -> str | None:
    """What the road that refused a message says of it now."""
    if profile.format != "hl7v2":
        return None
    return refusal(Frame(content, len(content)), header(content), profile)


def _of_use(
    piece: Piece, judged: Sequence[tuple[Arrival, str | None]], outcome: Outcome
) -> list[Arrival]:
    """Those to put: all but replays that would fail as they did."""
    put: list[Arrival] = []
    rows = piece.rows.select(["stage", "reason", "original_offset"]).to_pylist()
    for row, (arrival, reason) in zip(rows, judged, strict=True):
        group = (piece.feed, row["stage"], row["reason"])
        if row["original_offset"] is not None and reason == row["reason"]:
            outcome.add(group, "as_before")
        else:
            outcome.add(group, "put")
            outcome.add(group, "clear", reason is None)
            put.append(arrival)
    return put
