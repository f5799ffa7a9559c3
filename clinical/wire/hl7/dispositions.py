"""What can become of a message: the reasons by which one is quarantined or skipped.

Here: the reason codes, and a batch's verdicts while they are found. Not here: how each is found.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

STAGE = "decode"
SKIPPED = "message_type_not_used"

# The first reason that applies to a message is the one it gets. Place 0 is "parsed".
REASONS = (
    "",
    "message_too_large",  # longer than the feed's limit
    "no_msh",  # does not begin with an MSH segment
    "nul_byte",
    "bad_msh",  # separators missing, repeated or not separators
    "unknown_charset",  # MSH-18 names a character set nobody here reads
    "bad_charset",  # bytes that the declared character set does not have
    "too_many_segments",
    "several_msh",  # two messages in one frame: whose the rest is cannot be told
    "no_message_type",
    "unknown_message_type",  # not in HL7 table 0076
    SKIPPED,
    "no_pid",  # about a patient, but without a PID segment
    "no_patient",  # a PID segment without a usable identifier
    "bad_merge",  # a merge without the identifier it retires, or across authorities
)
NUMBERS = {reason: number for number, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The reason of each message of a batch so far; the first one to apply stands."""

    reasons: npt.NDArray[np.int8]

    @classmethod
    def of(cls, messages: int) -> Self:
        """No reason yet."""
        return cls(np.zeros(messages, np.int8))

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """The messages that nothing speaks against."""
        return np.equal(self.reasons, 0)

    def reject(self, which: npt.NDArray[np.bool_], reason: str) -> None:
        """Give a reason to those of these messages that have none."""
        if which.any():
            self.reasons[which & self.usable] = NUMBERS[reason]

    def columns(self) -> dict[str, pa.Array]:
        """Disposition, stage and reason of each message."""
        if not self.reasons.any():
            none = pa.nulls(len(self.reasons), pa.string())
            parsed_all = pa.repeat(pa.scalar("parsed"), len(self.reasons))
            return {"disposition": parsed_all, "stage": none, "reason": none}
        parsed, skipped = self.usable, self.reasons == NUMBERS[SKIPPED]
        disposition = pa.array(["quarantined", "skipped", "parsed"])
        return {
            "disposition": disposition.take(pa.array(skipped * 1 + parsed * 2)),
            "stage": pa.array([STAGE]).take(pa.array(np.zeros(len(parsed), np.int8), mask=parsed)),
            "reason": pa.array(REASONS).take(pa.array(self.reasons, mask=parsed)),
        }
