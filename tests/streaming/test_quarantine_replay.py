"""A quarantined message comes back once: by a second call, by two at once, and after a kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.cuts import cut
from lakehouse.lock import attempt
from streaming.inbox.arrival import Arrival
from streaming.quarantine import UnknownMessageError, Wanted, entries, message
from streaming.quarantine_replay import BYTES, LOCK, MESSAGES, QuarantineBusyError, pieces
from tests.streaming.quarantined import FEED, MENDED, NARROW, NOW, Ward, oru

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one understood message and two that have too many segments."""
    ward = Ward(tmp_path_factory.mktemp("filled") / "lake")
    ward.received(oru("1"), oru("2", 2), oru("3", 3))
    ward.streamed(NARROW)
    return ward.root


@pytest.fixture
def ward(filled: Path, tmp_path: Path) -> Ward:
    """That lake, for one test alone."""
    return Ward(Path(shutil.copytree(filled, tmp_path / "lake")))


def test_after_the_profile_is_mended_a_replay_brings_the_facts_and_names_its_original(
    ward: Ward,
) -> None:
    found = ward.replayed(MENDED)
    assert (found.total("messages"), found.total("put"), found.total("clear")) == (2, 2, 2)
    ward.streamed(MENDED)
    assert ward.told() == [
        ("parsed", None, None, None),
        ("quarantined", "too_many_segments", None, None),
        ("quarantined", "too_many_segments", None, None),
        ("parsed", None, 1_000, 1),
        ("parsed", None, 1_000, 2),
    ]
    assert sorted(ward.heart_rates()) == [71, 71, 71, 72, 72, 73]


def test_a_replay_is_received_when_it_is_learnt_not_when_its_original_was(ward: Ward) -> None:
    ward.replayed(MENDED)
    ward.streamed(MENDED)
    times = [row["received_at"] for row in ward.messages()]
    assert times[:3] == [NOW] * 3
    assert min(times[3:]) > NOW


def test_a_second_call_adds_nothing_before_and_after_the_dataflow_has_run(ward: Ward) -> None:
    ward.replayed(MENDED)
    waits = ward.replayed(MENDED)
    assert (waits.total("put"), waits.total("waiting")) == (0, 2)
    ward.streamed(MENDED)
    done = ward.replayed(MENDED)
    assert (done.total("put"), done.total("understood")) == (0, 2)
    ward.streamed(MENDED)
    assert len(ward.messages()) == 5


def test_a_dry_run_says_the_same_and_puts_nothing(ward: Ward) -> None:
    dry = ward.replayed(MENDED, dry=True)
    assert dry.to_json() == ward.replayed(MENDED).to_json()
    ward.streamed(MENDED)
    assert len(ward.messages()) == 5


def test_feed_and_reason_choose(ward: Ward) -> None:
    assert ward.replayed(MENDED, reason="no_patient").total("messages") == 0
    assert ward.replayed(MENDED, feed="mimic3").total("messages") == 0
    assert ward.replayed(MENDED, feed=FEED, reason="too_many_segments").total("put") == 2


def test_a_replay_that_fails_again_is_a_new_quarantined_message(ward: Ward) -> None:
    found = ward.replayed(NARROW)
    assert (found.total("put"), found.total("clear")) == (2, 0)
    ward.streamed(NARROW)
    assert ward.told()[3:] == [
        ("quarantined", "too_many_segments", 1_000, 1),
        ("quarantined", "too_many_segments", 1_000, 2),
    ]


def test_what_failed_again_is_replayed_in_turn_once_its_profile_says_something_else(
    ward: Ward,
) -> None:
    ward.replayed(NARROW)
    ward.streamed(NARROW)
    still = ward.replayed(NARROW)
    assert (still.total("put"), still.total("again"), still.total("as_before")) == (0, 2, 2)
    assert ward.replayed(MENDED).total("put") == 2
    ward.streamed(MENDED)
    assert ward.told()[5:] == [("parsed", None, 1_000, 3), ("parsed", None, 1_000, 4)]
    assert ward.replayed(MENDED).total("put") == 0


def test_same_bytes_again_are_a_duplicate_and_other_bytes_a_conflict_that_can_be_replayed(
    tmp_path: Path,
) -> None:
    ward = Ward(tmp_path / "lake")
    ward.received(oru("1"), oru("1"), oru("1", 2))
    ward.streamed(MENDED)
    expected = [
        ("parsed", None, None, None),
        ("duplicate", None, None, None),
        ("quarantined", "control_id_conflict", None, None),
    ]
    assert ward.told() == expected
    assert ward.heart_rates() == [71]
    ward.replayed(MENDED)
    ward.received(oru("1"), oru("1", 2))
    ward.streamed(MENDED)
    assert ward.told()[3:] == [
        ("parsed", None, 1_000, 2),
        ("duplicate", None, None, None),
        ("quarantined", "control_id_conflict", None, None),
    ]
    assert sorted(ward.heart_rates()) == [71, 71, 72]


def test_a_replay_put_twice_into_an_inbox_that_does_not_know_is_admitted_once(ward: Ward) -> None:
    # As Kafka would: the journal itself refuses a second one of the same partition.
    at = int(NOW.timestamp() * 1_000_000)
    for other in (0, 1):
        again = Arrival(FEED, oru("2", 2), at, "quarantine", None, (other, 1))
        ward.put([again])
    ward.streamed(MENDED)
    assert [row[0] for row in ward.told()[3:]] == ["parsed", "parsed"]
    ward.put([Arrival(FEED, oru("2", 2), at, "mllp")])
    ward.streamed(MENDED)
    assert ward.told()[-1][0] == "duplicate"


