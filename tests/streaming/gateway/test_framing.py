"""MLLP frames are found wherever the stream is cut, and nothing torn is taken for a message."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.gateway.framing import KEPT_BYTES, Frame, Framer, State, Torn, framed

LIMIT = 200
BODIES = st.binary(max_size=2 * LIMIT).map(lambda raw: raw.translate(None, b"\x0b\x1c"))
# Bytes that matter stand closer together than chance would have them.
STREAMS = st.lists(
    st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"MSH|", b"x", b"\x1c\r"]), max_size=40
).map(b"".join)


def whole(stream, limit=LIMIT):
    return fed([stream], limit)


def fed(pieces, limit=LIMIT):
    framer = Framer(limit)
    found = [one for piece in pieces for one in framer.feed(piece)]
    return found, framer.close(), framer.state


def cut(stream, places):
    bounds = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(bounds)]


def frames_of(bodies):
    return [Frame(body[:KEPT_BYTES], len(body)) for body in bodies]


@given(st.lists(BODIES, max_size=5), st.lists(st.integers(min_value=0), max_size=8))
def test_every_message_is_found_once_and_in_order_wherever_the_stream_is_cut(bodies, places):
    stream = b"".join(framed(body) for body in bodies)
    assert fed(cut(stream, places)) == (frames_of(bodies), None, State.BETWEEN)


@given(STREAMS, st.lists(st.integers(min_value=0), max_size=8))
def test_any_bytes_mean_the_same_however_they_are_cut(stream, places):
    assert fed(cut(stream, places)) == whole(stream)


@given(STREAMS)
def test_any_bytes_mean_the_same_one_at_a_time(stream):
    assert fed([bytes([byte]) for byte in stream]) == whole(stream)


@given(st.binary(max_size=300), st.integers(0, 100))
def test_no_bytes_make_the_framer_raise_or_hold_more_than_the_limit(stream, limit):
    framer = Framer(limit)
    framer.feed(stream)
    assert framer.held <= max(limit, KEPT_BYTES)


@given(BODIES, st.data())
def test_a_frame_that_ends_anywhere_within_is_torn(body, data):
    stream = framed(body)
    end = data.draw(st.integers(1, len(stream) - 1))
    found, torn, _ = whole(framed(b"before") + stream[:end])
    assert found == [Frame(b"before", 6)]
    assert torn == Torn("broke_off")


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"MSH|no start\x1c\r", "no_start"),
        (b"\x1c\r", "no_start"),
        (b" \x0bMSH|\x1c\r", "no_start"),
        (b"\x00", "no_start"),
        (b"\x0bMSH|\x0bMSH|\x1c\r", "start_within"),
        (b"\x0b\x0bMSH|\x1c\r", "start_within"),
        (b"\x0bMSH|\x1cMSH|\x1c\r", "no_close"),
        (b"\x0bMSH|\x1c\x1c\r", "no_close"),
        (b"\x0bMSH|\x1c\n", "no_close"),
        (b"\x0bMSH|\x1c\x0b", "no_close"),
    ],
)
def test_what_breaks_a_frame_ends_the_stream_with_its_reason(stream, reason):
    found, torn, state = whole(framed(b"before") + stream + framed(b"after"))
    assert found == [Frame(b"before", 6), Torn(reason)]
    assert (torn, state) == (None, State.BROKEN)


@pytest.mark.parametrize("between", [b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n\n"])
def test_line_ends_may_stand_between_frames(between):
    stream = between + framed(b"one") + between + framed(b"two") + between
    assert whole(stream) == (frames_of([b"one", b"two"]), None, State.BETWEEN)


def test_an_empty_frame_is_a_message_without_content():
    assert whole(framed(b"")) == ([Frame(b"", 0)], None, State.BETWEEN)


def test_a_message_of_exactly_the_limit_is_whole_and_a_byte_more_is_not():
    limit = KEPT_BYTES + 10
    exactly, beyond = b"x" * limit, b"x" * (limit + 1)
    found, _, _ = whole(framed(exactly) + framed(beyond), limit)
    assert found == [Frame(exactly, limit), Frame(beyond[:KEPT_BYTES], limit + 1)]


@given(
    st.integers(0, 3 * KEPT_BYTES),
    st.sampled_from([10, KEPT_BYTES, 2 * KEPT_BYTES]),
    st.integers(1, 40_000),
)
def test_what_is_kept_of_a_large_message_does_not_depend_on_its_pieces(size, limit, piece):
    body = bytes(65 + place % 23 for place in range(size))
    stream = framed(body)
    pieces = [stream[at : at + piece] for at in range(0, len(stream), piece)]
    kept = body if size <= limit else body[:KEPT_BYTES]
    assert fed(pieces, limit) == ([Frame(kept, size)], None, State.BETWEEN)


def test_a_message_beyond_the_limit_is_not_held_while_it_is_read():
    framer = Framer(1024 * 1024)
    framer.feed(b"\x0bMSH|")
    most = 0
    for _ in range(100):
        framer.feed(b"x" * 100_000)
        most = max(most, framer.held)
    assert most <= 1024 * 1024
    assert framer.held == KEPT_BYTES
