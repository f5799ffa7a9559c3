"""Looking for patients in logs: what must never stand there.

Here: a scan of files for identifiers, names and telephone numbers of the lake's patients, which
tells file, line and kind, and never the value; and the files that logs are. Not here: what follows
from a leak (orchestration/migration).

A line is cut into tokens, whatever the case: runs of letters, digits, `_` and `-`, and the parts of
such a run. Each is held against the tokens of the patients. What is short is as often something
else, so it is not looked for: identifiers under 6 characters, or under 8 digits where they are
digits alone (ports, counts, row numbers), names under 4 letters (Li, Day), and names that are
everyday words of a log (`COMMON`: a Mr Field would be found on every page). The digits after a
decimal point are no identifier, or every clock reading could be one. Not found are identifiers cut
by a line's end, names in another spelling, telephone numbers parted by anything but hyphens, and
text in a coding that hides its letters, such as base64. Addresses and free texts are not looked
for: their words are everybody's.
"""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Literal

import duckdb
import pyarrow as pa

from lakehouse.catalogue import connect
from lakehouse.columns import STRING
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import ENCOUNTER_EVENTS, IDENTITY_EVENTS, PATIENT_DEMOGRAPHICS

Kind = Literal["patient_id", "encounter_id", "name", "phone"]

SHORTEST_IDENTIFIER = 6
SHORTEST_NUMBER = 8
SHORTEST_NAME = 4
DAGSTER_HOME = "DAGSTER_HOME"
DBT_LOGS = Path(__file__).parents[2] / "dbt_project" / "logs"
# Lines that are held against the patients together; more is faster, and takes more memory.
LINES = 50_000
# A line without an end, as in an event store, is read in pieces that overlap by one token.
PIECE, OVERLAP = 1 << 20, 256
TOKEN = re.compile(r"(?<!\d\.)(?<![\w-])[\w-]+")
PARTS = re.compile(r"[-_]+")
# Words that logs are made of, and that are family names as well.
COMMON = frozenset(
    (
        *("asset", "bank", "batch", "bell", "bill", "black", "blue", "bond", "book", "brown"),
        *("case", "cash", "chain", "check", "clay", "close", "cloud", "code", "cook", "cross"),
        *("data", "date", "day", "demo", "dollar", "event", "field", "fields", "file", "fish"),
        *("green", "grey", "hand", "head", "hill", "hour", "house", "input", "item", "jobs"),
        *("join", "king", "lake", "lane", "long", "love", "mark", "march", "mart", "mason"),
        *("may", "miller", "mode", "name", "north", "null", "page", "park", "part", "parts"),
        *("path", "patient", "place", "poll", "pool", "post", "price", "read", "rich", "root"),
        *("round", "rows", "rule", "run", "sample", "sharp", "short", "small", "smart", "south"),
        *("spring", "start", "step", "stone", "store", "string", "table", "test", "time", "true"),
        *("type", "unit", "user", "view", "wait", "ward", "weeks", "west", "white", "will"),
        *("wise", "wood", "words", "work", "write", "year", "young", "none", "error", "info"),
    )
)

_SOUGHT = r"""
create temp table sought as
with said as (
    select 'patient_id' as kind, patient_id as said from patient_demographics
    union select 'patient_id', patient_id from encounter_events
    union select 'patient_id', surviving_id from identity_events
    union select 'patient_id', retired_id from identity_events
    union select 'encounter_id', encounter_id from encounter_events
    union select 'encounter_id', encounter_id from patient_demographics
    union select 'name', family_name from patient_demographics
    union select 'name', given_name from patient_demographics
    union select 'phone', phone from patient_demographics
),
parts as (
    select kind, unnest(regexp_extract_all(lower(said), '[\p{L}\p{N}_-]+')) as token from said
    union
    select kind, unnest(regexp_extract_all(lower(said), '[\p{L}\p{N}]+')) from said
    where kind = 'name'
)
select token, min(kind) as kind from parts
where case when kind = 'name' then length(token) >= $name and not list_contains($common, token)
    when regexp_full_match(token, '[0-9]+') then length(token) >= $number
    else length(token) >= $identifier end
group by token
"""
_SHORTEST = {
    "name": SHORTEST_NAME,
    "identifier": SHORTEST_IDENTIFIER,
    "number": SHORTEST_NUMBER,
    "common": sorted(COMMON),
}
_FOUND = "select line, kind from tokens join sought using (token) group by all order by all"


@dataclass(frozen=True, slots=True)
class Leak:
    """One line of a file that names a patient; what it names is not told."""

    file: Path
    line: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read, how many names and identifiers were looked for, and where any stands."""

    files: int
    bytes: int
    looked_for: int
    leaks: tuple[Leak, ...]


def log_files(environ: Mapping[str, str]) -> list[Path]:
    """The logs and event stores of Dagster and dbt, where there are any."""
    home = environ.get(DAGSTER_HOME)
    return list(_files([DBT_LOGS, *([Path(home)] if home else [])]))


def scan(lake: Lake, paths: Iterable[Path], at: Cut | None = None) -> Scan:
    """Look in files for whatever names a patient of a lake; a folder stands for its files.

    Args:
        lake: The lake whose patients are looked for.
        paths: Files, also gzipped, and folders.
        at: The cut up to which its patients are known; the newest where None.
    """
    tables = (PATIENT_DEMOGRAPHICS, ENCOUNTER_EVENTS, IDENTITY_EVENTS)
    files = list(_files(paths))
    with connect(lake, tables=tables, at=at) as connection:
        connection.execute(_SOUGHT, _SHORTEST)
        (looked_for,) = connection.execute("select count(*) from sought").fetchone() or (0,)
        leaks = tuple(leak for path in files for leak in _leaks(connection, path))
    return Scan(len(files), sum(path.stat().st_size for path in files), looked_for, leaks)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in sorted(path.rglob("*")) if file.is_file())
        elif path.exists():
            yield path


def _leaks(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Leak]:
    with closing(_opened(path)) as stream:
        lines = _lines(stream)
        while batch := list(islice(lines, LINES)):
            connection.register("tokens", _tokens(batch))
            found = connection.execute(_FOUND).fetchall()
            connection.unregister("tokens")
            # A long line comes in pieces that overlap, so the same may be found twice.
            yield from dict.fromkeys(Leak(path, line, kind) for line, kind in found)


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Numbered lines, from 1; a very long one in pieces that share its number."""
    number, rest = 1, b""
    while piece := stream.readline(PIECE):
        yield number, (rest + piece).decode("utf-8", "replace").lower()
        ended = piece.endswith(b"\n")
        number, rest = (number + 1, b"") if ended else (number, (rest + piece)[-OVERLAP:])


def _tokens(lines: list[tuple[int, str]]) -> pa.Table:
    places: Mapping[tuple[int, str], None] = dict.fromkeys(
        (number, token) for number, text in lines for token in _words(text)
    )
    return pa.table(
        {
            "line": pa.array([number for number, _ in places], pa.int64()),
            "token": pa.array([token for _, token in places], STRING),
        }
    )


def _words(text: str) -> Iterator[str]:
    for token in TOKEN.findall(text):
        if len(token) >= SHORTEST_NAME:
            yield token
            if "-" in token or "_" in token:
                yield from (part for part in PARTS.split(token) if len(part) >= SHORTEST_NAME)
