"""One table's log, looked at whole.

Here: every commit and checkpoint of a table, what is wrong with each, and up to which version the
table can be read. Not here: what is done about it (planning.py).

A table can be read at a version when a whole checkpoint, or its first commit, and every commit from
there on are whole, and every data file that is live at that version is there at its length.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from lakehouse import delta_log
from lakehouse.damage import checkpoint_fault, commit_fault, file_fault
from lakehouse.delta_log import Checkpoint, DataFile
from lakehouse.standing import STANDS_ON

# Beyond every version there can be.
FOR_EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Commit:
    """What the doctor needs of a commit.

    `fault` says what is wrong with it; `reached` are its transactions, `stands_on` is what one of
    `raw_messages` says of the other tables, `at` its time in milliseconds.
    """

    fault: str | None
    added: tuple[DataFile, ...] = ()
    removed: tuple[str, ...] = ()
    reached: Mapping[str, int] = field(default_factory=dict)
    stands_on: Mapping[str, int] | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """All files of a table's log, with what is wrong with each."""

    name: str
    path: Path
    commits: Mapping[int, Commit]
    checkpoints: Mapping[int, str | None]
    hint_fault: str | None
    _faults: dict[DataFile, str | None] = field(default_factory=dict, repr=False)

    @property
    def newest(self) -> int:
        """The newest version that a file of the log names; -1 where there is none."""
        return max((*self.commits, *self.checkpoints), default=-1)

    def readable(self, upto: int = FOR_EVER) -> int:
        """The newest version, none beyond `upto`, at which the table can be read; -1 for none."""
        for base in self.bases():
            if base <= upto and (found := self._readable_from(base, upto)) is not None:
                return found
        return -1

    def bases(self) -> Iterator[int]:
        """Versions of whole checkpoints, newest first, and -1 where the first commit is there."""
        yield from (v for v in sorted(self.checkpoints, reverse=True) if not self.checkpoints[v])
        if 0 in self.commits:
            yield -1

    def run_from(self, base: int, upto: int = FOR_EVER) -> int:
        """The last of the whole commits that follow a base without a gap."""
        last = base
        while last < upto and (found := self.commits.get(last + 1)) and found.fault is None:
            last += 1
        return last

    def bad_files(self, base: int, last: int) -> Iterator[tuple[DataFile, int, int, str]]:
        """Files with what is wrong with them, and the versions from and before which they live."""
        for file, since, until in self._lives(base, last):
            if file not in self._faults:
                self._faults[file] = file_fault(self.path, file)
            if (fault := self._faults[file]) is not None:
                yield file, since, until, fault

    def _readable_from(self, base: int, upto: int) -> int | None:
        last = self.run_from(base, upto)
        spans = [(since, until) for _, since, until, _ in self.bad_files(base, last)]
        found = last
        while blocking := [since for since, until in spans if since <= found < until]:
            found = min(blocking) - 1
        return found if found >= max(base, 0) else None

    def _lives(self, base: int, last: int) -> Iterator[tuple[DataFile, int, int]]:
        """Each file that was live between two versions: from which, and before which."""
        live: dict[str, tuple[DataFile, int]] = {}
        for file in self.checkpointed(base):
            live[file.path] = (file, base)
        for version in range(base + 1, last + 1):
            commit = self.commits[version]
            for path in commit.removed:
                if (known := live.pop(path, None)) is not None:
                    yield *known, version
            live.update({file.path: (file, version) for file in commit.added})
        yield from ((file, since, FOR_EVER) for file, since in live.values())

    def checkpointed(self, base: int) -> list[DataFile]:
        """The files of a whole checkpoint; none for the base before the first commit."""
        if base < 0:
            return []
        return delta_log.checkpointed_files(self.checkpoint_files(base))

    def checkpoint_files(self, version: int) -> Checkpoint:
        """A checkpoint with its files."""
        return next(c for c in delta_log.checkpoints(self.path) if c.version == version)

    def reached(self, version: int) -> dict[str, int]:
        """The transactions at a readable version; none where it is -1."""
        if version < 0:
            return {}
        base = next(b for b in self.bases() if b <= version <= self.run_from(b, version))
        found: dict[str, int] = {}
        if base >= 0:
            found.update(delta_log.checkpointed_transactions(self.checkpoint_files(base)))
        for number in range(base + 1, version + 1):
            found.update(self.commits[number].reached)
        return found

    def live(self, version: int) -> set[str]:
        """Paths of the files that a readable version consists of; none where it is -1."""
        if version < 0:
            return set()
        base = next(b for b in self.bases() if b <= version <= self.run_from(b, version))
        return {file.path for file, since, until in self._lives(base, version) if until > version}


def look(name: str, path: Path) -> Log:
    """Read a table's log; what is wrong is told, not raised."""
    checkpoints = {c.version: checkpoint_fault(c) for c in delta_log.checkpoints(path)}
    commits = {version: _commit(path, version) for version in delta_log.versions(path)}
    hint_fault = None
    try:
        hinted = delta_log.checkpoint(path)
        if hinted is not None and hinted.version not in checkpoints:
            checkpoints[hinted.version] = "missing"
    except ValueError:
        hint_fault = "torn"
    return Log(name, path, commits, checkpoints, hint_fault)


def _commit(path: Path, version: int) -> Commit:
    try:
        content = delta_log.commit_path(path, version).read_bytes()
    except FileNotFoundError:
        # A clean-up of the log took it between the listing and now.
        return Commit("gone")
    if (fault := commit_fault(content, version)) is not None:
        return Commit(fault)
    return _read(content)


def _read(content: bytes) -> Commit:
    actions = [orjson.loads(line) for line in content.splitlines()]
    of = {kind: [a[kind] for a in actions if a.get(kind)] for kind in ("add", "remove", "txn")}
    told: dict[str, Any] = next((a["commitInfo"] for a in actions if a.get("commitInfo")), {})
    stands_on = told.get(STANDS_ON)
    return Commit(
        None,
        tuple(DataFile(unquote(one["path"]), int(one["size"])) for one in of["add"]),
        tuple(unquote(one["path"]) for one in of["remove"]),
        {one["appId"]: int(one["version"]) for one in of["txn"]},
        None if stands_on is None else orjson.loads(stands_on),
        told.get("timestamp"),
    )
