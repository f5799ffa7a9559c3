"""Fingerprints stand for texts: equal for equal ones, different for the rest."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clinical.scoring.fingerprint import fingerprint


@given(st.lists(st.text(max_size=40), max_size=60))
def test_fingerprints_are_equal_just_where_texts_are(texts: list[str]) -> None:
    found = fingerprint(pa.array(texts, pa.string())).tolist()
    pairs = set(zip(texts, found, strict=True))
    assert len(pairs) == len(set(texts)) == len({number for _, number in pairs})


@given(st.lists(st.text(max_size=40), min_size=1, max_size=20), st.integers(0, 19))
def test_a_slice_has_the_fingerprints_of_its_part(texts: list[str], start: int) -> None:
    whole = pa.array(texts, pa.string())
    part = whole.slice(start)
    assert fingerprint(part).tolist() == fingerprint(whole).tolist()[start:]


def test_null_is_empty() -> None:
    assert fingerprint(pa.array([None, ""], pa.string())).tolist() == [0, 0]


def test_a_fingerprint_does_not_depend_on_longer_neighbours() -> None:
    alone = fingerprint(pa.array(["short"]))
    beside = fingerprint(pa.array(["a much longer neighbour of it", "short"]))
    assert alone[0] == beside[1]
