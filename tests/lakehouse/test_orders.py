"""Orders in SQL: one state whatever the order in which their messages come, and who waits."""

from collections import defaultdict

from tests.lakehouse.told import ask, message, shown
from tests.lakehouse.ways import every_way, life_of


def order(control: str, at: str, number: str, *, status: str = "", service: str = "MG") -> bytes:
    """An ORM: numbers as `placer/filler`, written at a time of the day."""
    placer, filler = number.split("/")
    orc = f"ORC|{control}|{placer}^CPOE|{filler}||{status}||||20240601{at}"
    obr = f"OBR|1|{placer}^CPOE|{filler}|{service}^Service^L|||202406010700"
    return message("ORM^O01", at, orc, obr if service else "")


def report(
    at: str,
    number: str,
    status: str = "F",
    *,
    service: str = "MG",
    value: str = "0.8",
    obx: str = "F",
) -> bytes:
    """An ORU: its OBR, and one result if there is a value."""
    placer, filler = number.split("/")
    orc = f"ORC|RE|{placer}|{filler}||CM"
    times = f"202406010700{'|' * 15}20240601{at}"
    obr = f"OBR|1|{placer}|{filler}|{service}^Service^L|||{times}|||{status}"
    result = f"OBX|1|NM|{service}^Service^L||{value}|mmol/L|||||{obx}"
    return message("ORU^R01", at, orc, obr, result if value else "")


# Written for this project after the situations in which a public hospital interface (UCLH EMAP)
# tests its own: orders that come late, twice, cancelled before they come, or by one number alone.
LIVES = {
    "an order and its result": (
        (order("NW", "0800", "P1/"), report("1000", "P1/F1")),
        {("P1", "resulted", None)},
    ),
    "a result that the laboratory corrects": (
        (
            order("NW", "0800", "P1/"),
            report("1000", "P1/F1"),
            report("1100", "P1/F1", "C", value="0.9", obx="C"),
        ),
        {("P1", "corrected", None)},
    ),
    "the specimen arrives, then a preliminary and a final result": (
        (
            order("NW", "0800", "P1/"),
            order("SC", "0900", "P1/F1", status="IP"),
            report("1000", "P1/F1", "P", obx="P"),
            report("1200", "P1/F1"),
        ),
        {("P1", "resulted", None)},
    ),
    "the laboratory adds a test that gets its number from the ward later": (
        (
            order("NW", "0800", "P1/"),
            order("SN", "0900", "/F1", service="TELH"),
            order("NA", "0910", "P2/F1", service="TELH"),
            report("1000", "P1/F1"),
            report("1000", "P2/F1", service="TELH"),
        ),
        {("P1", "resulted", None), ("P2", "resulted", None)},
    ),
    "a test is cancelled for another one of the same specimen": (
        (
            order("NW", "0800", "P1/", service="FBC"),
            order("CA", "0940", "P1/F1", service="FBC"),
            order("CR", "0950", "P1/F1", service="FBC"),
            order("NA", "0955", "P2/F1", service="FBCC"),
            report("1100", "P2/F1", service="FBCC"),
        ),
        {("P1", "cancelled", None), ("P2", "resulted", None)},
    ),
    "a cancelled order is ordered anew under another number": (
        (
            order("NW", "0800", "P1/F1", service="H"),
            order("CA", "0900", "P1/F1", service="H"),
            order("SC", "1000", "P2/F1", status="IP", service="H"),
            report("1100", "P2/F1", service="H"),
        ),
        {("P1", "cancelled", None), ("P2", "resulted", None)},
    ),
    "nobody cancels what was done": (
        (order("NW", "0800", "P1/"), report("1000", "P1/F1"), order("CA", "1100", "P1/F1")),
        {("P1", "resulted", None)},
    ),
    "unless the report itself is cancelled": (
        (
            order("NW", "0800", "P1/"),
            report("1000", "P1/F1"),
            report("1100", "P1/F1", "X", value=""),
        ),
        {("P1", "cancelled", None)},
    ),
    "an order that the laboratory refuses": (
        (order("NW", "0800", "P1/"), report("0900", "P1/F1", "X", value="")),
        {("P1", "cancelled", None)},
    ),
    "a cancellation that could not be done": (
        (order("NW", "0800", "P1/"), order("CA", "0900", "P1/"), order("UC", "0930", "P1/")),
        {("P1", "ordered", "result")},
    ),
    "a stop names the number alone": (
        (
            order("NW", "0800", "/F1", service="MG"),
            order("NW", "0800", "/F1", service="CA"),
            order("DC", "0900", "/F1", service=""),
        ),
        {("F1", "discontinued", None)},
    ),
    "held, and released": (
        (order("NW", "0800", "P1/"), order("HD", "0830", "P1/"), order("RL", "0900", "P1/")),
        {("P1", "ordered", "result")},
    ),
    "held": (
        (order("NW", "0800", "P1/"), order("HD", "0830", "P1/")),
        {("P1", "held", "result")},
    ),
    "a result that nobody ordered": (
        (report("1000", "P1/F1"), report("1010", "P1/F1")),
        {("P1", "resulted", "order")},
    ),
    "a cancellation of what nobody ordered": (
        (order("CA", "0900", "P1/F1"),),
        {("P1", "cancelled", None)},
    ),
}


