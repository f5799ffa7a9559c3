"""Which drugs are in force in SQL, at any second, in whatever order a life is told."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from tests.lakehouse.told import ask, message, shown
from tests.lakehouse.ways import WAY, every_way, life_of


def order(
    control: str,
    at: str,
    number: str = "P1",
    drug: str = "A",
    *,
    start: str = "",
    end: str = "",
    status: str = "",
    parent: str = "",
    kind: str = "RDE^O11",
) -> bytes:
    """An order for drugs, one per letter, written at a time of the day."""
    orc = f"ORC|{control}|{number}|||{status}|||{parent}|20240601{at}"
    times = [f"20240601{time}" if time else "" for time in (start, end)]
    rxe = [f"TQ1|1||||||{times[0]}|{times[1]}"] + [f"RXE||{one}^Drug {one}^L|1||g" for one in drug]
    return message(kind, at, orc, *(rxe if drug else ()))


def dose(
    at: str, number: str = "P1", drug: str = "A", *, status: str = "", done: str = "CP"
) -> bytes:
    """A dose of a drug, given or not, at a time of the day."""
    rxa = f"RXA|0|1|20240601{at}|20240601{at}|{drug}^Drug {drug}^L|1{'|' * 14}{done}"
    return message("RAS^O17", at, f"ORC|RE|{number}|||{status}", rxa)


Line = dict[str, str]
# Messages, and the drugs in force from each time on until the next.
LIVES: dict[str, tuple[list[bytes], Line]] = {
    "ordered": ([order("NW", "0800")], {"0759": "", "0800": "A"}),
    "starts later than it is ordered": (
        [order("NW", "0800", start="1000")], {"0800": "", "0959": "", "1000": "A"},
    ),
    "written down after it began": (
        [order("NW", "1000", start="0800")], {"0759": "", "0800": "A", "1000": "A"},
    ),
    "ends by itself": (
        [order("NW", "0800", start="0900", end="1100")], {"0900": "A", "1059": "A", "1100": ""},
    ),
    "discontinued": (
        [order("NW", "0800"), order("DC", "1000")], {"0800": "A", "0959": "A", "1000": ""},
    ),
    "stopped by its number alone": (
        [order("NW", "0800", drug="AB"), order("OD", "1000", drug="")], {"0959": "AB", "1000": ""},
    ),
    "cancelled": ([order("NW", "0800", start="1200"), order("CA", "0900")], {"1200": ""}),
    "held and released": (
        [order("NW", "0800"), order("HD", "0900"), order("RL", "1000", drug="")],
        {"0859": "A", "0900": "", "0959": "", "1000": "A"},
    ),
    "a change lifts no hold": (
        [order("NW", "0800"), order("HD", "0900", drug=""), order("XO", "0930"),
         order("RL", "1000")],
        {"0859": "A", "0930": "", "0959": "", "1000": "A"},
    ),
    "a hold that could not be done": (
        [order("NW", "0800"), order("HD", "0900"), order("UH", "0905")],
        {"0859": "A", "0904": "", "0905": "A"},
    ),
    "a change of its end": (
        [order("NW", "0800", end="1000"), order("XO", "0900", start="0800", end="1200")],
        {"0900": "A", "1100": "A", "1200": ""},
    ),
    "the pharmacy names another product": (
        [order("NW", "0800", drug="A", kind="OMP^O09"), order("XO", "0830", drug="B")],
        {"0829": "A", "0830": "B"},
    ),
    "nothing revives what was stopped but a new order": (
        [order("NW", "0800"), order("DC", "0900"), order("XO", "0930"), order("NW", "1000")],
        {"0859": "A", "0930": "", "1000": "A"},
    ),
    "replaced by another order": (
        [order("NW", "0800", "P1"), order("RO", "0900", "P2", "B", start="1000", parent="P1")],
        {"0900": "A", "0959": "A", "1000": "B"},
    ),
    "given once without an order": ([dose("0900", "P9")], {"0859": "", "0900": "", "0901": ""}),
    "given, and goes on": (
        [order("NW", "0800"), dose("0900"), dose("1000", done="RE")], {"0900": "A", "1001": "A"},
    ),
    "complete with its dose": (
        [order("NW", "0800"), dose("0900", status="CM")], {"0859": "A", "0900": ""},
    ),
    "a dose that was deleted from the record": (
        [order("NW", "0800"), dose("0900"), dose("0900", done="CP|D")],
        {"0859": "A", "0900": "A", "0901": "A"},
    ),
    "refilled": (
        [order("NW", "0800", end="1000"), order("AF", "0930", start="0800", end="1100")],
        {"1000": "A", "1059": "A", "1100": ""},
    ),
    "several orders": (
        [order("NW", "0800", "P1", "A"), order("NW", "0900", "P2", "B"), order("DC", "1000", "P1")],
        {"0800": "A", "0900": "AB", "1000": "B"},
    ),
}  # fmt: skip


def moment(time: str) -> datetime:
    return datetime(2024, 6, 1, int(time[:2]), int(time[2:]), tzinfo=UTC)


def test_a_drug_is_in_force_at_the_very_second_however_its_order_is_told() -> None:
    told, patients = every_way({life: messages for life, (messages, _) in LIVES.items()})
    times = sorted({time for _, line in LIVES.values() for time in line})
    with shown(told) as connection:
        for time in times:
            found = defaultdict(str)
            asked = f"from lake.active_medications_at('{moment(time)}') select patient_id, code"
            for patient, drug in sorted(ask(connection, asked)):
                found[patient] += drug
            asked_of = {one for one in patients if time in LIVES[life_of(one)][1]}
            wrong = {
                patient: found[patient]
                for patient in asked_of
                if found[patient] != LIVES[life_of(patient)][1][time]
            }
            assert wrong == {}, time


@pytest.mark.parametrize(
    ("seconds", "drugs"), [(-1, []), (0, [("A",)]), (3599, [("A",)]), (3600, [])]
)
def test_it_is_in_force_from_its_first_second_and_not_at_its_last(
    seconds: int, drugs: list[tuple[str]]
) -> None:
    with shown([order("NW", "0700", start="0800", end="0900")]) as connection:
        at = moment("0800") + timedelta(seconds=seconds)
        assert ask(connection, f"from lake.active_medications_at('{at}') select code") == drugs


def test_a_replacement_in_one_message_ends_the_old_order() -> None:
    swap = message(
        "RDE^O11", "0900",
        "ORC|RP|P1|||||||202406010900", "RXE||A^Drug A^L|1||g",
        "ORC|RO|P2|||||||202406010900", "RXE||B^Drug B^L|1||g",
    )  # fmt: skip
    for told in ([order("NW", "0800"), swap], [swap, order("NW", "0800")]):
        with shown(told) as connection:
            asked = "from lake.active_medications_at('{}') select code"
            assert ask(connection, asked.format(moment("0859"))) == [("A",)]
            assert ask(connection, asked.format(moment("0900"))) == [("B",)]


def test_an_order_of_two_feeds_is_one_and_its_patient_is_the_one_who_lives_on() -> None:
    merge = message("ADT^A40", "0830", "MRG|1^^^H^MR", patient="2")
    stop = order("DC", "1000").replace(b"|1^^^H", b"|2^^^H")
    with shown([order("NW", "0800"), merge, stop], ["cpoe", "adt", "pharmacy"]) as connection:
        asked = "from lake.active_medications_at('{}') select patient_id"
        assert ask(connection, asked.format(moment("0900"))) == [("2",)]
        assert ask(connection, asked.format(moment("1000"))) == []


def test_an_order_without_an_end_ends_with_the_inpatient_stay() -> None:
    stay = "PV1|1|{}|W" + "|" * 16 + "V1" + "|" * 25 + "202406010600|202406011000"
    for visit, drugs in (("I", []), ("O", [("A",)])):
        told = order("NW", "0800").replace(b"\rORC", b"\rPV1|1|I|W" + b"|" * 16 + b"V1\rORC")
        left = message("ADT^A03", "1000", stay.format(visit))
        with shown([told, left]) as connection:
            asked = f"from lake.active_medications_at('{moment('1000')}') select code"
            assert ask(connection, asked) == drugs


def test_a_stop_that_repeats_the_time_of_its_order_counts_from_when_it_came() -> None:
    with shown([order("NW", "0800"), order("DC", "0800")]) as connection:
        asked = "from lake.active_medications_at('{}') select code"
        came = datetime(2024, 6, 3, 13, tzinfo=UTC)
        assert ask(connection, asked.format(came - timedelta(seconds=1))) == [("A",)]
        assert ask(connection, asked.format(came)) == []


def test_every_order_says_its_state_and_since_when() -> None:
    told = [order("NW", "0800", "P1"), order("HD", "0900", "P1"), order("NW", "0800", "P2", "B")]
    with shown(told) as connection:
        asked = (
            f"from lake.medication_orders_at('{moment('1000')}', null)"
            " select order_id, state, hour(state_since) order by 1"
        )
        assert ask(connection, asked) == [("P1", "held", 9), ("P2", "active", 8)]
        assert ask(connection, "select code from active_medications") == [("B",)]


def test_ways_name_their_life() -> None:
    assert life_of(f"held{WAY}01") == "held"
