"""How a damaged lake would be mended.

Here: for every table the version that it is taken back to and the files that are moved aside for
it, and where the cut goes back to, so that every table has what lies before it. Not here: doing it
(repairing.py).

A table that lost commits is complete up to the last commit of `raw_messages` that stands on what is
left of it: there the cut goes. What lies beyond flows again, and each table drops what it has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse import delta_log
from lakehouse.cuts import Cut
from lakehouse.doctor.judging import newest_base
from lakehouse.doctor.logs import Log, look
from lakehouse.doctor.places import stored_tables
from lakehouse.tables import RAW_MESSAGES, TABLES


@dataclass(frozen=True, slots=True)
class Aside:
    """What of one table is moved aside: files in this order, or the whole of it (`keep` -1).

    `keep` is the version that the table then ends at; `newest` is the one it had.
    """

    log: Log
    keep: int
    newest: int
    files: tuple[Path, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the table can be kept."""
        return self.keep < 0

    @property
    def commits(self) -> int:
        """How many versions are taken back."""
        return self.newest - self.keep


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of one place, from first to last offset, that have to flow again."""

    feed: str
    partition: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a repair does: tables that batch work makes, `raw_messages`, then the stream's others.

    `by_time` says that some commits of `raw_messages` do not tell what they stand on, so that their
    times decided.
    """

    batch: tuple[Aside, ...]
    raw: Aside | None
    stream: tuple[Aside, ...]
    gaps: tuple[Gap, ...]
    by_time: bool

    @property
    def asides(self) -> tuple[Aside, ...]:
        """Every table that changes, in the order in which they do."""
        return (*self.batch, *((self.raw,) if self.raw else ()), *self.stream)


def plan(root: Path) -> Plan:
    """Look at a lake and say how it would be mended; nothing is changed."""
    logs = {name: look(name, path) for name, path in stored_tables(root).items()}
    raw = logs.get(RAW_MESSAGES.name, look(RAW_MESSAGES.name, root / RAW_MESSAGES.name))
    kept = {name: log.readable() for name, log in logs.items() if name != raw.name}
    needed = stood_on(raw)
    behind = {
        name: kept.get(name, -1)
        for name in TABLES
        if name != raw.name
        and kept.get(name, -1)
        < max(needed.get(name, -1), logs[name].newest if name in logs else -1)
    }
    limit, by_time = _limit(raw, behind, logs)
    raw_kept = raw.readable(limit)
    return Plan(
        tuple(_asides(logs, kept, stream=False)),
        aside(raw, raw_kept),
        tuple(_asides(logs, kept, stream=True)),
        tuple(gaps(raw, raw_kept)),
        by_time,
    )


def stood_on(raw: Log) -> dict[str, int]:
    """Per table, the newest version that a commit of `raw_messages` stands on."""
    needed: dict[str, int] = {}
    for commit in raw.commits.values():
        for name, version in (commit.stands_on or {}).items():
            needed[name] = max(needed.get(name, -1), version)
    return needed


def _limit(raw: Log, behind: Mapping[str, int], logs: Mapping[str, Log]) -> tuple[int, bool]:
    """The newest version of `raw_messages` that stands on nothing lost; whether times decided."""
    times = {name: _lost_at(logs.get(name), keep) for name, keep in behind.items()}
    by_time = False
    for version, commit in sorted(raw.commits.items()):
        if not behind or not commit.reached:
            continue
        if commit.stands_on is None:
            by_time = True
            if any((commit.at or 0) >= lost for lost in times.values()):
                return version - 1, by_time
        elif any(commit.stands_on.get(name, -1) > keep for name, keep in behind.items()):
            return version - 1, by_time
    return raw.newest, by_time


def _lost_at(log: Log | None, keep: int) -> int:
    """No later than this, in milliseconds, the table's first lost commit was made."""
    if log is None or keep < 0:
        return 0
    first = log.commits.get(keep + 1)
    if first is not None and first.at is not None:
        return first.at
    last = log.commits.get(keep)
    return (last.at or 0) if last is not None else 0


def _asides(logs: Mapping[str, Log], kept: Mapping[str, int], *, stream: bool) -> Iterator[Aside]:
    for name, keep in kept.items():
        if (name in TABLES) == stream and (found := aside(logs[name], keep)) is not None:
            yield found


def aside(log: Log, keep: int) -> Aside | None:
    """What of a table is moved aside so that it ends at a version; None where nothing is."""
    if log.newest < 0:
        return None
    files = (*_log_files(log, keep), *_data_files(log, keep)) if keep >= 0 else (log.path,)
    return Aside(log, keep, log.newest, files) if files else None


def _log_files(log: Log, keep: int) -> Iterator[Path]:
    """The hint, checkpoints, then commits with the newest first: each step leaves a sound log."""
    folder = log.path / delta_log.LOG
    bad = [v for v, fault in log.checkpoints.items() if v > keep or fault is not None]
    if (bad or log.hint_fault) and (hint := folder / delta_log.LAST_CHECKPOINT).exists():
        yield hint
    for found in delta_log.checkpoints(log.path):
        if found.version in bad:
            yield from found.files
    base = newest_base(log)
    for version in sorted(log.commits, reverse=True):
        # Those before a whole checkpoint are needed by nobody, and may be taken out singly.
        if version > keep or (log.commits[version].fault and version <= base):
            yield delta_log.commit_path(log.path, version)


def _data_files(log: Log, keep: int) -> Iterator[Path]:
    live = log.live(keep) if any(version > keep for version in log.commits) else set()
    for version, commit in log.commits.items():
        if version > keep:
            files = (log.path / one.path for one in commit.added if one.path not in live)
            yield from (file for file in files if file.exists())


def gaps(raw: Log, keep: int) -> Iterator[Gap]:
    """What lies between the cut that `raw_messages` is taken back to and the one it told of."""
    told = _told(raw)
    after = _cut(raw.reached(keep))
    for (feed, partition), last in _cut(told).items():
        first = after.next_offset(feed, partition)
        if first <= last:
            yield Gap(feed, partition, first, last)


def _told(raw: Log) -> dict[str, int]:
    """The furthest that any readable part of the log has come, holes or not."""
    found = raw.reached(max((base for base in raw.bases() if base >= 0), default=-1))
    for commit in raw.commits.values():
        for line, offset in commit.reached.items():
            found[line] = max(found.get(line, -1), offset)
    return found


def _cut(reached: Mapping[str, int]) -> Cut:
    places = ((line.rpartition("/"), offset) for line, offset in reached.items())
    return Cut({(feed, int(partition)): offset for (feed, _, partition), offset in places})
