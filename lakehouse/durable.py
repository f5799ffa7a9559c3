"""Forcing what was written onto the disk.

Here: fsync of files, of directories, and of everything a Delta commit consists of. delta-rs never
calls fsync on a local disk, so a commit survives a power loss only after `sync_commit`.
Not here: what is written (appends.py), or what a power loss left (damage.py).
"""

import os
from collections.abc import Iterable
from pathlib import Path

from lakehouse import delta_log


def sync(path: Path) -> None:
    """Force one file, or one directory's list of names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes) -> None:
    """Write a small file so that a reader, or a power loss, sees the old content or the new."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync_commits(table: Path, versions: Iterable[int]) -> None:
    """Force commits onto the disk, oldest first."""
    for version in versions:
        sync_commit(table, version)


def sync_commit(table: Path, version: int) -> None:
    """Force one commit onto the disk, and last the file that names the others.

    The order matters: a commit that is durable before its data files would name files that are
    gone. A file that another commit has meanwhile taken out and deleted needs no syncing.
    """
    files = [table / file.path for file in delta_log.added(table, version)]
    for file in files:
        _sync_existing(file)
    for directory in sorted({file.parent for file in files} | {table}):
        _sync_existing(directory)
    log = table / delta_log.LOG
    for file in (delta_log.commit_path(table, version), *_checkpoint_files(table, version)):
        _sync_existing(file)
    sync(log)
    if version == 0:
        sync(table.parent)


def _checkpoint_files(table: Path, version: int) -> list[Path]:
    file = delta_log.checkpoint_path(table, version)
    return [file, table / delta_log.LOG / delta_log.LAST_CHECKPOINT] if file.exists() else []


def _sync_existing(path: Path) -> None:
    try:
        sync(path)
    except FileNotFoundError:
        return
