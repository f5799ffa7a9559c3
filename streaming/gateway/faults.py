"""How each reason code is told to an HL7 sender: error code, place and a sentence.

Here: the table. Not here: the message it goes into (acknowledgement.py). No text of a message is
ever in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streaming.gateway.refusals import (
    TEST_MESSAGE,
    TOO_LARGE,
    TOO_MANY_SEGMENTS,
    UNKNOWN_VERSION,
)

# A reason of the answer alone: what is not stored has no row that could carry one.
NOT_STORED: Final = "not_stored"

# HL7 table 0357, v2.5.1, chapter 2.
MESSAGES: Final[Mapping[str, str]] = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "207": "Application internal error",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a code of HL7 table 0357, where (segment, sequence, field), and in words."""

    code: str
    place: tuple[str, ...]
    words: str


FAULTS: Final[Mapping[str, Fault]] = {
    NOT_STORED: Fault("207", (), "Not stored: send it again later"),
    TOO_LARGE: Fault("207", (), "Longer than this feed may send: only its beginning is kept"),
    TOO_MANY_SEGMENTS: Fault("207", (), "More segments than this feed may send"),
    TEST_MESSAGE: Fault("202", ("MSH", "1", "11"), "This feed does not take this processing id"),
    UNKNOWN_VERSION: Fault("203", ("MSH", "1", "12"), "Not a version 2 of HL7"),
    "no_msh": Fault("100", (), "Does not begin with an MSH segment"),
    "bad_msh": Fault("102", ("MSH", "1"), "MSH-1 and MSH-2 name no usable separators"),
    "nul_byte": Fault("102", (), "Holds a NUL byte"),
    "unknown_charset": Fault("103", ("MSH", "1", "18"), "A character set that is not read"),
    "bad_charset": Fault("102", (), "Bytes that are not of its character set"),
    "several_msh": Fault("100", ("MSH", "2"), "Several messages in one frame"),
    "no_message_type": Fault("101", ("MSH", "1", "9"), "No message type"),
    "unknown_message_type": Fault("200", ("MSH", "1", "9"), "Not a message type of table 0076"),
    "no_pid": Fault("100", ("PID", "1"), "No PID segment"),
    "no_patient": Fault("101", ("PID", "1", "3"), "No usable patient identifier"),
    "bad_merge": Fault("101", ("MRG", "1", "1"), "No usable identifier to retire"),
}
# For a reason that a later decoder may give before it is named above.
OTHER: Final = Fault("207", (), "Not understood: it is in quarantine")


def fault(reason: str) -> Fault:
    """What a sender is told of a reason."""
    return FAULTS.get(reason, OTHER)