def test_what_the_road_refused_is_held_against_the_rules_of_the_road_again(ward: Ward) -> None:
    test_message = oru("9").replace(b"|P|2.5", b"|T|2.5")
    ward.received(test_message, refused="test_message")
    ward.streamed(NARROW)
    found = ward.replayed(MENDED, reason="test_message")
    assert (found.total("put"), found.total("clear")) == (1, 0)
    ward.streamed(MENDED)
    assert ward.told()[-1] == ("quarantined", "test_message", 1_000, 3)
    takes_tests = replace(MENDED, processing_ids=("P", "T"))
    assert ward.replayed(takes_tests, reason="test_message").total("clear") == 1
    ward.streamed(takes_tests)
    assert ward.told()[-1] == ("parsed", None, 1_000, 4)


@pytest.mark.parametrize("reason", ["message_too_large", "truncated", "journal_damaged"])
def test_a_message_that_was_not_kept_whole_is_not_replayed(ward: Ward, reason: str) -> None:
    ward.received(oru("9")[:90], refused=reason)
    ward.streamed(MENDED)
    found = ward.replayed(MENDED, reason=reason)
    assert (found.total("put"), found.total("not_whole")) == (0, 1)


def test_two_replays_of_one_lake_do_not_run_at_once(ward: Ward) -> None:
    with attempt(ward.root / LOCK) as is_mine:
        assert is_mine
        with pytest.raises(QuarantineBusyError, match="another replay"):
            ward.replayed(MENDED)


def test_of_two_processes_at_the_same_time_every_message_is_put_once(ward: Ward) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: process(ward), range(2)))
    busy = [one for one in done if one.returncode]
    assert all("another replay out of quarantine" in one.stderr for one in busy)
    assert sum(json.loads(one.stdout)["put"] for one in done if one not in busy) == 2
    ward.streamed(MENDED)
    assert len(ward.messages()) == 5


def test_killed_before_a_put_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    ward = Ward(tmp_path / "lake")
    # Profiles of the house are what the process knows: these have no patient, and never will.
    nobody = [oru(str(n)).replace(b"7^^^WARD^MR", b"") for n in range(MESSAGES + 10)]
    ward.received(*nobody)
    ward.streamed(MENDED)
    killed = process(ward, PULSEHOUSE_FAILPOINT="quarantine.before_put:2")
    assert killed.returncode == -signal.SIGKILL
    done = json.loads(process(ward).stdout)
    assert (done["put"], done["waiting"], done["messages"]) == (10, MESSAGES, MESSAGES + 10)
    ward.streamed(MENDED)
    originals = [row[3] for row in ward.told()[MESSAGES + 10 :]]
    assert originals == list(range(MESSAGES + 10))


def test_an_error_of_the_process_is_one_line(tmp_path: Path) -> None:
    failed = process(Ward(tmp_path / "nowhere"), "--dry-run")
    assert failed.returncode == 2
    assert len(failed.stderr.splitlines()) == 1


def process(ward: Ward, *options: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "streaming.quarantine_process", f"--lake={ward.root}"]
    settings = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
    return subprocess.run(
        [*command, *options],
        env=settings | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


places = st.tuples(st.sampled_from("ab"), st.integers(0, 1), st.integers(0, BYTES))


@given(st.lists(places, max_size=40))
def test_pieces_are_all_messages_in_their_order_within_the_limits(
    given_places: list[tuple[str, int, int]],
) -> None:
    columns = list(zip(*given_places, strict=True)) or [(), (), ()]
    kinds = (pa.string(), pa.int32(), pa.int64())
    table = pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)],
        ["feed", "partition", "size"],
    )
    found = list(pieces(table))
    whole = [
        (piece.feed, piece.partition, size)
        for piece in found
        for size in piece.rows["size"].to_pylist()
    ]
    assert whole == given_places
    for piece in found:
        sizes = piece.rows["size"].to_pylist()
        assert 1 <= len(sizes) <= MESSAGES
        assert len(sizes) == 1 or sum(sizes) <= BYTES


def test_entries_tell_what_became_of_each_and_in_which_order_it_was_learnt(ward: Ward) -> None:
    ward.replayed(MENDED, reason="too_many_segments")
    ward.received(oru("4", 4))
    waiting = entries(ward.lake, cut(ward.lake), Wanted(), lambda _: {(1_000, 1), (1_000, 2)})
    assert waiting["state"].to_pylist() == ["waiting", "waiting"]
    ward.streamed(NARROW)
    told = entries(ward.lake, cut(ward.lake), Wanted(), lambda _: set()).to_pylist()
    assert [(row["offset"], row["state"], row["replay_offset"]) for row in told] == [
        (1, "again", 3), (2, "again", 4), (3, "open", None), (4, "open", None), (5, "open", None),
    ]  # fmt: skip


def test_a_message_is_found_by_its_place_alone_where_it_is_quarantined(ward: Ward) -> None:
    at = cut(ward.lake)
    assert message(ward.lake, at, f"{FEED}/1000/1")["raw"] == oru("2", 2)
    for place in (f"{FEED}/1000/0", f"{FEED}/1000/9", "x/y/z", f"{FEED}/1000", "a/1/-1", "a/1/²"):
        with pytest.raises(UnknownMessageError):
            message(ward.lake, at, place)
