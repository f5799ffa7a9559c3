"""The same message twice is one message; another one under its name is a conflict."""

from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.decoded import MESSAGES, Decoded
from streaming.admission import WINDOW, Admission, content_hashes
from streaming.batches import Messages, Understood

Sent = tuple[str | None, str, int]


def batch(*sent: Sent) -> Understood:
    """Messages of one sender: control id, bytes and when received (microseconds)."""
    raw = pa.array([content.encode() for _, content, _ in sent], pa.binary())
    at = pa.array([when for _, _, when in sent], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    rows = [
        {"sender": "A|B", "message_control_id": name, "disposition": "parsed"}
        for name, _, _ in sent
    ]
    facts = pa.table({"message": pa.array(range(len(sent)), pa.int32())})
    decoded = Decoded(pa.Table.from_pylist(rows, MESSAGES), {"observations": facts})
    return Understood(Messages("f", 0, 0, at, raw), decoded)


def dispositions(found: Understood) -> list[str]:
    return found.decoded.messages["disposition"].to_pylist()


def test_a_copy_is_a_duplicate_within_a_batch_and_across_batches() -> None:
    admission = Admission("hl7v2")
    first = admission.admit(batch(("1", "x", 0), ("2", "y", 1), ("1", "x", 2)))
    assert dispositions(first) == ["parsed", "parsed", "duplicate"]
    assert first.decoded.facts["observations"]["message"].to_pylist() == [0, 1]
    assert dispositions(admission.admit(batch(("2", "y", 9)))) == ["duplicate"]


def test_other_bytes_under_a_known_control_id_are_quarantined_with_their_reason() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1", "x", 0)))
    found = admission.admit(batch(("1", "changed", 1)))
    [row] = found.decoded.messages.to_pylist()
    assert (row["disposition"], row["stage"], row["reason"]) == (
        "quarantined", "admit", "control_id_conflict",
    )  # fmt: skip
    assert found.decoded.facts["observations"].num_rows == 0


def test_a_conflict_does_not_take_the_place_of_the_message_it_contradicts() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1", "x", 0)))
    admission.admit(batch(("1", "changed", 1)))
    assert dispositions(admission.admit(batch(("1", "x", 2)))) == ["duplicate"]


def test_a_control_id_may_be_used_again_after_the_window() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1", "x", 0)))
    assert dispositions(admission.admit(batch(("1", "y", WINDOW)))) == ["quarantined"]
    assert dispositions(admission.admit(batch(("1", "y", WINDOW + 1)))) == ["parsed"]


def test_a_fhir_resource_that_comes_with_other_bytes_is_a_new_version() -> None:
    admission = Admission("fhir")
    admission.admit(batch(("1", "x", 0)))
    found = admission.admit(batch(("1", "y", 1), ("1", "y", 2), ("1", "x", 3)))
    assert dispositions(found) == ["parsed", "duplicate", "parsed"]


@pytest.mark.parametrize("name", [None, ""])
def test_messages_without_a_control_id_are_never_taken_for_copies(name: str | None) -> None:
    admission = Admission("hl7v2")
    assert dispositions(admission.admit(batch((name, "x", 0), (name, "x", 1)))) == ["parsed"] * 2


sent = st.tuples(st.sampled_from(["1", "2", "3", "4"]), st.sampled_from("xy"), st.just(0))


@given(st.lists(sent, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_cutting_and_recalling_change_no_verdict(messages: list[Sent], cut: int, stop: int) -> None:
    whole = dispositions(Admission("hl7v2").admit(batch(*messages)))
    cut, stop = sorted((cut, stop))
    first = Admission("hl7v2")
    told = [*dispositions(first.admit(batch(*messages[:cut])))]
    told += dispositions(first.admit(batch(*messages[cut:stop])))
    restarted = _restarted(messages[:stop], told)
    assert told + dispositions(restarted.admit(batch(*messages[stop:]))) == whole


def _restarted(messages: list[Sent], told: list[str]) -> Admission:
    """An admission that recalls what was admitted, as after a crash."""
    known = [m for m, said in zip(messages, told, strict=True) if said == "parsed"]
    found = batch(*known)
    table = found.decoded.messages
    again = Admission("hl7v2")
    again.recall(
        table["sender"].combine_chunks(),
        table["message_control_id"].combine_chunks(),
        content_hashes(found.messages.raw),
        found.messages.received_at,
    )
    return again


@given(st.lists(st.binary(max_size=20), max_size=20), st.integers(0, 20))
def test_content_hashes_are_those_of_the_bytes_also_in_a_slice(
    contents: list[bytes], start: int
) -> None:
    found = content_hashes(pa.array(contents, pa.binary()).slice(min(start, len(contents))))
    assert found.to_pylist() == [blake2b(c, digest_size=16).digest() for c in contents[start:]]


def test_many_batches_are_searched_in_few_runs() -> None:
    admission = Admission("hl7v2")
    for number in range(300):
        admission.admit(batch(*((f"{number}-{k}", "x", number) for k in range(3))))
    copies = batch(*((f"{number}-1", "x", 300) for number in range(300)))
    assert dispositions(admission.admit(copies)) == ["duplicate"] * 300
    assert len(admission._runs) <= 10  # noqa: SLF001 what the look-up costs
    assert np.all([np.all(np.diff(run.keys.astype(float)) >= 0) for run in admission._runs])  # noqa: SLF001
