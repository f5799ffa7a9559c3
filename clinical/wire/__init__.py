"""The wire: what senders send, decoded into facts as they said them.

Here: `decode`, `dispositions`, `is_evident` and `sent_at`, whatever the format of the feed. Not
here: what codes and units mean (clinical/normalise).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pyarrow as pa

from clinical.wire import fhir, hl7
from clinical.wire.decoded import Decoded
from clinical.wire.profile import FeedProfile, Format

DECODERS: Mapping[Format, Callable[[pa.Array, FeedProfile], Decoded]] = MappingProxyType(
    {"hl7v2": hl7.decode, "fhir": fhir.decode}
)
JUDGES: Mapping[Format, Callable[[pa.Array, FeedProfile], pa.Table]] = MappingProxyType(
    {"hl7v2": hl7.dispositions, "fhir": fhir.dispositions}
)
CLOCKS: Mapping[Format, Callable[[pa.Array, FeedProfile], pa.Array]] = MappingProxyType(
    {"hl7v2": hl7.sent_at, "fhir": fhir.sent_at}
)


def decode(messages: pa.Array, profile: FeedProfile) -> Decoded:
    """A disposition for every message of a batch, and the facts of the parsed ones."""
    return DECODERS[profile.format](messages, profile)


def dispositions(messages: pa.Array, profile: FeedProfile) -> pa.Table:
    """The dispositions of `decode` alone, at a third of its price for a few messages."""
    return JUDGES[profile.format](messages, profile)


def is_evident(raw: bytes, profile: FeedProfile) -> bool:
    """Whether one message is parsed beyond doubt, at a hundredth of the price of asking for it."""
    return profile.format == "hl7v2" and hl7.is_evident(raw, profile)


def sent_at(messages: pa.Array, profile: FeedProfile) -> pa.Array:
    """When each message of a batch was sent, in UTC; null where it does not say."""
    return CLOCKS[profile.format](messages, profile)
