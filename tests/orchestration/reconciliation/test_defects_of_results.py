"""One defect per class put into the feed or the extract of charted values: each is named rightly.

All of them are in one night, so that every one also shows that it does not touch its neighbours.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.orchestration.reconciliation.injecting import Message, World

NIGHT, NEXT, BEFORE = date(2026, 1, 10), date(2026, 1, 11), date(2026, 1, 9)
AFTER_THE_RUN = datetime(2026, 1, 10, 5, tzinfo=UTC)
PULSE, BREATHS, PRESSURE, WARMTH = "220045", "220210", "220179", "223761"
MINUTE = timedelta(minutes=1)


class Defects:
    """Messages of the night, each spoilt once, and the classes that are to come of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.taken: set[str] = set()
        self.tonight: dict[tuple, str] = {}
        self.next_night: dict[tuple, str] = {}
        self.cases: dict[str, set[tuple]] = {}

    def take(self, item: str = PULSE, *, also: str = PULSE) -> Message:
        message = next(
            m
            for m in self.world.charts(NIGHT, item)
            if m.control_id not in self.taken and also in m.items
        )
        self.taken.add(message.control_id)
        return message

    def expect(self, case: str, class_: str, *keys: tuple, wrong: bool = False) -> None:
        for key in keys:
            self.tonight[key] = class_ + ("!" if wrong else "")
        self.cases[case] = self.cases.get(case, set()) | set(keys)

    def version(
        self, message: Message, control_id: str, *, value: str = "", status: str
    ) -> Message:
        again = message.copy()
        again.control_id = control_id
        pulse = again.result(PULSE)
        again.segments = [s for s in again.segments if s[0] != "OBX"] + [pulse]
        pulse[5], pulse[11] = value or pulse[5], status
        again.at += MINUTE
        return again


def key(message: Message, item: str = PULSE) -> tuple:
    return (message.patient, item, message.charted_at)


def keys(message: Message) -> list[tuple]:
    return [key(message, item) for item in set(message.items)]


def is_row_of(row: dict[str, str], wanted: tuple) -> bool:
    found = (row["patient_id"], row["item_id"], row["charted_at"])
    return found == (*wanted[:2], wanted[2].strftime("%Y-%m-%d %H:%M:%S"))


def swap_units(d: Defects) -> None:
    for item, unit in ((PULSE, "kPa"), (PRESSURE, "kPa")):
        message = d.take(item)
        message.result(item)[6] = unit
        d.expect("unit swap", "unit", key(message, item))
    message = d.take(WARMTH, also=WARMTH)
    warmth = message.result(WARMTH)
    warmth[5:7] = [f"{(float(warmth[5]) - 32) / 1.8:.1f}", "?C"]
    d.expect("unit swap", "unit", key(message, WARMTH))


def drop_a_message(d: Defects) -> None:
    message = d.take(also=BREATHS)
    d.world.drop(message)
    d.expect("dropped message", "missing_in_stream", *keys(message))


def chart_late(d: Defects) -> None:
    message = d.take(also=BREATHS)
    message.at = AFTER_THE_RUN
    d.expect("late chart", "late", *keys(message))
    d.next_night |= dict.fromkeys(keys(message), "late")


def send_twice(d: Defects) -> None:
    d.world.send(d.take().copy())
    again = d.take().copy()
    again.control_id = "DOUBLE1"
    again.at += MINUTE
    d.world.send(again)
    again = d.take().copy()
    again.control_id, again.at = "DOUBLE2", AFTER_THE_RUN
    d.world.send(again)
    d.next_night |= dict.fromkeys(keys(again), "corrected")


def correct(d: Defects) -> None:
    message = d.take()
    d.world.send(d.version(message, "CORRECTED1", value="77", status="C"))
    d.expect("correction before the run", "corrected", key(message))
    message = d.take()
    after = d.version(message, "CORRECTED2", value="78", status="C")
    after.at = AFTER_THE_RUN
    d.world.send(after)
    d.next_night[key(message)] = "corrected"


def retract(d: Defects) -> None:
    for status in "DW":
        message = d.take()
        d.world.send(d.version(message, f"RETRACTED{status}", status=status))
        d.expect("retraction", "retracted", key(message))
    message = d.take()
    after = d.version(message, "RETRACTED", status="W")
    after.at = AFTER_THE_RUN
    d.world.send(after)
    leave_out(d, message)
    d.expect("retraction after the run", "retracted", key(message))


def change_codes(d: Defects) -> None:
    message = d.take()
    d.expect("wrong mapping", "mapping", key(message), key(message, "999999"))
    message.result(PULSE)[3] = "999999^Heart Rate^MIMIC_CHART"
    message = d.take(also=BREATHS)
    d.expect("wrong mapping", "mapping", key(message))
    pulse = message.result(PULSE)
    pulse[3] = message.result(BREATHS)[3]


def change_a_value(d: Defects) -> None:
    message = d.take()
    pulse = message.result(PULSE)
    pulse[5] = f"{float(pulse[5]) + 7:g}"
    d.expect("changed value", "value", key(message))


