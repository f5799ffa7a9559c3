"""The drop folder: only complete files, each once, and nothing lost or overwritten."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.cuts import Cut
from streaming.gateway.drop_files import Look, finish, opened
from streaming.gateway.drop_taking import KEPT_BYTES
from streaming.inbox.arrival import JOURNAL_PARTITION, Arrival
from streaming.inbox.journal_trimming import trim
from tests.streaming.gateway.dropping import FEED, FHIR, dropping, kept, message, messages


@pytest.fixture
def drop(tmp_path):
    with dropping(tmp_path) as drop:
        yield drop


def _looks(drop, count):
    """A condition that holds after so many polls: time enough for as many looks."""
    polls = iter(range(count))
    return lambda: next(polls, None) is None


def test_file_is_stored_in_order_and_moved_aside(drop):
    sent = messages(2_500)
    drop.put("a.hl7", b"".join(sent))
    drop.watch()
    assert drop.stored() == list(map(kept, sent))
    assert set(drop.rejects()) == {None}
    assert (drop.done(), drop.refused()) == (["a.hl7"], [])


def test_gzip_is_stored_as_what_it_holds(drop):
    sent = messages(10)
    drop.put("a.hl7.gz", gzip.compress(b"".join(sent[:4])) + gzip.compress(b"".join(sent[4:])))
    drop.watch()
    assert drop.stored() == list(map(kept, sent))


def test_fhir_is_one_message_per_line(tmp_path):
    sent = [json.dumps({"resourceType": "Patient", "id": str(n)}).encode() for n in range(5)]
    with dropping(tmp_path, FHIR) as drop:
        drop.put("a.ndjson", b"\n".join(sent))
        drop.watch()
        assert drop.stored() == sent


def test_same_content_is_stored_once_whatever_its_name(drop):
    content = b"".join(messages(3))
    drop.put("a.hl7", content)
    drop.watch()
    drop.put("a.hl7", content)
    drop.put("b.hl7", content)
    drop.watch()
    assert len(drop.stored()) == 3
    assert len(drop.done()) == 3


def test_same_name_with_new_content_is_stored_and_overwrites_nothing(drop):
    for number in range(3):
        drop.put("a.hl7", message(number))
        drop.watch()
    assert drop.stored() == list(map(kept, messages(3)))
    contents = {path.read_bytes() for path in (drop.feed / "done").iterdir()}
    assert contents == set(messages(3))


@pytest.mark.parametrize("name", [".a.hl7", "a.hl7.part", "A.HL7.TMP", "a.hl7.filepart"])
def test_file_with_a_name_of_work_in_progress_waits_for_its_own(drop, name):
    (drop.feed / name).write_bytes(message(1))
    drop.watch(_looks(drop, 10))
    assert (drop.stored(), drop.done(), drop.refused()) == ([], [], [])
    (drop.feed / name).rename(drop.feed / "a.hl7")
    drop.watch()
    assert drop.stored() == [kept(message(1))]


def test_file_that_a_sender_still_writes_is_not_taken_though_it_rests(drop):
    with (drop.feed / "a.hl7").open("wb") as file:
        file.write(message(1))
        file.flush()
        drop.watch(_looks(drop, 10))
        assert drop.stored() == []
        file.write(message(2))
    drop.watch()
    assert drop.stored() == list(map(kept, messages(2, first=1)))


def test_file_that_takes_the_place_of_one_being_read_is_read_in_its_turn(drop):
    path = drop.put("a.hl7", message(1))
    with opened(path) as file:
        seen = Look.of(os.fstat(file.fileno()))
        drop.put("a.hl7", message(2))
        assert not finish(path, file, seen)
    drop.watch()
    assert drop.stored() == [kept(message(2))]


def test_file_that_grew_while_it_was_read_is_put_back(drop):
    path = drop.put("a.hl7", message(1))
    with opened(path) as file:
        seen = Look.of(os.fstat(file.fileno()))
        with path.open("ab") as more:
            more.write(message(2))
        assert not finish(path, file, seen)
    assert path.read_bytes() == message(1) + message(2)


def test_gzip_that_breaks_off_gives_what_came_before_and_names_the_torn_message(drop):
    sent = messages(2_000)
    packed = gzip.compress(b"".join(sent))
    drop.put("a.hl7.gz", packed[: len(packed) // 2])
    drop.watch()
    stored = drop.stored()
    assert 0 < len(stored) < len(sent)
    assert stored[:-1] == list(map(kept, sent[: len(stored) - 1]))
    assert drop.rejects() == [None] * (len(stored) - 1) + ["truncated"]


def test_whole_file_after_a_torn_one_is_stored_too(drop):
    content = b"FHS|^~\\&\r" + b"".join(messages(3))
    drop.put("a.hl7", content[:-20])
    drop.watch()
    assert drop.rejects() == [None, None, "truncated"]
    drop.put("a.hl7", content)
    drop.watch()
    assert drop.stored()[3:] == list(map(kept, messages(3)))


def test_message_beyond_the_limit_is_kept_in_part_and_refused(drop):
    large = message(1).rstrip(b"\r") + b"\rNTE|1||" + b"x" * 300_000 + b"\r"
    drop.put("a.hl7", large + message(2))
    drop.watch()
    assert drop.stored() == [large[:KEPT_BYTES], kept(message(2))]
    assert drop.rejects() == ["message_too_large", None]


def test_gzip_bomb_is_refused_before_anything_is_stored(drop):
    # 1 GiB out of 1 MiB, as members of 16 MiB each.
    drop.put("a.hl7.gz", gzip.compress(message(1)) + gzip.compress(bytes(1 << 24)) * 64)
    drop.watch()
    assert (drop.stored(), drop.done()) == ([], [])
    assert drop.refused() == ["a.hl7.gz", "a.hl7.gz.why"]
    assert "unpacks to more" in (drop.feed / "refused" / "a.hl7.gz.why").read_text()


@pytest.mark.parametrize("content", [b"", b"Zzyzx is no message", b"\x00" * 100, b"\x1f\x8b\x08"])
def test_file_that_holds_no_message_is_refused_with_a_line_that_repeats_nothing(drop, content):
    drop.put("a.hl7", content)
    drop.watch()
    assert (drop.stored(), drop.refused()) == ([], ["a.hl7", "a.hl7.why"])
    why = (drop.feed / "refused" / "a.hl7.why").read_text()
    assert len(why.splitlines()) == 1
    assert "Zzyzx" not in why
    assert (drop.feed / "refused" / "a.hl7").read_bytes() == content


def test_link_and_pipe_are_refused_and_not_followed(drop, tmp_path):
    outside = tmp_path / "outside.hl7"
    outside.write_bytes(message(1))
    (drop.feed / "link.hl7").symlink_to(outside)
    (drop.feed / "nowhere.hl7").symlink_to(tmp_path / "missing")
    os.mkfifo(drop.feed / "pipe.hl7")
    drop.watch()
    assert drop.stored() == []
    names = ["link.hl7", "nowhere.hl7", "pipe.hl7"]
    assert drop.refused() == sorted([*names, *(f"{name}.why" for name in names)])
    assert outside.read_bytes() == message(1)


def test_folder_within_the_folder_is_left_as_it_is(drop):
    (drop.feed / "inner").mkdir()
    (drop.feed / "inner" / "a.hl7").write_bytes(message(1))
    drop.put("b.hl7", message(2))
    drop.watch(drop.done)
    assert drop.stored() == [kept(message(2))]
    assert (drop.feed / "inner" / "a.hl7").exists()


@pytest.mark.parametrize("name", [b"n" * 255, b"\xff\xfe.hl7", b"a\nb.hl7", b"-rf", b"%2e%2e%2f"])
def test_any_name_is_only_a_name(drop, name):
    for number in range(2):
        drop.put(os.fsdecode(name), message(number))
        drop.watch()
    drop.put(os.fsdecode(name), b"no message")
    drop.watch()
    (why,) = (drop.feed / "refused").glob("*.why")
    assert len(why.read_text().splitlines()) == 1
    assert drop.stored() == list(map(kept, messages(2)))
    assert (len(drop.done()), len(drop.refused())) == (2, 2)


def test_full_inbox_is_waited_for_and_nothing_is_lost(tmp_path):
    now = datetime.now(UTC)
    with dropping(tmp_path, limit=1_000_000, keep=timedelta(0)) as drop:
        filling = Arrival(FEED, bytes(300_000), 0, "mllp")
        drop.journal.put([filling])
        drop.put("a.hl7", b"".join(messages(9_000)))
        drop.watch(_looks(drop, 50))
        assert (len(drop.stored()) < 9_001, drop.done()) == (True, [])
        drop.journal.close()
    with dropping(tmp_path, keep=timedelta(0)) as drop:
        drop.watch()
        assert drop.stored()[1:] == list(map(kept, messages(9_000)))
        assert trim(drop.journal, Cut({(FEED, JOURNAL_PARTITION): 10_000}), now) > 0


def test_many_files_are_each_stored_once_in_the_order_of_their_age(drop):
    for number in range(100):
        path = drop.put(f"{number % 7}-{number}.hl7", message(number))
        os.utime(path, ns=(0, number))
    drop.watch()
    assert drop.stored() == list(map(kept, messages(100)))
    assert len(drop.done()) == 100
