"""What open pages hear: every change once, in order, rendered once for all of the same units."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from clinical.alerts import Act
from streaming.desk.pages.audiences import AT_ONCE, Audience
from streaming.desk.pages.fragments import Message
from streaming.desk.pages.live import Live
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import START, alert, take_alerts
from tests.streaming.desk.picture.lakes import tell
from tests.streaming.desk.picture.test_picture import named

MICU = Audience("board", Scope(frozenset({"MICU"})))
EVERY = Audience("board", Scope(None))
WALL = Audience("wall", Scope(frozenset({"MICU"})), "MICU")
FIRST = "mimic3-1000-1-news2"


@pytest.fixture
def seen():
    return []


@asynccontextmanager
async def listening(app, desk, seen, *audiences, since=None):
    def note(told, cases):
        seen.extend((one.viewer, message.alerts) for one, message in told.items())

    live = Live(desk, app.state.shell.templates, note)
    joined = [await live.join(one, "nurse", since) for one in audiences]
    yield joined
    for one in joined:
        live.leave(one)


async def next_of(one, event):
    """The next message of a kind; pulses come between."""
    async with asyncio.timeout(30):
        while (message := await one.messages.get()).event != event:
            pass
        return message


def hears(app, desk, seen, audience, happens, *, since=None):
    async def run():
        async with listening(app, desk, seen, audience, since=since) as (one,):
            happens()
            return await next_of(one, "rows")

    return asyncio.run(run())


def test_new_alert_is_told_with_its_row_and_the_tally(app, desk, seen):
    new = alert(20, title="Just raised", severity="critical")
    message = hears(app, desk, seen, MICU, lambda: take_alerts(desk, new))
    assert "Just raised" in message.data
    assert '<strong>2</strong> <span class="level">Critical' in message.data
    assert message.number == desk.cases.newest_change()


def test_closed_alert_is_told_as_gone(app, desk, seen):
    act = Act("decline", START, by="nurse", reason="known")
    message = hears(app, desk, seen, MICU, lambda: desk.cases.act(FIRST, act))
    assert "data-gone" in message.data
    assert "Title of critical" not in message.data


def test_alert_that_moves_away_leaves_one_board_and_comes_to_the_other(app, desk, seen):
    async def run():
        other = Audience("board", Scope(frozenset({"SICU"})))
        async with listening(app, desk, seen, MICU, other) as both:
            desk.cases.move(FIRST, "SICU", START)
            return [await next_of(one, "rows") for one in both]

    left, came = asyncio.run(run())
    assert "data-gone" in left.data
    assert "Title of critical" in came.data


def test_change_elsewhere_is_not_told(app, desk, seen):
    def happens():
        take_alerts(desk, alert(30, unit="SICU", title="Elsewhere"))
        take_alerts(desk, alert(31, title="Here"))

    message = hears(app, desk, seen, MICU, happens)
    assert "Here" in message.data
    assert "Elsewhere" not in message.data


def test_wall_hears_no_name_and_no_number(app, desk, seen):
    message = hears(app, desk, seen, WALL, lambda: take_alerts(desk, alert(40)))
    assert "NEWS2 urgent response" in message.data
    assert "MRN" not in message.data
    assert "mimic3" not in message.data


def test_alert_that_came_before_its_name_is_told_again_with_it(app, desk, seen):
    new = alert(77, feed="ward", partition=0, offset=0, facility="H", patient_id="1")

    async def run():
        async with listening(app, desk, seen, MICU) as (one,):
            take_alerts(desk, new)
            first = await next_of(one, "rows")
            tell(desk.lake, [named("NEW^ANN", "19500101")], [START], 0)
            desk.picture.keep_up(START)
            return first, await next_of(one, "rows")

    first, second = asyncio.run(run())
    assert "name not known" in first.data
    assert ("NEW, ANN" in first.data, "NEW, ANN" in second.data) == (False, True)
    assert first.number == second.number == desk.cases.newest_change()


def test_who_comes_back_hears_what_was_missed_and_nothing_twice(app, desk, seen):
    since = desk.cases.newest_change()
    take_alerts(desk, alert(50, title="Missed"))
    message = hears(app, desk, seen, MICU, lambda: None, since=since)
    assert "Missed" in message.data
    assert message.number == desk.cases.newest_change()


def test_who_missed_too_much_is_told_to_read_anew(app, desk, seen):
    since = desk.cases.newest_change()
    take_alerts(desk, *(alert(number) for number in range(100, 101 + AT_ONCE)))

    async def run():
        async with listening(app, desk, seen, MICU, since=since) as (one,):
            return await next_of(one, "whole")

    assert asyncio.run(run()).number == desk.cases.newest_change()


def test_store_that_knows_less_than_the_page_makes_it_read_anew(app, desk, seen):
    async def run():
        async with listening(app, desk, seen, MICU, since=10**6) as (one,):
            return await next_of(one, "whole")

    assert asyncio.run(run()).number == desk.cases.newest_change()


def test_boards_of_the_same_units_get_the_very_same_text(app, desk, seen):
    async def run():
        async with listening(app, desk, seen, EVERY, EVERY) as both:
            take_alerts(desk, alert(60))
            return [await next_of(one, "rows") for one in both]

    first, second = asyncio.run(run())
    assert first is second


def test_what_is_told_is_noted_for_the_audit_before_it_goes_out(app, desk, seen):
    message = hears(app, desk, seen, MICU, lambda: take_alerts(desk, alert(70)))
    assert seen == [("nurse", message.alerts)]


def test_page_of_one_alert_hears_of_that_alert_alone(app, desk, seen):
    audience = Audience("alert", Scope(None), alert_id=FIRST)

    def happens():
        take_alerts(desk, alert(80))
        desk.cases.act(FIRST, Act("acknowledge", START, by="nurse"))

    assert hears(app, desk, seen, audience, happens).alerts == (FIRST,)


def test_slow_page_is_told_to_read_anew_instead_of_being_told_all(app, desk, seen):
    async def run():
        async with listening(app, desk, seen, EVERY) as (one,):
            for _ in range(100):
                one.put(Message("rows", "", 1))
            return [one.messages.get_nowait().event for _ in range(one.messages.qsize())]

    assert "whole" in asyncio.run(run())


def test_pulse_says_the_time_and_that_no_reading_has_come(app, desk, seen):
    async def run():
        async with listening(app, desk, seen, EVERY) as (one,):
            return await next_of(one, "pulse")

    told = json.loads(asyncio.run(run()).data)
    assert told["now"] == desk.clock.now().isoformat()
    assert (told["as_of"], told["behind"]) == (None, False)
