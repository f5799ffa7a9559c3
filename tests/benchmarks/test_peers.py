"""The peers' laws: whoever is measured gives the same rows from the same input.

Here: the peers that the project's own environment can run, on a small input. Not here: their speed,
or peers that need an environment of their own: `make bench-peers` checks those.
"""

from datetime import timedelta
from importlib import import_module

import pyarrow as pa
import pytest

from benchmarks import ward
from benchmarks.peers import checking, decode_split, decoded, events, law, python_loop

EVENTS, PATIENTS, MESSAGES = 2_100, 60, 50


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return events.write(tmp_path_factory.mktemp("peers") / "events.ndjson", EVENTS, PATIENTS)


@pytest.fixture(scope="module")
def right(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("right")
    python_loop.stream(source, events.law(), out)
    return checking.rows(out)


@pytest.fixture(scope="module")
def messages():
    return list(ward.messages(MESSAGES, ward.Ward(10, timedelta(seconds=1))))


@pytest.mark.parametrize("name", ["ours", "bytewax_item", "duckdb_file"])
def test_stream_peer_gives_the_rows_of_the_loop(name, source, right, tmp_path):
    import_module(f"benchmarks.peers.{name}").stream(source, events.law(), tmp_path)
    assert checking.difference(checking.rows(tmp_path), right) is None


@pytest.mark.parametrize(
    "name", ["decode_ours", "decode_duckdb", "decode_pyarrow", "decode_python_hl7"]
)
def test_decode_peer_gives_the_rows_of_splitting(name, messages):
    peer = import_module(f"benchmarks.peers.{name}")
    rows = getattr(peer, "told", lambda found: found)(peer.decode(messages))
    assert rows.combine_chunks().equals(decode_split.decode(messages))


def test_rows_of_the_loop_are_the_law_written_out(source, right):
    newest, vitals = {}, {vital.code: vital for vital in events.law()}
    for row in right.to_pylist():
        newest[row["patient"], row["code"]] = vitals[row["code"]].of(row["value"])
        mine = [newest.get((row["patient"], code)) for code in vitals]
        assert row["news2"] == (None if None in mine else sum(mine))


def test_some_scores_are_known_and_some_are_not(right):
    assert 0 < right["news2"].null_count < EVENTS


def test_difference_of_one_score_is_seen(right):
    other = pa.array([*right["news2"].to_pylist()[:-1], 21], pa.int32())
    changed = right.set_column(right.column_names.index("news2"), "news2", other)
    assert checking.difference(changed, right) == "column news2 differs"
    assert checking.difference(right.slice(1), right) == f"{EVENTS - 1} rows instead of {EVENTS}"


def test_law_survives_its_file(tmp_path):
    law.write(tmp_path / "law.json", events.law())
    assert law.read(tmp_path / "law.json") == events.law()


def test_messages_survive_their_file(messages, tmp_path):
    assert decoded.read(decoded.write(tmp_path / "messages", messages)) == messages
