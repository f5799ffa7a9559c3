"""The manifest of a night: what was delivered, and how to tell that it is whole.

Here: reading `manifest.json` and refusing one that cannot be believed. Not here: the files that it
names (drop_folder.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from orchestration.legacy.errors import ManifestError, SeveralFilesError

NAME = "manifest.json"
# A night has a handful of files: what is longer is no manifest, and is not read.
MOST_BYTES = 1 << 20
MEND = "have the job write the night again"


class Announced(msgspec.Struct, frozen=True):
    """One file as the manifest announces it."""

    rows: int
    sha256: str
    columns: tuple[str, ...] | None = None
    cutoff: datetime | None = None


class _Shape(msgspec.Struct, frozen=True):
    night: date
    zone: str
    files: dict[str, Announced]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A night's manifest that can be believed: plain file names, a known zone, its own night."""

    zone: str
    files: Mapping[str, Announced]


def read(path: Path, where: str, night: date) -> Manifest:
    """The manifest of a night.

    Raises:
        ManifestError: It is torn, of another night, names an unknown zone, or a path for a name.
        SeveralFilesError: It names one file twice.
    """
    shape = _parse(path, where)
    if shape.night != night:
        raise ManifestError(where, f"it is the manifest of {shape.night}, not of {night}", MEND)
    if not _is_zone(shape.zone):
        raise ManifestError(
            where, "its `zone` is no time zone", "have the job name one, such as Europe/London"
        )
    _refuse_paths(shape, where)
    return Manifest(shape.zone, shape.files)


def _parse(path: Path, where: str) -> _Shape:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ManifestError(where, f"it is longer than {MOST_BYTES:,} bytes", MEND)
    try:
        pairs = json.loads(content, object_pairs_hook=_Pairs)
        return msgspec.convert(_plain(pairs, where), type=_Shape)
    except msgspec.ValidationError as error:
        # Names the place within the manifest and the type, never the value.
        fault = str(error)
    except (ValueError, RecursionError):
        fault = "it is not JSON"
    raise ManifestError(where, fault, MEND)


class _Pairs(list[tuple[str, Any]]):
    """An object's members, repeated names included, which a dict would hide."""


def _plain(value: Any, where: str) -> Any:  # noqa: ANN401 whatever JSON holds
    if isinstance(value, _Pairs):
        names = [name for name, _ in value]
        if len(set(names)) != len(names):
            raise SeveralFilesError(where, "it names one thing twice", MEND)
        return {name: _plain(member, where) for name, member in value}
    if isinstance(value, list):
        return [_plain(member, where) for member in value]
    return value


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _refuse_paths(shape: _Shape, where: str) -> None:
    for name in shape.files:
        if name in ("", ".", "..") or "/" in name or "\\" in name or not name.isprintable():
            raise ManifestError(where, "a file name in it is a path", MEND)
