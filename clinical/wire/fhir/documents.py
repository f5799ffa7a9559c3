"""Communications and documents of FHIR as notes.

Here: what was written as text. Not here: remarks on other resources (notes.py), or documents that
are no text or are kept elsewhere, which stay in the raw message.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
from msgspec import Raw

from clinical.wire.fhir.found import Found, R, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.resources import NOTHING, Element, Resource
from clinical.wire.fhir.states import statuses, words

STRING = pa.string()


class Attachment(Element):
    """A document, its bytes in base64."""

    content_type: str | None = None
    data: str | None = None


class Content(Element):
    """One form of a document."""

    attachment: Attachment | None = None


class Payload(Element):
    """One part of a communication; R5 has no strings but concepts and attachments."""

    content_string: str | None = None
    content_attachment: Attachment | None = None


class Communication(Resource, tag_field="resourceType"):
    """What was told about a patient."""

    category: Raw = NOTHING
    topic: Raw = NOTHING
    sent: str | None = None
    received: str | None = None
    payload: list[Payload | None] | None = None
    note: Raw = NOTHING


class DocumentReference(Resource, tag_field="resourceType"):
    """A document, or where it is kept."""

    type: Raw = NOTHING
    date: str | None = None
    content: list[Content | None] | None = None


def read_communications(found: Found[Communication]) -> Iterator[Rows]:
    """The notes of a batch's Communications."""
    each = found.resources
    said = [[_said(part) for part in one.payload or () if part is not None] for one in each]
    about = [one.topic or one.category for one in each]
    yield from texts(
        found, "communication", said, about, [one.sent or one.received for one in each]
    )
    own = pa.array(found.own_ids(), STRING)
    yield from annotations(found, "notes", own, [one.note for one in each])


def read_documents(found: Found[DocumentReference]) -> Iterator[Rows]:
    """The notes of a batch's DocumentReferences that hold their text."""
    each = found.resources
    said = [[text_of(form.attachment) for form in one.content or () if form] for one in each]
    yield from texts(
        found, "document", said, [one.type for one in each], [one.date for one in each]
    )


def texts(
    found: Found[R],
    kind: str,
    said: Sequence[Sequence[str | None]],
    codes: Sequence[Raw],
    written: Sequence[str | None],
    *,
    about: str | None = None,
) -> Iterator[Rows]:
    """What resources say in free text; nothing where they say nothing.

    Args:
        found: The resources.
        kind: What their texts are.
        said: The texts of each.
        codes: What each is about, a CodeableConcept.
        written: When each was written, if it says so.
        about: The table of their other rows, which stand there under the same ids.
    """
    told = [(row, text) for row, parts in enumerate(said) for text in parts if text]
    if not told:
        return
    of = [row for row, _ in told]
    code = found.codes([codes[row] for row in of], of)
    own, state = found.own_ids(), words(statuses(found))
    columns = {
        "note_id": [own[row] for row in of],
        "about_table": [about] * len(of),
        "about_id": [own[row] if about else None for row in of],
        "kind": [kind] * len(of),
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "text": [text for _, text in told],
        "status": [state[row] for row in of],
        "documented_at": found.documented(written).take(pa.array(of, pa.int64())),
    }
    yield Rows("notes", columns, of)


def _said(part: Payload) -> str | None:
    return part.content_string or text_of(part.content_attachment)


def text_of(attachment: Attachment | None) -> str | None:
    """The text of an attachment; None where it is none, or is kept elsewhere."""
    if attachment is None or not attachment.data:
        return None
    if not (attachment.content_type or "").casefold().startswith("text/"):
        return None
    try:
        return _decoded(attachment.data).decode()
    except (binascii.Error, ValueError):
        return None


def _decoded(data: str) -> bytes:
    """Base64 read; msgspec is twice as fast, but refuses padding that nothing needs.

    Raises:
        binascii.Error: It is none.
    """
    try:
        return msgspec.convert(data, bytes)
    except msgspec.ValidationError:
        return b64decode(data, validate=True)


def moments(one: Communication | DocumentReference) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    if isinstance(one, DocumentReference):
        yield one.date
    else:
        yield from (one.sent, one.received)
