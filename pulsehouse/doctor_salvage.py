"""A torn journal, as the doctor mends it.

Here: whether a salvage is needed, carrying it out under the lake's lock, and telling what is lost.
Not here: the salvage itself (streaming/inbox/journal_salvage.py), or mending tables.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from lakehouse.alarms import raise_alarm
from lakehouse.cuts import cut
from lakehouse.doctor.findings import Finding
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from lakehouse.losses import record_losses
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal_checking import TORN
from streaming.inbox.journal_salvage import Salvaged, salvage

PLAN = (
    "the journal is torn: move it aside, and put every message that is whole into a new one, under"
    " its own offset; the gateway must be stopped"
)


def is_needed(findings: Sequence[Finding]) -> bool:
    """Whether the journal is damaged in a way that only a salvage mends."""
    return any(finding.code in TORN for finding in findings)


def salvaged(lake: Lake, directory: Path, now: datetime) -> list[str]:
    """Salvage the journal in a directory; what was done, in lines.

    Raises:
        LakeLockedError: A dataflow runs.
        InboxDownError: The gateway has the journal open.
        InboxFullError, InboxFailedError: There is no room for another one, or the disk failed.
        AppendError: A loss could not be recorded; the stream does that when it comes to it.
    """
    with exclusive(lake):
        first = _first(lake)
        found = salvage(directory, first or {}, now)
        return list(_told(lake, found, now, is_known=first is not None))


def _first(lake: Lake) -> dict[str, int] | None:
    """Per feed, the first offset that the lake lacks; None where its tables are damaged too."""
    try:
        return {
            feed: offset + 1
            for (feed, partition), offset in cut(lake).items()
            if partition == JOURNAL_PARTITION
        }
    except Exception:  # what is wrong with the lake is mended next, and told then
        return None


def _told(lake: Lake, found: Salvaged, now: datetime, *, is_known: bool) -> Iterator[str]:
    yield (
        f"{found.messages} messages of the torn journal are in a new one; the torn one was moved"
        f" aside to {found.folder}"
    )
    if not is_known:
        # From which offset on they are missing is known once the lake is mended.
        return
    for feed, runs in found.missing.items():
        record_losses(lake, feed, JOURNAL_PARTITION, runs, "journal_lost", now)
        many = sum(last - first + 1 for first, last in runs)
        detail = (
            f"{many} messages of partition {JOURNAL_PARTITION}, from offset {runs[0][0]} on, were"
            " torn with the journal (journal_lost): ask the sender to send that time again"
        )
        raise_alarm(lake, "messages_lost", feed, detail, now)
        yield f"lost, and recorded in `losses`: {many} messages of feed `{feed}`"
