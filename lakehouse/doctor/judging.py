"""What is wrong with a table's log, as findings.

Here: findings of one log, by what stands in it and by what other tables stand on. Not here: reading
the log (logs.py), or mending (planning.py).
"""

from collections.abc import Iterator

from lakehouse.doctor.findings import REPAIR, Code, Finding
from lakehouse.doctor.logs import FOR_EVER, Log


def judged(log: Log, needed: int = -1) -> list[Finding]:
    """The findings of one table.

    Args:
        log: The table's log.
        needed: The newest version that a commit of `raw_messages` stands on.
    """
    readable = log.readable()
    found = [*_checkpoints(log), *_commits(log, readable), *_files(log)]
    if readable < needed and log.newest < needed:
        cause = f"its newest commits, up to version {needed}, are missing"
        found.append(Finding("commits_missing", log.name, cause, REPAIR, log.newest + 1))
    if readable < 0 and log.newest >= 0:
        cause = "no version of it can be read"
        found.append(Finding("table_unreadable", log.name, cause, REPAIR))
    return found


def _checkpoints(log: Log) -> Iterator[Finding]:
    if log.hint_fault is not None:
        cause = f"the hint to its newest checkpoint is {log.hint_fault}"
        yield Finding("checkpoint_hint_torn", log.name, cause, REPAIR)
    for version, fault in log.checkpoints.items():
        if fault == "missing":
            cause = "the checkpoint that its hint names is missing"
            yield Finding("checkpoint_missing", log.name, cause, REPAIR, version)
        elif fault is not None:
            cause = f"the checkpoint of this version is {fault}"
            yield Finding("checkpoint_torn", log.name, cause, REPAIR, version)


def _commits(log: Log, readable: int) -> Iterator[Finding]:
    base = newest_base(log)
    for version, commit in log.commits.items():
        if commit.fault is None:
            continue
        if version <= base:
            cause = f"an old commit's file is {commit.fault}; a checkpoint stands for it"
            yield Finding("history_torn", log.name, cause, REPAIR, version)
        else:
            yield Finding("commit_torn", log.name, f"its file is {commit.fault}", REPAIR, version)
    last = log.run_from(base)
    if last < log.newest and last + 1 not in log.commits and readable < log.newest:
        cause = "its file is missing, and later ones are there"
        yield Finding("commit_missing", log.name, cause, REPAIR, last + 1)


def _files(log: Log) -> Iterator[Finding]:
    base = newest_base(log)
    for _, since, until, fault in log.bad_files(base, log.run_from(base)):
        if until == FOR_EVER:
            code: Code = "data_file_missing" if fault == "missing" else "data_file_short"
            cause = f"a data file that it names is {fault}"
            yield Finding(code, log.name, cause, REPAIR, max(since, 0))


def newest_base(log: Log) -> int:
    """The newest whole checkpoint; -1 where only the first commit can be begun from."""
    return next(log.bases(), -1)
