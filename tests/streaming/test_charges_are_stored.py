"""Charges reach the lake once each, with their place, and move no score."""

from pathlib import Path

import pytest

from pulsehouse.render.segments import segment
from tests.streaming.feeds import contents, replayed, write


def bill(number: int, *transactions: str, kind: str = "DFT^P03^DFT_P03") -> bytes:
    """A message of one patient, sent `number` minutes after noon, with an FT1 per transaction."""
    sent_at = f"2026010512{number:02}00"
    segments = [
        f"MSH|^~\\&|BILL|H|||{sent_at}||{kind}|B{number}|P|2.5.1",
        f"EVN||{sent_at}",
        "PID|1||7^^^H^MR||||19500101|F",
        "PV1|1|I|||||||||||||||||70",
    ]
    fields = {4: "20260105", 6: "CG", 10: "1", 25: "99291^^C4"}
    charges = "".join(segment("FT1", {**fields, 2: name}) for name in transactions)
    return ("\r".join(segments) + "\r" + charges).encode()


MESSAGES = [bill(1, "A"), bill(2, "B", "C"), bill(3), bill(4, "D", kind="ORM^O01")]
STORED = [(0, 0, "A"), (1, 0, "B"), (1, 1, "C"), (3, 0, "D")]


def stored(root: Path) -> list[tuple[int, int, str]]:
    rows = contents(root)["charges"].to_pylist()
    return [(row["offset"], row["row"], row["transaction_id"]) for row in rows]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("charges")
    outcome = replayed(folder / "lake", write(folder / "bills.hl7", MESSAGES))
    assert dict(outcome.dispositions) == {"parsed": len(MESSAGES)}
    assert outcome.rows["charges"] == len(STORED)
    return folder / "lake"


def test_every_charge_is_a_row_with_its_place_and_its_time(lake: Path) -> None:
    rows = contents(lake)["charges"].to_pylist()
    assert stored(lake) == STORED
    assert {(row["facility"], row["patient_id"], row["encounter_id"]) for row in rows} == {
        ("H", "7", "70")
    }
    assert all(row["received_at"] == row["documented_at"] for row in rows)
    assert {row["transaction_at"].isoformat() for row in rows} == {"2026-01-05T00:00:00+00:00"}


def test_charges_make_no_score_and_no_alert(lake: Path) -> None:
    tables = contents(lake)
    assert (tables["scores"].num_rows, tables["alerts"].num_rows) == (0, 0)
    assert tables["encounter_events"].num_rows == 0


def test_a_file_that_comes_again_and_a_copy_of_a_message_add_no_charge(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    for piece in (MESSAGES[:2], MESSAGES):
        replayed(root, write(tmp_path / "bills.hl7", piece))
    copies = replayed(root, write(tmp_path / "copies.hl7", MESSAGES[1:]))
    assert dict(copies.dispositions) == {"duplicate": len(MESSAGES) - 1}
    assert [name for _, _, name in stored(root)] == [name for _, _, name in STORED]