def test_an_order_ends_in_one_state_however_its_messages_come() -> None:
    told, patients = every_way({life: messages for life, (messages, _) in LIVES.items()})
    found = defaultdict(set)
    with shown(told) as connection:
        asked = "select patient_id, order_id, state, waits_for from current_orders"
        for patient, *stated in ask(connection, asked):
            found[patient].add(tuple(stated))
    assert set(found) == patients
    assert {
        patient: states for patient, states in found.items() if states != LIVES[life_of(patient)][1]
    } == {}


def test_each_column_is_the_latest_that_anybody_said() -> None:
    late = order("NW", "0800", "P1/").replace(
        b"|||202406010700", b"|||202406010700" + b"|" * 8 + b"BLD"
    )
    with shown([report("1000", "P1/F1"), late]) as connection:
        found = ask(
            connection,
            "select filler_id, specimen, result_status, hour(ordered_at), results"
            " from current_orders",
        )
    assert found == [("F1", "BLD", "F", 8, 1)]


def test_of_reports_written_at_the_same_moment_the_one_that_supersedes_counts() -> None:
    at_once = {
        told: [order("NW", "0800", "P1/")]
        + [
            report("1000", "P1/F1", one, value="0.8" if one == "F" else "0.9", obx=one)
            for one in told
        ]
        for told in ("FC", "FP", "PFC", "SPF", "FX", "CX")
    }
    told, patients = every_way(at_once)
    with shown(told) as connection:
        found = dict(ask(connection, "select patient_id, result_status from current_orders"))
    supersedes = "SPFCX".index
    assert found == {patient: max(life_of(patient), key=supersedes) for patient in patients}


def test_a_child_waits_for_its_parent_and_answers_for_it() -> None:
    parent = "||||P1&CPOE^F1&LAB"
    child = report("1100", "P2/F2").replace(b"|||F\rOBX", b"|||F" + parent.encode() + b"\rOBX")
    asked = "select order_id, state, waits_for, waits_for_parent from current_orders order by 1"
    with shown([child]) as connection:
        assert ask(connection, asked) == [("P2", "resulted", "order", True)]
        assert ask(connection, "select waits_for, orders from waiting_orders order by 1") == [
            ("order", 1),
            ("parent", 1),
        ]
    with shown([child, order("NW", "0800", "P1/"), order("CH", "1030", "P2/")]) as connection:
        assert ask(connection, asked) == [
            ("P1", "ordered", None, False),
            ("P2", "resulted", None, False),
        ]
        assert ask(connection, "from waiting_orders") == []


def test_what_was_known_at_a_moment_is_told() -> None:
    with shown([order("NW", "0800", "P1/"), report("1000", "P1/F1")]) as connection:
        then = "select state, waits_for from lake.orders_as_known('2024-06-03 12:30:00Z')"
        assert ask(connection, then) == [("ordered", "result")]
