"""MLLP connections: every message answered once and in order, and nobody harms another."""

import asyncio
import functools
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from clinical.wire.profile import Limits
from streaming.gateway.framing import KEPT_BYTES, framed
from streaming.gateway.listeners import GRACE_SECONDS
from streaming.gateway.room import Room
from tests.streaming.gateway.listening import FEED, PATIENCE, Sender, listening, message


def in_a_loop(test):
    """The test, run to its end in a loop of its own."""

    @functools.wraps(test)
    def run(*arguments, **named):
        asyncio.run(test(*arguments, **named))

    return run


def torn_frames():
    return REGISTRY.get_sample_value("pulsehouse_torn_frames_total", {"feed": FEED}) or 0


def connections():
    return REGISTRY.get_sample_value("pulsehouse_connections", {"feed": FEED})


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def ids(first, count):
    return [f"C{number}" for number in range(first, first + count)]


@in_a_loop
async def test_messages_sent_ahead_are_answered_in_their_order(tmp_path):
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        await sender.send(*(message(one) for one in ids(0, 600)))
        assert await sender.answers(600) == [("AA", one) for one in ids(0, 600)]
        assert place.stored() == [(message(one), None) for one in ids(0, 600)]


@in_a_loop
async def test_many_senders_are_answered_each_their_own(tmp_path):
    async def talk(place, number):
        sender = await Sender.to(place)
        for turn in range(10):
            await sender.send(message(f"S{number}-{turn}"))
            assert await sender.answer() == ("AA", f"S{number}-{turn}")
        sender.close()

    async with listening(tmp_path) as place:
        await asyncio.gather(*(talk(place, number) for number in range(50)))
        stored = [raw for raw, _ in place.stored()]
        assert sorted(stored) == sorted(message(f"S{n}-{t}") for n in range(50) for t in range(10))


@in_a_loop
async def test_a_message_that_comes_byte_by_byte_is_one_message(tmp_path):
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        for byte in framed(message("C1")):
            await sender.write(bytes([byte]))
            await asyncio.sleep(0)
        assert await sender.answer() == ("AA", "C1")


TORN = {
    "no start": b"MSH|^~\\&|\x1c\r",
    "start within": b"\x0bMSH|\x0bMSH|\x1c\r",
    "no close": b"\x0bMSH|\x1cMSH|",
    "between": b"\x00",
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
@in_a_loop
async def test_a_torn_frame_closes_its_connection_and_no_other(tmp_path, torn):
    async with listening(tmp_path) as place:
        before, other, sender = torn_frames(), await Sender.to(place), await Sender.to(place)
        await other.send(message("OTHER-1"))
        assert await other.answer() == ("AA", "OTHER-1")
        await sender.write(framed(message("C1")) + framed(message("C2")) + torn)
        assert await sender.answers(2) == [("AA", "C1"), ("AA", "C2")]
        assert await sender.rest() == b""
        await other.send(message("OTHER-2"))
        assert await other.answer() == ("AA", "OTHER-2")
        assert torn_frames() == before + 1
        assert len(place.stored()) == 4


@in_a_loop
async def test_an_end_within_a_frame_is_a_torn_frame(tmp_path):
    async with listening(tmp_path) as place:
        before, sender = torn_frames(), await Sender.to(place)
        await sender.write(framed(message("C1")) + framed(message("C2"))[:-1])
        sender.writer.write_eof()
        assert await sender.answer() == ("AA", "C1")
        assert await sender.rest() == b""
        assert torn_frames() == before + 1
        assert [raw for raw, _ in place.stored()] == [message("C1")]


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_wherever_a_stream_breaks_off_what_was_whole_is_answered(tmp_path_factory, data):
    stream = b"".join(framed(message(one)) for one in ids(0, 3))
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), min_size=1, max_size=4)))

    @in_a_loop
    async def run():
        async with listening(tmp_path_factory.mktemp("journal")) as place:
            sender = await Sender.to(place)
            for begin, end in zip([0, *places], places, strict=False):
                await sender.write(stream[begin:end])
                await asyncio.sleep(0.001)
            sender.writer.write_eof()
            whole = stream[: places[-1]].count(b"\x1c\r")
            assert await sender.answers(whole) == [("AA", one) for one in ids(0, whole)]
            assert await sender.rest() == b""
            assert [raw for raw, _ in place.stored()] == [message(one) for one in ids(0, whole)]

    run()


