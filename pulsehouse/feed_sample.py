"""A sample of a feed: files of messages of which nothing is known yet.

Here: telling the format from the first bytes, and taking messages up to a limit. Not here: what is
seen in them (feed_evidence.py, feed_coverage.py).
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from clinical.wire.profile import Format
from pulsehouse.deployment import files_of
from pulsehouse.failure import FAILED, CommandError
from streaming.files import GZIP_MAGIC, Reading, pieces
from streaming.wide import remedy, wide_charset

# More would say little more, and take long.
MOST_MESSAGES: Final = 50_000
MOST_BYTES: Final = 256 * 1024 * 1024
_LOOK: Final = 64 * 1024
_HL7: Final = (b"MSH", b"FHS", b"BHS", b"\x0bMSH", b"\x0bFHS", b"\x0bBHS")


@dataclass(frozen=True, slots=True)
class Sample:
    """Messages of one format; `is_cut` where the files hold more than was taken."""

    form: Format
    messages: pa.Array
    is_cut: bool = False

    def __len__(self) -> int:
        return len(self.messages)


def sample_of(path: Path, form: Format | None = None) -> Sample:
    """The messages of a file, or of the message files of a directory.

    Args:
        path: The file or directory.
        form: What it is read as; told from its first bytes where None.

    Raises:
        CommandError: Nothing is there, or nothing in it is a message of a known format.
        SourceError: A file cannot be read.
    """
    files = files_of([path])
    found = form or _format(files)
    messages, is_cut = _taken(files, found)
    if not len(messages):
        msg = f"{path.name} holds no message that could be looked at: is it empty, or cut off?"
        raise CommandError(msg, FAILED)
    return Sample(found, messages, is_cut)


def _format(files: Sequence[Path]) -> Format:
    for file in files:
        first = _first(file)
        if charset := wide_charset(first):
            msg = f"{file.name} cannot be looked at: {remedy(charset)}"
            raise CommandError(msg, FAILED)
        begin = first.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
        if begin.startswith(_HL7) or b"\rMSH|" in begin or b"\nMSH|" in begin:
            return "hl7v2"
        if begin[:1] in {b"{", b"["}:
            return "fhir"
    msg = (
        f"{files[0].name} is neither HL7 v2 (it would begin with MSH, FHS or BHS) nor FHIR JSON;"
        " give a file of messages as they were sent, plain or gzip"
    )
    raise CommandError(msg, FAILED)


def _first(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LOOK)
        if not raw.startswith(GZIP_MAGIC):
            return raw
        with gzip.open(file) as stream:
            return stream.read(_LOOK)
    except (OSError, EOFError, zlib.error) as error:
        name = getattr(error, "strerror", None) or type(error).__name__
        msg = f"cannot read the sample {file.name}: {name}; check that it is whole and readable"
        raise CommandError(msg, FAILED) from None


def _taken(files: Sequence[Path], form: Format) -> tuple[pa.Array, bool]:
    parts: list[pa.Array] = []
    messages = size = 0
    for part in _parts(files, form):
        room = MOST_MESSAGES - messages
        parts.append(part.slice(0, room).cast(pa.binary()))
        messages += len(parts[-1])
        size += part.nbytes
        if len(part) > room or size >= MOST_BYTES:
            return pa.concat_arrays(parts), True
    return pa.concat_arrays([*parts, pa.array([], pa.binary())]), False


def _parts(files: Sequence[Path], form: Format) -> Iterator[pa.Array]:
    for file in files:
        for frames in pieces(file, form, Reading(file.stat().st_size)):
            yield frames.messages
