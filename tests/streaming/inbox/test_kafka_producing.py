"""Kafka's inbox against the client's own mock cluster: for machines without Java.

A real broker is in tests/kafka.
"""

from contextlib import closing

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings
from streaming.inbox.arrival import Arrival, FilePart, InboxFailedError
from streaming.inbox.kafka_client import number_of, options, partition_of
from streaming.inbox.kafka_notes import Notes
from streaming.inbox.kafka_producing import KafkaInbox


@pytest.fixture
def servers():
    cluster = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 3, "log_level": 0})
    found = cluster.list_topics(timeout=30).brokers.values()
    # The mock makes a topic when somebody asks for it, and takes no order to make one.
    cluster.list_topics("pulsehouse.mimic3", timeout=30)
    yield ",".join(f"{broker.host}:{broker.port}" for broker in found)
    cluster.purge()


def _settings(servers, **more):
    return Settings(inbox="kafka", kafka_servers=servers, **more)


def test_what_is_put_is_in_the_topic_in_order(servers, tmp_path):
    arrivals = [Arrival("mimic3", b"message %d" % n, n, "mllp") for n in range(200)]
    with closing(KafkaInbox(_settings(servers), tmp_path / "journal")) as inbox:
        inbox.check_room()
        inbox.put(arrivals[:1])
        inbox.put(arrivals[1:])
    assert _stored(servers, len(arrivals)) == [arrival.raw for arrival in arrivals]


def test_how_far_a_file_is_stored_is_kept(tmp_path):
    part = FilePart("mimic3", "a" * 64, 5, whole=False)
    whole = FilePart("mimic3", "a" * 64, 9, whole=True)
    with closing(Notes(tmp_path / "journal")) as notes, closing(Notes(tmp_path / "journal")) as two:
        assert notes.progress("mimic3", "a" * 64) is None
        notes.keep(part)
        assert two.progress("mimic3", "a" * 64) == part
        two.keep(whole)
        assert notes.progress("mimic3", "a" * 64) == whole


def test_a_topic_is_known_by_its_first_identity_in_each_generation(tmp_path):
    with closing(Notes(tmp_path / "journal")) as notes:
        assert notes.is_known("t", 0, "one")
        assert notes.is_known("t", 0, "one")
        assert not notes.is_known("t", 0, "two")
        assert notes.is_known("t", 1, "two")


def test_notes_that_cannot_be_kept_are_told(tmp_path):
    with closing(Notes(tmp_path / "journal")) as notes:
        notes._database.execute("drop table files")  # noqa: SLF001 as a damaged disk might
        with pytest.raises(InboxFailedError, match=r"kafka\.sqlite"):
            notes.progress("mimic3", "a" * 64)


def test_partitions_of_generations_never_share_a_number():
    numbers = [
        partition_of(_settings("s", kafka_generation=generation), number)
        for generation in (0, 1, 99)
        for number in (0, 1, 999)
    ]
    assert len(set(numbers)) == len(numbers)
    assert [number_of(one) for one in numbers] == [0, 1, 999] * 3
    with pytest.raises(SettingsError, match="1000"):
        partition_of(_settings("s"), 1_000)


def test_servers_must_be_named():
    with pytest.raises(SettingsError, match="kafka_servers"):
        options(_settings(""), {})


def _stored(servers, count):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "tests", "log_level": 0})
    try:
        consumer.assign([TopicPartition("pulsehouse.mimic3", n, 0) for n in range(4)])
        found = []
        while len(found) < count:
            record = consumer.poll(30)
            assert record is not None, "waited in vain"
            if record.error() is None:
                found.append(record.value())
    finally:
        consumer.close()
    return found
