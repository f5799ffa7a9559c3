"""A CSV file of a night, read as text and not changed by a byte.

Here: what must be true of the bytes, and their rows in a table of an engine. Not here: finding the
file (drop_folder.py), or storing rows (landing.py).

The engine drops a last row whose quote is never closed, without a word. So a second parser counts
the rows as well; where the two differ, nothing is landed.
"""

import codecs
import csv
import hashlib
import os
import re
from typing import BinaryIO

import duckdb
import pyarrow as pa
from pyarrow import csv as arrow_csv

from lakehouse.catalogue import quoted_name, quoted_text
from lakehouse.tables import Table
from orchestration.legacy.drop_folder import Delivered
from orchestration.legacy.errors import (
    EmptyFileError,
    HalfWrittenError,
    MalformedExtractError,
    RowCountError,
)
from orchestration.legacy.extracts import columns_of, refuse_other_columns
from orchestration.legacy.staging import STAGED, Origin, count

CHUNK = 1 << 20
# A longer line is no row of these extracts, but a file without line ends.
LONGEST_LINE = 2 << 20
LONGEST_HEADER = 1 << 16
SEND_AGAIN = "have the job write the night again"
AS_CSV = "have the job write CSV in UTF-8, with quotes around what holds quotes, commas or newlines"
LINE = re.compile(r"CSV Error on Line: (\d+)")
# What the engine says of a line, and what may be repeated of it.
FAULTS = (
    ("Expected Number of Columns", "has another number of fields than the header"),
    ("unterminated quote", "has a quote that is opened and not closed"),
    ("unicode", "is not UTF-8"),
    ("Maximum line size", f"is longer than {LONGEST_LINE:,} bytes"),
)


def stage(engine: duckdb.DuckDBPyConnection, delivered: Delivered, table: Table) -> Origin:
    """Read a file into the engine's table of staged rows, as text, in the file's order.

    Every look at the file is at the same open one, so that none can be put in its place meanwhile.

    Raises:
        ExtractError: The file is not whole, no CSV, or has other columns; the class says which.
    """
    where = str(delivered.path)
    with delivered.path.open("rb") as file:
        before = _state(file)
        sha256 = _checked_bytes(file, where)
        if delivered.sha256 not in (None, sha256):
            what = "its bytes are not those of the manifest: half written, or changed since"
            raise HalfWrittenError(where, what, SEND_AGAIN)
        refuse_other_columns(where, _header(file, where), table)
        _read(engine, file, where, table)
        rows = count(engine)
        if rows != _counted_again(file, where, table):
            raise MalformedExtractError(where, "a quote is opened and not closed", AS_CSV)
        if _state(file) != before:
            raise HalfWrittenError(where, "it changed while it was read", SEND_AGAIN)
    if delivered.rows not in (None, rows):
        what = f"it has {rows:,} rows, and the manifest says {delivered.rows:,}"
        raise RowCountError(where, what, SEND_AGAIN)
    return Origin(delivered.source, sha256, delivered.zone, rows, delivered.cutoff)


def _state(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _checked_bytes(file: BinaryIO, where: str) -> str:
    """The SHA-256 of a file that is neither empty nor anything but text."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    lines, size = 1, 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        try:
            decoder.decode(chunk)
            fault = "holds a NUL byte" if b"\0" in chunk else None
        except UnicodeDecodeError:
            fault = "is not UTF-8"
        last = lines + chunk.count(b"\n")
        if fault:
            what = f"a line from {lines:,} to {last:,} {fault}"
            raise MalformedExtractError(where, what, AS_CSV)
        lines = last
    if not size:
        raise EmptyFileError(where, "it is empty, without even a header", SEND_AGAIN)
    if decoder.getstate()[0]:
        raise MalformedExtractError(where, "its last character breaks off", SEND_AGAIN)
    return digest.hexdigest()


def _header(file: BinaryIO, where: str) -> list[str]:
    file.seek(0)
    line = file.readline(LONGEST_HEADER).decode("utf-8-sig", errors="replace").rstrip("\r\n")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        fault = "its header is not CSV"
    raise MalformedExtractError(where, fault, AS_CSV)


def _read(engine: duckdb.DuckDBPyConnection, file: BinaryIO, where: str, table: Table) -> None:
    names = columns_of(table)
    types = ", ".join(f"{quoted_name(name)}: 'varchar'" for name in names)
    # An empty field is an empty text: CSV knows no null. One thread: a newline in quotes could be
    # taken for a row's end where another thread begins.
    sql = f"""
        create table {STAGED} as
        select row_number() over () as line, *
        from read_csv({quoted_text(f"/dev/fd/{file.fileno()}")}, columns = {{{types}}},
            auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
            strict_mode = true, force_not_null = [{", ".join(map(quoted_text, names))}],
            max_line_size = {LONGEST_LINE:d}, buffer_size = {2 * LONGEST_LINE:d},
            parallel = false)
    """  # noqa: S608 names of the contract and a number
    try:
        engine.execute(sql)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        what = _fault(str(error))
    else:
        return
    # Outside of the handler: what the engine says quotes the line, and must not hang on to it.
    raise MalformedExtractError(where, what, AS_CSV)


def _fault(text: str) -> str:
    line = LINE.search(text)
    place = f"line {int(line[1]):,}" if line else "a line"
    head = text.split("Possible", maxsplit=1)[0]
    said = next((told for phrase, told in FAULTS if phrase in head), "is not CSV")
    return f"{place} {said}"


def _counted_again(file: BinaryIO, where: str, table: Table) -> int:
    """Rows below the header, as the second parser sees them."""
    file.seek(0)
    names = columns_of(table)
    try:
        reader = arrow_csv.open_csv(
            file,
            arrow_csv.ReadOptions(block_size=2 * LONGEST_LINE, column_names=list(names)),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(
                include_columns=[names[0]], column_types={names[0]: pa.binary()}
            ),
            # The default pool would keep what it once had.
            pa.system_memory_pool(),
        )
        rows: int = sum(batch.num_rows for batch in reader) - 1
    except pa.ArrowInvalid:
        rows = -1
    if rows >= 0:
        return rows
    raise MalformedExtractError(where, "a second parser cannot read it", AS_CSV)
