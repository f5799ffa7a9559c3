"""A lake with its inbox, and a stream over them in this very process.

Here: factories for the tests of the live side. Not here: streams as processes (conftest.py).
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse.cuts import cut
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from lakehouse.setting_groups import FEEDS
from lakehouse.settings import Settings
from streaming.inbox.arrival import JOURNAL_PARTITION, Arrival
from streaming.inbox.journal import Journal
from streaming.inbox.opening import journal_directory
from streaming.live.member import Deployment, Member
from streaming.live.stopping import Stopping
from tests.streaming.feeds import contents

PATIENCE_SECONDS = 90
ARRIVED = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Ward:
    """A lake, its journal, and what a stream over them is told."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.lake = Lake.open(root, create=True)
        told = {"lake": root, "stream_admin": 0, "epoch_seconds": 0.1, **settings}
        self.settings = Settings(**told)

    @property
    def environ(self) -> dict[str, str]:
        """The same settings for a process."""
        return {
            "PULSEHOUSE_STREAM_ADMIN": "0",
            "PULSEHOUSE_EPOCH_SECONDS": str(self.settings.epoch_seconds),
            "PULSEHOUSE_BATCH_MESSAGES": str(self.settings.batch_messages),
            "PULSEHOUSE_FEEDS": str(self.settings.feeds),
        }

    def put(
        self,
        messages: Iterable[bytes],
        feed: str = "mimic3",
        first: Mapping[str, int] | None = None,
    ) -> None:
        """Put messages into the journal, as a road does."""
        journal = Journal(
            journal_directory(self.settings, self.lake),
            limit=1 << 30,
            first=dict(first or {}),
            keep=timedelta(hours=24),
        )
        at = int(ARRIVED.timestamp() * 1e6)
        journal.put([Arrival(feed, message.rstrip(b"\r"), at, "mllp") for message in messages])
        journal.close()

    def reached(self, feed: str = "mimic3") -> int:
        """The last offset that every table has; -1 before the first."""
        return cut(self.lake).next_offset(feed, JOURNAL_PARTITION) - 1

    def has(self, count: int, feed: str = "mimic3") -> Callable[[], bool]:
        """Whether so many messages of a feed are committed."""
        return lambda: self.reached(feed) >= count - 1

    def stream(
        self, until: Callable[[], bool], meanwhile: Callable[["Member"], None] = lambda _: None
    ) -> Member:
        """Stream in this thread until a condition holds; `meanwhile` runs beside it."""
        stopping = Stopping()
        with exclusive(self.lake) as holding:
            member = Member(Deployment(self.settings, self.lake, holding, stopping))

            def watch() -> None:
                meanwhile(member)
                end = time.monotonic() + PATIENCE_SECONDS
                while not until() and time.monotonic() < end and not member.has_ended:
                    time.sleep(0.02)
                stopping.wish()

            beside = threading.Thread(target=watch)
            beside.start()
            try:
                member.run()
            finally:
                beside.join()
        assert until(), "it never came"
        return member

    def contents(self) -> dict[str, list[dict[str, Any]]]:
        """Every table, as a replay of the same messages as a file would have it."""
        return comparable(self.root)


def comparable(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Every table of a lake, whatever partition its messages had."""
    return {
        name: [_anywhere(row) for row in rows.to_pylist()] for name, rows in contents(root).items()
    }


def _anywhere(value: Any) -> Any:
    match value:
        case dict():
            return {k: 0 if k == "partition" else _anywhere(v) for k, v in value.items()}
        case list():
            return [_anywhere(item) for item in value]
        case str():
            return value.replace(f"-{JOURNAL_PARTITION}-", "-0-")
        case _:
            return value


def own_feeds(folder: Path, **names: Mapping[str, str]) -> Path:
    """Profiles of feeds that send as mimic3 does, each with keys of its own before the others."""
    folder.mkdir()
    for name, keys in names.items():
        text = (FEEDS / "mimic3.toml").read_text()
        told = "".join(f"{key} = {value}\n" for key, value in keys.items())
        (folder / f"{name}.toml").write_text(told + text)
        with suppress(FileNotFoundError):
            (folder / f"{name}_codes.csv").write_text((FEEDS / "mimic3_codes.csv").read_text())
    return folder
