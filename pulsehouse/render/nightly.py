"""The drop folder of a nightly job: one folder per night that appears whole, or not at all.

Here: writing a night's CSV files and, last of all, their manifest, into a hidden folder that is
then renamed. A reader takes only a folder `YYYY-MM-DD` with a `manifest.json` whose hashes match
its files; files are not forced to disk, so the hashes also tell a folder that a power cut tore. A
night is never written over: the same night again is left as it is, any other is an error. Not
here: what the files hold (mimic3_extracts.py).
"""

import csv
import filecmp
import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

from pulsehouse.render import tables
from pulsehouse.render.outcome import RenderError

MANIFEST = "manifest.json"
# The zone of the clocks in the files. Another one would make a night of 23 or 25 hours.
ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Extract:
    """One file of a night: its name, its columns, and the hour up to which it knows."""

    name: str
    columns: tuple[str, ...]
    cutoff: time

    @property
    def file(self) -> str:
        """The file's name in the night's folder."""
        return f"{self.name}.csv"


class _Sheet:
    """A CSV file being written, counted and hashed as it grows."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        self.rows = 0
        self.hash = hashlib.sha256()
        self._stream = stream
        self._csv = csv.writer(self, lineterminator="\n")
        self._csv.writerow(columns)

    def write(self, line: str) -> None:
        content = line.encode()
        self.hash.update(content)
        self._stream.write(content)

    def add(self, row: tables.Row) -> None:
        self._csv.writerow(row)
        self.rows += 1


def publish(
    drop: Path, night: date, extracts: Sequence[Extract], rows: Iterable[tuple[int, tables.Row]]
) -> list[int]:
    """Write one night; every row says to which extract, by number, it belongs.

    Returns:
        The rows of each extract.

    Raises:
        RenderError: The folder cannot be written, or holds another night of the same date.
    """
    partial = drop / f".{night.isoformat()}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        sheets = _write(partial, extracts, rows)
        text = _manifest(night, extracts, sheets)
        (partial / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
        _rename(partial, drop / night.isoformat())
    except OSError as error:
        msg = f"cannot write the extracts of {night}: {error.strerror or error}"
        raise RenderError(msg) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [sheet.rows for sheet in sheets]


def _write(
    partial: Path, extracts: Sequence[Extract], rows: Iterable[tuple[int, tables.Row]]
) -> list[_Sheet]:
    with ExitStack() as stack:
        sheets = [
            _Sheet(stack.enter_context((partial / extract.file).open("wb")), extract.columns)
            for extract in extracts
        ]
        for number, row in rows:
            sheets[number].add(row)
    return sheets


def _manifest(night: date, extracts: Sequence[Extract], sheets: Sequence[_Sheet]) -> str:
    files = {
        extract.file: {
            "columns": extract.columns,
            "cutoff": _instant(night, extract.cutoff),
            "rows": sheet.rows,
            "sha256": sheet.hash.hexdigest(),
        }
        for extract, sheet in zip(extracts, sheets, strict=True)
    }
    content: dict[str, Any] = {"night": night.isoformat(), "zone": ZONE, "files": files}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def _instant(night: date, hour: time) -> str:
    return datetime.combine(night, hour, UTC).isoformat().replace("+00:00", "Z")


def _rename(partial: Path, final: Path) -> None:
    if not final.exists():
        partial.rename(final)
    elif not _same(partial, final):
        msg = f"`{final}` holds another night of this date; remove it, or give an empty folder"
        raise RenderError(msg)


def _same(partial: Path, final: Path) -> bool:
    names = sorted(entry.name for entry in partial.iterdir())
    if not final.is_dir() or names != sorted(entry.name for entry in final.iterdir()):
        return False
    return filecmp.cmpfiles(partial, final, names, shallow=False)[0] == names


def refuse_others(drop: Path, nights: Sequence[date]) -> None:
    """Let no reader take two renderings for one.

    Raises:
        RenderError: The drop folder holds a night that is not one of these.
    """
    ours = {night.isoformat() for night in nights}
    for manifest in sorted(drop.glob(f"*/{MANIFEST}")):
        if manifest.parent.name not in ours:
            msg = f"`{manifest.parent}` is of another rendering; give an empty folder"
            raise RenderError(msg)
