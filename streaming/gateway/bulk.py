"""A FHIR Bulk Data export into the inbox: every NDJSON file of a folder, each once.

Here: which files, in which order. Not here: taking one (drop_taking.py), or the command
(pulsehouse/bulk_import.py).

Patients come first and Encounters next, so that a subject is known before anything is said of it.

Source: HL7 FHIR Bulk Data Access 2.0.0: a file holds resources of one type; its name is free, by
custom <type>.ndjson, or <type>.<number>.ndjson. Clients write a log.ndjson beside them.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from lakehouse.errors import LakehouseError
from streaming.files import SourceError
from streaming.gateway.drop_taking import Taken, Taking

_SUFFIXES: Final = (".ndjson", ".ndjson.gz")
_FIRST: Final = ("patient", "encounter")
# The journal of the client that fetched the export: no resource of it.
_LOG: Final = "log"

Told = Callable[[Path, int, int], None]


class NoExportError(LakehouseError):
    """A folder holds no export."""

    exit_code = 2


@dataclass(slots=True)
class Imported:
    """What an import did: files and messages by what became of them."""

    files: int = 0
    files_again: int = 0
    files_empty: int = 0
    messages: int = 0
    added: int = 0
    quarantined: int = 0
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, taken: Taken) -> None:
        """Count a file."""
        self.files += 1
        self.files_again += not taken.added
        self.messages += taken.messages
        self.added += taken.added
        self.quarantined += taken.quarantined
        if taken.broken:
            self.broken[name] = taken.broken

    def to_json(self) -> dict[str, object]:
        """Its stable JSON form."""
        return asdict(self)


def export_files(folder: Path) -> list[Path]:
    """The files of an export, in the order in which they are taken.

    Raises:
        NoExportError: It is no folder, cannot be read, or has no NDJSON file.
    """
    try:
        found = [path for path in folder.iterdir() if _is_export(path)]
    except OSError as error:
        msg = f"cannot read the folder {folder}: {error.strerror}; name the folder of an export"
        raise NoExportError(msg) from error
    if not found:
        msg = f"the folder {folder} holds no NDJSON file ({' or '.join(_SUFFIXES)})"
        raise NoExportError(msg)
    return sorted(found, key=_turn)


def import_files(files: Sequence[Path], taking: Taking, told: Told) -> Imported:
    """Put what is new of these files into the inbox.

    Raises:
        SourceError: A file cannot be read, is no NDJSON, or unpacks too far; those before it are
            stored.
        InboxDownError, InboxFailedError: As `Inbox.put`.
    """
    imported = Imported()
    for path in files:
        try:
            with path.open("rb") as file:
                _import(file, path, taking, told, imported)
        except OSError as error:
            msg = f"cannot read the file {path.name}: {error.strerror}; check its permissions"
            raise SourceError(msg) from error
    return imported


def _import(file: BinaryIO, path: Path, taking: Taking, told: Told, imported: Imported) -> None:
    if not os.fstat(file.fileno()).st_size:
        imported.files_empty += 1
        return
    taken = taking.take(file, path.name, lambda done, of: told(path, done, of))
    imported.add(path.name, taken)


def _is_export(path: Path) -> bool:
    name = path.name.lower()
    is_ours = not name.startswith(".") and name.endswith(_SUFFIXES)
    return is_ours and _kind(path) != _LOG and path.is_file()


def _turn(path: Path) -> tuple[int, str]:
    kind = _kind(path)
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST)), path.name


def _kind(path: Path) -> str:
    return path.name.lower().partition(".")[0]
