"""The inbox measured: putting, reading, and the gateway's group commit.

Here: each figure beside what the disk gives at best in the same run: the same bytes appended to a
plain file, with one fdatasync for each put. Not here: how results are shown.

Run it with `python -m benchmarks.inbox MESSAGES DIRECTORY`; a directory on the disk in question.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks import ward
from lakehouse.feeds import load_profile
from streaming.gateway.intake import Intake, Receipt
from streaming.inbox.arrival import Arrival
from streaming.inbox.journal import Journal
from streaming.inbox.journal_reading import JournalReader

Result = dict[str, float]
GROUPS: Final = (1, 50)
CONNECTIONS: Final = (1, 10, 50)
LIMIT: Final = 8 * 1024**3
READ_MESSAGES: Final = 8_000
READ_BYTES: Final = 64 * 1024**2


def put(size: int, folder: Path) -> Result:
    """Puts singly and in groups: messages per second, p99 of a put, and both against the disk."""
    found: Result = {}
    for group in GROUPS:
        arrivals = _arrivals(size if group > 1 else size // 10)
        journal = _journal(folder / f"journal-{group}")
        ours = _seconds(arrivals, group, journal.put)
        journal.close()
        with (folder / f"plain-{group}").open("wb", buffering=0) as plain:
            disk = _seconds(arrivals, group, partial(_append, plain))
        found |= {
            f"puts_of_{group}_messages_per_second": len(arrivals) / ours.sum(),
            f"puts_of_{group}_p50_ms": _milliseconds(ours, 0.5),
            f"puts_of_{group}_p99_ms": _milliseconds(ours, 0.99),
            f"puts_of_{group}_disk_p50_ms": _milliseconds(disk, 0.5),
            f"puts_of_{group}_disk_p99_ms": _milliseconds(disk, 0.99),
            f"puts_of_{group}_against_disk": disk.sum() / ours.sum(),
        }
    return found


def read(size: int, folder: Path) -> Result:
    """Messages per second from the journal into Arrow."""
    journal = _journal(folder / "read")
    for first in range(0, size, 1_000):
        journal.put(_arrivals(size)[first : first + 1_000])
    reader = JournalReader(folder / "read")
    began = perf_counter()
    offset = 0
    while len(stretch := reader.read(ward.FEED, offset, READ_MESSAGES, READ_BYTES)):
        offset = stretch.first_offset + len(stretch)
    seconds = perf_counter() - began
    reader.close()
    journal.close()
    return {"read_messages_per_second": size / seconds}


def intake(size: int, folder: Path) -> Result:
    """Messages per second and p99 of a receipt, by how many senders wait at one time."""
    found: Result = {}
    for connections in CONNECTIONS:
        count = max(size * connections // max(CONNECTIONS), connections)
        waits = np.sort(asyncio.run(_sent(count, connections, folder / f"intake-{connections}")))
        found |= {
            f"intake_of_{connections}_messages_per_second": count * connections / waits.sum(),
            f"intake_of_{connections}_p50_ms": _milliseconds(waits, 0.5),
            f"intake_of_{connections}_p99_ms": _milliseconds(waits, 0.99),
        }
    return found


async def _sent(count: int, connections: int, directory: Path) -> np.ndarray:
    journal = _journal(directory)
    loop = asyncio.get_running_loop()
    serving = Intake(journal, {ward.FEED: load_profile(ward.FEED)}, loop)
    waiting = iter(_arrivals(count))

    async def sender() -> list[float]:
        waits = []
        for arrival in waiting:
            receipt: asyncio.Future[Receipt] = loop.create_future()
            began = perf_counter()
            serving.submit(arrival, receipt.set_result)
            await receipt
            waits.append(perf_counter() - began)
        return waits

    waits = await asyncio.gather(*[sender() for _ in range(connections)])
    await asyncio.to_thread(serving.close)
    journal.close()
    return np.concatenate([np.array(one) for one in waits])


def _journal(directory: Path) -> Journal:
    return Journal(directory, limit=LIMIT, first={})


def _arrivals(count: int) -> list[Arrival]:
    messages = ward.messages(count, ward.Ward(100, timedelta(seconds=1)))
    return [Arrival(ward.FEED, raw, 1_767_600_000_000_000, "mllp") for raw in messages]


def _seconds(
    arrivals: Sequence[Arrival], group: int, work: Callable[[Sequence[Arrival]], object]
) -> np.ndarray:
    found = []
    for first in range(0, len(arrivals), group):
        began = perf_counter()
        work(arrivals[first : first + group])
        found.append(perf_counter() - began)
    return np.array(found)


def _append(file: object, batch: Sequence[Arrival]) -> None:
    descriptor = file.fileno()  # type: ignore[attr-defined]
    os.write(descriptor, b"".join(arrival.raw for arrival in batch))
    os.fdatasync(descriptor)


def _milliseconds(seconds: np.ndarray, share: float) -> float:
    return float(np.quantile(seconds, share) * 1_000)


def main(size: int, place: Path) -> None:
    """Measure all and print it as JSON."""
    found: Result = {}
    with tempfile.TemporaryDirectory(prefix="pulsehouse-bench-", dir=place) as folder:
        for case in (put, read, intake):
            found |= case(size, Path(folder))
    sys.stdout.write(json.dumps({name: round(value, 3) for name, value in found.items()}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
