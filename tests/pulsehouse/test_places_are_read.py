"""Right after a replay the questions of an analyst: who is where, and who is who."""

import random
from collections.abc import Sequence
from pathlib import Path

import pulsehouse
from tests.streaming.feeds import replayed, write

A, B, ED = "W^R1^A", "W^R1^B", "ED^R^1"
STAYS = """
select patient_id, encounter_id, unit, bed, strftime(started_at, '%H'), strftime(ended_at, '%H')
from location_stays order by encounter_id, stay_number
"""


def adt(
    trigger: str, who: str, visit: str, place: str = "", hour: int = 0, *more: str, prior: str = ""
) -> bytes:
    """An ADT message about what happened at an hour and was written down ten minutes later."""
    at = f"20260105{hour:02}"
    number = f"{trigger}{who}{visit}{hour}{len(more)}"
    segments = [
        f"MSH|^~\\&|ADT|H|||{at}1000||ADT^{trigger}|{number}|P|2.5.1",
        f"EVN||{at}1000||||{at}0000",
        f"PID|1||{who}^^^H^MR",
        *(segment for segment in more if segment.startswith("MRG")),
        f"PV1|1|I|{place}|||{prior}|||||||||||||{visit}",
        *(segment for segment in more if not segment.startswith("MRG")),
    ]
    return ("\r".join(segments) + "\r").encode()


TOLD = [
    adt("A01", "1", "V1", ED, 8),
    adt("A02", "1", "V1", A, 9, prior=ED),
    adt("A02", "1", "V1", B, 10, prior=A),
    adt("A12", "1", "V1", A, 10, prior=B),
    adt("A03", "1", "V1", A, 12),
    adt("A13", "1", "V1", A, 12),
    adt("A03", "1", "V1", A, 14),
    adt("A01", "2", "V2", A, 15),
    adt("A01", "3", "V3", B, 15),
    adt("A17", "2", "V2", B, 16, "PID|2||3^^^H^MR", f"PV1|1|I|{A}{'|' * 16}V3"),
    adt("A01", "5", "V5", ED, 17),
]
LEDGER = [
    adt("A40", "9", "", "", 18, "MRG|1^^^H^MR"),
    adt("A45", "6", "V5", "", 18, "MRG|5^^^H^MR||||V5"),
]


def _house(folder: Path, messages: Sequence[bytes]) -> list[tuple[object, ...]]:
    replayed(folder / "lake", write(folder / "told.hl7", messages))
    with pulsehouse.connect(folder / "lake") as house:
        assert sorted(house.sql("from current_identities")) == [("H", "1", "9")]
        states = sorted(house.sql("select encounter_id, patient_id, status from visits"))
        assert states == [
            ("V1", "9", "discharged"),
            ("V2", "2", "current"),
            ("V3", "3", "current"),
            ("V5", "6", "current"),
        ]
        return list(house.sql(STAYS))


def test_places_and_people_are_known_right_after_a_replay_in_any_order(tmp_path: Path) -> None:
    expected = [
        ("9", "V1", "ED", "1", "08", "09"),
        ("9", "V1", "W", "A", "09", "14"),
        ("2", "V2", "W", "A", "15", "16"),
        ("2", "V2", "W", "B", "16", None),
        ("3", "V3", "W", "B", "15", "16"),
        ("3", "V3", "W", "A", "16", None),
        ("6", "V5", "ED", "1", "17", None),
    ]
    messages = [*TOLD, *LEDGER]
    for seed in (None, 1):
        if seed is not None:
            messages = [*messages, *TOLD[:4]]
            random.Random(seed).shuffle(messages)  # noqa: S311 an order, no secret
        folder = tmp_path / str(seed)
        folder.mkdir()
        assert _house(folder, messages) == expected
