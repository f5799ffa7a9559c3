"""What the MLLP road refuses of its own, before the decoder sees it.

Here: the rules, each with its reason code. Not here: what the sender is told
(acknowledgement.py). A refused message is stored nevertheless, and quarantined by its reason.
"""

import re
from typing import Final

from clinical.wire.profile import FeedProfile, Limits
from streaming.gateway.framing import Frame
from streaming.gateway.header import Header

TOO_LARGE: Final = "message_too_large"
TOO_MANY_SEGMENTS: Final = "too_many_segments"
TEST_MESSAGE: Final = "test_message"
UNKNOWN_VERSION: Final = "unknown_version"

PRODUCTION: Final = b"P"
_VERSION_2 = re.compile(rb"2(\.\d+){0,2}")


def refusal(frame: Frame, header: Header | None, profile: FeedProfile) -> str | None:
    """The reason for which a frame is refused; None where the decoder has the say."""
    if (beyond := _beyond(frame, profile.limits)) or header is None:
        return beyond
    if (header.processing_id or PRODUCTION).decode("latin-1") not in profile.processing_ids:
        return TEST_MESSAGE
    if header.version and not _VERSION_2.fullmatch(header.version):
        return UNKNOWN_VERSION
    return None


def _beyond(frame: Frame, limits: Limits) -> str | None:
    if frame.size > limits.message_bytes:
        return TOO_LARGE
    # A line end may be CR, LF or both; counted here, so that nobody splits a million lines.
    lines = max(frame.content.count(b"\r"), frame.content.count(b"\n"))
    return TOO_MANY_SEGMENTS if lines > limits.segments else None
