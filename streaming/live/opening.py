"""Opening what a stream reads: the profiles of its feeds, and the tail of its inbox.

Here: which inbox, and what happens to a profile that does not load. Not here: reading (source.py).
"""

from collections.abc import Mapping

from clinical.wire.profile import FeedProfile, ProfileError
from lakehouse.errors import FeedFileError, LakehouseError
from lakehouse.feeds import feed_names, load_profile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.inbox.opening import journal_directory
from streaming.live.journal_tail import JournalTail
from streaming.live.tail import Tail
from streaming.logs import log


class FeedWithoutProfileError(LakehouseError):
    """The inbox has messages of a feed whose profile is missing or does not load."""

    exit_code = 2


def load_profiles(settings: Settings) -> dict[str, FeedProfile]:
    """Every profile that loads; one that does not is a line in the log."""
    found: dict[str, FeedProfile] = {}
    for name in feed_names(settings.feeds):
        try:
            found[name] = load_profile(name, settings.feeds)
        except (ProfileError, FeedFileError) as error:
            log().error("profile_not_loaded", feed=name, error=type(error).__name__)
    return found


def open_tail(settings: Settings, lake: Lake, profiles: Mapping[str, FeedProfile]) -> Tail:
    """The tail of the inbox that the settings name."""
    if settings.inbox == "kafka":
        # Only who uses Kafka loads its client.
        from streaming.inbox.kafka_tail import KafkaTail  # noqa: PLC0415

        return KafkaTail(settings, lake, sorted(profiles))
    return JournalTail(journal_directory(settings, lake), sorted(profiles))


def check_profiles(tail: Tail, settings: Settings) -> None:
    """Make sure that every feed that the inbox has messages of is read.

    Raises:
        FeedWithoutProfileError: One has no profile that loads: its messages would wait for ever.
    """
    for feed in tail.unknown_feeds():
        raise without_profile(feed, settings)


def without_profile(feed: str, settings: Settings) -> FeedWithoutProfileError:
    """What to say of a feed that nobody reads."""
    return FeedWithoutProfileError(
        f"the inbox has messages of feed `{feed}`, which this stream does not read:"
        f" {_why(feed, settings)}; mend that and start again, the messages wait in the inbox"
    )


def _why(feed: str, settings: Settings) -> str:
    try:
        load_profile(feed, settings.feeds)
    except (ProfileError, LakehouseError) as error:
        return str(error)
    return "its profile came after the start"
