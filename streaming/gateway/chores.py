"""What a gateway does beside taking messages.

Here: forgetting what the lake has, taking up profiles that changed, and telling of a full inbox and
of a certificate that gets old, on a thread of their own. Not here: how (journal_trimming.py,
feed_versions.py, alarms.py).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lakehouse.alarms import end_alarm, raise_alarm
from lakehouse.cuts import cut
from lakehouse.errors import LakehouseError
from lakehouse.feed_versions import FeedVersions
from lakehouse.lake import Lake
from streaming.gateway.readiness import Readiness
from streaming.gateway.tls import expires_at, is_expiring
from streaming.inbox.arrival import InboxFailedError
from streaming.inbox.journal import Journal
from streaming.inbox.journal_faults import JournalDamagedError
from streaming.inbox.journal_trimming import trim
from streaming.logs import log

TRIM_SECONDS: Final = 30.0
INBOX_SECONDS: Final = 5.0
EXPIRY_SECONDS: Final = 86_400.0
PROFILES_SECONDS: Final = 1.0
_SUBJECT: Final = "gateway"


@dataclass(slots=True)
class Alarm:
    """A technical alarm of this gateway, raised and ended as what it is about comes and goes."""

    lake: Lake
    kind: str
    is_open: bool | None = None  # None: not known, an earlier gateway may have left it open

    def tell(self, detail: str | None, now: datetime) -> None:
        """Say how it is: what is wrong, or None where nothing is."""
        if (detail is not None) == self.is_open:
            return
        if detail is None:
            end_alarm(self.lake, self.kind, _SUBJECT, "it is well again", now)
        else:
            log().warning(self.kind, subject=_SUBJECT, detail=detail)
            raise_alarm(self.lake, self.kind, _SUBJECT, detail, now)
        self.is_open = detail is not None


@dataclass(slots=True)
class Chore:
    """Something to be done again and again."""

    name: str
    seconds: float
    work: Callable[[datetime], object]
    due: float = 0.0

    def do_if_due(self) -> None:
        """Do it where it is time; that it fails must not end the gateway, or another chore.

        Raises:
            InboxFailedError, JournalDamagedError: The inbox may be asked for nothing more.
        """
        if time.monotonic() < self.due:
            return
        try:
            self.work(datetime.now(UTC))
        except (InboxFailedError, JournalDamagedError):
            raise
        except Exception as error:
            log().error("chore_failed", subject=self.name, error=type(error).__name__)
        self.due = time.monotonic() + self.seconds


def chores(
    lake: Lake, readiness: Readiness, certificate: Path | None, profiles: FeedVersions
) -> tuple[Chore, ...]:
    """What a gateway has to do."""
    full = Alarm(lake, "inbox_full")

    def forget(now: datetime) -> None:
        if isinstance(readiness.inbox, Journal):
            trim(readiness.inbox, cut(lake), now)

    def look(now: datetime) -> None:
        if not readiness.room().ready:
            # What the lake has by now need not wait for its turn.
            forget(now)
        full.tell(_no_room(readiness), now)

    found = [
        Chore("inbox", INBOX_SECONDS, look),
        Chore("trim", TRIM_SECONDS, forget),
        Chore("profiles", PROFILES_SECONDS, lambda _: _reload(profiles)),
    ]
    if certificate is not None:
        old = Alarm(lake, "certificate_expires")
        found.append(
            Chore("expiry", EXPIRY_SECONDS, lambda now: old.tell(_expiry(certificate, now), now))
        )
    return tuple(found)


def _reload(profiles: FeedVersions) -> None:
    """Judge by profiles as they are now; alarms about them are the stream's."""
    for change in profiles.look():
        log().info(f"profile_{change.what}", feed=change.feed, detail=change.detail)
    profiles.take_up_all()


def _no_room(readiness: Readiness) -> str | None:
    found = readiness.room()
    return None if found.ready else found.reason


def _expiry(certificate: Path, now: datetime) -> str | None:
    expires = expires_at(certificate)
    if not is_expiring(expires, now):
        return None
    return (
        f"the certificate {certificate} expires at {expires:%Y-%m-%d %H:%M}Z: put a new one in its"
        " place and start the gateway again"
    )


class Caretaker:
    """Does the chores until it is closed."""

    def __init__(self, todo: tuple[Chore, ...], failed: Callable[[LakehouseError], None]) -> None:
        """Begin.

        Args:
            todo: The chores.
            failed: Told, on another thread, of an error for which the process must end; a gateway
                to which nobody sends would not find it otherwise.
        """
        self._todo = todo
        self._failed = failed
        self._stop = threading.Event()
        # A chore may wait for a disk that does not answer: it must not keep the process.
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.wait(1.0):
                for chore in self._todo:
                    chore.do_if_due()
        except LakehouseError as error:
            self._failed(error)

    def close(self, seconds: float) -> None:
        """Begin no other chore, and wait a while for the one at hand."""
        self._stop.set()
        self._thread.join(seconds)
