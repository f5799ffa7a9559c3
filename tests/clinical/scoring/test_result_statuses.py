"""What each status of a result (OBX-11) does to the value that counts live, message by message."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from clinical.normalise import normalise, signals
from clinical.scoring.engine import Engine
from clinical.wire import decode
from clinical.wire.profile import CodeRule, FeedProfile

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
WARD = FeedProfile("ward", codes={("L", "HR"): CodeRule("heart_rate", unit="/min")})
SAME = object()  # the message changes nothing, so that nothing fires


def learn(engine: Engine, number: int, status: str, value: str, report: str) -> object:
    """The heart rate that counts after one more message, or SAME."""
    obr = f"OBR|1||F1|VITALS|||202406011150{'|' * 15}2024060112{number:02d}|||{report}"
    message = "\r".join(
        [
            f"MSH|^~\\&|MON|H|||2024060112{number:02d}||ORU^R01|C{number}|P|2.5",
            *("PID|||1^^^H^MR", obr, f"OBX|1|NM|HR^Heart rate^L||{value}|/min|||||{status}"),
        ]
    )
    came = pa.array([NOON + timedelta(minutes=number)], pa.timestamp("us", tz="UTC"))
    rows = normalise(decode(pa.array([message.encode()], pa.binary()), WARD), came, WARD)
    place = {"feed": "f", "partition": 0, "offset": number, "received_at": came[0]}
    types = {"feed": pa.string(), "partition": pa.int32(), "offset": pa.int64()}
    table = rows["observations"]
    for name, what in place.items():
        column = pa.array([what], types[name]) if name in types else came
        table = table.append_column(name, column)
    found = signals({"observations": table})
    moments = engine.step(found) if len(found) else None
    if moments is None or not len(moments.now):
        return SAME
    reading = moments.panel["heart_rate"]
    return float(reading.value[0]) if reading.current[0] else None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("F", "90")], [90.0]),
        ([("F", "90"), ("C", "120")], [90.0, 120.0]),
        ([("F", "90"), ("A", "120")], [90.0, 120.0]),
        ([("F", "90"), ("B", "90")], [90.0, SAME]),
        ([("F", "90"), ("C", "")], [90.0, None]),
        ([("F", "90"), ("B", "")], [90.0, SAME]),
        ([("F", "90"), ("D", "")], [90.0, None]),
        ([("F", "90"), ("W", "90")], [90.0, None]),
        ([("F", "90"), ("X", "")], [90.0, None]),
        ([("F", "90"), ("I", "")], [90.0, SAME]),
        ([("F", "90"), ("N", "")], [90.0, SAME]),
        ([("F", "90"), ("O", "80")], [90.0, SAME]),
        ([("I", "90"), ("O", ""), ("N", "")], [SAME, SAME, SAME]),
        ([("P", "90")], [90.0]),
        ([("R", "90")], [90.0]),
        ([("S", "90")], [90.0]),
        ([("P", "90"), ("F", "90")], [90.0, SAME]),
        ([("P", "90"), ("F", "92")], [90.0, 92.0]),
        ([("P", "90"), ("U", "")], [90.0, SAME]),
        ([("P", "90"), ("U", "91")], [90.0, 91.0]),
        ([("P", "90"), ("X", ""), ("F", "88")], [90.0, None, 88.0]),
    ],
)
def test_a_status_does_to_the_value_what_the_definitions_say(
    told: list[tuple[str, str]], expected: list[object]
) -> None:
    engine = Engine()
    found = [learn(engine, n, status, value, "") for n, (status, value) in enumerate(told)]
    assert found == expected


def test_a_cancelled_report_takes_its_results_away() -> None:
    engine = Engine()
    assert learn(engine, 0, "F", "90", "F") == 90.0
    assert learn(engine, 1, "F", "90", "X") is None


def test_a_result_without_a_status_has_that_of_its_report() -> None:
    engine = Engine()
    assert learn(engine, 0, "", "90", "P") == 90.0
    assert learn(engine, 1, "", "90", "F") is SAME
    assert learn(engine, 2, "", "95", "C") == 95.0
