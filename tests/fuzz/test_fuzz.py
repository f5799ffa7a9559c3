"""A small run of `python -m tests.fuzz`: the same for a seed, and no law is broken."""

from pathlib import Path

import pytest

from clinical.wire.profile import Format
from tests.fuzz.__main__ import fuzzed
from tests.fuzz.corpora import fhir_messages, hl7_messages
from tests.fuzz.judging import Outcome, judge
from tests.fuzz.mutations import mutated

COUNT = 5_000


@pytest.mark.parametrize("kind", ["hl7v2", "fhir"])
def test_mutated_public_messages_each_get_one_disposition(kind: Format, shared_data: Path) -> None:
    messages = (hl7_messages if kind == "hl7v2" else fhir_messages)(shared_data)
    outcome = fuzzed(kind, messages, COUNT, seed=1)
    assert outcome.failed == {}
    assert sum(outcome.counts.values()) == COUNT
    assert outcome.counts["parsed"] > COUNT // 10


def test_a_seed_gives_the_same_mutations() -> None:
    messages = [b"MSH|^~\\&|A\rPID|||1", b'{"resourceType":"Patient","id":"1"}']
    once, again = ([mutated(n, 7, messages) for n in range(200)] for _ in range(2))
    assert once == again
    assert len(set(once)) > 100


def test_a_message_that_breaks_a_law_is_found_in_its_batch() -> None:
    outcome = Outcome()
    # What is no bytes at all cannot be put into a column.
    judge([b"MSH", b"", 7, b"x"], 100, "hl7v2", outcome)  # type: ignore[list-item]
    assert list(outcome.failed) == [102]
