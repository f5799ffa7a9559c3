"""A message that breaks the fold is found in a few starts, and then quarantined."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from streaming.batches import Messages
from streaming.live.suspects import Suspects
from tests.streaming.live.ward import Ward

PLACE = "f/1000"
NOTHING = Cut({})
STARTS = 4


def batch(first: int, count: int) -> Messages:
    clock = pa.array([0] * count, pa.timestamp("us", tz="UTC"))
    return Messages("f", 1000, first, clock, pa.array([b"m"] * count, pa.binary()))


def quarantined(messages: Messages) -> list[int]:
    if messages.rejects is None:
        return []
    flags = messages.rejects.is_valid().to_pylist()
    return [int(offset) for offset, flag in zip(messages.offsets, flags, strict=True) if flag]


def start(lake: Lake, culprit: int, at: Cut = NOTHING) -> list[int] | None:
    """One start over 10,000 messages that ends at the culprit; None where it fails again."""
    suspects = Suspects(lake, at)
    found: list[int] = []
    for piece in suspects.pieces(batch(0, 10_000)):
        found += quarantined(piece)
        if culprit in piece.offsets and culprit not in found:
            suspects.add(PLACE, piece.first_offset, piece.last_offset)
            return None
    return found


@pytest.mark.parametrize("culprit", [0, 4_711, 9_999])
def test_the_culprit_alone_is_quarantined_at_the_fourth_start(ward: Ward, culprit: int) -> None:
    starts = [start(ward.lake, culprit) for _ in range(STARTS)]
    assert starts == [None, None, None, [culprit]]


def test_what_the_cut_has_passed_is_no_suspect_any_more(ward: Ward) -> None:
    Suspects(ward.lake, NOTHING).add(PLACE, 5, 5)
    passed = Suspects(ward.lake, Cut({("f", 1000): 5}))
    assert list(passed.pieces(batch(0, 10))) == [batch(0, 10)]


@given(
    first=st.integers(0, 300),
    length=st.integers(0, 300),
    begin=st.integers(0, 300),
    count=st.integers(1, 300),
)
def test_pieces_are_the_batch_whatever_is_suspected(
    tmp_path_factory: pytest.TempPathFactory, first: int, length: int, begin: int, count: int
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    Suspects(lake, NOTHING).add(PLACE, first, first + length)
    pieces = list(Suspects(lake, NOTHING).pieces(batch(begin, count)))
    assert [int(offset) for piece in pieces for offset in piece.offsets] == list(
        range(begin, begin + count)
    )
    assert all(piece.first_offset == int(piece.offsets[0]) for piece in pieces)
