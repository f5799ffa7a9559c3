"""What surrounds the tables: permissions, owner, clock, space, lock, and what was left behind.

Here: findings about these, and facts that are told beside them and are no fault. Not here: logs
(judging.py), the marker (marker.py), or the inbox.
"""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.delta_log import LOG
from lakehouse.doctor.findings import Finding
from lakehouse.doctor.holder import holder
from lakehouse.doctor.judging import newest_base
from lakehouse.doctor.logs import Log
from lakehouse.doctor.places import QUARANTINE
from lakehouse.tables import RAW_MESSAGES

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
# Clocks of one site differ by less; a lake copied from elsewhere may not.
SLACK: Final = timedelta(minutes=5)
LEAST_FREE_BYTES: Final = 256 * 1024**2
LEAST_FREE_SHARE: Final = 0.02
# Paths that one finding names; the rest are counted.
NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts that are told and are no fault.

    `drafts` were begun and never put in place, `orphans` are data files that no commit names: both
    take room and nothing else. `holder` is the process of the dataflow, None where none runs.
    """

    holder: int | None
    fence: int
    drafts: int
    orphans: int
    quarantined: int
    free_bytes: int

    def to_json(self) -> dict[str, int | None]:
        """The stable form that `doctor --json` prints."""
        return asdict(self)


@dataclass(slots=True)
class _Seen:
    open_to_others: list[str]
    of_others: list[str]
    future: list[str]
    drafts: int = 0
    quarantined: int = 0
    data: int = 0


def surroundings(
    root: Path, logs: Mapping[str, Log], now: datetime
) -> tuple[Surroundings, list[Finding]]:
    """What surrounds the tables of a lake, and what is wrong with it."""
    seen = _walk(root, now)
    usage = shutil.disk_usage(root)
    fence, process = holder(root)
    named = sum(len(files) for files in map(_named, logs.values()))
    facts = Surroundings(
        process, fence, seen.drafts, max(seen.data - named, 0), seen.quarantined, usage.free
    )
    return facts, [
        *_of_files(seen),
        *_space(usage.free, usage.total),
        *_future_messages(logs.get(RAW_MESSAGES.name), now),
    ]


def _walk(root: Path, now: datetime) -> _Seen:
    seen = _Seen([], [], [])
    owner = root.stat().st_uid
    latest = (now + SLACK).timestamp()
    for folder, _, names in os.walk(root):
        for path in (Path(folder), *(Path(folder) / name for name in names)):
            place = str(path.relative_to(root))
            try:
                found = path.lstat()
            except FileNotFoundError:
                # Compacted, trimmed or moved aside meanwhile.
                continue
            _note(seen, place, found, owner, latest)
    return seen


def _note(seen: _Seen, place: str, found: os.stat_result, owner: int, latest: float) -> None:
    if found.st_mode & OTHERS and not stat.S_ISLNK(found.st_mode):
        seen.open_to_others.append(place)
    if found.st_uid != owner:
        seen.of_others.append(place)
    if found.st_mtime > latest:
        seen.future.append(place)
    if not stat.S_ISREG(found.st_mode):
        return
    seen.drafts += place.endswith(".draft")
    if place.startswith(f"{QUARANTINE}/"):
        seen.quarantined += 1
    elif place.endswith(".parquet") and LOG not in Path(place).parts:
        seen.data += 1


def _of_files(seen: _Seen) -> Iterator[Finding]:
    if seen.open_to_others:
        cause = f"others than its user may read or change {_listed(seen.open_to_others)}"
        remedy = "take the rights away: chmod -R go= on the lake's directory"
        yield Finding("permissions", seen.open_to_others[0], cause, remedy)
    if seen.of_others:
        cause = f"another user than the lake's own owns {_listed(seen.of_others)}"
        remedy = "give them to the lake's user with chown, and run every command as that user"
        yield Finding("owner", seen.of_others[0], cause, remedy)
    if seen.future:
        cause = f"written later than now, by this machine's clock: {_listed(seen.future)}"
        remedy = "set the clock (see that it is synchronised); the files themselves are whole"
        yield Finding("future_file", seen.future[0], cause, remedy)


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    return ", ".join(places[:NAMED]) + more


def _space(free: int, total: int) -> Iterator[Finding]:
    if free < max(LEAST_FREE_BYTES, LEAST_FREE_SHARE * total):
        cause = f"only {free // 1024**2} MiB are free on the lake's disk"
        yield Finding("space_low", ".", cause, "free space; the gateway refuses before it is full")


def _future_messages(raw: Log | None, now: datetime) -> Iterator[Finding]:
    """Messages of the newest commits that are dated later than now."""
    if raw is None:
        return
    for version in sorted(raw.commits)[-NAMED:]:
        files = (raw.path / file.path for file in raw.commits[version].added)
        if any(_latest(file) > now + SLACK for file in files):
            cause = "a message was received later than now, by this machine's clock"
            remedy = "set the clock; a replayed feed that is dated ahead is no fault"
            yield Finding("future_message", raw.name, cause, remedy, version)


def _latest(file: Path) -> datetime:
    try:
        rows = pq.ParquetFile(file).read(columns=["received_at"])["received_at"]
    except (OSError, pa.ArrowException):
        return datetime.min.replace(tzinfo=UTC)
    return max(rows.to_pylist(), default=datetime.min.replace(tzinfo=UTC))


def _named(log: Log) -> set[str]:
    """Every data file that a commit or the newest checkpoint names, and that is there."""
    names = {file.path for commit in log.commits.values() for file in commit.added}
    names |= {path for commit in log.commits.values() for path in commit.removed}
    base = newest_base(log)
    if base >= 0:
        names |= {file.path for file in log.checkpointed(base)}
    return {name for name in names if (log.path / name).exists()}
