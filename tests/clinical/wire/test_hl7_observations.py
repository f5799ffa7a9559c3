"""Observations from OBX: codes, values, times and statuses."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from clinical.wire.hl7 import decode
from clinical.wire.hl7.text import FEW
from clinical.wire.profile import FeedProfile

HEADER = "MSH|^~\\&|LAB|SITE|||20240601120000||ORU^R01|C1|P|2.5\r"
PATIENT = "PID|||1^^^H^MR\rPV1||I|||||||||||||||||V7\r"
ORDER = "OBR|1|P1^x|F1^y|PANEL|||20240601100000|||||||||||||||20240601110000|||P\r"


def observe(*segments: str, before: str = HEADER + PATIENT, **profile: Any) -> list[dict[str, Any]]:
    message = (before + "\r".join(segments)).encode()
    found = decode(pa.array([message], pa.binary()), FeedProfile("lab", **profile))
    assert found.messages["reason"].to_pylist() == [None]
    return found.facts["observations"].to_pylist() if "observations" in found.facts else []


def value(kind: str, text: str) -> tuple[str | None, str | None, float | None]:
    (row,) = observe(f"OBX|1|{kind}|X||{text}|u")
    return row["value_text"], row["comparator"], row["value_number"]


def at(hour: int) -> datetime:
    return datetime(2024, 6, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("NM", "7.40", ("7.40", None, 7.4)),
        ("NM", "-3", ("-3", None, -3.0)),
        ("NM", "+.5", ("+.5", None, 0.5)),
        ("NM", "5.", ("5.", None, 5.0)),
        ("NM", " 88 ", (" 88 ", None, 88.0)),
        ("NM", "1e2", ("1e2", None, 100.0)),
        ("NM", "1e999", ("1e999", None, None)),
        ("NM", "NaN", ("NaN", None, None)),
        ("NM", "inf", ("inf", None, None)),
        ("NM", "1,200", ("1,200", None, None)),
        ("NM", "0x10", ("0x10", None, None)),
        ("NM", "1_0", ("1_0", None, None)),
        ("NM", "", (None, None, None)),
        ("NM", '""', (None, None, None)),
        ("NM", "60~120", ("60", None, 60.0)),
        ("NM", "~61", ("61", None, 61.0)),
        ("NM", "10^3", ("10^3", None, None)),
        ("NM", "<15", ("<15", "<", 15.0)),
        ("ST", "<15", ("<15", "<", 15.0)),
        ("ST", "<= 3", ("<= 3", "<=", 3.0)),
        ("ST", ">=100", (">=100", ">=", 100.0)),
        ("ST", "> 1e999", ("> 1e999", None, None)),
        ("ST", "<>5", ("<>5", None, None)),
        ("ST", "=5", ("=5", None, None)),
        ("ST", "5-10", ("5-10", None, None)),
        ("ST", "1:128", ("1:128", None, None)),
        ("ST", "POSITIVE", ("POSITIVE", None, None)),
        ("SN", "<^15", ("<15", "<", 15.0)),
        ("SN", "^100", ("100", None, 100.0)),
        ("SN", "=^100", ("=100", None, 100.0)),
        ("SN", ">=^2.5", (">=2.5", ">=", 2.5)),
        ("SN", "<>^5", ("<>5", None, None)),
        ("SN", "^10^-^20", ("10-20", None, None)),
        ("SN", "^1^:^128", ("1:128", None, None)),
        ("SN", "^2^+", ("2+", None, None)),
        ("SN", "^", (None, None, None)),
        ("TX", "one~two", ("one\ntwo", None, None)),
        ("FT", r"one\.br\two", (None, None, None)),  # a story: it is kept in `notes`
        ("TX", "x" * 200, ("x" * 200, None, None)),
        ("TX", "x" * 201, (None, None, None)),
        ("NR", "3.5^5.1", ("3.5-5.1", None, None)),
        ("TX", "12", ("12", None, 12.0)),
        ("CE", "A^Alert^L", ("Alert", None, None)),
        ("CWE", "A^^L", ("A", None, None)),
        ("CNE", "5", ("5", None, None)),
        ("CWE", "^^^alt^Other", ("Other", None, None)),
        ("TS", "20240601", ("20240601", None, None)),
        ("DT", "20240601", ("20240601", None, None)),
        ("TM", "1200", ("1200", None, None)),
        ("ED", "^image^png^Base64^QUJD", (None, None, None)),
        ("RP", "file^x^y", (None, None, None)),
        ("XPN", "FAM^GIV", ("FAM^GIV", None, None)),
        ("", "7.4", ("7.4", None, 7.4)),
    ],
)
def test_values_by_their_type(
    kind: str, text: str, expected: tuple[str | None, str | None, float | None]
) -> None:
    assert value(kind, text) == expected
    # And beside values of other types.
    rows = observe("OBX|1|NM|X||1", f"OBX|2|{kind}|X||{text}", "OBX|3|CE|X||a^b", "OBX|4|SN|X||<^9")
    assert [row["value_text"] for row in rows] == ["1", expected[0], "b", "<9"]
    assert [row["value_number"] for row in rows] == [1.0, expected[2], None, 9.0]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (r"a\F\b", "a|b"),
        (r"a\S\b", "a^b"),
        (r"a\T\b", "a&b"),
        (r"a\R\b", "a~b"),
        (r"a\E\b", "a\\b"),
        (r"a\E\F\E\b", "a\\F\\b"),
        (r"a\X41\b", "aAb"),
        (r"a\XC3A9\b", "aéb"),
        (r"a\XE9\b", "aéb"),
        (r"a\X00\b", r"a\X00\b"),
        (r"a\X4\b", r"a\X4\b"),
        (r"a\.br\b", "a\nb"),
        (r"a\Zfoo\b", r"a\Zfoo\b"),
        (r"a\H\b", r"a\H\b"),
        ("a\\b", "a\\b"),
        ("a\\", "a\\"),
    ],
)
def test_escapes(sent: str, read: str) -> None:
    assert value("ST", sent)[0] == read


def test_escaped_separators_do_not_split() -> None:
    (row,) = observe(r"OBX|1|ST|A\S\B^c\T\d^L^E\R\F^^M|1.\F\2|x")
    assert (row["code"], row["code_text"], row["code_system"]) == ("A^B", "c&d", "L")
    assert (row["alternate_code"], row["alternate_system"]) == ("E~F", "M")
    assert row["sub_id"] == "1.|2"


@pytest.mark.parametrize(
    ("sent", "unit"),
    [
        ("mmol/L^millimole per litre^UCUM", "mmol/L"),
        ("^mmHg", "mmHg"),
        ("10^3/uL", "10^3/uL"),
        ("10^9/L^x", "10^9/L"),
        ("10^foo^L", "10"),
        (r"10\S\3/uL", "10^3/uL"),
        (" % ", "%"),
        ("", None),
    ],
)
def test_units_as_sent(sent: str, unit: str | None) -> None:
    (row,) = observe(f"OBX|1|NM|X||1|{sent}")
    assert row["unit_as_sent"] == unit


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("F", "final"),
        ("C", "corrected"),
        ("A", "amended"),
        ("B", "appended"),
        ("P", "preliminary"),
        ("R", "preliminary"),
        ("S", "preliminary"),
        ("D", "entered_in_error"),
        ("W", "wrong_patient"),
        ("X", "cancelled"),
        ("I", "registered"),
        ("N", "registered"),
        ("O", "registered"),
        ("Q", "unknown"),
        ("U", "final"),
    ],
)
def test_statuses(sent: str, status: str) -> None:
    (row,) = observe(f"OBX|1|NM|X||1|u|||||{sent}")
    assert row["status"] == status


def test_a_status_change_without_a_value_is_told_from_a_final_value() -> None:
    rows = observe("OBX|1|NM|X|||u|||||U", "OBX|2|NM|X|||u|||||F", 'OBX|3|NM|X||""|u|||||U')
    assert [row["status"] for row in rows] == ["status_change", "final", "status_change"]


@pytest.mark.parametrize(
    ("of_order", "status"),
    [("F", "final"), ("", "final"), ("P", "preliminary"), ("X", "cancelled")],
)
def test_an_observation_without_status_has_that_of_its_order(of_order: str, status: str) -> None:
    (row,) = observe("OBR|1" + "|" * 24 + of_order, "OBX|1|NM|X||1")
    assert row["status"] == status


def test_the_order_above_gives_number_times_and_status() -> None:
    rows = observe(ORDER + "OBX|1|NM|X||1", "OBR|2|P2", "OBX|1|NM|X||2|||||||||20240601090000")
    assert [row["order_id"] for row in rows] == ["F1", "P2"]
    assert [row["effective_at"] for row in rows] == [at(10), at(9)]
    assert [row["documented_at"] for row in rows] == [at(11), at(12)]
    assert [row["status"] for row in rows] == ["preliminary", "final"]


def test_the_common_order_gives_the_number_that_its_obr_lacks() -> None:
    rows = observe("ORC|RE|P1|F1", "OBR|1", "OBX|1|NM|X||1", "OBR|2", "OBX|1|NM|X||2")
    assert [row["order_id"] for row in rows] == ["F1", None]


def test_an_unreadable_time_is_flagged_and_falls_back() -> None:
    rows = observe(
        ORDER + "OBX|1|NM|X||1|||||||||yesterday", 'OBX|2|NM|X||1|||||||||""', "OBX|3|NM|X||1"
    )
    assert [row["time_flag"] for row in rows] == ["bad_time", None, None]
    assert {row["effective_at"] for row in rows} == {at(10)}


@pytest.mark.parametrize("coarse", ["2024", "202406", "202406+0200"])
@pytest.mark.parametrize("copies", [1, FEW + 1])
def test_a_time_that_tells_no_day_is_flagged_wherever_it_stands(coarse: str, copies: int) -> None:
    own, ordered = f"OBX|1|NM|X||1|||||||||{coarse}", f"OBR|1||F1||||{coarse}"
    lines = [ORDER + own, ordered, "OBX|1|NM|X||1", "OBX|2|NM|X||1|||||||||20240601"]
    rows = observe(*lines * copies)
    assert [row["time_flag"] for row in rows] == ["bad_time", "bad_time", None] * copies
    assert [row["effective_at"] for row in rows[:2]] == [at(10), at(12)]


def test_local_times_are_of_the_feeds_zone() -> None:
    (row,) = observe("OBX|1|NM|X||1|||||||||20240601060000", zone="America/New_York")
    assert row["effective_at"] == at(10)


def test_each_patient_of_a_message_keeps_its_own_results() -> None:
    second = "PID|||2^^^G^MR\rPV1||I\rOBX|1|NM|X||2"
    rows = observe("OBX|1|NM|X||1", second)
    assert [(row["facility"], row["patient_id"], row["encounter_id"]) for row in rows] == [
        ("H", "1", "V7"),
        ("G", "2", None),
    ]


@pytest.mark.parametrize(
    ("pid", "profile", "expected"),
    [
        ("PID|||9^^^SSA^SS~1^^^H&1.2&ISO^MR", {}, ("H", "1")),
        ("PID|||9^^^SSA^SS~1^^^H^MRN", {}, ("H", "1")),
        ("PID|||~9^^^SSA~1^^^H", {}, ("SSA", "9")),
        ("PID|||9^^^&1.2&ISO", {}, ("1.2", "9")),
        ("PID|||9", {"facility": "HOME"}, ("HOME", "9")),
        ("PID|||9", {}, ("SITE", "9")),
        ('PID||8^^^K|""', {}, ("K", "8")),
        ("PID||| 9 ^^^ H ", {}, ("H", "9")),
    ],
)
def test_who_the_patient_is(pid: str, profile: dict[str, str], expected: tuple[str, str]) -> None:
    (row,) = observe(pid, "OBX|1|NM|X||1", before=HEADER, **profile)
    assert (row["facility"], row["patient_id"]) == expected


def test_a_patient_of_nowhere_is_of_an_unknown_facility() -> None:
    (row,) = observe("PID|||9", "OBX|1|NM|X||1", before=HEADER.replace("SITE", ""))
    assert row["facility"] == "unknown"


def test_vital_signs_within_an_adt_message_are_observations_and_order_remarks_are_not() -> None:
    adt, order = HEADER.replace("ORU^R01", "ADT^A01"), HEADER.replace("ORU^R01", "OML^O21")
    assert len(observe("OBX|1|NM|X||1", before=adt + PATIENT)) == 1
    assert observe("OBX|1|NM|X||1", before=order + PATIENT) == []


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n"])
def test_every_line_end_ends_a_segment(end: str) -> None:
    (row,) = observe("OBX|1|NM|X||1|u" + end, before=(HEADER + PATIENT).replace("\r", end))
    assert row["unit_as_sent"] == "u"
