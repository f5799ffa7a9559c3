"""The list of drugs is that of the law at every second, and says what changed since the night."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.catalogue import attach, connect, equip
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from pulsehouse.render import mimic3
from streaming.replay import replay
from tests.lakehouse.test_medications import LIVES, dose, moment, order
from tests.lakehouse.ways import every_way, life_of
from tests.orchestration.hospital import FIRST_NIGHT, cut_out
from tests.streaming.desk.picture.lakes import picture_of, tell
from tests.streaming.desk.picture.plain_medications import standing

PATIENTS = ("10038", "44228", "42231", "40655")
SECONDS = 100


def _rows(lake, table):
    with connect(lake) as connection:
        return connection.execute(f"from {table}").to_arrow_table().to_pylist()


@pytest.fixture(scope="module")
def hospital(shared_data: Path, tmp_path_factory):
    root = tmp_path_factory.mktemp("hospital")
    cut_out(shared_data / "mimic3_demo", root / "tables", PATIENTS)
    mimic3.render(root / "tables", root / "feed.hl7", align=FIRST_NIGHT, days=14)
    lake = Lake.open(root / "lake", create=True)
    replay(lake, load_profile("mimic3"), [root / "feed.hl7"])
    return lake


@pytest.mark.parametrize("name", ["sample", "hospital"])
def test_list_equals_an_independent_computation_at_a_hundred_random_seconds(name, request):
    lake = request.getfixturevalue(name)
    drugs, stays = defaultdict(list), defaultdict(list)
    for row in _rows(lake, "medication_events"):
        drugs[row["facility"], row["patient_id"]].append(row)
    for row in _rows(lake, "encounter_events"):
        stays[row["facility"], row["patient_id"]].append(row)
    chance, found, expected = random.Random(7), {}, {}  # noqa: S311 the same seconds each time
    picture = picture_of(lake, max(row["received_at"] for rows in drugs.values() for row in rows))
    for _ in range(SECONDS):
        key = chance.choice(sorted(drugs))
        near = chance.choice(drugs[key])
        known = [near[part] for part in ("received_at", "started_at", "ended_at") if near[part]]
        at = chance.choice(known) + timedelta(seconds=chance.randint(-90_000, 90_000))
        shown = picture.medications(*key, at).drugs
        found[key, at] = {
            (one.order_id, one.code or "", one.state)
            for one in shown
            if one.state in {"active", "held"}
        }
        expected[key, at] = standing(drugs[key], stays[key], at)
    assert {
        asked: found[asked] ^ expected[asked] for asked in found if found[asked] != expected[asked]
    } == {}
    assert sum(map(bool, expected.values())) > SECONDS // 4


def test_every_life_of_an_order_is_shown_as_it_goes_in_whatever_order_it_is_told(tmp_path):
    told, patients = every_way({life: messages for life, (messages, _) in LIVES.items()})
    lake, came = Lake.open(tmp_path / "lake", create=True), datetime(2024, 6, 3, tzinfo=UTC)
    received = [came + timedelta(seconds=number) for number in range(len(told))]
    tell(lake, told, received, 0)
    picture = picture_of(lake, received[-1])
    # One of each life at least; of all ways to tell it a handful, each time others.
    chosen = {life_of(one): one for one in sorted(patients, key=lambda _: random.random())}  # noqa: S311
    for patient in chosen.values():
        for time, drugs in LIVES[life_of(patient)][1].items():
            shown = picture.medications("H", patient, moment(time), received[-1]).drugs
            found = "".join(sorted(one.code for one in shown if one.state == "active"))
            assert (patient, time, found) == (patient, time, drugs)


def test_law_over_one_patient_says_what_the_law_over_the_whole_lake_says(sample):
    picture = picture_of(
        sample, max(row["received_at"] for row in _rows(sample, "medication_events"))
    )
    with connect(sample) as connection:
        equip(connection)
        attach(connection, sample, "whole")
        rows = connection.execute(
            "select facility, patient_id, quantile_disc(received_at, 0.6) as at"
            " from whole.medication_events group by all order by all"
        ).fetchall()
        for facility, patient, at in rows[:4]:
            asked = "from whole.medication_orders_at($at, $at) select * where patient_id = $one"
            found = (
                connection.execute(asked, {"at": at, "one": patient}).to_arrow_table().to_pylist()
            )
            expected = {
                (row["order_id"], row["code"], row["state"], row["ends_at"]) for row in found
            }
            shown = picture.orders(facility, patient, at)
            assert {(d.order_id, d.code, d.state, d.ends_at) for d in shown} == expected
            assert expected


NIGHT = datetime(2024, 6, 1, 2, tzinfo=UTC)


def _changes(tmp_path, *messages):
    """What a list at noon says of each order, with the night's run at two."""
    lake = Lake.open(tmp_path / "lake", create=True)
    tell(lake, [m for m, _ in messages], [moment(at) for _, at in messages], 0)
    shown = picture_of(lake, moment("1200")).medications("H", "1", moment("1200"))
    assert shown.listed_at == NIGHT
    return {one.order_id: (one.state, one.change, dict(one.was)) for one in shown.drugs}


def test_order_that_was_written_after_the_night_is_new(tmp_path):
    found = _changes(tmp_path, (order("NW", "0900"), "0901"))
    assert found == {"P1": ("active", "new", {})}


def test_order_of_the_night_that_stands_as_it_was_is_told_without_a_change(tmp_path):
    found = _changes(tmp_path, (order("NW", "0100"), "0101"), (dose("0900"), "0901"))
    assert found == {"P1": ("active", None, {})}


def test_order_of_the_night_that_was_stopped_is_told_as_ended(tmp_path):
    found = _changes(tmp_path, (order("NW", "0100"), "0101"), (order("DC", "0900"), "0901"))
    assert found == {"P1": ("discontinued", "ended", {})}


def test_order_that_came_and_went_since_the_night_is_not_shown(tmp_path):
    assert _changes(tmp_path, (order("NW", "0800"), "0801"), (order("DC", "0900"), "0901")) == {}


def test_order_that_is_held_since_the_night_is_told_as_held_and_one_released_as_resumed(tmp_path):
    found = _changes(
        tmp_path,
        (order("NW", "0100", "P1"), "0101"),
        (order("NW", "0100", "P2"), "0102"),
        (order("HD", "0130", "P2"), "0131"),
        (order("HD", "0900", "P1"), "0901"),
        (order("RL", "0900", "P2"), "0902"),
    )
    assert {name: told[:2] for name, told in found.items()} == {
        "P1": ("held", "held"),
        "P2": ("active", "resumed"),
    }


def test_order_that_names_another_drug_since_the_night_tells_what_it_was(tmp_path):
    found = _changes(
        tmp_path,
        (order("NW", "0100", drug="A", start="0030"), "0101"),
        (order("XO", "0900", drug="B", start="0030"), "0901"),
    )
    assert found == {"P1": ("active", "changed", {"drug": "Drug A"})}


def test_list_of_the_night_is_what_was_known_at_the_night(tmp_path):
    """An order of yesterday evening that reached us only this morning is new to the ward."""
    found = _changes(tmp_path, (order("NW", "0030"), "0900"))
    assert found == {"P1": ("active", "new", {})}


def test_nobody_without_orders_has_a_list(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    assert picture_of(lake, NIGHT).medications("H", "1", NIGHT).drugs == ()
