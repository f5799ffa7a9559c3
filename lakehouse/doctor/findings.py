"""What the doctor finds.

Here: one finding as a value, and its codes. Not here: who finds what (logs.py, surroundings.py, the
journal's own), or what is done about it (planning.py).
"""

from dataclasses import asdict, dataclass
from typing import Literal

Code = Literal[
    "commit_torn",
    "commit_missing",
    "commits_missing",
    "data_file_missing",
    "data_file_short",
    "checkpoint_torn",
    "checkpoint_missing",
    "checkpoint_hint_torn",
    "history_torn",
    "table_unreadable",
    "marker_missing",
    "marker_torn",
    "lake_version",
    "permissions",
    "owner",
    "future_file",
    "future_message",
    "space_low",
    "journal_torn",
    "journal_unreadable",
    "journal_record_damaged",
    "journal_behind",
    "journal_gap",
]
REPAIR = "run `pulsehouse doctor --repair`; with --dry-run it prints its plan first"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    `place` is a table, or a path within the lake; `version` is the commit, where it is one.
    """

    code: Code
    place: str
    cause: str
    remedy: str
    version: int | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """The stable form that `doctor --json` prints."""
        return asdict(self)
