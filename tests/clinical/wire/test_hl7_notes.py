"""Notes: what people wrote is kept, apart from every other fact, and about the right row."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from clinical.normalise import normalise
from clinical.wire.hl7 import decode
from clinical.wire.profile import FeedProfile

PROFILE = FeedProfile("ward")
PID = "PID|||1^^^H^MR||DOE^JANE"
PV1 = "PV1||I|||||||||||||||||V7"
STORY = "The patient was seen by Dr Jones. " * 8


def facts(kind: str, *segments: str) -> dict[str, list[dict[str, Any]]]:
    header = f"MSH|^~\\&|LAB|H|||20240601120000||{kind}|C1|P|2.5"
    raw = pa.array(["\r".join((header, *segments)).encode()], pa.binary())
    decoded = decode(raw, PROFILE)
    assert decoded.messages["reason"].to_pylist() == [None]
    now = pa.array([datetime(2024, 6, 1, 13, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))
    return {name: rows.to_pylist() for name, rows in normalise(decoded, now, PROFILE).items()}


@pytest.mark.parametrize(
    ("above", "table", "identity"),
    [
        (PID, "patient_demographics", "1"),
        (PV1, "encounter_events", "V7"),
        ("OBR|1|P1|F1|GLU", "order_events", "P1"),
        ("OBR|1||F1|GLU", "order_events", "F1"),
        ("NK1|1|DOE^JOHN", None, None),
    ],
)
def test_a_comment_is_about_the_segment_above_it(
    above: str, table: str | None, identity: str | None
) -> None:
    (note,) = facts("ORU^R01", PID, PV1, above, r"NTE|1|L|Call \T\ ask~then wait|RE")["notes"]
    assert (note["about_table"], note["about_id"]) == (table, identity)
    assert (note["kind"], note["code"]) == ("comment", "RE")
    assert note["text"] == "Call & ask\nthen wait"


def test_a_comment_below_a_result_names_the_observation() -> None:
    found = facts(
        "ORU^R01", PID, "OBR|1|P1|F1|CHEM", "OBX|1|NM|A||1", "OBX|2|NM|B||2", "NTE|1||haemolysed",
        "NTE|2||repeat",
    )  # fmt: skip
    second = found["observations"][1]["observation_id"]
    assert [note["about_id"] for note in found["notes"]] == [second, second]
    assert [note["note_id"] for note in found["notes"]] == ["C1-6", "C1-7"]


@pytest.mark.parametrize(("kind", "text"), [("FT", "short"), ("TX", STORY), ("ST", STORY)])
def test_a_story_is_a_report_and_no_answer(kind: str, text: str) -> None:
    found = facts(
        "ORU^R01", PID, "OBR|1|P1|F1|RAD", "OBX|1|NM|A||1", f"OBX|2|{kind}|R^Report||{text}"
    )
    observed = found["observations"][1]
    assert observed["value_text"] is None
    assert observed["not_scored_reason"]
    (note,) = found["notes"]
    assert (note["kind"], note["text"], note["code"]) == ("report", text, "R")
    assert note["about_id"] == observed["observation_id"]


def test_the_text_of_a_document_is_a_note_alone() -> None:
    found = facts(
        "MDM^T02", PID, PV1, "TXA|1|DS|TX|20240601100000||||||||DOC9|||||AU",
        "OBX|1|TX|8648-8^Summary^LN||Home tomorrow", "OBX|2|ED|IMG||^image^png^Base64^QUJD",
    )  # fmt: skip
    assert "observations" not in found
    (note,) = found["notes"]
    assert (note["kind"], note["text"], note["about_id"]) == ("document", "Home tomorrow", "DOC9")
    assert (note["status"], note["code"]) == ("AU", "8648-8")
    assert note["documented_at"] == datetime(2024, 6, 1, 10, tzinfo=UTC)


def test_results_without_words_have_no_notes() -> None:
    assert "notes" not in facts("ORU^R01", PID, "OBR|1|P1|F1|CHEM", "OBX|1|NM|A||1")


def test_comments_on_what_is_no_fact_stand_beside_those_on_results() -> None:
    found = facts(
        "ORU^R01", PID, "NK1|1|DOE^JOHN", "NTE|1||call him", "OBX|1|NM|A||1", "NTE|1||haemolysed"
    )
    identity = found["observations"][0]["observation_id"]
    assert [note["about_id"] for note in found["notes"]] == [None, identity]
