"""Looking for patients in logs: what nobody should find there.

Here: the files that logs are, and a scan of them for names and identifiers of patients, token by
token. What was found is counted per file and never shown. Not here: what is done about it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from lakehouse.catalogue import connect
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import PATIENT_DEMOGRAPHICS

# A shorter name is as often a word; a shorter number is as often a count or a fraction of a second.
SHORTEST = 6
SHORTEST_NUMBER = 8
CHUNK_BYTES = 4 << 20
TOKEN = re.compile(r"[\w-]+")
DAGSTER_HOME = "DAGSTER_HOME"
DBT_LOGS = Path(__file__).parents[2] / "dbt_project" / "logs"

_PATIENTS = r"""
create temp table patients as
with named as (
    select unnest([patient_id, family_name, given_name]) as name from patient_demographics
),
parts as (
    select distinct unnest(regexp_split_to_array(lower(name), '[^\p{L}\p{N}_-]+')) as token
    from named
)
select token from parts
where length(token) >= case when regexp_full_match(token, '[0-9]+') then $number else $word end
"""
_FOUND = "select count(*) from tokens semi join patients using (token)"


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read, what was looked for, and how many of it stand in which files."""

    files: int
    bytes: int
    looked_for: int
    found: Mapping[Path, int]


def log_files(environ: Mapping[str, str]) -> list[Path]:
    """The logs and event stores of Dagster and dbt, where there are any."""
    home = environ.get(DAGSTER_HOME)
    roots = [DBT_LOGS, *([Path(home)] if home else [])]
    return [path for root in roots for path in sorted(root.rglob("*")) if path.is_file()]


def scan(paths: Sequence[Path], lake: Lake, at: Cut | None = None) -> Scan:
    """Read logs, holding no more of one than a chunk's tokens.

    Args:
        paths: The files.
        lake: The lake whose patients are looked for.
        at: The cut up to which its patients are known; the newest where None.
    """
    found: dict[Path, int] = {}
    with connect(lake, tables=(PATIENT_DEMOGRAPHICS,), at=at) as connection:
        connection.execute(_PATIENTS, {"number": SHORTEST_NUMBER, "word": SHORTEST})
        (looked_for,) = connection.execute("select count(*) from patients").fetchone() or (0,)
        for path in paths if looked_for else ():
            for tokens in _tokens(path):
                connection.register("tokens", pa.table({"token": pa.array(sorted(tokens))}))
                (hits,) = connection.execute(_FOUND).fetchone() or (0,)
                connection.unregister("tokens")
                if hits:
                    found[path] = found.get(path, 0) + int(hits)
    return Scan(len(paths), sum(path.stat().st_size for path in paths), looked_for, found)


def _tokens(path: Path) -> Iterator[set[str]]:
    rest = b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            whole = rest + chunk
            # A token that the chunk's end cuts in two is read with the next chunk.
            end = max(whole.rfind(b"\n"), whole.rfind(b" ")) + 1 or len(whole)
            rest = whole[end:]
            yield _distinct(whole[:end])
    yield _distinct(rest)


def _distinct(content: bytes) -> set[str]:
    words = TOKEN.findall(content.decode("utf-8", errors="replace"))
    return {word.lower() for word in words if len(word) >= SHORTEST}
