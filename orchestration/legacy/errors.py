"""What can be wrong with a night's extract, one class per cause.

Here: the classes, their exit codes, and whether waiting may mend it. Not here: finding out
(drop_folder.py, csv_files.py, databases.py), or how Dagster shows it (assets.py).

No message holds a value of an extract: the engines' own texts print the offending line, and are
never passed on. After any of these errors the landed rows are as they were.
"""

from typing import ClassVar

from lakehouse.errors import LakehouseError


class ExtractError(LakehouseError):
    """A night's extract cannot be landed.

    `waits` says that the same call may succeed later without anybody doing anything.
    """

    waits: ClassVar[bool] = False

    def __init__(self, where: str, what: str, mend: str) -> None:
        super().__init__(f"{where}: {what}; {mend}")
        self.where = where
        self.what = what
        self.mend = mend


class UnknownExtractError(ExtractError):
    """No nightly job has an extract of this name."""

    exit_code = 2


class NightMissingError(ExtractError):
    """Nothing of the night has arrived."""

    exit_code = 2
    waits = True


class NightIncompleteError(ExtractError):
    """Something of the night is there, and not yet what was announced."""

    waits = True


class NoManifestError(NightIncompleteError):
    """The file is there, and nothing says that it is complete."""


class NotDeliveredError(ExtractError):
    """The night is complete and does not hold this extract."""


class OptionalNotDeliveredError(NotDeliveredError):
    """The same, for an extract that a hospital need not have."""


class ManifestError(ExtractError):
    """The manifest cannot be believed: its shape, its night, its zone or a name in it."""


class OutsideDropFolderError(ExtractError):
    """A name leads out of the drop folder, or to something that is no file."""


class SeveralFilesError(ExtractError):
    """More than one file claims to be the night's extract."""


class EmptyFileError(ExtractError):
    """A file without a single byte: not even a header."""


class HalfWrittenError(ExtractError):
    """The bytes are not those that the manifest announced, or changed while they were read."""


class RowCountError(ExtractError):
    """The number of rows is not the announced one."""


class MalformedExtractError(ExtractError):
    """The file is no CSV in UTF-8 with the header's number of fields in every row."""


class ChangedColumnsError(ExtractError):
    """The extract has other columns, or another order, than its contract."""


class OtherCutoffError(ExtractError):
    """The extract knew up to another moment than the job of its night."""


class OtherNightError(ExtractError):
    """The extract holds the rows of another night."""


class DatabaseDownError(ExtractError):
    """The database of the extracts does not answer, or does not let us in."""

    exit_code = 5
    waits = True


class DatabaseUrlError(ExtractError):
    """The URL of the database cannot be used."""

    exit_code = 2


class MissingTableError(ExtractError):
    """The database has no table or view of the extract's name."""


class UnreadableTableError(ExtractError):
    """The database refused the query, or broke off while rows were read."""
