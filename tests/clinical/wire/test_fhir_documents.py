"""Communications, documents and reports in words."""

import binascii
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.fhir.documents import Attachment, text_of
from tests.clinical.wire.fhir_examples import CULTURE, decode, example, rows

TEXT = "Seen with the daughter, Mrs Jones"


def attached(content_type: str | None = "text/plain", data: bytes = TEXT.encode()) -> dict:
    return {"attachment": {"contentType": content_type, "data": b64encode(data).decode()}}


def strictly(data: str) -> str | None:
    try:
        return b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


@given(
    st.text("QUJD+/=", max_size=9) | st.binary(max_size=9).map(lambda raw: b64encode(raw).decode()),
    st.sampled_from(["", "=", "==", " ", "\n", "é", "-"]),
)
def test_attachment_is_read_as_strict_base64_is(data: str, more: str) -> None:
    for sent in (data, data + more, more + data):
        expected = strictly(sent) if sent else None
        assert text_of(Attachment("text/plain", sent)) == expected


def test_communication_is_a_note() -> None:
    [note] = rows("notes", example("Communication"))
    assert (note["kind"], note["note_id"], note["text"]) == (
        *("communication", "Communication/x1"),
        "Family informed",
    )
    assert (note["encounter_id"], note["status"], note["about_table"]) == ("e1", "completed", None)


def test_document_is_a_note_of_its_type() -> None:
    [note] = rows("notes", example("DocumentReference"))
    assert (note["kind"], note["code"], note["text"]) == ("document", "11506-3", "Feels better")


@pytest.mark.parametrize(
    "content",
    [
        attached("application/pdf"),
        attached(None),
        attached(data=b"\xff\xfe\x00"),
        {"attachment": {"contentType": "text/plain", "data": "!!"}},
        {"attachment": {"contentType": "text/plain", "url": "Binary/1"}},
        {},
    ],
)
def test_document_that_is_no_text_here_is_kept_in_the_message_alone(content: dict) -> None:
    found = decode(example("DocumentReference", content=[content]))
    assert found.messages["disposition"].to_pylist() == ["skipped"]
    assert not found.facts


def test_report_in_words_is_a_note_about_its_order_row() -> None:
    form = [attached("text/plain; charset=utf-8")["attachment"]]
    report = example("DiagnosticReport", conclusion="No growth", presentedForm=form)
    notes = rows("notes", report)
    assert [(note["kind"], note["text"]) for note in notes] == [
        ("report", "No growth"),
        ("report", TEXT),
    ]
    assert {(note["about_table"], note["about_id"]) for note in notes} == {
        ("order_events", "DiagnosticReport/x1")
    }
    assert {note["code_text"] for note in notes} == {CULTURE["text"]}
    assert "Jones" not in str(rows("order_events", report))
