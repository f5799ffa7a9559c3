"""What was learnt in turns is given back in turns, whichever commits it came in."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import arrival_log, delta_log
from lakehouse.appends import append
from lakehouse.arrival_log import Step
from lakehouse.arrivals import Run, arrivals, chunks, in_turn, stretches
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.stamps import Stamp, stamp
from lakehouse.tables import RAW_MESSAGES
from tests.lakehouse.conftest import build_rows

FEEDS = ("icu", "lab", "ward")


def learnt(feeds: Sequence[str], session: str) -> list[Step]:
    """One message a turn, of the given feeds; the versions are told by `committed`."""
    seen = dict.fromkeys(feeds, -1)
    steps = []
    for turn, feed in enumerate(feeds):
        seen[feed] += 1
        steps.append(Step(0, seen[feed], 0, feed, session, turn))
    return steps


@st.composite
def committed(draw: st.DrawFn, session: str) -> tuple[list[Step], list[Step]]:
    """Steps in the order in which they were learnt, and as commits of whole places have them."""
    steps = learnt(draw(st.lists(st.sampled_from(FEEDS), max_size=30)), session)
    waiting = {feed: [step for step in steps if step.feed == feed] for feed in FEEDS}
    there: list[Step] = []
    while left := [feed for feed in FEEDS if waiting[feed]]:
        mine = waiting[draw(st.sampled_from(left))]
        size = draw(st.integers(1, len(mine)))
        there += mine[:size]
        del mine[:size]
    return steps, there


@given(committed("one"), st.lists(st.integers(0, 9), max_size=5), committed("two"))
def test_any_commits_of_a_session_are_given_back_in_turn_and_others_stay(
    one: tuple[list[Step], list[Step]], old: list[int], two: tuple[list[Step], list[Step]]
) -> None:
    unstamped = [Step(0, offset, 0, "icu") for offset in old]
    expected = [*one[0], *unstamped, *two[0]]
    assert list(in_turn([*one[1], *unstamped, *two[1]])) == expected


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=20), st.lists(st.integers(0, 30), max_size=4)
)
def test_pieces_of_a_stamp_say_of_every_offset_what_the_whole_says(
    gaps: list[int], cuts: list[int]
) -> None:
    ends = [sum(gaps[: n + 1]) + n for n in range(len(gaps))]
    whole = Stamp("one", tuple((end, 2 * n) for n, end in enumerate(ends)))
    edges = sorted({-1, ends[-1], *(cut for cut in cuts if cut < ends[-1])})
    pieces = [whole.between(low, high) for low, high in pairwise(edges)]
    joined = Stamp("one", tuple(note for piece in pieces for note in piece.notes))
    assert [_turn(joined, n) for n in range(ends[-1] + 1)] == [
        _turn(whole, n) for n in range(ends[-1] + 1)
    ]


def _turn(said: Stamp, offset: int) -> int:
    return next(turn for last, turn in said.notes if last >= offset)


@given(st.lists(st.tuples(st.sampled_from(FEEDS), st.integers(1, 9))), st.integers(1, 12))
def test_runs_in_groups_or_joined_are_the_same_messages(
    sizes: list[tuple[str, int]], most: int
) -> None:
    known = dict.fromkeys(FEEDS, 0)
    runs = []
    for feed, size in sizes:
        runs.append(Run(feed, 0, known[feed], known[feed] + size - 1))
        known[feed] += size
    groups = list(chunks(runs, most))
    assert _messages([run for group in groups for run in group]) == _messages(runs)
    assert all(len(_messages(group)) == most for group in groups[:-1])
    assert stretches(runs) == [Run(feed, 0, 0, n - 1) for feed, n in known.items() if n]


def _messages(runs: Sequence[Run]) -> list[tuple[str, int]]:
    return [(run.feed, offset) for run in runs for offset in range(run.first, run.last + 1)]


@given(st.sampled_from(["icu", "a b", "x:1:2", "1:2 3 4 5"]), st.sampled_from(["", "5f0c"]))
def test_a_line_says_what_the_step_was(feed: str, session: str) -> None:
    step = Step(12, 34, 1000, feed, session, 56 if session else 0)
    assert Step.read(step.line.rstrip("\n")) == step


def test_lines_of_older_lakes_are_read() -> None:
    assert Step.read("12 34 1000 icu") == Step(12, 34, 1000, "icu")


AT = Cut({("icu", 0): 5, ("lab", 0): 5})
# Two epochs of three turns each of both feeds; `icu` was committed first.
IN_TURN = tuple(Run(feed, 0, n, n) for n in range(6) for feed in ("icu", "lab"))


@pytest.fixture
def raw(lake: Lake) -> Path:
    """The table of two feeds that were learnt in turns."""
    for first in (0, 3):
        for number, feed in enumerate(("icu", "lab")):
            offsets = range(first, first + 3)
            said = Stamp("one", tuple((n, 2 * n + number) for n in offsets))
            rows = build_rows(RAW_MESSAGES, offsets, feed)
            append(lake, RAW_MESSAGES, feed, 0, rows, offsets[-1], stamp=said)
    return lake.path(RAW_MESSAGES)


def test_places_that_share_epochs_stand_in_the_turns_in_which_they_were_learnt(
    lake: Lake, raw: Path
) -> None:
    assert stamp(raw, 0) is None
    assert stamp(raw, 1) == Stamp("one", ((0, 0), (1, 2), (2, 4)))
    assert arrivals(lake, AT) == IN_TURN


def test_commits_without_a_stamp_stay_where_they_are(lake: Lake, raw: Path) -> None:
    append(lake, RAW_MESSAGES, "lab", 0, build_rows(RAW_MESSAGES, [6], "lab"), 6)
    append(lake, RAW_MESSAGES, "icu", 0, build_rows(RAW_MESSAGES, [6], "icu"), 6)
    at = Cut(dict.fromkeys(AT, 6))
    # The one that follows `lab` at once makes one run with it.
    assert arrivals(lake, at) == (*IN_TURN[:-1], Run("lab", 0, 5, 6), Run("icu", 0, 6, 6))


@pytest.mark.parametrize("gone", range(5))
def test_order_outlives_the_commits_wherever_the_log_is_cut(
    lake: Lake, raw: Path, gone: int
) -> None:
    versions = delta_log.versions(raw)[:gone]
    arrival_log.keep(raw, versions)
    for version in versions:
        delta_log.commit_path(raw, version).unlink()
    assert arrivals(lake, AT) == IN_TURN


def test_steps_of_one_commit_that_were_torn_apart_are_written_again(lake: Lake, raw: Path) -> None:
    versions = delta_log.versions(raw)[:3]
    arrival_log.keep(raw, versions)
    kept = raw / arrival_log.NAME
    lines = kept.read_text().splitlines(keepends=True)
    assert [len(list(same)) for _, same in groupby(lines, lambda line: line.split(":")[0])] == [
        3,
        3,
    ]
    kept.write_text("".join(lines[:-2]) + lines[-2][:5])
    assert arrivals(lake, AT) == IN_TURN
    arrival_log.keep(raw, versions)
    for version in versions:
        delta_log.commit_path(raw, version).unlink()
    assert arrivals(lake, AT) == IN_TURN
