"""Records of Kafka: a message survives the way there and back, whatever it says."""

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from streaming.inbox.arrival import Arrival
from streaming.inbox.kafka_record import headers, key, messages

ARRIVALS = st.builds(
    Arrival,
    feed=st.just("ward"),
    raw=st.binary(max_size=200),
    received_at=st.integers(0, 4_000_000_000_000_000),
    road=st.sampled_from(["mllp", "fhir", "drop", "bulk", "quarantine"]),
    refused=st.none() | st.sampled_from(["truncated", "test_message"]),
    original=st.none() | st.tuples(st.integers(0, 3_000), st.integers(0, 1 << 40)),
)


def _record(arrival, offset, **changed):
    given = {"value": arrival.raw, "headers": headers(arrival), "timestamp": (1, 0)} | changed
    return Message(topic="ward", partition=0, offset=offset, key=key(arrival), **given)


@given(st.lists(ARRIVALS, min_size=1, max_size=8), st.integers(0, 1 << 40))
def test_what_is_put_into_a_record_comes_out_of_it(arrivals, first):
    records = [_record(arrival, first + place) for place, arrival in enumerate(arrivals)]
    found = messages("ward", 2_000, records)
    assert (found.first_offset, found.last_offset) == (first, first + len(arrivals) - 1)
    assert found.raw.to_pylist() == [one.raw for one in arrivals]
    assert found.received_at.cast("int64").to_pylist() == [one.received_at for one in arrivals]
    assert found.rejects.to_pylist() == [one.refused for one in arrivals]
    originals = [one and (one["partition"], one["offset"]) for one in found.originals.to_pylist()]
    assert originals == [one.original for one in arrivals]


@given(ARRIVALS, st.binary(max_size=200))
def test_a_changed_message_is_told(arrival, other):
    found = messages("ward", 2_000, [_record(arrival, 0, value=other)])
    expected = arrival.refused if other == arrival.raw else "journal_damaged"
    assert found.rejects.to_pylist() == [expected]


NUMBERS = st.integers(0, 10**30).map(lambda number: b"%d" % number)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["received_at", "original", "refused"]),
            st.binary() | NUMBERS | st.tuples(NUMBERS, NUMBERS).map(b"/".join),
        )
    )
)
def test_headers_of_another_program_never_stop_the_reading(told):
    record = Message(
        topic="ward", partition=0, offset=3, value=None, headers=told, timestamp=(1, 1_700_000)
    )
    found = messages("ward", 2_000, [record])
    assert found.raw.to_pylist() == [b""]
    assert len(found.received_at) == 1


def test_a_record_without_headers_is_dated_by_kafka():
    record = Message(topic="ward", partition=0, offset=3, value=b"x", timestamp=(1, 1_700_000))
    found = messages("ward", 2_000, [record])
    assert found.received_at.cast("int64").to_pylist() == [1_700_000_000]
    assert found.rejects.to_pylist() == [None]


def test_the_key_is_the_sender_of_hl7_and_else_the_feed():
    def keyed(raw):
        return key(Arrival("ward", raw, 0, "mllp"))

    assert keyed(b"MSH|^~\\&|MON|ICU|PH|PH|2026||ADT^A08|1|P|2.5\r") == b"MON|ICU"
    assert keyed(b"MSH#^~\\&#MON#ICU#PH") == b"MON|ICU"
    assert keyed(b'{"resourceType": "Patient"}') == b"ward"
    assert keyed(b"MSH") == b"ward"
    assert len(keyed(b"MSH|^~\\&|" + b"A" * 1_000)) <= 256


@given(st.binary(max_size=50))
def test_every_message_has_a_key(rest):
    assert isinstance(key(Arrival("ward", b"MSH" + rest, 0, "mllp")), bytes)
