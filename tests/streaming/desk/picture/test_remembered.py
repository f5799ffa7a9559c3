"""What a law said is told again only where it would say the same."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.detection.batch_clock import BatchClock
from lakehouse.lake import Lake
from streaming.desk.picture.ahead import Ahead
from streaming.desk.picture.asking import Laws
from streaming.desk.picture.mirror import Mirror
from streaming.desk.picture.picture import Picture
from streaming.desk.picture.remembered import ALWAYS, Remembered, span
from tests.lakehouse.test_medications import order
from tests.streaming.desk.picture.lakes import TIMES, picture_of, tell

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
KEY = ("H", "1")
SECONDS = st.integers(0, 12)


def _at(seconds):
    return NOON + timedelta(seconds=seconds)


class Counting(Laws):
    """Laws that say how often they were asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def ask(self, question, facts, at):
        self.asked.append(question)
        return super().ask(question, facts, at)


def _counted(tmp_path, *told):
    """A picture of messages and when each came, and its laws."""
    lake, laws = Lake.open(tmp_path / "lake", create=True), Counting()
    tell(lake, [sent for sent, _ in told], [came for _, came in told], 0)
    picture = Picture(lake, BatchClock(), Mirror(lake), laws)
    picture.keep_up(told[-1][1])
    return picture, laws


@settings(max_examples=60)
@given(st.lists(SECONDS | st.none(), max_size=8), SECONDS, SECONDS)
def test_between_two_moments_of_the_rows_as_many_lie_before_and_at_each_moment(told, one, other):
    moments = [None if seconds is None else _at(seconds) for seconds in told]
    rows = pa.table({"came": pa.array(moments, TIMES), "text": ["x"] * len(moments)})
    if span([rows], _at(one)).holds(_at(other)):
        known = [moment for moment in moments if moment is not None]
        for compare in (datetime.__lt__, datetime.__le__):
            assert [compare(m, _at(one)) for m in known] == [compare(m, _at(other)) for m in known]


def test_span_of_a_moment_between_others_is_all_between_them():
    rows = pa.table({"came": pa.array([_at(0), _at(9)], TIMES)})
    found = span([rows], _at(4))
    assert [found.holds(_at(seconds)) for seconds in (0, 1, 8, 9)] == [False, True, True, False]


def test_answers_that_were_not_asked_for_longest_are_forgotten():
    known = Remembered(most=4)
    for name in ("a", "b"):
        known.keep(name, (ALWAYS, name), 1)
    assert known.told("a", NOON) == (ALWAYS, "a")
    known.keep("c", (ALWAYS, "c"), 1)
    assert [known.told(name, NOON) is None for name in "abc"] == [False, True, False]


def test_list_is_asked_of_the_law_once_until_something_changes(tmp_path):
    picture, laws = _counted(tmp_path, (order("NW", "0100"), NOON))
    first = picture.medications(*KEY, _at(1))
    asked = len(laws.asked)
    assert picture.medications(*KEY, _at(60)).drugs == first.drugs != ()
    assert len(laws.asked) == asked
    tell(picture.lake, [order("DC", "1201")], [_at(61)], 1)
    picture.keep_up(_at(62))
    assert [drug.state for drug in picture.orders(*KEY, _at(62))] == ["discontinued"]
    assert len(laws.asked) > asked


def test_list_told_again_is_that_of_a_picture_that_never_told_one(tmp_path):
    told = [
        (order("NW", "0100"), _at(0)),
        (order("HD", "1200"), _at(2)),
        (order("RL", "1200"), _at(4)),
    ]
    picture, _ = _counted(tmp_path, *told)
    for seconds in (4, 3, 2, 1, 0, 1, 2, 3, 4, 5):
        fresh = picture_of(picture.lake, _at(9))
        at = _at(seconds)
        assert picture.medications(*KEY, at) == fresh.medications(*KEY, at)


def test_lists_that_were_asked_for_ahead_need_no_law_and_say_the_same(tmp_path):
    sent = [
        order("NW", "0100", f"P{n}").replace(b"|1^^^H^MR", b"|%d^^^H^MR" % n) for n in (1, 2, 3)
    ]
    picture, laws = _counted(tmp_path, *((one, NOON) for one in sent))
    Ahead(picture).step(_at(1))
    keys = [("H", str(number)) for number in (1, 2, 3)]
    asked = len(laws.asked)
    found = {
        key: (picture.medications(*key, _at(2)), picture.location(*key, _at(2))) for key in keys
    }
    assert len(laws.asked) == asked
    fresh = picture_of(picture.lake, _at(2))
    assert found == {
        key: (fresh.medications(*key, _at(2)), fresh.location(*key, _at(2))) for key in keys
    }
    assert all(listed.drugs for listed, _ in found.values())


def test_nothing_is_asked_ahead_twice_and_what_changes_is_asked_anew(tmp_path):
    picture, laws = _counted(tmp_path, (order("NW", "0100"), NOON))
    ahead = Ahead(picture)
    for seconds in (1, 2, 3):
        ahead.step(_at(seconds))
    asked = len(laws.asked)
    ahead.step(_at(4))
    assert len(laws.asked) == asked > 0
    tell(picture.lake, [order("DC", "1201")], [_at(61)], 1)
    picture.keep_up(_at(62))
    ahead.step(_at(62))
    asked = len(laws.asked)
    assert [drug.state for drug in picture.orders(*KEY, _at(63))] == ["discontinued"]
    assert len(laws.asked) == asked
