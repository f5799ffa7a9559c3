"""Topics: one per feed, made where it is missing, and known by its identity.

Here: what is asked of the cluster about them. Not here: their messages.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from lakehouse.settings import Settings
from streaming.inbox.arrival import InboxFullError
from streaming.inbox.kafka_client import ASK_SECONDS, down, is_code, misunderstood, options


class Topics:
    """The topics of a deployment, as the cluster tells of them."""

    def __init__(self, settings: Settings) -> None:
        """Connect; nothing is asked yet.

        Raises:
            SettingsError: The client does not take the settings.
        """
        self._settings = settings
        try:
            self._admin = AdminClient(options(settings, {}))
        except KafkaException as error:
            raise misunderstood(settings, error) from None

    def partitions(self) -> dict[str, int]:
        """How many partitions each topic has whose name begins with our prefix.

        Raises:
            InboxDownError: The cluster does not answer.
        """
        try:
            found = self._admin.list_topics(timeout=ASK_SECONDS).topics
        except KafkaException as error:
            raise down(self._settings, error, "does not answer") from None
        prefix = self._settings.kafka_prefix
        return {
            name: len(topic.partitions)
            for name, topic in found.items()
            if name.startswith(prefix) and topic.error is None
        }

    def identities(self, topics: Iterable[str]) -> dict[str, str]:
        """The identity that the cluster gave each topic when it was made; those that are there.

        Raises:
            InboxDownError: The cluster does not answer.
        """
        asked = sorted(topics)
        if not asked:
            return {}
        futures = self._admin.describe_topics(TopicCollection(asked), request_timeout=ASK_SECONDS)
        found: dict[str, str] = {}
        for name, future in futures.items():
            try:
                found[name] = str(future.result().topic_id)
            except KafkaException as error:
                if not is_code(error, KafkaError.UNKNOWN_TOPIC_OR_PART):
                    raise down(self._settings, error, "does not tell of its topics") from None
        return found

    def ensure(self, topic: str, message_bytes: int) -> None:
        """Make a topic where it is missing, and see that it takes the feed's largest messages.

        Partitions and replicas are the brokers' defaults.

        Raises:
            InboxDownError: The cluster does not answer, or does not let us.
            InboxFullError: It takes only smaller messages.
        """
        if topic not in self.partitions():
            self._make(topic, message_bytes)
        taken = self.setting(topic, "max.message.bytes")
        if taken is not None and int(taken) < message_bytes:
            msg = (
                f"topic `{topic}` takes records of at most {taken} bytes, its feed's may have"
                f" {message_bytes}: raise its `max.message.bytes`, or lower"
                " `limits.message_bytes` in the feed's profile"
            )
            raise InboxFullError(msg)

    def _make(self, topic: str, message_bytes: int) -> None:
        wanted = NewTopic(
            topic,
            num_partitions=-1,
            replication_factor=-1,
            config={
                "max.message.bytes": str(message_bytes),
                "cleanup.policy": "delete",
                # So that retention counts from when a message was stored, by the broker's clock.
                "message.timestamp.type": "LogAppendTime",
            },
        )
        future: Future[Any] = self._admin.create_topics(
            [wanted], operation_timeout=ASK_SECONDS, request_timeout=ASK_SECONDS
        )[topic]
        try:
            future.result()
        except KafkaException as error:
            # Another process may have made it at this moment.
            if not is_code(error, KafkaError.TOPIC_ALREADY_EXISTS):
                raise down(self._settings, error, f"did not make topic `{topic}`") from None

    def setting(self, topic: str, name: str) -> str | None:
        """One setting of a topic; None where the cluster does not tell us."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        try:
            futures = self._admin.describe_configs([resource], request_timeout=ASK_SECONDS)
            (future,) = futures.values()
            found = future.result()
        except KafkaException:
            return None
        return str(found[name].value) if name in found else None
