"""Feed profiles that may change while they are in use.

Here: noticing that the files of a profile changed, reading them, and which version is in force. A
version that cannot be used is a fault, and the one before stays in force. Not here: how a profile
is read (feeds.py), who looks when, or who is told (streaming/).

Looking costs a directory listing. Files are read once they were the same at two looks, so that one
that is being written is never taken by halves.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clinical.wire.profile import FeedProfile, ProfileError
from lakehouse.errors import LakehouseError
from lakehouse.feeds import feed_names, load_profile

What = Literal["changed", "broken", "mended"]
# Per file beside the profile, what tells that it was written.
_Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a feed's profile; `detail` is the fault, or how it was mended."""

    feed: str
    what: What
    detail: str = ""


class FeedVersions(Mapping[str, FeedProfile]):
    """The profiles in force, by feed.

    One thread looks; those that work take up what was found when it suits them: until then a feed's
    profile stays the one it was. A feed that had none gets one only when it is taken up.
    """

    def __init__(self, place: Path) -> None:
        """Read every profile; one that cannot be used is a fault."""
        self._place = place
        self._lock = threading.Lock()
        self._in_force: dict[str, FeedProfile] = {}
        self._waiting: dict[str, FeedProfile] = {}
        self._faults: dict[str, str] = {}
        self._read: dict[str, _Signature] = self._signatures()
        self._seen = self._read
        for name in self._read:
            self._reread(name)
        self.take_up_all()

    def __getitem__(self, feed: str) -> FeedProfile:
        """The profile in force."""
        return self._in_force[feed]

    def __iter__(self) -> Iterator[str]:
        """The feeds that have a profile in force."""
        return iter(sorted(self._in_force))

    def __len__(self) -> int:
        """How many feeds have one."""
        return len(self._in_force)

    @property
    def faults(self) -> Mapping[str, str]:
        """Why the newest version of a profile cannot be used, by feed."""
        return dict(self._faults)

    def look(self) -> list[Change]:
        """See what changed since the last look."""
        now, before = self._signatures(), self._seen
        self._seen = now
        rest = [n for n in sorted({*now, *self._read}) if now.get(n, ()) == before.get(n, ())]
        changed = [name for name in rest if now.get(name, ()) != self._read.get(name, ())]
        self._read = {**self._read, **{name: now.get(name, ()) for name in changed}}
        return [change for name in changed if (change := self._reread(name)) is not None]

    def take_up(self, feed: str) -> FeedProfile | None:
        """Put the newest usable version of a feed's profile in force; None where it is already."""
        if feed not in self._waiting:
            return None
        with self._lock:
            profile = self._waiting.pop(feed)
            self._in_force = {**self._in_force, feed: profile}
        return profile

    def take_up_all(self) -> list[FeedProfile]:
        """Put every newest usable version in force."""
        found = (self.take_up(feed) for feed in list(self._waiting))
        return [profile for profile in found if profile is not None]

    def newcomers(self) -> list[str]:
        """Feeds without a profile in force that have a usable one by now."""
        return sorted(set(self._waiting) - set(self._in_force))

    def _reread(self, name: str) -> Change | None:
        try:
            found = load_profile(name, self._place)
            self._check(found)
        except (ProfileError, LakehouseError) as error:
            return self._broken(name, str(error))
        was_broken = self._faults.pop(name, None) is not None
        newest = self._waiting.get(name) or self._in_force.get(name)
        is_new = newest is None or newest.fingerprint != found.fingerprint
        if is_new:
            with self._lock:
                self._waiting[name] = found
        if was_broken:
            return Change(name, "mended", "its profile can be used again")
        return Change(name, "changed", found.fingerprint) if is_new else None

    def _check(self, found: FeedProfile) -> None:
        before = self._in_force.get(found.name)
        if before is not None and before.format != found.format:
            msg = (
                f"feed profile `{found.name}` changes `format` from {before.format} to"
                f" {found.format}, which needs a start anew: stop, and start again"
            )
            raise ProfileError(msg)

    def _broken(self, name: str, fault: str) -> Change | None:
        if self._faults.get(name) == fault:
            return None
        self._faults[name] = fault
        return Change(name, "broken", fault)

    def _signatures(self) -> dict[str, _Signature]:
        """What tells one state of each profile's files from another."""
        names = feed_names(self._place)
        found: dict[str, list[tuple[str, int, int, int]]] = {name: [] for name in names}
        shared: list[tuple[str, int, int, int]] = []
        for path in sorted(self._place.glob("*.csv")) if names else ():
            owner = next((n for n in names if path.stem in {f"{n}_codes", f"{n}_known"}), None)
            (shared if owner is None else found[owner]).extend(_signed(path))
        for name in names:
            found[name] += _signed(self._place / f"{name}.toml")
        return {name: (*own, *shared) for name, own in found.items()}


def _signed(path: Path) -> list[tuple[str, int, int, int]]:
    try:
        status = path.stat()
    except OSError:
        # It went between the listing and now: the next look sees it gone.
        return []
    return [(path.name, status.st_mtime_ns, status.st_size, status.st_ino)]
