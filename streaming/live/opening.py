"""Opening what a stream reads: the tail of its inbox.

Here: which inbox. Not here: reading (source.py), or the profiles of its feeds (reloading.py).
"""

from collections.abc import Mapping

from clinical.wire.profile import FeedProfile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.inbox.opening import journal_directory
from streaming.live.journal_tail import JournalTail
from streaming.live.tail import Tail


def open_tail(settings: Settings, lake: Lake, profiles: Mapping[str, FeedProfile]) -> Tail:
    """The tail of the inbox that the settings name."""
    if settings.inbox == "kafka":
        # Only who uses Kafka loads its client.
        from streaming.inbox.kafka_tail import KafkaTail  # noqa: PLC0415

        return KafkaTail(settings, lake, sorted(profiles))
    return JournalTail(journal_directory(settings, lake), sorted(profiles))
