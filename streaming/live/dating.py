"""What dates a live message: the moment it was received, or the one at which it says it was sent.

Here: that choice, per feed profile. Not here: reading a message's own time (clinical/wire).
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire import sent_at
from clinical.wire.profile import FeedProfile
from streaming.batches import Messages

_UTC = pa.timestamp("us", tz="UTC")


def dated(messages: Messages, profile: FeedProfile) -> Messages:
    """Messages by their feed's clock; `arrived_at` is when they reached the inbox, in any case."""
    arrived = messages.received_at
    if profile.clock == "received":
        return replace(messages, arrived_at=arrived)
    said = _said(messages.raw, profile)
    return replace(messages, arrived_at=arrived, received_at=pc.coalesce(said, arrived))


def _said(raw: pa.Array, profile: FeedProfile) -> pa.Array:
    try:
        return sent_at(raw, profile).cast(_UTC)
    except Exception:
        # A message that cannot be read says nothing; the decoder will refuse it too.
        if len(raw) == 1:
            return pa.nulls(1, _UTC)
        half = len(raw) // 2
        return pa.concat_arrays([_said(raw[:half], profile), _said(raw[half:], profile)])
