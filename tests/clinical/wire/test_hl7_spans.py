"""Fields that are read as one, and segments that stand under others, told by plain loops."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.wire.hl7.delimiters import STANDARD
from clinical.wire.hl7.index import Index
from clinical.wire.hl7.indexing import build
from clinical.wire.hl7.spans import AGAIN, Span

FIELDS = st.lists(st.sampled_from(["", "a", "b^c", "é"]), min_size=1, max_size=4)
MESSAGES = st.lists(st.lists(st.sampled_from(["AAA", "BBB", "CCC"]), max_size=6), max_size=5)
FEW_EXAMPLES = settings(max_examples=60, deadline=None)


@FEW_EXAMPLES
@given(st.lists(FIELDS, min_size=1, max_size=6))
def test_fields_read_together_are_what_each_row_holds(rows: list[list[str]]) -> None:
    again = rows * AGAIN
    sent = pa.array(["|".join(row) or None for row in again], pa.string())
    span = Span.of(3, 6, sent, "|")
    assert span is not None
    for place in range(4):
        expected = [row[place] or None if place < len(row) else None for row in again]
        cells = span.cells(3 + place)
        assert cells.spread(cells.texts, pa.string()).to_pylist() == expected
        assert len(set(cells.distinct)) == len(cells.texts)


def test_fields_that_hardly_come_again_are_not_read_together() -> None:
    assert Span.of(1, 2, pa.array([f"{number}|x" for number in range(9)]), "|") is None


def index_of(messages: list[list[str]]) -> Index:
    """The index of messages with these segments."""
    texts = ["\r".join(["MSH|^~\\&|", *(f"{name}|x" for name in names)]) for names in messages]
    return build(pa.array([text.encode() for text in texts], pa.binary()), STANDARD)


@FEW_EXAMPLES
@given(MESSAGES)
def test_what_stands_above_and_after_is_found_within_the_message(messages: list[list[str]]) -> None:
    index = index_of(messages)
    rows = index.rows("AAA")
    lines = [(number, name) for number, names in enumerate(messages) for name in ["MSH", *names]]
    at = [place for place, (_, name) in enumerate(lines) if name == "BBB"]
    segments = index.rows("BBB").at
    assert segments.tolist() == at
    mine = [[n for n, line in enumerate(lines) if line == (lines[b][0], "AAA")] for b in at]
    earlier = [[n for n in found if n < b] for found, b in zip(mine, at, strict=True)]
    later = [[n for n in found if n > b] for found, b in zip(mine, at, strict=True)]
    places = [
        None if row is None else int(rows.at[row]) for row in rows.above(segments).to_pylist()
    ]
    assert places == [found[-1] if found else None for found in earlier]
    assert index.after(segments, "AAA").tolist() == [found[0] if found else -1 for found in later]
