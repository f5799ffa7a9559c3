"""What can go wrong with a lake, as one small tree.

Here: the classes and their exit codes; each message says what, where, why and how to mend it, in
one line. Not here: defects in a message of a feed (clinical/wire), which are values, not
exceptions.

No message carries a value or an identifier of a patient: texts of the engines, which may print
rows, are never passed on unread.
"""

from typing import ClassVar


class LakehouseError(Exception):
    """Anything a person has to mend; `exit_code` is what the command leaves with."""

    exit_code: ClassVar[int] = 1


class LakeNotFoundError(LakehouseError):
    """There is no lake at the path."""

    exit_code = 2


class LakeNotWritableError(LakehouseError):
    """The lake's directory takes no files: permission, a read-only mount, or a full disk."""


class LakeLockedError(LakehouseError):
    """Another dataflow writes to the lake; the message names its process."""


class FencedError(LakehouseError):
    """Another dataflow took the lake over; this one must end and commits nothing more."""


class LakeVersionError(LakehouseError):
    """Another version of Pulsehouse wrote the lake."""

    exit_code = 4


class LakeDamagedError(LakehouseError):
    """A file of the lake is empty or torn, as a power loss leaves it.

    `table` and `version` name the place; `version` is None where the damage is not in a commit.
    """

    exit_code = 4

    def __init__(self, message: str, *, table: str, version: int | None = None) -> None:
        super().__init__(message)
        self.table = table
        self.version = version


class AppendError(LakehouseError):
    """Rows could not be committed; none of them is in the table."""


class LedgerMovedError(LakehouseError):
    """Somebody else decided first; look again before deciding."""


class AuditError(LakehouseError):
    """A restricted read could not be written down, so it must not happen."""


class ClaimError(LakehouseError):
    """A file cannot be given the offsets it needs."""


class QueryError(LakehouseError):
    """A query could not be answered."""


class UnknownFeedError(LakehouseError):
    """No feed profile has this name; the message offers the nearest."""

    exit_code = 2


class FeedFileError(LakehouseError):
    """A profile's file cannot be read as text."""

    exit_code = 2


class SettingsError(LakehouseError):
    """A setting is unknown or has no usable value."""

    exit_code = 2
