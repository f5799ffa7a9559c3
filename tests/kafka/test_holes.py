"""Holes that come while a topic is read: each is told with its reason, nothing else is missed."""

from contextlib import closing

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from streaming.inbox.arrival import InboxDownError
from streaming.live.tail import Gap
from tests.kafka.deploying import (
    PLACE,
    Deployment,
    arrival,
    done,
    number_of,
    raw_of,
    read,
    until,
)

# The client fetches little ahead, so that the broker can take what it has not given yet.
NARROW = {"queued.min.messages": "1", "fetch.message.max.bytes": "1000"}
COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.01",
    "segment.ms": "200",
    "min.compaction.lag.ms": "0",
}


def test_what_retention_takes_while_it_is_read_is_a_gap_and_the_rest_is_read(cluster, tmp_path):
    wide = Deployment.make(tmp_path, cluster.servers)
    narrow = Deployment(wide.settings.model_copy(update={"kafka_options": NARROW}), wide.lake)
    with closing(wide.inbox()) as inbox:
        for number in range(150):
            inbox.put([arrival(number)])
    with closing(narrow.tail()) as tail:
        first = read(tail, 3)
        done(cluster.admin().delete_records([TopicPartition(wide.topic, 0, 140)]))
        found = [*first, *read(tail, 10, offset=_end(first))]
        while number_of(raw_of(found)[-1]) < 149:
            found += read(tail, 1, offset=_end(found))
    (gap,) = [one for one in found if isinstance(one, Gap)]
    assert (gap.last, gap.reason) == (139, "retention_gap")
    given = [number_of(raw) for raw in raw_of(found)]
    assert sorted([*given, *range(gap.first, gap.last + 1)]) == list(range(150))


def test_what_compaction_takes_from_the_middle_is_a_gap_with_that_reason(cluster, tmp_path):
    made = Deployment.make(tmp_path, cluster.servers)
    admin = cluster.admin()
    done(admin.create_topics([NewTopic(made.topic, num_partitions=1, config=COMPACTED)]))
    producer = Producer({"bootstrap.servers": cluster.servers, "log_level": 0})
    sent = 0

    def compacted() -> list:
        nonlocal sent
        producer.produce(made.topic, arrival(sent).raw, key=b"one" if sent else b"other")
        assert producer.flush(30) == 0
        sent += 1
        with closing(made.tail()) as tail:
            found = read(tail, 1)
            while _end(found) < sent:
                found += read(tail, 1, offset=_end(found))
        return found if any(isinstance(one, Gap) for one in found) else []

    until(lambda: bool(compacted()))
    found = compacted()
    gaps = [one for one in found if isinstance(one, Gap)]
    assert {gap.reason for gap in gaps} == {"compacted"}
    told = [offset for gap in gaps for offset in range(gap.first, gap.last + 1)]
    assert sorted([*told, *(number_of(raw) for raw in raw_of(found))]) == list(range(sent))


def test_a_broker_that_is_gone_is_down_and_goes_on_where_it_was(cluster, tmp_path):
    made = Deployment.make(tmp_path, cluster.servers)
    made.put(*range(10))
    with closing(made.tail()) as tail:
        read(tail, 10)
        (node,) = cluster.nodes
        node.kill()
        until(lambda: _is_down(tail))
        cluster.launch(node)
        cluster.wait()
        made.put(*range(10, 20))
        assert [number_of(raw) for raw in raw_of(read(tail, 10, offset=10))] == list(range(10, 20))


def _is_down(tail):
    try:
        return tail.read(PLACE, 10, 10, 1 << 20) is not None
    except InboxDownError:
        return True


def _end(found):
    last = found[-1]
    return (last.last if isinstance(last, Gap) else last.last_offset) + 1
