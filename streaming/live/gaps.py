"""Gaps: messages that no inbox can give any more, never passed over in silence.

Here: writing a gap down, counting it, and raising the alarm, before anything beyond it flows. Not
here: finding it (the tails), or the ledgers (lakehouse/losses.py, lakehouse/alarms.py).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from lakehouse.alarms import raise_alarm
from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.losses import NO_MESSAGE, record_loss
from streaming import metrics
from streaming.live.tail import Gap, Place
from streaming.logs import log

MESSAGES_LOST = "messages_lost"


def write_down(
    lake: Lake, place: Place, gap: Gap, again: Callable[[AppendError], bool] = lambda _: False
) -> None:
    """Record a gap; an alarm and a log line, unless its offsets never were messages.

    Raises:
        AppendError: It could not be stored, and waiting does not help.
    """
    now = datetime.now(UTC)
    new = _insist(lambda: record_loss(lake, *place, gap.first, gap.last, gap.reason, now), again)
    if gap.reason == NO_MESSAGE:
        return
    feed, partition = place
    metrics.LOST.labels(feed).inc(new)
    span = {"partition": partition, "first_offset": gap.first, "last_offset": gap.last}
    log().error("messages_lost", feed=feed, reason=gap.reason, **span)
    detail = (
        f"{gap.last - gap.first + 1} messages of partition {partition}, offsets {gap.first} to"
        f" {gap.last}, can never be given any more ({gap.reason}): ask the sender to send that time"
        " again"
    )
    _insist(lambda: int(raise_alarm(lake, MESSAGES_LOST, feed, detail, now)), again)


def tell_damage(
    lake: Lake,
    place: Place,
    offsets: Sequence[int],
    again: Callable[[AppendError], bool] = lambda _: False,
) -> None:
    """Raise the alarm about messages that lie in quarantine, since the inbox damaged them.

    Raises:
        AppendError: As `write_down`.
    """
    feed, partition = place
    metrics.LOST.labels(feed).inc(len(offsets))
    for offset in offsets:
        log().error("message_damaged", feed=feed, partition=partition, offset=offset)
    detail = (
        f"{len(offsets)} messages of partition {partition}, from offset {offsets[0]} on, are not"
        " what was stored (journal_damaged): they are in quarantine; look at the disk under the"
        " journal, and ask the sender to send them again"
    )
    now = datetime.now(UTC)
    _insist(lambda: int(raise_alarm(lake, MESSAGES_LOST, feed, detail, now)), again)


def _insist(work: Callable[[], int], again: Callable[[AppendError], bool]) -> int:
    while True:
        try:
            return work()
        except AppendError as error:
            if not again(error):
                raise
