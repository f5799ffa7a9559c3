"""What the nightly job would have known is what still held by its run."""

import pytest

from clinical.detection.batch_clock import BatchClock
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from pulsehouse.contents import Contents
from pulsehouse.explanation import explanation


def _message(hour: str, kind: str, *segments: str) -> str:
    at = f"20260302{hour}00"
    head = f"MSH|^~\\&|LAB|GH|||{at}||{kind}|M{hour}|P|2.5.1"
    return "\r".join((head, "PID|1||P1^^^GH^MR||||19500101|F", "PV1|1|I", *segments)) + "\r"


def _culture(hour: str, control: str) -> str:
    at, code = f"20260302{hour}00", "600-7^Blood culture^LN"
    order = (f"ORC|{control}|C1|||||||{at}", f"OBR|1|C1||{code}|||{at}")
    return _message(hour, "OML^O21^OML_O21", *order, f"SPM|1|||{code}|||||||||||||{at}")


def _antibiotic(hour: str) -> str:
    at = f"20260302{hour}00"
    order = (f"ORC|NW|A1|||||||{at}", f"TQ1|1||||||{at}|", "RXE|1|^Meropenem|500||mg", "RXR|IV")
    return _message(hour, "RDE^O11^RDE_O11", *order)


def _vitals(hour: str) -> str:
    at = f"20260302{hour}00"
    rows = [
        f"OBX|{n}|NM|{code}^{code}^LN||{value}|{unit}|||||F|||{at}"
        for n, (code, value, unit) in enumerate(
            (("9279-1", 30, "/min"), ("8480-6", 85, "mm[Hg]")), 1
        )
    ]
    return _message(hour, "ORU^R01^ORU_R01", f"OBR|1||V1|VITALS|||{at}", *rows)


@pytest.mark.parametrize(
    ("control", "hour", "known"),
    [("CA", "1100", False), ("CA", "0930", None), ("SC", "1100", True)],
)
def test_an_order_cancelled_by_the_run_is_not_known_to_it(
    command, tmp_path, control, hour, *, known
):
    told = [_culture("0900", "NW"), _antibiotic("0906"), _vitals("1000"), _culture(hour, control)]
    file = tmp_path / "feed.hl7"
    file.write_text("".join(sorted(told, key=lambda one: one.split("|")[9])), newline="")
    place = tmp_path / "lake"
    assert command("replay", file, "--feed", "hl7_v2", "--lake", place).code == 0
    lake = Lake.open(place, create=False)
    with connect(lake) as connection:
        sql = "select alert_id from alerts where rule_family = 'sepsis'"
        named = [row["alert_id"] for row in Contents(connection).ask(sql)]
    found = [explanation(lake, one, BatchClock(), identified=False).nights for one in named]
    cultures = [item for one in found for item in one["inputs"] if item["name"] == "culture"]
    assert [item["after"] is not None for item in cultures] == ([] if known is None else [known])
