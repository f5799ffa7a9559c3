"""Feeds for streaming tests: parts of the bundled sample, and what a lake holds afterwards."""

import gzip
from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pyarrow as pa

from lakehouse.catalogue import connect
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
from streaming.replay import Options, Outcome, replay

SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
# Small batches and short epochs, so that one test sees many of both.
BUSY = Options(epoch=timedelta(seconds=0.05), batch=170)


def sample_messages(count: int) -> list[bytes]:
    """The first messages of the bundled sample."""
    content = gzip.decompress(SAMPLE.read_bytes())
    messages = [b"MSH" + rest for rest in content.split(b"MSH")[1:]]
    return messages[:count]


def write(path: Path, messages: Sequence[bytes]) -> Path:
    """A file of messages without a batch envelope."""
    path.write_bytes(b"".join(messages))
    return path


def replayed(root: Path, *paths: Path, options: Options = BUSY, feed: str = "mimic3") -> Outcome:
    """Replay files into a lake, in a run of its own."""
    return replay(Lake.open(root, create=True), load_profile(feed), paths, options)


def contents(root: Path) -> dict[str, pa.Table]:
    """Every table of a lake at its cut, in one fixed order."""
    with connect(Lake.open(root, create=False)) as connection:
        return {name: _ordered(connection, name) for name in TABLES}


def _ordered(connection: object, name: str) -> pa.Table:
    sql = f'select * from {name} order by feed, "partition", "offset", "row"'  # noqa: S608
    return connection.execute(sql).to_arrow_table()  # type: ignore[attr-defined]