def leave_out(d: Defects, message: Message) -> None:
    wanted = key(message)
    d.world.rewrite(
        NIGHT, "vitals", lambda rows: [row for row in rows if not is_row_of(row, wanted)]
    )


def drop_a_row(d: Defects) -> None:
    message = d.take()
    leave_out(d, message)
    d.expect("row dropped from the extract", "missing_in_legacy", key(message))


def double_a_row(d: Defects) -> None:
    wanted = key(d.take())
    d.world.rewrite(
        NIGHT,
        "vitals",
        lambda rows: [row for row in rows for _ in range(1 + is_row_of(row, wanted))],
    )


def mistake_patients(d: Defects) -> None:
    # Somebody unknown, somebody who lies in the next bed, and once in the extract.
    for other in ("99901", "10038"):
        message = next(
            m
            for m in d.world.charts(NIGHT, PULSE)
            if m.control_id not in d.taken and m.patient != "10038" and BREATHS in m.items
        )
        d.taken.add(message.control_id)
        d.expect("wrong patient", "missing_in_stream", *keys(message), wrong=True)
        message.patient = other
        d.expect("wrong patient", "missing_in_legacy", *keys(message), wrong=True)
    wanted = key(d.take())
    stranger = ("99903", *wanted[1:])

    def mistaken(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [row | {"patient_id": "99903"} if is_row_of(row, wanted) else row for row in rows]

    d.world.rewrite(NIGHT, "vitals", mistaken)
    d.expect("wrong patient", "missing_in_legacy", wanted, wrong=True)
    d.expect("wrong patient", "missing_in_stream", stranger, wrong=True)


DEFECTS = (
    *(swap_units, drop_a_message, chart_late, send_twice, correct, retract, change_codes),
    *(change_a_value, drop_a_row, double_a_row, mistake_patients),
)


@pytest.fixture(scope="module")
def spoilt(hospital, tmp_path_factory):
    """The defects, the world that has them, and its comparison of two nights."""
    defects = Defects(World.of(hospital))
    for defect in DEFECTS:
        defect(defects)
    world = defects.world.built(tmp_path_factory.mktemp("spoilt") / "world")
    world.land("vitals", BEFORE, NIGHT, NEXT)
    nights = {night: world.compared("vitals", night) for night in (BEFORE, NIGHT, NEXT)}
    return defects, world, nights


def found(world, night, job="vitals"):
    return {
        (
            row["key"]["patient_id"],
            row["key"]["item_id"],
            datetime.fromisoformat(row["key"]["charted_at"] + ":00"),
        ): row["class"] + ("!" if row["is_wrong_patient"] else "")
        for row in world.differences(job, night)
    }


@pytest.mark.parametrize(
    "case",
    [
        "unit swap",
        "dropped message",
        "late chart",
        "correction before the run",
        "retraction",
        "retraction after the run",
        "wrong mapping",
        "changed value",
        "row dropped from the extract",
        "wrong patient",
    ],
)
def test_each_defect_has_its_own_class(spoilt, case):
    defects, world, _ = spoilt
    told = found(world, NIGHT)
    expected = {k: defects.tonight[k] for k in defects.cases[case]}
    assert {k: told.get(k) for k in expected} == expected


def test_no_defect_touches_another_key(spoilt):
    defects, world, _ = spoilt
    assert set(found(world, NIGHT)) == set(defects.tonight)
    assert found(world, BEFORE) == {}


def test_what_comes_a_night_later_is_explained_there(spoilt):
    defects, world, _ = spoilt
    assert found(world, NEXT) == defects.next_night


def test_explained_differences_name_the_message_that_explains(spoilt):
    _, world, _ = spoilt
    rows = [row for night in (NIGHT, NEXT) for row in world.differences("vitals", night)]
    explained = [row for row in rows if row["is_explained"]]
    assert explained
    assert all(row["cause_offset"] is not None and row["cause_at"] for row in explained)
    late = [row for row in world.differences("vitals", NIGHT) if row["class"] == "late"]
    assert {row["cause_at"] for row in late} == {AFTER_THE_RUN}


def test_a_row_twice_in_the_extract_breaks_the_grain_and_nothing_else(spoilt):
    _, _, nights = spoilt
    assert (nights[NIGHT].legacy_repeated, nights[NIGHT].stream_repeated) == (1, 0)
    assert nights[BEFORE].repeated == 0


def test_counts_of_the_night_are_those_of_its_rows(spoilt):
    _, world, nights = spoilt
    night = nights[NIGHT]
    rows = world.differences("vitals", NIGHT)
    counted = Counter(row["class"] for row in rows)
    assert {name: count for name, count in night.classes.items() if count} == counted | {
        "matched": night.matched
    }
    assert night.unexplained == sum(not row["is_explained"] for row in rows)
    assert night.wrong_patients == sum(row["is_wrong_patient"] for row in rows)
    assert night.match_share == 1 - night.unexplained / sum(night.classes.values())
