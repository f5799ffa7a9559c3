"""The line of 24 hours: inside its drawing, ending at the newest value."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from streaming.desk.pages.trends import HEIGHT, WIDTH, trend
from tests.streaming.desk.pages.cases import NOW

POINTS = st.lists(
    st.tuples(st.integers(-3000, 3000), st.floats(-5, 40, allow_nan=False)), max_size=12
)


@given(POINTS)
def test_line_stays_inside_its_drawing_and_tells_the_newest_value(minutes):
    points = sorted((NOW - timedelta(minutes=at), value) for at, value in minutes)
    found = trend(points, NOW)
    past = [value for at, value in points if at <= NOW]
    assert (found is None) == (not past)
    if found:
        places = [tuple(map(float, one.split(","))) for one in found.points.split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        assert found.newest == f"{past[-1]:g}"


def test_value_holds_until_the_next():
    found = trend([(NOW - timedelta(hours=12), 3.0), (NOW, 9.0)], NOW)
    (_, first), (_, before), (_, last) = [one.split(",") for one in found.points.split()]
    assert first == before != last


def test_line_is_said_in_words():
    points = [(NOW - timedelta(hours=2), 3.0), (NOW - timedelta(hours=1), 9.0), (NOW, 7.0)]
    assert trend(points, NOW).told == ("NEWS2 over 24 hours: from 3 to 7, highest 9, lowest 3")
