"""An explanation says what became of its inputs after the alert."""

import pytest

from clinical.detection.batch_clock import BatchClock
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from pulsehouse.contents import Contents
from pulsehouse.explanation import explanation

HEADER = "MSH|^~\\&|A|WARD|B|H|202601051{hour}00||ORU^R01|{number}|P|2.5"
PID = "PID|1||77^^^WARD||Doe^Jo||19500101|F"
OBX = "OBX|{place}|NM|{code}^x^LN||{value}|{unit}|||||{status}|||202601051000"
BREATHS, SATURATION = ("9279-1", "/min"), ("59408-5", "%")


def message(number, hour, *told):
    order = f"OBR|1||{number // 10}|vitals|||202601051000"
    rows = [
        OBX.format(place=place, code=code, unit=unit, value=value, status=status)
        for place, ((code, unit), value, status) in enumerate(told, 1)
    ]
    return "\r".join([HEADER.format(number=number, hour=hour), PID, order, *rows])


@pytest.fixture(scope="module")
def inputs(command, tmp_path_factory):
    """The inputs of the one alert, after a correction and a retraction that came later."""
    place = tmp_path_factory.mktemp("since")
    messages = [
        message(10, 1, (BREATHS, 30, "F"), (SATURATION, 84, "F")),
        message(11, 2, (BREATHS, 16, "C")),
        message(12, 3, (SATURATION, "", "D")),
    ]
    (place / "feed.hl7").write_text("\r".join(messages) + "\r")
    done = command("replay", place / "feed.hl7", "--feed", "hl7_v2", "--lake", place / "lake")
    assert done.code == 0, done.err
    lake = Lake.open(place / "lake", create=False)
    with connect(lake) as connection:
        sql = "select alert_id from alerts where rule_family = 'news2' order by \"offset\""
        found = Contents(connection).ask(sql)
    told = explanation(lake, found[0]["alert_id"], BatchClock(), identified=False)
    return {item["name"]: item for item in told.inputs}


def test_a_value_that_was_corrected_is_shown_with_what_it_became(inputs):
    [told] = inputs["respiratory_rate"]["since"]
    assert inputs["respiratory_rate"]["value"] == 30
    assert (told["says"], told["value_text"], told["offset"]) == ("corrected", "16", 1)


def test_a_value_that_was_withdrawn_says_so(inputs):
    [told] = inputs["spo2"]["since"]
    assert (told["says"], told["offset"]) == ("entered_in_error", 2)


def test_nothing_of_it_says_whose_it_is(inputs):
    for item in inputs.values():
        assert all("patient_id" not in told for told in item["since"])
