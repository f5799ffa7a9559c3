"""Which version of a result stands in SQL: OBX-11 row by row, in whatever order it is told."""

from collections import defaultdict

import pytest

from tests.lakehouse.told import ask, message, shown
from tests.lakehouse.ways import every_way, life_of


def result(at: str, status: str, value: str = "", *, report: str = "", patient: str = "1") -> bytes:
    """A potassium of one order, released at a time of the day."""
    obr = f"OBR|1|P1|F1|CHEM^Chemistry^L|||202406010700{'|' * 15}20240601{at}|||{report}"
    obx = f"OBX|1|NM|K^Potassium^L||{value}|mmol/L|||||{status}"
    return message("ORU^R01", at, obr, obx, patient=patient)


# What stands in the end: status, value and whether it is verified; None where nothing does.
LIVES = {
    "F": ([result("0900", "F", "4.1")], ("final", 4.1, True)),
    "C supersedes": ([result("0900", "F", "4.1"), result("1000", "C", "5.2")],
                     ("corrected", 5.2, True)),
    "D takes back": ([result("0900", "F", "4.1"), result("1000", "D")], None),
    "W takes back": ([result("0900", "F", "4.1"), result("1000", "W", "4.1")], None),
    "X ends without a value": ([result("0900", "P", "4.1"), result("1000", "X")],
                               ("cancelled", None, False)),
    "U promotes in place": ([result("0900", "P", "4.1"), result("1000", "U")],
                            ("final", 4.1, True)),
    "U with a value is final": ([result("0900", "P", "4.1"), result("1000", "U", "4.2")],
                                ("final", 4.2, True)),
    "P becomes F unchanged": ([result("0900", "P", "4.1"), result("1000", "F", "4.1")],
                              ("final", 4.1, True)),
    "P": ([result("0900", "P", "4.1")], ("preliminary", 4.1, False)),
    "R": ([result("0900", "R", "4.1")], ("preliminary", 4.1, False)),
    "S": ([result("0900", "S", "4.1")], ("preliminary", 4.1, False)),
    "I has no value": ([result("0900", "I", "4.1")], ("registered", None, False)),
    "O has no value": ([result("0900", "O")], ("registered", None, False)),
    "N has no value": ([result("0900", "N")], ("registered", None, False)),
    "I then F": ([result("0900", "I"), result("1000", "F", "4.1")], ("final", 4.1, True)),
    "I says nothing of the F before": ([result("0900", "F", "4.1"), result("1000", "I")],
                                       ("final", 4.1, True)),
    "A amends": ([result("0900", "F", "4.1"), result("1000", "A", "4.4")], ("amended", 4.4, True)),
    "B appends": ([result("0900", "F", "4.1"), result("1000", "B", "4.1")],
                  ("appended", 4.1, True)),
    "a deletion is itself followed by a result": (
        [result("0900", "F", "4.1"), result("1000", "D"), result("1100", "F", "4.3")],
        ("final", 4.3, True),
    ),
    "a correction of a correction": (
        [result("0900", "F", "4.1"), result("1000", "C", "5.1"), result("1100", "C", "5.2")],
        ("corrected", 5.2, True),
    ),
    "all within one minute": (
        [result("0900", "I"), result("0900", "P", "4.1"), result("0900", "F", "4.2"),
         result("0900", "C", "4.3")],
        ("corrected", 4.3, True),
    ),
    "a preliminary result after the final one": (
        [result("0900", "P", "4.1"), result("0900", "F", "4.2")], ("final", 4.2, True)
    ),
    "a cancelled report cancels its results": (
        [result("0900", "F", "4.1"), result("1000", "F", "4.1", report="X")],
        ("cancelled", None, False),
    ),
    "a corrected report": (
        [result("0900", "", "4.1", report="F"), result("1000", "", "4.6", report="C")],
        ("corrected", 4.6, True),
    ),
}  # fmt: skip


def test_the_version_that_was_written_last_stands_however_they_come() -> None:
    told, patients = every_way({life: messages for life, (messages, _) in LIVES.items()})
    found = defaultdict(list)
    with shown(told) as connection:
        asked = "select patient_id, status, value, is_verified from current_observations"
        for patient, *stands in ask(connection, asked):
            found[patient].append(tuple(stands))
    for patient in patients:
        expected = LIVES[life_of(patient)][1]
        assert found[patient] == ([] if expected is None else [expected]), patient


def test_a_promoted_result_says_since_when_and_keeps_its_own_row() -> None:
    with shown([result("0900", "P", "4.1"), result("1000", "U")]) as connection:
        asked = 'select hour(promoted_at), hour(written_at), "offset" from current_observations'
        assert ask(connection, asked) == [(10, 9, 0)]


@pytest.mark.parametrize(("status", "asks"), [("D", False), ("W", True)])
def test_what_was_taken_back_can_be_found_and_asks_whose_it_was(status: str, asks: bool) -> None:
    mine = [result("0900", "F", "4.1"), result("1000", status), result("0900", "F", "6.9")]
    theirs = [result("1010", "F", "4.1", patient="2")]
    with shown([*mine, *theirs]) as connection:
        asked = "select patient_id, told_value_text, asks_whose_it_was from retracted_observations"
        assert ask(connection, asked) == [("1", "6.9", asks)]
        assert ask(connection, "select patient_id, value from current_observations") == [("2", 4.1)]


def test_a_correction_under_the_number_that_lives_on_corrects_what_the_retired_one_had() -> None:
    merge = message("ADT^A40", "0930", "MRG|1^^^H^MR", patient="2")
    told = [result("0900", "F", "4.1"), merge, result("1000", "C", "5.2", patient="2")]
    with shown(told) as connection:
        asked = "select patient_id, sent_patient_id, status, value from current_observations"
        assert ask(connection, asked) == [("2", "2", "corrected", 5.2)]


def test_what_was_known_at_a_moment_is_told() -> None:
    with shown([result("0900", "F", "4.1"), result("1000", "C", "5.2")]) as connection:
        asked = "select value from lake.current_observations_as_known('2024-06-03 12:30:00Z')"
        assert ask(connection, asked) == [(4.1,)]
