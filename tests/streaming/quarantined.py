"""A ward's feed for tests of the quarantine: messages, an inbox, the dataflow, and a replay.

The profile decides what is understood: a narrow one takes few segments, so that a longer message is
quarantined until the profile is mended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bytewax.testing import TestingSource

from clinical.detection.batch_clock import BatchClock
from clinical.wire.profile import FeedProfile, Limits
from lakehouse.catalogue import read
from lakehouse.cuts import Cut, cut
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES
from streaming.batches import Messages
from streaming.dataflow import clinical_flow
from streaming.inbox.arrival import JOURNAL_PARTITION, Arrival
from streaming.inbox.journal_reading import JournalReader
from streaming.inbox.opening import journal_directory, open_inbox
from streaming.live.dating import dated
from streaming.quarantine import Wanted, waiting_in
from streaming.quarantine_replay import Outcome, Replay
from streaming.recollection import Recollection
from streaming.replay import run_to_end
from streaming.sink import LakeSink
from streaming.writer import Writer

FEED = "hl7_v2"
MENDED = load_profile(FEED)
NARROW = replace(MENDED, limits=Limits(segments=4))
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
_CLOCK = BatchClock(ZoneInfo("UTC"), 2)


def oru(control_id: str, values: int = 1, patient: str = "7", more: str = "") -> bytes:
    """Heart rates of a patient; with several, more segments than the narrow profile takes."""
    head = f"MSH|^~\\&|MON|WARD|PH|PH|20260105110000||ORU^R01|{control_id}|P|2.5{more}"
    lines = [head, f"PID|1||{patient}^^^WARD^MR", "OBR|1|||8867-4^Heart rate^LN|||20260105110000"]
    lines += [
        f"OBX|{n}|NM|8867-4^Heart rate^LN|{n}|{70 + n}|/min|||||F|||20260105110000"
        for n in range(1, values + 1)
    ]
    return "\r".join(lines).encode() + b"\r"


@dataclass(frozen=True)
class Ward:
    """A lake and its journal."""

    root: Path

    @property
    def settings(self) -> Settings:
        return Settings(lake=self.root)

    @property
    def lake(self) -> Lake:
        return Lake.open(self.root, create=True)

    def received(self, *messages: bytes, refused: str | None = None) -> None:
        """Put messages into the inbox, as a road does."""
        at = int(NOW.timestamp() * 1_000_000)
        self.put([Arrival(FEED, raw, at, "mllp", refused) for raw in messages])

    def put(self, arrivals: Sequence[Arrival]) -> None:
        inbox = open_inbox(self.settings, self.lake)
        inbox.put(arrivals)
        inbox.close()

    def streamed(self, profile: FeedProfile) -> None:
        """Run the dataflow until the inbox has nothing more; every call is a restart."""
        lake = self.lake
        at, reader = cut(lake), JournalReader(journal_directory(self.settings, lake))
        messages = list(_beyond(at, reader, profile))
        reader.close()
        recollection = Recollection(lake, at, _CLOCK)
        with Writer(lake) as writer:
            flow = clinical_flow(
                TestingSource(messages),
                LakeSink(writer, [(FEED, JOURNAL_PARTITION)]),
                profiles={FEED: profile},
                open_admission=lambda _: recollection.admission(profile),
                open_shard=recollection.shard,
            )
            run_to_end(flow, timedelta(seconds=0.05))
            writer.finish()

    def replayed(self, profile: FeedProfile, *, dry: bool = False, **wanted: str) -> Outcome:
        """Replay out of quarantine into the inbox."""
        lake = self.lake
        inbox = None if dry else open_inbox(self.settings, lake)
        waiting = waiting_in(self.settings, lake)
        replay = Replay(lake, inbox, lambda _: profile, waiting, NOW + timedelta(hours=1))
        found = replay.run(Wanted(**wanted))
        if inbox is not None:
            inbox.close()
        return found

    def messages(self) -> list[dict[str, object]]:
        """Rows of `raw_messages`, in the order of their offsets."""
        return read(self.lake, RAW_MESSAGES).to_pylist()

    def told(self) -> list[tuple[object, ...]]:
        """Of each message: disposition, reason and which it replays."""
        return [
            (row["disposition"], row["reason"], row["original_partition"], row["original_offset"])
            for row in self.messages()
        ]

    def heart_rates(self) -> list[float]:
        """The facts."""
        return read(self.lake, OBSERVATIONS)["value"].to_pylist()


def _beyond(at: Cut, reader: JournalReader, profile: FeedProfile) -> Iterator[Messages]:
    """What the journal has beyond a cut."""
    offset = at.next_offset(FEED, JOURNAL_PARTITION)
    while len(found := reader.read(FEED, offset, 100, 1_000_000)):
        messages = Messages(
            FEED,
            JOURNAL_PARTITION,
            found.first_offset,
            found.received_at,
            found.raw,
            found.rejects,
            found.originals,
        )
        yield dated(messages, profile)
        offset = messages.last_offset + 1
