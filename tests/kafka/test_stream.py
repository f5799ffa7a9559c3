"""Gateway and stream over a real Kafka: no broker's end loses or doubles a message, and no gap is
passed over in silence.
"""

import sys
import time
from contextlib import closing
from threading import Thread
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import NewPartitions

from lakehouse.alarms import open_alarms
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.losses import losses, lost
from orchestration.quality.ledger_equation import counts, imbalances
from tests.faults import checks
from tests.faults.corpus import corpus
from tests.faults.house import House
from tests.faults.reading import Reader
from tests.faults.sending import Sender
from tests.kafka.deploying import FEED, Deployment, arrival, delete_topic, done, newest, until

PREFIX = "ward-{}."


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path / "house")
    yield made
    made.close()
    for name in ("gateway", "stream"):
        # Shown where the test failed.
        sys.stdout.write(made.said(name))


def _connected(house, cluster) -> Deployment:
    """The house, with Kafka for an inbox; the same deployment for tests to put into."""
    prefix = PREFIX.format(time.time_ns())
    house.settings = {
        "PULSEHOUSE_INBOX": "kafka",
        "PULSEHOUSE_KAFKA_SERVERS": cluster.servers,
        "PULSEHOUSE_KAFKA_PREFIX": prefix,
    }
    lake = Lake.open(house.lake, create=True)
    given = {"lake": lake.root, "kafka_servers": cluster.servers, "kafka_prefix": prefix}
    settings = Deployment.make(house.root, cluster.servers).settings.model_copy(update=given)
    return Deployment(settings, lake)


def test_a_gap_that_retention_made_is_a_loss_an_alarm_and_balances(house, cluster):
    made = _connected(house, cluster)
    made.put(*range(50))
    done(cluster.admin().delete_records([TopicPartition(made.topic, 0, 20)]))
    house.stream()
    until(lambda: _reached(house) == [49])
    assert house.kill("stream", 15) == 0
    lake = Lake.open(house.lake, create=False)
    columns = ("partition", "first_offset", "last_offset", "reason")
    (loss,) = losses(lake).select(columns).to_pylist()
    assert tuple(loss.values()) == (2_000, 0, 19, "retention_gap")
    assert [(alarm.kind, alarm.subject) for alarm in open_alarms(lake)] == [("messages_lost", FEED)]
    assert lost(lake, cut(lake)) == {FEED: 20}
    assert imbalances(lake) == []
    (row,) = [row for row in counts(lake).to_pylist() if row["lost"]]
    assert row["lost"] == 20
    told = house.command("status", "--json")
    assert told.returncode == 0
    assert '"retention_gap"' in told.stdout


def test_a_topic_that_was_made_anew_ends_the_stream_with_what_to_do(house, cluster):
    made = _connected(house, cluster)
    made.put(*range(10))
    house.stream()
    until(lambda: _reached(house) == [9])
    delete_topic(cluster.admin(), made.topic)
    made.put(*range(100, 130))
    assert house.ended("stream") == 4
    assert "kafka_generation" in house.said("stream")
    house.settings = {**house.settings, "PULSEHOUSE_KAFKA_GENERATION": "1"}
    house.stream()
    until(lambda: _cut(house).next_offset(FEED, 3_000) == 30)
    lake = Lake.open(house.lake, create=False)
    assert imbalances(lake) == []
    with connect(lake) as connection:
        sql = "select message_control_id from raw_messages where disposition = 'parsed'"
        parsed = [control for (control,) in connection.execute(sql).fetchall()]
    # What was read of the new topic before that was noticed is a duplicate in the new partition.
    assert sorted(parsed) == sorted(f"C{number}" for number in (*range(10), *range(100, 130)))


def test_partitions_that_are_added_are_read_without_a_restart_by_hand(house, cluster):
    made = _connected(house, cluster)
    made.put(*range(5))
    house.stream()
    until(lambda: _reached(house) == [4])
    done(cluster.admin().create_partitions([NewPartitions(made.topic, 4)]))
    senders = [b"MSH|^~\\&|APP%d|WARD||" % n for n in range(12)]
    with closing(made.inbox()) as inbox:
        inbox.put(
            [
                arrival(n, raw=arrival(100 + n).raw.replace(b"MSH|^~\\&|MON|ICU|", sender))
                for n, sender in enumerate(senders)
            ]
        )
    until(lambda: _stored(house) == 5 + len(senders))
    assert len(_reached(house)) > 1
    assert house.kill("stream", 15) == 0


def test_a_stream_that_starts_before_kafka_waits_for_it(house, cluster):
    made = _connected(house, cluster)
    made.put(1, 2)
    (node,) = cluster.nodes
    node.kill()
    try:
        # It waits until the stream has started.
        starting = Thread(target=house.stream)
        starting.start()
        until(lambda: "inbox_away" in house.events("stream"))
    finally:
        cluster.launch(node)
        cluster.wait()
    starting.join()
    until(lambda: _reached(house) == [1])


def test_brokers_that_are_killed_one_after_the_other_lose_and_double_nothing(house, three):
    made = _connected(house, three)
    messages = corpus(1_500)
    house.gateway()
    reader = Reader(house.lake)
    # The first message makes the topic, without which the stream has nothing to start with.
    sender = Sender(house.port, messages, connections=8).start()
    house.stream()
    try:
        for node, share in zip(three.nodes, (0.2, 0.45, 0.7), strict=True):
            until(lambda share=share: len(sender.log.safe()) >= share * len(messages))
            node.kill()
            until(lambda: _leads(three, made.topic))
            three.launch(node)
            until(lambda: _in_sync(three, made.topic))
        sender.join()
        until(lambda: _is_read(house, made))
    finally:
        seen = reader.stop()
    for name in ("gateway", "stream"):
        assert house.kill(name, 15) == 0
    course = SimpleNamespace(
        house=house, messages=messages, promised=sender.log.safe(), seen=seen, control_alerts={}
    )
    assert len(course.promised) == len(messages)
    for check in (
        *(checks.nothing_lost, checks.exactly_once, checks.books_balance),
        *(checks.reader_saw_sense, checks.logs_name_no_patient),
    ):
        assert check(course) == []
    assert seen["looks"] > 0
    assert losses(Lake.open(house.lake, create=False)).num_rows == 0


def _cut(house) -> Cut:
    try:
        return cut(Lake.open(house.lake, create=False))
    except (LakehouseError, OSError):
        return Cut({})


def _reached(house) -> list[int]:
    return list(_cut(house).values())


def _stored(house) -> int:
    with connect(Lake.open(house.lake, create=False)) as connection:
        return connection.execute("select count(*) from raw_messages").fetchone()[0]


def _is_read(house, made) -> bool:
    """Whether every record of the topic has passed the cut."""
    return _reached(house) == [newest(made.settings.kafka_servers, made.topic) - 1]


def _leads(cluster, topic) -> bool:
    """Whether a broker that runs leads the topic."""
    running = {node.number for node in cluster.nodes if node.process is not None}
    return _partition(cluster, topic, "leader") in running


def _in_sync(cluster, topic) -> bool:
    isrs = _partition(cluster, topic, "isrs")
    return isrs is not None and len(isrs) == len(cluster.nodes)


def _partition(cluster, topic, name):
    try:
        found = cluster.admin().list_topics(topic, timeout=3).topics[topic].partitions
    except (KafkaException, KeyError):
        return None
    return getattr(found[0], name) if found else None
