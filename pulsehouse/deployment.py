"""What this process works with: settings, the lake, a feed, and the files to replay.

Here: from what was typed to the rooms' own values. Not here: what is then done with them.
"""

import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lakehouse.lake import Lake
from lakehouse.settings import Settings, SettingsWarning
from pulsehouse.failure import USAGE, CommandError
from pulsehouse.terminal import say

# What in a directory is taken for messages; a file that is named is always taken.
SUFFIXES = (".hl7", ".txt", ".er7", ".json", ".ndjson", ".jsonl")


def settings() -> Settings:
    """The settings of the environment and of `pulsehouse.toml`; what is odd in them is told."""
    with warnings.catch_warnings(record=True) as odd:
        warnings.simplefilter("always", SettingsWarning)
        loaded = Settings.load()
    for one in odd:
        _warn(str(one.message))
    return loaded


@cache
def _warn(text: str) -> None:
    """Tell of it, once in a process."""
    say(f"warning: {text}")


def open_lake(place: Path | None, *, create: bool = False) -> Lake:
    """The lake that was named, else that of the settings."""
    return Lake.open(place or settings().lake, create=create)


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files that were named; a directory stands for its message files, by name.

    Raises:
        CommandError: A path is not there, or a directory holds no message file.
    """
    return [file for path in paths for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if not path.exists():
        msg = f"no file or directory {str(path)!r}; check the path"
        raise CommandError(msg, USAGE)
    if not path.is_dir():
        return [path]
    found = sorted(item for item in path.iterdir() if _holds_messages(item))
    if not found:
        wanted = ", ".join(SUFFIXES)
        msg = f"the directory {str(path)!r} holds no message file ({wanted}, or .gz of one)"
        raise CommandError(msg, USAGE)
    return found


def _holds_messages(item: Path) -> bool:
    name = item.name.lower().removesuffix(".gz")
    return item.is_file() and not name.startswith(".") and name.endswith(SUFFIXES)


def speed_of(text: str) -> float | None:
    """`max`, or a multiple of the feed's own clock such as `60x`.

    Raises:
        CommandError: It is neither.
    """
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        msg = f"speed {text!r} is neither `max` nor a multiple such as `60x`"
        raise CommandError(msg, USAGE)
    return speed
