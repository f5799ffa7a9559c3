"""Free text of FHIR resources as notes: it may name anybody, and stands in no other table.

Here: Annotations. Not here: long answers (observations.py) or whole documents.
"""

from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
from msgspec import Raw

from clinical.wire.fhir.found import Found, R, Rows
from clinical.wire.fhir.resources import Element
from clinical.wire.fhir.states import statuses, words
from clinical.wire.fhir.texts import Column, array, pick

STRING = pa.string()


class Annotation(Element):
    """A remark, and when it was made; who made it is not kept."""

    text: str | None = None
    time: str | None = None


_ANNOTATIONS = msgspec.json.Decoder(list[Annotation | None] | None)


def annotations(found: Found[R], table: str, ids: Column, notes: Sequence[Raw]) -> Iterator[Rows]:
    """The notes of resources whose rows stand in `table` under `ids`; nothing where there are none.

    Args:
        found: The resources.
        table: Where their own rows stand.
        ids: What identifies each there.
        notes: The `note` of each.
    """
    if not any(notes):
        return
    told = [
        (row, place, remark)
        for row, remarks in enumerate(found.each(notes, _ANNOTATIONS))
        for place, remark in enumerate(remarks or ())
        if remark is not None and remark.text
    ]
    if not told:
        return
    of = [row for row, _, _ in told]
    about = array(pick(ids, of), STRING)
    said = zip(about.to_pylist(), told, strict=True)
    state = words(statuses(found))
    columns = {
        "note_id": [f"{own or ''}#note/{place}" for own, (_, place, _) in said],
        "about_table": [table] * len(told),
        "about_id": about,
        "kind": ["comment"] * len(told),
        "text": [remark.text for _, _, remark in told],
        "status": [state[row] for row in of],
        "documented_at": found.instants(
            [remark.time or found.sent(row) for row, _, remark in told]
        ),
    }
    yield Rows("notes", columns, of)
