"""Looking after a cluster from beside the dataflow: is it there, and are its topics those we know.

Here: a thread that asks every few seconds. Not here: messages (kafka_tail.py).
"""

import threading
from collections.abc import Sequence
from typing import Final

from lakehouse.settings import Settings
from streaming.inbox.arrival import InboxDownError
from streaming.inbox.kafka_client import (
    TopicReplacedError,
    partition_of,
    topic_of,
)
from streaming.inbox.kafka_notes import Notes
from streaming.inbox.kafka_topics import Topics
from streaming.live.tail import Place

# New partitions, and a cluster that is gone, are noticed within about twice this.
LOOK_SECONDS: Final = 5.0


class Watch:
    """What the cluster last said of the topics of some feeds."""

    def __init__(self, settings: Settings, notes: Notes, feeds: Sequence[str]) -> None:
        """Ask once, then go on asking.

        Raises:
            InboxDownError: The cluster does not answer.
            TopicReplacedError: A topic is another one than before.
        """
        self._settings, self._notes, self._feeds = settings, notes, feeds
        self._topics = Topics(settings)
        self.down: InboxDownError | None = None
        self.replaced: TopicReplacedError | None = None
        self.found = self._topics.partitions()
        self.check()
        self._first = frozenset(self.places())
        self.has_grown = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka-watch", daemon=True)
        self._thread.start()

    def places(self) -> list[Place]:
        """Every partition of the feeds' topics, as the lake calls it."""
        return [
            (feed, partition_of(self._settings, number))
            for feed in self._feeds
            for number in range(self.found.get(topic_of(self._settings, feed), 0))
        ]

    def unknown_feeds(self) -> list[str]:
        """Feeds that have a topic, and are none of ours."""
        prefix = self._settings.kafka_prefix
        return sorted({name.removeprefix(prefix) for name in self.found} - set(self._feeds))

    def check(self) -> None:
        """Make sure that the topics are those that are known.

        Raises:
            InboxDownError: The cluster does not answer.
            TopicReplacedError: One is not.
        """
        ours = {topic_of(self._settings, feed) for feed in self._feeds} & set(self.found)
        for topic, identity in self._topics.identities(ours).items():
            if not self._notes.is_known(topic, self._settings.kafka_generation, identity):
                raise replaced(self._settings, topic, "is another one than before")

    def is_compacted(self, feed: str) -> bool:
        """Whether the broker may take messages out of the middle of a feed's topic."""
        policy = self._topics.setting(topic_of(self._settings, feed), "cleanup.policy")
        return policy is None or "compact" in policy

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            try:
                self.found = self._topics.partitions()
                self.has_grown = not self._first.issuperset(self.places())
                self.check()
                self.down = None
            except InboxDownError as error:
                self.down = error
            except TopicReplacedError as error:
                self.replaced = error


def replaced(settings: Settings, topic: str, why: str) -> TopicReplacedError:
    """The error of a topic whose offsets mean other messages than those that were read."""
    generation = settings.kafka_generation
    msg = (
        f"topic `{topic}` {why}: what the lake has of it can no longer be followed; bring the old"
        f" topic back, or, if it was made anew, set `kafka_generation` to {generation + 1}: all"
        " that is in it now is then read, and what no table had of the old one is lost"
    )
    return TopicReplacedError(msg)
