"""The drop folder: complete files, each once, into the inbox.

Here: looking into `<folder>/<feed>/` again and again, and what becomes of each file there. Not
here: what a complete file is (drop_files.py), or taking one (drop_taking.py).

A file is complete when two looks saw it the same and no process has it open for writing. Better
still, senders write under a name that begins with a dot and rename.
"""

import asyncio
import errno
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from clinical.wire.profile import FeedProfile
from lakehouse.errors import LakehouseError
from streaming.files import SourceError
from streaming.gateway.drop_files import Look, finish, is_being_written, look, opened, refuse
from streaming.gateway.drop_taking import Taken, Taking
from streaming.inbox.arrival import Inbox, InboxDownError, InboxFullError
from streaming.logs import log

# Between two attempts to put into an inbox that is full; in steps, so that a stop is noticed.
_PAUSE_SECONDS: Final = 1.0
_STEP_SECONDS: Final = 0.05
# Ours, not the file's: the file is tried again at the next look.
_OURS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR})
# A file is named neither in the line beside it nor in a log: senders name files after patients.
_BESIDE: Final = "beside this line"
_KINDS: Final = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class _StoppedError(Exception):
    """The gateway ends; the file goes on where it stopped when it starts again."""


async def watch(
    folder: Path,
    profiles: Mapping[str, FeedProfile],
    inbox: Inbox,
    stop: asyncio.Event,
    *,
    look_seconds: float = 2.0,
) -> None:
    """Take files out of `<folder>/<feed>/` until told to stop.

    Args:
        folder: Made where it is missing, and a folder in it for each feed.
        profiles: The feeds.
        inbox: Where messages go; called in threads.
        stop: Ends it, at the next commit.
        look_seconds: Between two looks.

    Raises:
        LakehouseError: The inbox failed, or the folder cannot be made; the process must end.
    """
    feeds = [_Feed(folder / name, name, profiles, inbox, stop) for name in profiles]
    for feed in feeds:
        feed.make()
    await asyncio.gather(*(_watch(feed, stop, look_seconds) for feed in feeds))


async def _watch(feed: "_Feed", stop: asyncio.Event, look_seconds: float) -> None:
    while not stop.is_set():
        await asyncio.to_thread(feed.look)
        try:
            await asyncio.wait_for(stop.wait(), look_seconds)
        except TimeoutError:
            continue


class DropError(LakehouseError):
    """The drop folder cannot be used."""


@dataclass(slots=True)
class _Feed:
    """One feed's folder; its methods run in one thread at a time."""

    place: Path
    feed: str
    profiles: Mapping[str, FeedProfile]
    inbox: Inbox
    stop: asyncio.Event
    seen: Mapping[str, Look] = field(default_factory=dict)
    # What stays where it is: it is tried again only when it changed.
    left: dict[str, Look] = field(default_factory=dict)
    is_blind: bool = False

    def make(self) -> None:
        """Make the folder where it is missing."""
        try:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            msg = f"cannot make the drop folder {self.place}: {reason}; name another"
            raise DropError(msg) from error

    def look(self) -> None:
        """Look once, and take what rests."""
        found = self._found()
        resting = [name for name, one in found.items() if self.seen.get(name) == one]
        self.seen = found
        self.left = {name: one for name, one in self.left.items() if found.get(name) == one}
        for name in sorted(resting, key=lambda name: (found[name].changed, name)):
            if self.stop.is_set():
                return
            if name not in self.left:
                self._settle(name, found[name])

    def _found(self) -> dict[str, Look]:
        try:
            found = look(self.place)
        except OSError as error:
            if not self.is_blind:
                self._tell("drop_unreadable", error=_named(error))
            self.is_blind = True
            return {}
        self.is_blind = False
        return found

    def _settle(self, name: str, seen: Look) -> None:
        """Take or refuse one; what can be neither taken nor moved is left, and told once."""
        try:
            why = self._take(self.place / name, seen)
            if why is not None:
                refuse(self.place / name, why)
                self._tell("file_refused")
        except (_StoppedError, FileNotFoundError, InboxFullError, InboxDownError):
            # It is gone, or there is a next look.
            return
        except LakehouseError:
            raise
        except Exception as error:
            # Whatever is wrong with one file, the gateway goes on.
            if not (isinstance(error, OSError) and error.errno in _OURS):
                self.left[name] = seen
            self._tell("file_left", error=_named(error))

    def _take(self, path: Path, seen: Look) -> str | None:
        """Take one file; why it is refused, or None."""
        if seen.kind == stat.S_IFDIR:
            self.left[path.name] = seen
            self._tell("directory_left")
            return None
        if seen.kind != stat.S_IFREG:
            return f"it is {_KINDS.get(seen.kind, 'a device')}; put the file itself here"
        try:
            with opened(path) as file:
                self._take_opened(file, path, seen)
        except SourceError as error:
            return str(error)
        except PermissionError:
            return "it cannot be read; check its permissions"
        except (OSError, LakehouseError, _StoppedError):
            raise
        except Exception as error:
            # A defect of ours must cost one file, not the gateway.
            return f"unexpected {type(error).__name__}; report it"
        return None

    def _take_opened(self, file: BinaryIO, path: Path, seen: Look) -> None:
        if Look.of(os.fstat(file.fileno())) != seen or is_being_written(file):
            return
        taking = Taking(self.profiles[self.feed], self.inbox, "drop", self._wait, self._check_stop)
        taken = taking.take(file, _BESIDE)
        if finish(path, file, seen):
            self._tell_taken(taken)

    def _wait(self, _: LakehouseError) -> None:
        until = time.monotonic() + _PAUSE_SECONDS
        while time.monotonic() < until:
            self._check_stop()
            time.sleep(_STEP_SECONDS)

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise _StoppedError

    def _tell_taken(self, taken: Taken) -> None:
        event = "file_broken_off" if taken.broken else "file_taken"
        self._tell(event, messages=taken.added)

    def _tell(self, event: str, **keys: object) -> None:
        log().info(event, feed=self.feed, road="drop", **keys)


def _named(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0, type(error).__name__)