@in_a_loop
async def test_whoever_sends_no_more_is_still_answered(tmp_path):
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        await sender.send(*(message(one) for one in ids(0, 20)))
        sender.writer.write_eof()
        assert await sender.answers(20) == [("AA", one) for one in ids(0, 20)]
        assert await sender.rest() == b""


@in_a_loop
async def test_what_is_no_hl7_is_stored_and_answered_as_an_error_of_content(tmp_path):
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        await sender.send(b"", b"hello", message("C1"))
        assert await sender.answers(3) == [("AE", ""), ("AE", ""), ("AA", "C1")]
        assert [raw for raw, _ in place.stored()] == [b"", b"hello", message("C1")]


@in_a_loop
async def test_what_the_road_refuses_is_stored_with_its_reason(tmp_path):
    trial = message("C1").replace(b"|P|2.5.1", b"|T|2.5.1")
    foreign = message("C2").replace(b"|P|2.5.1", b"|P|3.0")
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        await sender.send(trial, foreign)
        assert await sender.answers(2) == [("AR", "C1"), ("AR", "C2")]
        assert place.stored() == [(trial, "test_message"), (foreign, "unknown_version")]


@in_a_loop
async def test_a_message_that_is_too_large_is_rejected_and_the_next_is_taken(tmp_path):
    large = message("C1", "NTE|" + "x" * 400_000)
    async with listening(tmp_path, Limits(message_bytes=300_000)) as place:
        sender = await Sender.to(place)
        await sender.send(large, message("C2"))
        assert await sender.answers(2) == [("AR", "C1"), ("AA", "C2")]
        kept = (large[:KEPT_BYTES], "message_too_large")
        assert place.stored() == [kept, (message("C2"), None)]


@in_a_loop
async def test_a_million_segments_are_rejected_before_anybody_reads_them(tmp_path):
    crowd = message("C1", "ZZZ|1\r" * 1_000_000)
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        await sender.send(crowd)
        assert await sender.answer() == ("AR", "C1")
        assert [reason for _, reason in place.stored()] == ["too_many_segments"]


@in_a_loop
async def test_large_messages_wait_for_room_and_small_ones_do_not(tmp_path):
    large = [message(one, "NTE|" + "x" * 6_000_000) for one in ids(0, 6)]
    async with listening(tmp_path) as place:
        senders = [await Sender.to(place) for _ in large]
        first = senders[:2]
        for sender, raw in zip(first, large, strict=False):
            await sender.write(framed(raw)[:-1])
        rest = zip(senders[2:], large[2:], strict=True)
        waiting = [asyncio.create_task(sender.send(raw)) for sender, raw in rest]
        small = await Sender.to(place)
        await small.send(message("SMALL"))
        assert await small.answer() == ("AA", "SMALL")
        assert len(place.stored()) == 1
        for sender in first:
            await sender.write(b"\r")
        found = [await sender.answer() for sender in senders]
        assert found == [("AA", one) for one in ids(0, 6)]
        await asyncio.gather(*waiting)


@in_a_loop
async def test_a_full_inbox_rejects_and_the_connection_goes_on(tmp_path):
    async with listening(tmp_path, journal_bytes=1) as place:
        sender = await Sender.to(place)
        await sender.send(message("C1"), message("C2"))
        assert await sender.answers(2) == [("AR", "C1"), ("AR", "C2")]
        assert place.stored() == []


@in_a_loop
async def test_the_same_message_again_gets_the_same_answer(tmp_path):
    wrong = message("C2").replace(b"77^^^NORTH^MR", b"")
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        await sender.send(message("C1"), wrong, message("C1"), wrong)
        assert await sender.answers(4) == [("AA", "C1"), ("AE", "C2")] * 2


