"""The drop folder: where a night's extract lies, and whether it is whole.

Here: the forms in which a night may be delivered, and refusing what is not there yet, is there
twice, or leads out of the folder. Not here: the bytes (csv_files.py).

A file counts as complete when something that was written after it says so:

    YYYY-MM-DD/manifest.json                 beside `<extract>.csv`, with hash and rows of each file
    YYYY-MM-DD/<extract>.csv.done            an empty marker beside `<extract>.csv`
    <extract>_YYYY-MM-DD.csv.done            the same, for a drop folder without folders of nights

A manifest wins over markers in its folder. Without one the clock readings are taken to be in the
hospital's zone, and only a second parser holds the number of rows. Hidden folders are still being
written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from lakehouse.settings import Settings
from orchestration.legacy import manifest
from orchestration.legacy.errors import (
    ManifestError,
    NightIncompleteError,
    NightMissingError,
    NoManifestError,
    NotDeliveredError,
    OptionalNotDeliveredError,
    OutsideDropFolderError,
    SeveralFilesError,
)
from orchestration.legacy.extracts import OPTIONAL, refuse_other_columns, table_of

DONE = ".done"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One complete file of a night; what no manifest says is None.

    `cutoff` is the instant up to which the job says that it knew.
    """

    path: Path
    source: str
    zone: str
    rows: int | None = None
    sha256: str | None = None
    cutoff: datetime | None = None


def find(settings: Settings, extract: str, night: date) -> Delivered:
    """The file of one extract and night.

    Raises:
        ExtractError: It is not there, not complete, there twice, or not to be trusted; the class
            says which.
    """
    drop = settings.extracts
    try:
        found = list(_complete(drop, extract, night, settings.hospital_zone))
        if not found:
            raise _absent(drop, extract, night)
        inside = [_inside(drop, one) for one in found]
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise NightIncompleteError(
            str(drop), reason.lower(), "give this user permission to read the drop folder"
        ) from error
    if len(inside) > 1:
        named = " and ".join(one.source for one in inside)
        raise SeveralFilesError(
            str(drop), f"both {named} are of this night", "take away the wrong one"
        )
    return inside[0]


def _complete(drop: Path, extract: str, night: date, zone: str) -> Iterator[Delivered]:
    folder = drop / night.isoformat()
    if (folder / manifest.NAME).exists():
        yield _announced(drop, folder, extract, night)
    else:
        yield from _marked(drop, folder / f"{extract}.csv", zone)
    yield from _marked(drop, drop / f"{extract}_{night.isoformat()}.csv", zone)


def _marked(drop: Path, file: Path, zone: str) -> Iterator[Delivered]:
    if file.exists() and file.with_name(file.name + DONE).exists():
        yield Delivered(file, str(file.relative_to(drop)), zone)


def _announced(drop: Path, folder: Path, extract: str, night: date) -> Delivered:
    place = folder / manifest.NAME
    where = str(place)
    _refuse_outside(drop, place)
    told = manifest.read(place, where, night)
    names = [name for name in told.files if name.casefold() == f"{extract}.csv"]
    if len(names) > 1:
        raise SeveralFilesError(where, f"it names {len(names)} files of {extract}", manifest.MEND)
    if not names:
        raise _left_out(where, extract)
    file, announced = folder / names[0], told.files[names[0]]
    if announced.columns is not None:
        refuse_other_columns(f"{where}, `{names[0]}`", announced.columns, table_of(extract))
    if announced.rows < 0 or len(announced.sha256) != len(bytes(32).hex()):
        raise ManifestError(where, f"rows or sha256 of `{names[0]}` cannot be", manifest.MEND)
    if not file.exists():
        raise NightIncompleteError(
            str(file), "the manifest announces it and it is not there", "wait, or send it again"
        )
    source = str(file.relative_to(drop))
    return Delivered(
        file, source, told.zone, announced.rows, announced.sha256.lower(), announced.cutoff
    )


def _left_out(where: str, extract: str) -> NotDeliveredError:
    if extract in OPTIONAL:
        return OptionalNotDeliveredError(
            where, f"the night has no {extract}", "nothing is to be done if the hospital has none"
        )
    return NotDeliveredError(
        where, f"the night is complete without {extract}", "have the job write it, and the manifest"
    )


def _absent(drop: Path, extract: str, night: date) -> NightIncompleteError | NightMissingError:
    folder = drop / night.isoformat()
    for file in (folder / f"{extract}.csv", drop / f"{extract}_{night.isoformat()}.csv"):
        if file.exists():
            return NoManifestError(
                str(file),
                "nothing says that it is complete",
                f"have the job write a {manifest.NAME} last, or an empty {file.name}{DONE}",
            )
    if folder.is_dir() or (drop / f".{night.isoformat()}.partial").exists():
        return NightIncompleteError(
            str(folder), f"the night is being written: {extract} is not there yet", "wait"
        )
    if not drop.is_dir():
        return NightMissingError(
            str(drop),
            "there is no drop folder",
            "name it in the setting `extracts`, or mount it",
        )
    return NightMissingError(
        str(folder), f"{extract} of this night has not arrived", "see whether the job ran"
    )


def _inside(drop: Path, one: Delivered) -> Delivered:
    _refuse_outside(drop, one.path)
    return one


def _refuse_outside(drop: Path, file: Path) -> None:
    place = file.resolve(strict=True)
    if not place.is_relative_to(drop.resolve()) or not place.is_file():
        raise OutsideDropFolderError(
            str(file), "it is a link out of the drop folder, or no file", "put the file itself here"
        )
