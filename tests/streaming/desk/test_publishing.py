"""The desk's history in the lake: every entry once, in order, whoever publishes and whenever.

Here: `alert_events` as any reader sees it. Not here: the append itself (tests/lakehouse).
"""

from dataclasses import replace

import pytest

import pulsehouse
from clinical.alerts import Act
from lakehouse.batch.alerting import ALERT_EVENTS
from lakehouse.batch_reading import read_batch
from lakehouse.lake import Lake
from streaming.desk.publishing import Publishing
from tests.streaming.desk.desks import START, alert, desk_at, take_alerts, varied


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as opened:
        yield opened


def _published(lake):
    return read_batch(lake, ALERT_EVENTS).to_pylist()


def test_every_entry_is_published_once_and_in_order(desk):
    publishing = Publishing(desk)
    take_alerts(desk, *varied(5))
    assert publishing.step() == 5
    desk.cases.act(alert(1)["alert_id"], Act("acknowledge", START, "nurse"), "k")
    assert (publishing.step(), publishing.step()) == (1, 0)
    rows = _published(desk.lake)
    assert [row["number"] for row in rows] == list(range(1, 7))
    assert [row["event"] for row in rows] == ["raise"] * 5 + ["acknowledge"]


def test_a_second_publisher_and_a_restarted_one_add_nothing(desk):
    first = Publishing(desk)
    second = Publishing(desk)
    take_alerts(desk, *varied(3))
    assert first.step() == 3
    take_alerts(desk, alert(9))
    # It still believes that nothing was published.
    second.step()
    first.step()
    Publishing(desk).step()
    assert [row["number"] for row in _published(desk.lake)] == [1, 2, 3, 4]


def test_the_history_of_a_store_that_was_lost_stays_beside_that_of_the_new_one(tmp_path, desk):
    take_alerts(desk, alert(1))
    Publishing(desk).step()
    with desk_at(tmp_path / "other") as other:
        take_alerts(other, alert(2))
        Publishing(replace(other, lake=desk.lake)).step()
    rows = _published(desk.lake)
    assert [row["number"] for row in rows] == [1, 1]
    assert len({row["store"] for row in rows}) == 2


def test_an_analyst_reads_the_history_of_alerts_by_sql(desk):
    take_alerts(desk, alert(1))
    desk.cases.drill("MICU", "low", "lead", START)
    Publishing(desk).step()
    with pulsehouse.connect(desk.lake.root) as house:
        found = house.sql("select event, state, drill from derived.alert_events order by number")
        assert found.fetchall() == [("raise", "raised", False), ("raise", "raised", True)]


def test_a_lake_that_was_opened_anew_goes_on_where_it_was(desk):
    take_alerts(desk, alert(1))
    Publishing(desk).step()
    desk.lake.writers.clear()
    assert Lake.open(desk.lake.root, create=False).has(ALERT_EVENTS)
    take_alerts(desk, alert(2))
    assert Publishing(desk).step() == 1
