"""Ways in which a table can be damaged, by name. Each takes the table's directory."""

from collections.abc import Callable
from pathlib import Path

from lakehouse import delta_log


def newest(table: Path) -> Path:
    return delta_log.commit_path(table, delta_log.versions(table)[-1])


def newest_file(table: Path) -> Path:
    versions = reversed(delta_log.versions(table))
    added = next(files for v in versions if (files := delta_log.added(table, v)))
    return table / added[-1].path


def empty_commit(table: Path) -> None:
    newest(table).write_bytes(b"")


def zeroed_commit(table: Path) -> None:
    path = newest(table)
    path.write_bytes(bytes(path.stat().st_size))


def half_commit(table: Path) -> None:
    path = newest(table)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def commit_without_its_last_line(table: Path) -> None:
    path = newest(table)
    path.write_bytes(path.read_bytes().rpartition(b"\n")[0])


def missing_commit(table: Path) -> None:
    newest(table).unlink()


def two_missing_commits(table: Path) -> None:
    missing_commit(table)
    missing_commit(table)


def hole_in_the_middle(table: Path) -> None:
    delta_log.commit_path(table, delta_log.versions(table)[-1] // 2).unlink()


def torn_commit_in_the_middle(table: Path) -> None:
    path = delta_log.commit_path(table, delta_log.versions(table)[-1] // 2)
    path.write_bytes(path.read_bytes()[:40])


def missing_data_file(table: Path) -> None:
    newest_file(table).unlink()


def short_data_file(table: Path) -> None:
    path = newest_file(table)
    path.write_bytes(path.read_bytes()[:100])


def old_data_file_missing(table: Path) -> None:
    (table / delta_log.added(table, 1)[0].path).unlink()


def empty_first_commit(table: Path) -> None:
    delta_log.commit_path(table, 0).write_bytes(b"")


TAIL: tuple[Callable[[Path], None], ...] = (
    empty_commit,
    zeroed_commit,
    half_commit,
    commit_without_its_last_line,
    missing_commit,
    two_missing_commits,
    missing_data_file,
    short_data_file,
)
DEEP: tuple[Callable[[Path], None], ...] = (
    hole_in_the_middle,
    torn_commit_in_the_middle,
    old_data_file_missing,
    empty_first_commit,
)
