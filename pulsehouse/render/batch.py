"""One HL7 batch file: FHS, BHS, the messages in order, BTS with their count, FTS.

Here: merging ordered streams of messages into a file that appears whole or not at all. Not here:
what the messages say.
"""

import gzip
import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from pulsehouse.render.outcome import Rendered, RenderError
from pulsehouse.render.segments import END, Sender

Progress = Callable[[int, int], None]

# How often progress is reported, in source rows. Smaller costs time, larger makes a bar jump.
_PROGRESS_ROWS = 5_000


class Message(NamedTuple):
    """A message and its place in the file: `order` is MSH-7 first, then a fixed total order."""

    order: tuple[str, int, int, int, int]
    text: str
    observations: int
    rows: int


def write(
    out: Path | BinaryIO,
    sender: Sender,
    streams: Iterable[Iterator[Message]],
    progress: Progress | None = None,
    total_rows: int = 0,
) -> Rendered:
    """Write the streams, each in order already, merged into one order.

    A path appears only when the file is complete; one that ends in `.gz` is gzipped, without a time
    stamp so that equal input gives equal bytes.

    Raises:
        RenderError: The output cannot be written.
    """
    messages = heapq.merge(*streams, key=lambda message: message.order)
    try:
        with _opened(out) as stream:
            return _write(stream, sender, messages, progress, total_rows)
    except OSError as error:
        msg = f"cannot write the rendered batch: {error.strerror or error}"
        raise RenderError(msg) from error


def _write(
    stream: IO[bytes],
    sender: Sender,
    messages: Iterator[Message],
    progress: Progress | None,
    total_rows: int,
) -> Rendered:
    patients: set[int] = set()
    count = observations = rows = reported = 0
    first = last = ""
    stream.write(_line(f"FHS|^~\\&|{sender.application}|{sender.facility}"))
    stream.write(_line(f"BHS|^~\\&|{sender.application}|{sender.facility}"))
    for message in messages:
        stream.write(message.text.encode())
        last = message.order[0]
        first = first or last
        patients.add(message.order[2])
        count += 1
        observations += message.observations
        rows += message.rows
        if progress and rows - reported >= _PROGRESS_ROWS:
            reported = rows
            progress(min(rows, total_rows), total_rows)
    stream.write(_line(f"BTS|{count}") + _line("FTS|1"))
    if progress:
        progress(total_rows, total_rows)
    return Rendered(count, observations, len(patients), _instant(first), _instant(last))


def _line(text: str) -> bytes:
    return (text + END).encode()


def _instant(hl7_time: str) -> datetime | None:
    # The clock reading of the feed; its zone is the profile's business.
    return datetime.strptime(hl7_time, "%Y%m%d%H%M%S") if hl7_time else None  # noqa: DTZ007


@contextmanager
def _opened(out: Path | BinaryIO) -> Iterator[IO[bytes]]:
    if not isinstance(out, Path):
        yield out
        return
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("wb") as raw:
            if out.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
