"""A live message is dated by its feed's clock, and always knows when it arrived."""

from datetime import UTC, datetime

import pyarrow as pa

from clinical.wire.profile import FeedProfile
from streaming.batches import Messages
from streaming.live.dating import dated

ARRIVED = datetime(2026, 6, 1, 12, tzinfo=UTC)
SENT = datetime(2025, 12, 13, 9, tzinfo=UTC)
TOLD = b"MSH|^~\\&|A|B|||20251213090000||ORU^R01|1|P|2.5.1"
UNTOLD = b"MSH|^~\\&|A|B|||||ORU^R01|2|P|2.5.1"


def times(profile: FeedProfile, *raw: bytes) -> tuple[list[datetime], list[datetime]]:
    clock = pa.array([ARRIVED] * len(raw), pa.timestamp("us", tz="UTC"))
    found = dated(Messages("f", 1000, 0, clock, pa.array(raw, pa.binary())), profile)
    assert found.arrived_at is not None
    return found.received_at.to_pylist(), found.arrived_at.to_pylist()


def test_a_feed_is_dated_by_its_arrival() -> None:
    assert times(FeedProfile("f"), TOLD, UNTOLD) == ([ARRIVED] * 2, [ARRIVED] * 2)


def test_a_recorded_feed_is_dated_by_what_it_says_where_it_says_anything() -> None:
    recorded = FeedProfile("f", clock="sent")
    assert times(recorded, TOLD, UNTOLD, b"") == ([SENT, ARRIVED, ARRIVED], [ARRIVED] * 3)