@in_a_loop
async def test_whoever_does_not_read_answers_gets_all_of_them_later(tmp_path):
    many = ids(0, 3_000)
    async with listening(tmp_path) as place:
        sender = await Sender.to(place)
        sending = asyncio.create_task(sender.send(*(message(one) for one in many)))
        await until(lambda: len(place.stored()) > 0)
        assert await sender.answers(len(many)) == [("AA", one) for one in many]
        await sending


@in_a_loop
async def test_whoever_says_nothing_for_too_long_is_let_go(tmp_path):
    async with listening(tmp_path, Limits(idle_seconds=0.2)) as place:
        sender = await Sender.to(place)
        await sender.send(message("C1"))
        assert await sender.answer() == ("AA", "C1")
        assert await sender.rest() == b""
        await until(lambda: connections() == 0)


@in_a_loop
async def test_line_ends_and_single_bytes_keep_no_connection_open(tmp_path):
    async def drip(sender):
        await sender.write(b"\x0b")
        while True:
            await sender.write(b"x")
            await asyncio.sleep(0.05)

    async with listening(tmp_path, Limits(idle_seconds=0.3)) as place:
        before, sender = torn_frames(), await Sender.to(place)
        dripping = asyncio.create_task(drip(sender))
        assert await sender.rest() == b""
        assert torn_frames() == before + 1
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


@in_a_loop
async def test_as_many_connect_as_the_feed_may_have_and_no_more(tmp_path):
    async with listening(tmp_path, Limits(connections=2)) as place:
        seated = [await Sender.to(place) for _ in range(2)]
        for sender in seated:
            await sender.send(message("C1"))
            assert await sender.answer() == ("AA", "C1")
        late = await Sender.to(place)
        assert await late.rest() == b""
        seated[0].close()
        await until(lambda: connections() == 1)
        later = await Sender.to(place)
        await later.send(message("C2"))
        assert await later.answer() == ("AA", "C2")


@in_a_loop
async def test_whoever_never_said_a_word_makes_way_for_a_sender(tmp_path):
    async with listening(tmp_path, Limits(connections=3)) as place:
        known = await Sender.to(place)
        await known.send(message("C1"))
        assert await known.answer() == ("AA", "C1")
        mute = [await Sender.to(place) for _ in range(2)]
        await asyncio.sleep(2 * GRACE_SECONDS)
        newcomer = await Sender.to(place)
        await newcomer.send(message("C2"))
        assert await newcomer.answer() == ("AA", "C2")
        assert await mute[0].rest() == b""
        await known.send(message("C3"))
        assert await known.answer() == ("AA", "C3")


@in_a_loop
async def test_a_sender_that_resets_its_connection_harms_nobody(tmp_path):
    async with listening(tmp_path) as place:
        other = await Sender.to(place)
        with socket.create_connection(("127.0.0.1", place.port)) as rude:
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            rude.sendall(framed(message("RUDE")) + b"\x0bMSH|")
        await other.send(message("C1"))
        assert await other.answer() == ("AA", "C1")


def test_room_is_given_in_order_and_never_more_than_there_is():
    given_to = []
    room = Room(10)
    for name, size in [("a", 6), ("b", 100), ("c", 1)]:
        room.ask(size, lambda share, name=name: given_to.append((name, share)))
    assert given_to == [("a", 6)]
    room.give_back(6)
    assert given_to == [("a", 6), ("b", 10)]
    room.give_back(10)
    assert given_to == [("a", 6), ("b", 10), ("c", 1)]


def test_whoever_leaves_while_waiting_for_room_holds_nobody_up():
    given_to = []
    room = Room(10)
    room.ask(10, given_to.append)
    leaving, staying = [], []
    room.ask(10, leaving.append)
    room.ask(5, staying.append)
    room.withdraw(leaving.append)
    room.give_back(10)
    assert (leaving, staying) == ([], [5])
