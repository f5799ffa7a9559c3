"""Two processes, beside one: the same two facilities, from a full inbox to committed rows.

Here: `pulsehouse stream` with one process and with two, each on a lake of its own. Not here: the
path within one process (whole.py). Starting is not counted: seconds run from the first commit that
is seen to the last.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks import ward
from benchmarks.measuring import Place, Run
from lakehouse.cuts import cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.inbox.arrival import JOURNAL_PARTITION, Arrival
from streaming.inbox.journal import Journal

# The ward's feed twice, each a facility.
FACILITIES: Final = ("east", "west")
GROUP: Final = 500
LIMIT: Final = 16 * 1024**3
LOOK_SECONDS: Final = 0.05
LONGEST_SECONDS: Final = 300.0
ARRIVED: Final = int(ward.BEGINS.timestamp() * 1_000_000)


def two_processes(size: int, place: Place) -> Iterator[Run]:
    """Observations per second of one process and of two, in turns; half the messages of each."""
    feeds = _feeds(place.own / "feeds")
    # Its processes are new at every run: there is nothing to warm up.
    yield Run(0.0, 0.0, {})
    for number in count():
        began = perf_counter()
        one, two = (
            _rate(place.own / f"lake-{number}-{processes}", feeds, size // 2, processes)
            for processes in (1, 2)
        )
        told = {
            "one_process_observations_per_second": one,
            "two_processes_observations_per_second": two,
            "two_processes_against_one": two / one,
        }
        yield Run(perf_counter() - began, 0.0, told)


def _feeds(place: Path) -> Path:
    """Profiles of the ward's feed under other names and facilities."""
    place.mkdir()
    source = Settings().feeds
    told = (source / f"{ward.FEED}.toml").read_text(encoding="utf-8")
    codes = (source / f"{ward.FEED}_codes.csv").read_text(encoding="utf-8")
    for name in FACILITIES:
        mine = re.sub(r'(?m)^facility = ".*"$', f'facility = "{name}"', told)
        (place / f"{name}.toml").write_text(mine, encoding="utf-8")
        (place / f"{name}_codes.csv").write_text(codes, encoding="utf-8")
    return place


def _rate(lake: Path, feeds: Path, each: int, processes: int) -> float:
    opened = Lake.open(lake, create=True)
    _fill(lake / "journal", each)
    words = [sys.executable, "-m", "pulsehouse", "stream", "--lake", str(lake)]
    process = subprocess.Popen(  # noqa: S603 our own module, our own arguments
        [*words, "-n", str(processes)],
        env={
            **os.environ,
            "PULSEHOUSE_STREAM_ADMIN": "0",
            "PULSEHOUSE_FEEDS": str(feeds),
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        return _followed(opened, process, each)
    finally:
        process.terminate()
        process.wait()


def _fill(journal: Path, each: int) -> None:
    inbox = Journal(journal, limit=LIMIT, first={})
    messages = ward.messages(each, ward.STEADY)
    while raws := list(islice(messages, GROUP)):
        inbox.put([Arrival(feed, raw, ARRIVED, "mllp") for raw in raws for feed in FACILITIES])
    inbox.close()


def _followed(lake: Lake, process: "subprocess.Popen[bytes]", each: int) -> float:
    """Observations per second between the first commit that is seen and the last."""
    began, ended = perf_counter(), perf_counter() + LONGEST_SECONDS
    first, whole = 0, each * len(FACILITIES)
    while (done := _done(lake)) < whole:
        if process.poll() is not None or perf_counter() > ended:
            msg = "the stream ended, or did not come to an end; `pulsehouse stream` says why"
            raise RuntimeError(msg)
        if not first and done:
            began, first = perf_counter(), done
        time.sleep(LOOK_SECONDS)
    # Too few for two looks: all of them count, from the start.
    counted = whole - first if whole > first else whole
    return counted * ward.OBSERVATIONS / (perf_counter() - began)


def _done(lake: Lake) -> int:
    reached = cut(lake)
    return sum(reached.next_offset(feed, JOURNAL_PARTITION) for feed in FACILITIES)
