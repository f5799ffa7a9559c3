"""The same message twice is one message; another one under its name is a conflict."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.decoded import MESSAGES, Decoded
from clinical.wire.hl7 import Splitter
from streaming.admission import Admission, content_hashes
from streaming.batches import ORIGINAL, Messages, Understood
from streaming.gateway.framing import Framer, framed
from streaming.memory import RUNS, WINDOW, Known, Memory

Sent = tuple[str | None, str, int]
PLACE = (1_000, 17)


@dataclass(frozen=True)
class Replay:
    """A message out of quarantine: control id, bytes, when received, and which one it replays."""

    name: str | None
    content: str
    when: int
    original: tuple[int, int] = PLACE


def batch(*sent: Sent | Replay, said: str = "parsed") -> Understood:
    """Messages of one sender: control id, bytes and when received (microseconds)."""
    told = [astuple(one) if isinstance(one, Replay) else (*one, None) for one in sent]
    raw = pa.array([content.encode() for _, content, _, _ in told], pa.binary())
    at = pa.array([when for _, _, when, _ in told], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    places = [place and {"partition": place[0], "offset": place[1]} for *_, place in told]
    rows = [{"sender": "A|B", "message_control_id": name, "disposition": said} for name, *_ in told]
    facts = pa.table({"message": pa.array(range(len(sent)), pa.int32())})
    decoded = Decoded(pa.Table.from_pylist(rows, MESSAGES), {"observations": facts})
    return Understood(Messages("f", 0, 0, at, raw, originals=pa.array(places, ORIGINAL)), decoded)


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


def test_a_replay_is_admitted_though_its_original_has_its_name_and_its_bytes() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1", "x", 0), said="quarantined"))
    found = admission.admit(batch(Replay("1", "x", 1)))
    assert dispositions(found) == ["parsed"]
    assert found.decoded.facts["observations"].num_rows == 1


def test_a_second_replay_of_one_message_is_a_duplicate_however_late_it_comes() -> None:
    admission = Admission("hl7v2")
    again = (Replay("1", "x", 1), Replay("1", "x", 2), Replay("1", "x", 3, (1_000, 18)))
    assert dispositions(admission.admit(batch(*again))) == ["parsed", "duplicate", "parsed"]
    assert dispositions(admission.admit(batch(Replay("1", "x", 9 * WINDOW)))) == ["duplicate"]


def test_a_conflict_can_be_replayed_and_does_not_take_the_place_of_what_it_contradicts() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1", "x", 0)))
    assert dispositions(admission.admit(batch(("1", "changed", 1)))) == ["quarantined"]
    assert dispositions(admission.admit(batch(Replay("1", "changed", 2)))) == ["parsed"]
    found = admission.admit(batch(("1", "x", 3), ("1", "changed", 4)))
    assert dispositions(found) == ["duplicate", "quarantined"]


def test_a_message_that_comes_whole_after_a_torn_one_is_no_conflict_with_it() -> None:
    admission = Admission("hl7v2")
    assert dispositions(admission.admit(batch(("1", "to", 0), said="quarantined"))) == [
        "quarantined"
    ]
    assert dispositions(admission.admit(batch(("1", "torn", 1)))) == ["parsed"]
    found = admission.admit(batch(("1", "torn", 2), ("1", "other", 3)))
    assert dispositions(found) == ["duplicate", "quarantined"]


def test_a_copy_of_a_quarantined_message_stays_a_duplicate_after_its_replay() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1", "x", 0), said="quarantined"))
    admission.admit(batch(Replay("1", "x", 1)))
    assert dispositions(admission.admit(batch(("1", "x", 2)))) == ["duplicate"]


def test_a_replay_of_a_message_that_was_understood_after_all_is_a_duplicate() -> None:
    # A backfill with the mended profile runs the original and its replay.
    for late in (1, 9 * WINDOW):
        admission = Admission("hl7v2")
        assert dispositions(admission.admit(batch(("1", "x", 0)))) == ["parsed"]
        assert dispositions(admission.admit(batch(Replay("1", "x", late)))) == ["duplicate"]
    together = Admission("hl7v2").admit(batch(("1", "x", 0), Replay("1", "x", 9 * WINDOW)))
    assert dispositions(together) == ["parsed", "duplicate"]


@pytest.mark.parametrize("name", [None, ""])
def test_a_message_without_a_control_id_is_replayed_once_too(name: str | None) -> None:
    admission = Admission("hl7v2")
    admission.admit(batch((name, "x", 0), said="quarantined"))
    found = admission.admit(batch(Replay(name, "x", 1), Replay(name, "x", 2)))
    assert dispositions(found) == ["parsed", "duplicate"]


def test_no_control_id_can_be_taken_for_the_place_of_an_original() -> None:
    admission = Admission("hl7v2")
    admission.admit(batch(("1000/17", "x", 0), said="quarantined"))
    assert dispositions(admission.admit(batch(Replay("1", "x", 1)))) == ["parsed"]


def test_in_a_fhir_feed_a_replay_is_admitted_once_among_other_versions() -> None:
    admission = Admission("fhir")
    admission.admit(batch(("1", "v1", 0), said="quarantined"))
    admission.admit(batch(("1", "v2", 1)))
    found = admission.admit(batch(Replay("1", "v1", 2), Replay("1", "v1", 3), ("1", "v2", 4)))
    assert dispositions(found) == ["parsed", "duplicate", "duplicate"]


plain = st.tuples(st.sampled_from(["1", "2", "3", "4"]), st.sampled_from("xy"), st.just(0))
replays = st.builds(
    Replay,
    st.sampled_from([None, "1", "2"]),
    st.sampled_from("xy"),
    st.just(0),
    st.tuples(st.sampled_from([0, 1_000]), st.integers(0, 2)),
)
# Whether the decoder understands a message rests on its bytes.
understood = st.sampled_from([{"x"}, {"x", "y"}, set()])


def told(admission: Admission, messages: list[Sent | Replay], clear: set[str]) -> list[str]:
    """Dispositions, where only some bytes can be read."""
    found = batch(*messages)
    said = [
        "parsed" if content in clear else "quarantined"
        for content in map(bytes.decode, found.messages.raw.to_pylist())
    ]
    column = found.decoded.messages.column_names.index("disposition")
    table = found.decoded.messages.set_column(column, "disposition", pa.array(said, pa.string()))
    read = Understood(found.messages, Decoded(table, found.decoded.facts))
    done = admission.admit(read).decoded.messages
    return [
        "conflict" if reason else word
        for word, reason in zip(
            done["disposition"].to_pylist(), done["reason"].to_pylist(), strict=True
        )
    ]


@given(st.lists(plain | replays, max_size=30), understood, st.integers(0, 30), st.integers(0, 30))
def test_cutting_and_recalling_change_no_verdict(
    messages: list[Sent | Replay], clear: set[str], cut: int, stop: int
) -> None:
    whole = told(Admission("hl7v2"), messages, clear)
    cut, stop = sorted((cut, stop))
    first = Admission("hl7v2")
    found = told(first, messages[:cut], clear) + told(first, messages[cut:stop], clear)
    restarted = Admission("hl7v2")
    restarted.recall(stored(messages[:stop], found))
    assert found + told(restarted, messages[stop:], clear) == whole


def stored(messages: list[Sent | Replay], found: list[str]) -> pa.Table:
    """What the lake tells after a crash: what was admitted, with its disposition."""
    known = [
        (message, said)
        for message, said in zip(messages, found, strict=True)
        if said not in {"duplicate", "conflict"}
    ]
    again = batch(*(message for message, _ in known))
    table = again.decoded.messages.drop_columns("disposition")
    places = again.messages.originals.flatten()
    columns = {
        "disposition": pa.array([said for _, said in known], pa.string()),
        "content_hash": content_hashes(again.messages.raw),
        "received_at": again.messages.received_at,
        "original_partition": places[0],
        "original_offset": places[1],
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


@given(st.lists(plain | replays, max_size=30), understood)
def test_verdicts_are_those_of_the_law_told_message_by_message(
    messages: list[Sent | Replay], clear: set[str]
) -> None:
    assert told(Admission("hl7v2"), messages, clear) == list(by_the_law(messages, clear))


def by_the_law(messages: list[Sent | Replay], clear: set[str]) -> Iterator[str]:
    """The law in a few lines, for messages that all lie within the window."""
    first: dict[str | None, str] = {}
    replayed: set[tuple[int, int]] = set()
    for message in messages:
        name, content = (
            (message.name, message.content) if isinstance(message, Replay) else message[:2]
        )
        same = first.get(name) == content
        if isinstance(message, Replay):
            repeats = message.original in replayed or (same and content in clear)
            if not repeats:
                replayed.add(message.original)
        else:
            repeats = same
            if name in first and not same and first[name] in clear:
                yield "conflict"
                continue
            first[name] = content
        yield "duplicate" if repeats else "parsed" if content in clear else "quarantined"


@given(st.lists(st.binary(max_size=20), max_size=20), st.integers(0, 20))
def test_content_hashes_are_those_of_the_bytes_also_in_a_slice(
    contents: list[bytes], start: int
) -> None:
    found = content_hashes(pa.array(contents, pa.binary()).slice(min(start, len(contents))))
    expected = [blake2b(c.rstrip(b"\r\n"), digest_size=16).digest() for c in contents[start:]]
    assert found.to_pylist() == expected


@pytest.mark.parametrize("end", [b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n"])
@pytest.mark.parametrize("file_first", [True, False])
def test_a_message_from_a_file_and_in_a_frame_is_one_message(end: bytes, file_first: bool) -> None:
    message = b"MSH|^~\\&|A|B|||20260105||ORU^R01|1|P|2.5\rPID|1||7^^^W^MR"
    splitter = Splitter()
    [from_file] = [
        *splitter.feed(message + end).messages.to_pylist(),
        *splitter.close().messages.to_pylist(),
    ]
    [in_frame] = Framer(1_000).feed(framed(message + end))
    roads = [from_file, in_frame.content] if file_first else [in_frame.content, from_file]
    admission = Admission("hl7v2")
    told = [dispositions(admission.admit(batch(("1", raw.decode(), 0)))) for raw in roads]
    assert told == [["parsed"], ["duplicate"]]


def test_a_resource_with_a_line_end_after_it_is_no_new_version_of_it() -> None:
    admission = Admission("fhir")
    admission.admit(batch(("Patient/7", "{}", 0)))
    assert dispositions(admission.admit(batch(("Patient/7", "{}\n", 1)))) == ["duplicate"]
    assert dispositions(admission.admit(batch(("Patient/7", "{ }", 2)))) == ["parsed"]


def test_many_batches_are_searched_in_few_runs() -> None:
    memory = Memory()
    for number in range(300):
        memory.learn(known(range(3 * number, 3 * number + 3), at=number))
    keys = np.arange(0, 900, dtype=np.uint64)
    found, _, _ = memory.look_up(keys, np.zeros(900, np.int64))
    assert found.all()
    assert len(memory.runs) <= RUNS
    assert all(np.all(np.diff(run.keys.astype(float)) >= 0) for run in memory.runs)


def known(keys: Iterable[int], at: int) -> Known:
    """Messages that were understood, all received at one moment."""
    some = np.array(list(keys), np.uint64)
    flags = np.ones(len(some), np.bool_)
    return Known(some, some, np.full(len(some), at, np.int64), flags)


def test_sender_that_gives_control_ids_again_is_borne_where_its_profile_says_so() -> None:
    admission = Admission("hl7v2", repeats_ids=True)
    admission.admit(batch(("1", "x", 0)))
    assert dispositions(admission.admit(batch(("1", "y", 1)))) == ["parsed"]
    assert dispositions(admission.admit(batch(("1", "y", 2)))) == ["duplicate"]
