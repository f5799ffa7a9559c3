"""The sink gathers rows by place, and keeps in which turns they came."""

from pathlib import Path

from lakehouse.lake import Lake
from lakehouse.stamps import Stamp, stamp
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES
from streaming.batches import Rows
from streaming.sink import LakeSink
from streaming.turns import Turn, Turns
from streaming.writer import Writer
from tests.lakehouse.conftest import build_rows

PLACES = [("icu", 0), ("lab", 0)]


def message(feed: str, offset: int, turn: int) -> Rows:
    raw = build_rows(RAW_MESSAGES, [offset], feed)
    return Rows(f"{feed}/0", offset, {RAW_MESSAGES.name: raw}, Turn("one", turn))


def facts(feed: str, offset: int) -> Rows:
    return Rows(f"{feed}/0", offset, {OBSERVATIONS.name: build_rows(OBSERVATIONS, [offset], feed)})


def test_a_commit_tells_a_place_s_turns_and_joins_those_that_follow_at_once(
    tmp_path: Path,
) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    with Writer(lake) as writer:
        sink = LakeSink(writer, PLACES)
        icu, lab = (sink.build_part("lake", part, None) for part in sink.list_parts())
        icu.write_batch([message("icu", 0, 0), facts("icu", 0), message("icu", 1, 1)])
        icu.write_batch([message("icu", 2, 3)])
        lab.write_batch([message("lab", 0, 2)])
        icu.snapshot()
        lab.snapshot()
        icu.write_batch([message("icu", 3, 4)])
        icu.snapshot()
        writer.finish()
    told = [stamp(lake.path(RAW_MESSAGES), version) for version in (1, 2, 3)]
    notes = (((1, 1), (2, 3)), ((0, 2),), ((3, 4),))
    assert told == [Stamp("one", each) for each in notes]


def test_no_two_flows_share_a_session() -> None:
    one, other = Turns(), Turns()
    assert [one.take().number, one.take().number, other.take().number] == [0, 1, 0]
    assert one.take().session != other.take().session
