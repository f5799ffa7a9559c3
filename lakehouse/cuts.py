"""The cut: one consistent line through all tables.

Here: the line as a value, and reading it off the lake. `raw_messages` commits last and has a row
for every message, so what it has reached in a partition, every table has reached.
Not here: showing tables only up to it (catalogue.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakehouse import delta_log
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES

Place = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Cut(Mapping[Place, int]):
    """Per (feed, partition), the offset up to which (and with which) every table is complete."""

    reached: Mapping[Place, int]

    def __getitem__(self, place: Place) -> int:
        return self.reached[place]

    def __iter__(self) -> Iterator[Place]:
        return iter(sorted(self.reached))

    def __len__(self) -> int:
        return len(self.reached)

    def next_offset(self, feed: str, partition: int) -> int:
        """Where a source of this partition starts: the first offset beyond the cut."""
        return self.reached.get((feed, partition), -1) + 1

    def to_json(self) -> list[dict[str, str | int]]:
        """The cut for a report or a ledger, in a fixed order."""
        return [
            {"feed": feed, "partition": partition, "offset": self.reached[feed, partition]}
            for feed, partition in self
        ]

    @classmethod
    def from_json(cls, entries: list[dict[str, str | int]]) -> "Cut":
        """The cut that `to_json` wrote."""
        return cls({(str(e["feed"]), int(e["partition"])): int(e["offset"]) for e in entries})


def cut(lake: Lake) -> Cut:
    """The cut of the lake now; a partition that no message has come from is not in it."""
    reached = delta_log.transactions(lake.path(RAW_MESSAGES))
    return Cut({_place(app_id): offset for app_id, offset in reached.items()})


def _place(app_id: str) -> Place:
    feed, _, partition = app_id.rpartition("/")
    return feed, int(partition)
