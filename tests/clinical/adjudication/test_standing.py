"""Facts that stand: withdrawn orders void, later versions count, whatever the order of rows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from clinical.adjudication.evidence import evidence, is_blood, route_kind
from tests.clinical.adjudication.facts import antibiotic, culture, orders

ZONE = ZoneInfo("UTC")
PATIENT = ("H", "P1")


def found(**facts):
    return evidence(facts, ZONE)[PATIENT]


def medications(*rows):
    return orders("medication_events", rows)


def test_cancelled_culture_is_none():
    placed, cancelled = culture("C1", 9), culture("C1", 9, is_cancelled=True, received=10)
    assert len(found(order_events=orders("order_events", [placed])).cultures) == 1
    told = {"order_events": orders("order_events", [placed, cancelled])}
    assert not evidence(told, ZONE)


def test_last_version_of_an_order_counts():
    moved = [culture("C1", 9), culture("C1", 11, received=12)]
    [one] = found(order_events=orders("order_events", moved)).cultures
    assert datetime.fromtimestamp(one.at / 1e6, UTC).hour == 11
    assert datetime.fromtimestamp(one.known_at / 1e6, UTC).hour == 12


def test_each_dose_of_an_order_counts_and_none_that_was_not_given():
    rows = [antibiotic("A1", hour) for hour in (8, 14)]
    rows += [antibiotic("A1", 20, event="not_given"), antibiotic("A1", 21, event="discontinued")]
    given = found(medication_events=medications(*rows)).antibiotics
    assert [datetime.fromtimestamp(one.at / 1e6, UTC).hour for one in given] == [8, 14]


def test_cancelled_medication_is_none():
    rows = [antibiotic("A1", 8), antibiotic("A1", 8, event="cancelled")]
    assert not evidence({"medication_events": medications(*rows)}, ZONE)


def test_culture_of_midnight_is_one_of_a_day():
    told = [culture("C1", 0), culture("C2", 9)]
    cultures = found(order_events=orders("order_events", told)).cultures
    assert [one.is_day for one in cultures] == [True, False]
    elsewhere = evidence({"order_events": orders("order_events", told)}, ZoneInfo("Asia/Tokyo"))
    assert [one.is_day for one in elsewhere[PATIENT].cultures] == [False, False]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("600-7", None, None), True),
        ((None, "BLOOD CULTURE ( MYCO/F LYTIC BOTTLE)", None), True),
        ((None, None, "BLDV"), True),
        ((None, "URINE", "UR"), False),
        ((None, None, None), False),
    ],
)
def test_blood_cultures_are_known_by_code_service_or_specimen(told, expected):
    assert is_blood(*told) is expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("IV", "intravenous"),
        ("IV DRIP", "intravenous"),
        ("IVPB^Intravenous piggyback^HL70162", "intravenous"),
        ("IM", "parenteral"),
        ("PO/NG", "other"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_route_that_was_not_sent_is_unknown(route, expected):
    assert route_kind(route) == expected


def test_facts_without_tables_give_no_evidence():
    assert not evidence({}, ZONE)
    assert not evidence({"order_events": pa.table({})}, ZONE)
