"""Kafka's inbox and tail on a real broker: what is put comes back, once, in order, or is told."""

import shutil
import subprocess
from contextlib import closing

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import NewPartitions, NewTopic

from lakehouse.errors import SettingsError
from streaming.inbox.arrival import FilePart, InboxDownError, InboxFullError
from streaming.inbox.kafka_client import TopicReplacedError
from streaming.live.tail import Gap
from tests.kafka.deploying import (
    FEED,
    PLACE,
    Deployment,
    arrival,
    delete_topic,
    done,
    insist,
    newest,
    number_of,
    raw_of,
    read,
    until,
)


@pytest.fixture
def made(cluster, tmp_path):
    return Deployment.make(tmp_path, cluster.servers)


def test_messages_come_back_byte_for_byte_in_order_with_all_that_is_known_of_them(made):
    arrivals = [
        arrival(1),
        arrival(2, refused="test_message"),
        arrival(3, raw=b"\x00\xff\r\n", original=(1000, 17), road="quarantine"),
        arrival(4, raw=b""),
    ]
    with closing(made.inbox()) as inbox:
        inbox.put(arrivals[:1])
        inbox.put(arrivals[1:])
    with closing(made.tail()) as tail:
        assert tail.places() == [PLACE]
        found = read(tail, 4)
    assert raw_of(found) == [one.raw for one in arrivals]
    columns = {
        name: [value for one in found for value in getattr(one, name).to_pylist()]
        for name in ("rejects", "originals")
    }
    assert columns["rejects"] == [None, "test_message", None, None]
    assert columns["originals"][2] == {"partition": 1000, "offset": 17}
    received = [value for one in found for value in one.received_at.cast("int64").to_pylist()]
    assert received == [one.received_at for one in arrivals]


def test_reading_goes_on_at_any_offset_and_gives_as_much_as_is_asked_for(made):
    made.put(*range(50))
    with closing(made.tail()) as tail:
        read(tail, 50)
        part = tail.read(PLACE, 10, 5, 1 << 20)
        until(lambda: (tail.read(PLACE, 10, 5, 1 << 20)) is not None)
        found = read(tail, 40, offset=10)
        assert part is None or len(part.raw) <= 5
        assert [number_of(raw) for raw in raw_of(found)] == list(range(10, 50))
        assert tail.next_offset(PLACE) == 50
        assert tail.read(PLACE, 50, 5, 1 << 20) is None


def test_a_message_that_is_larger_than_a_stretch_may_be_comes_alone(made):
    with closing(made.inbox()) as inbox:
        inbox.put([arrival(1, raw=b"x" * 3_000_000), arrival(2)])
    with closing(made.tail()) as tail:
        found = read(tail, 2)
    assert [len(one.raw) for one in found] == [1, 1]


def test_how_far_a_file_is_stored_outlives_the_process(made):
    part = FilePart(FEED, "a" * 64, 7, whole=False)
    with closing(made.inbox()) as inbox:
        assert inbox.file_progress(FEED, "a" * 64) is None
        inbox.put([arrival(1)], part)
        inbox.check_room()
    with closing(made.inbox()) as inbox:
        assert inbox.file_progress(FEED, "a" * 64) == part


def test_records_of_another_program_are_read_and_a_tombstone_is_an_empty_message(made, cluster):
    made.put(1)
    _produce(cluster, made.topic, [b"MSH|foreign", None, b"\xff"])
    with closing(made.tail()) as tail:
        found = read(tail, 4)
    assert raw_of(found)[1:] == [b"MSH|foreign", b"", b"\xff"]


def test_a_message_that_is_not_what_its_sender_stored_is_told(made, cluster):
    made.put(1)
    _produce(cluster, made.topic, [b"changed"], headers=[("checksum", b"00000000")])
    with closing(made.tail()) as tail:
        found = read(tail, 2)
    assert [r for one in found for r in one.rejects.to_pylist()] == [None, "journal_damaged"]


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
def test_kcat_reads_and_writes_the_topic(made, cluster):
    made.put(1)
    read_by = ["kcat", "-C", "-b", cluster.servers, "-t", made.topic, "-e", "-q"]
    told = subprocess.run(read_by, capture_output=True, check=True, timeout=60).stdout
    assert told.startswith(arrival(1).raw)
    write = ["kcat", "-P", "-b", cluster.servers, "-t", made.topic, "-D", "\\x1c"]
    subprocess.run(write, input=arrival(2).raw, check=True, timeout=60)
    with closing(made.tail()) as tail:
        assert raw_of(read(tail, 2))[1] == arrival(2).raw


def test_what_retention_took_is_a_gap_also_where_nothing_is_left(made, cluster):
    made.put(*range(30))
    _forget(cluster, made.topic, 10)
    with closing(made.tail()) as tail:
        found = read(tail, 20)
        assert found[0] == Gap(0, 9, "retention_gap")
        assert [number_of(raw) for raw in raw_of(found)] == list(range(10, 30))
    made.put(*range(30, 40))
    _forget(cluster, made.topic, 40)
    with closing(made.tail()) as tail:
        assert tail.read(PLACE, 30, 10, 1 << 20) == Gap(30, 39, "retention_gap")
        assert tail.read(PLACE, 40, 10, 1 << 20) is None


