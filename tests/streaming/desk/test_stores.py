"""Both kinds of store keep the same promises.

Here: what must hold in SQLite and in PostgreSQL alike, also where several work at once. Not here:
what cases mean (test_cases.py), or processes that are killed (test_faults.py).
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from clinical.alerts import Act
from lakehouse.settings import Settings
from streaming.desk import claiming
from streaming.desk.case_rows import LIFE_FIELDS
from streaming.desk.scopes import Scope
from streaming.desk.store.metadata import METADATA
from streaming.desk.store.models import CASES
from streaming.desk.store.opening import StoreError, migrate, open_store
from streaming.desk.ticking import Ticker
from tests.streaming.desk.desks import START, alert, take_alerts, varied
from tests.streaming.desk.stores import fresh_database

EVERYONE = Scope(None)


def test_the_migrations_make_the_very_tables_that_the_models_say(either_desk):
    with either_desk.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert [one for one in found if "index" not in str(one[0])] == []


def test_a_case_has_a_column_for_every_field_of_a_life():
    assert set(LIFE_FIELDS) <= set(CASES.c.keys())


def test_a_store_that_is_up_to_date_is_opened_again_without_a_change(either_desk):
    take_alerts(either_desk, alert(1))
    migrate(either_desk.engine)
    assert len(either_desk.cases.open(EVERYONE)) == 1


def test_a_store_of_a_newer_release_is_refused(either_desk):
    with either_desk.engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="of a newer release"):
        migrate(either_desk.engine)


def test_a_store_that_cannot_be_reached_is_said_without_its_password(tmp_path):
    url = "postgresql://owner:s3cret@127.0.0.1:1/none"
    with pytest.raises(StoreError, match="desk_database") as told:
        open_store(Settings(lake=tmp_path, desk_database=url), tmp_path)
    assert "s3cret" not in str(told.value)


def test_sqlite_has_every_commit_on_the_disk_before_it_is_told(tmp_path):
    engine = open_store(Settings(lake=tmp_path), tmp_path)
    with engine.connect() as connection:
        modes = [
            connection.exec_driver_sql(f"pragma {name}").scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    engine.dispose()
    assert modes == ["wal", 2]


def test_alerts_acts_and_steps_are_the_same_in_either_store(either_desk):
    desk = either_desk
    take_alerts(desk, *varied(30))
    first = desk.cases.open(EVERYONE, limit=10)
    second = desk.cases.open(EVERYONE, limit=10, after=first[-1].alert_id)
    assert [case.severity for case in (*first, *second)][:8] == ["critical"] * 8
    desk.cases.act(first[0].alert_id, Act("acknowledge", START, "nurse"), "k")
    worse = alert(99, episode_id=first[1].payload["episode_id"], band=3, severity="critical")
    assert take_alerts(desk, worse).worse == 1
    Ticker(desk.engine, desk.planner).tick(START + timedelta(minutes=6))
    numbers = {change.number for change in desk.cases.changes_since(0)}
    assert numbers == set(range(1, desk.cases.newest_change() + 1))
    assert sum(sum(one.values()) for one in desk.cases.counts(EVERYONE).values()) == 30


def test_of_many_who_take_a_case_at_once_one_has_it_and_all_others_are_told(either_desk):
    take_alerts(either_desk, alert(1))
    case = alert(1)["alert_id"]

    def acknowledge(person):
        act = Act("acknowledge", START, f"nurse-{person}")
        return either_desk.cases.act(case, act, f"key-{person}")

    with ThreadPoolExecutor(8) as people:
        acted = list(people.map(acknowledge, range(16)))
    owner = either_desk.cases.one(case).owner
    assert sum(one.refusal is None for one in acted) == 1
    assert {one.refusal.who for one in acted if one.refusal} == {owner}


def test_after_somebody_has_taken_a_case_no_clock_escalates_it(either_desk):
    desk = either_desk
    take_alerts(desk, *(alert(n, severity="critical") for n in range(24)))
    now, stop = START + timedelta(minutes=6), threading.Event()

    def ticking():
        while not stop.is_set():
            Ticker(desk.engine, desk.planner).tick(now)

    def take(number):
        act = Act("acknowledge", now, "nurse")
        return desk.cases.act(alert(number)["alert_id"], act, "k").refusal

    with ThreadPoolExecutor(6) as threads:
        clocks = [threads.submit(ticking) for _ in range(2)]
        refused = list(threads.map(take, range(24)))
        stop.set()
        for clock in clocks:
            clock.result()
    assert refused == [None] * 24
    for number in range(24):
        events = [one.event for one in desk.cases.entries(alert(number)["alert_id"])]
        assert events.count("escalate") <= 1
        assert events[-1] == "acknowledge"


def test_two_workers_never_hold_the_same_notification(either_desk):
    take_alerts(either_desk, *varied(60))

    def claim(worker):
        found = []
        while some := claiming.claim(either_desk.engine, "board", str(worker), 7, START):
            found += [one.number for one in some]
        return found

    with ThreadPoolExecutor(4) as workers:
        claimed = [number for some in workers.map(claim, range(4)) for number in some]
    assert len(claimed) == len(set(claimed)) == 60


def test_two_intakes_over_one_store_make_each_case_once(either_desk):
    alerts = list(varied(40))
    with ThreadPoolExecutor(3) as intakes:
        taken = list(intakes.map(lambda _: take_alerts(either_desk, *alerts), range(3)))
    assert sum(one.new for one in taken) == 40
    assert len(either_desk.cases.open(EVERYONE, limit=100)) == 40


def test_two_desks_that_open_an_empty_store_at_once_both_find_it_made(tmp_path, postgresql):
    url = fresh_database(postgresql)
    settings = Settings(lake=tmp_path, desk_database=url)
    with ThreadPoolExecutor(3) as opened:
        engines = list(opened.map(lambda _: open_store(settings, tmp_path), range(3)))
    for engine in engines:
        assert sa.inspect(engine).has_table("cases")
        engine.dispose()
