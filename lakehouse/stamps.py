"""The order within commits of `raw_messages`: when the fold learnt each stretch of messages.

Here: what a commit's own metadata says of it, and reading it there. Places that share an epoch are
committed one after the other, though their messages came in turns: a stamp tells those turns. Not
here: who counts them (streaming/turns.py), or the order of all commits (arrivals.py).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from lakehouse import delta_log

STAMP: Final = "learnt"

# The last offset of a stretch of messages, and the turn in which the fold learnt it.
Note = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stamp:
    """The turns of one place's messages; turns of different sessions are not comparable."""

    session: str
    notes: tuple[Note, ...]

    def between(self, low: int, high: int) -> Self:
        """What is said of the offsets above `low` and up to `high`."""
        within = [note for note in self.notes if low < note[0] <= high]
        if not within or within[-1][0] < high:
            # A stretch that goes on beyond `high` ends there.
            within += [(high, turn) for last, turn in self.notes if last > high][:1]
        return type(self)(self.session, tuple(within))

    def told(self) -> dict[str, str]:
        """The stamp as a commit's own metadata."""
        said = {"session": self.session, "notes": self.notes}
        return {STAMP: json.dumps(said, separators=(",", ":"))}


def stamp(raw_messages: Path, version: int) -> Stamp | None:
    """The stamp of a commit; None where it has none, as those of old have not.

    Raises:
        ValueError: The commit is torn.
    """
    said = next(delta_log.actions(raw_messages, version, "commitInfo"), {}).get(STAMP)
    if said is None:
        return None
    read = json.loads(said)
    return Stamp(read["session"], tuple((int(last), int(turn)) for last, turn in read["notes"]))