def test_a_topic_that_was_made_anew_is_never_read_from_its_beginning(made, cluster):
    made.put(*range(20))
    with closing(made.tail()) as tail:
        read(tail, 20)
    delete_topic(cluster.admin(), made.topic)
    made.put(*range(5))
    with pytest.raises(TopicReplacedError, match="kafka_generation") as told:
        made.tail()
    assert told.value.exit_code == 4


def test_a_topic_that_is_made_anew_while_it_is_read_ends_the_reading(made, cluster):
    made.put(*range(20))
    with closing(made.tail()) as tail:
        read(tail, 20)
        delete_topic(cluster.admin(), made.topic)
        made.put(*range(5))
        with pytest.raises(TopicReplacedError):
            insist(tail, 20)


def test_the_next_generation_reads_a_topic_that_was_made_anew_as_new_partitions(made, cluster):
    made.put(*range(20))
    with closing(made.tail()) as tail:
        read(tail, 20)
    delete_topic(cluster.admin(), made.topic)
    settings = made.settings.model_copy(update={"kafka_generation": 1})
    later = Deployment(settings, made.lake)
    later.put(7, 8)
    with closing(later.tail()) as tail:
        assert tail.places() == [(FEED, 3_000)]
        assert [number_of(raw) for raw in raw_of(read(tail, 2, (FEED, 3_000)))] == [7, 8]


def test_a_partition_that_ends_before_the_cut_is_another_topic(made):
    made.put(*range(5))
    with closing(made.tail()) as tail, pytest.raises(TopicReplacedError, match="ends at offset 5"):
        insist(tail, 9)


def test_partitions_that_are_added_are_noticed_and_one_sender_stays_in_one(made, cluster):
    made.put(*range(5))
    with closing(made.tail()) as tail:
        assert not tail.parts_changed()
        done(cluster.admin().create_partitions([NewPartitions(made.topic, 3)]))
        until(tail.parts_changed)
    with closing(made.tail()) as tail:
        assert tail.places() == [(FEED, 2_000), (FEED, 2_001), (FEED, 2_002)]
    senders = [b"MSH|^~\\&|APP%d|WARD|||" % n for n in range(8)]
    with closing(made.inbox()) as inbox:
        inbox.put([arrival(n, raw=sender) for n in range(4) for sender in senders])
    with closing(made.tail()) as tail:
        held = [
            raw_of(read(tail, newest(cluster.servers, made.topic, number), place))
            for number, place in enumerate(tail.places())
        ]
    for sender in senders:
        assert sorted(one.count(sender) for one in held) == [0, 0, 4]


def test_marks_of_a_transaction_are_no_messages_and_one_that_was_given_up_holds_none(made, cluster):
    made.put(1)
    producer = Producer(
        {"bootstrap.servers": cluster.servers, "transactional.id": made.topic, "log_level": 0}
    )
    producer.init_transactions(30)
    for number, commits in ((2, True), (3, False), (4, True)):
        producer.begin_transaction()
        producer.produce(made.topic, arrival(number).raw)
        producer.flush(30)
        if commits:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)
    with closing(made.tail()) as tail:
        found = read(tail, 3)
    assert [number_of(raw) for raw in raw_of(found)] == [1, 2, 4]
    assert [one for one in found if isinstance(one, Gap)] == [Gap(2, 4, "no_message")]


def test_a_feed_without_a_profile_is_named_and_not_read(made, cluster):
    made.put(1)
    topic = NewTopic(f"{made.settings.kafka_prefix}nobody", num_partitions=1)
    done(cluster.admin().create_topics([topic]))
    until(lambda: f"{made.settings.kafka_prefix}nobody" in cluster.admin().list_topics().topics)
    with closing(made.tail()) as tail:
        assert tail.unknown_feeds() == ["nobody"]
        assert tail.places() == [PLACE]


def test_a_topic_that_takes_too_little_is_told_before_a_message_is_lost(made, cluster):
    topic = NewTopic(made.topic, num_partitions=1, config={"max.message.bytes": "1000"})
    done(cluster.admin().create_topics([topic]))
    with closing(made.inbox()) as inbox, pytest.raises(InboxFullError, match=r"max\.message"):
        inbox.put([arrival(1)])


def test_a_cluster_that_is_not_there_is_down_and_no_option_may_weaken_the_promise(tmp_path):
    away = Deployment.make(tmp_path, "127.0.0.1:1")
    with closing(away.inbox()) as inbox:
        with pytest.raises(InboxDownError):
            inbox.check_room()
        with pytest.raises(InboxDownError):
            inbox.put([arrival(1)])
    with pytest.raises(InboxDownError):
        away.tail()
    weak = Deployment.make(tmp_path, "127.0.0.1:1", kafka_options={"acks": "1"})
    with pytest.raises(SettingsError, match="acks"):
        weak.inbox()
    secret = Deployment.make(tmp_path, "127.0.0.1:1", kafka_options={"sasl.pass": "opensesame"})
    with pytest.raises(SettingsError) as told:
        secret.inbox()
    assert "opensesame" not in str(told.value)


def _produce(cluster, topic, values, headers=()):
    producer = Producer({"bootstrap.servers": cluster.servers, "log_level": 0})
    for value in values:
        producer.produce(topic, value, headers=list(headers))
    assert producer.flush(30) == 0


def _forget(cluster, topic, before):
    done(cluster.admin().delete_records([TopicPartition(topic, 0, before)]))
