"""Stored messages through the dataflow once more give the tables they gave, whatever the pieces."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from clinical.wire.profile import FeedProfile
from lakehouse.arrivals import Run, arrivals, split
from lakehouse.cuts import Cut, cut
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.setting_groups import FEEDS
from streaming.bounded import BackfillError, Wanted, backfill
from streaming.replay import Options, Outcome, replay
from tests.orchestration.replays.ward import Ward
from tests.streaming.feeds import BUSY, contents, replayed, sample_messages, write

COUNT = 1_500
MESSAGES = sample_messages(COUNT)
QUICK = Options()
# Enough messages for a kill to come in between.
LONG = 2_500


def backfilled(
    source: Path,
    into: Path,
    wanted: Wanted | None = None,
    options: Options = QUICK,
    feeds: Path = FEEDS,
) -> Outcome:
    """Backfill a lake into another one."""

    def profile(feed: str) -> FeedProfile:
        return load_profile(feed, feeds)

    lake = Lake.open(source, create=False)
    return backfill(lake, Lake.open(into, create=True), profile, wanted, options=options)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of a feed that sent some messages twice, one under a known name, and broke off."""
    place = tmp_path_factory.mktemp("stored")
    torn = [MESSAGES[700], MESSAGES[701][:-40]]
    renamed = [MESSAGES[7].replace(b"|P|2.5.1", b"|T|2.5.1")]
    (place / "2.hl7.gz").write_bytes(gzip.compress(b"".join(torn))[:-12])
    files = [
        write(place / "1.hl7", MESSAGES[:700] + MESSAGES[:30]),
        place / "2.hl7.gz",
        write(place / "3.hl7", renamed + MESSAGES[701:]),
    ]
    replayed(place / "lake", *files, options=QUICK)
    return place / "lake"


def test_a_backfill_gives_the_very_same_tables(stored: Path, tmp_path: Path) -> None:
    dispositions = pc.value_counts(contents(stored)["raw_messages"]["disposition"]).to_pylist()
    kinds = {one["values"] for one in dispositions}
    assert {"parsed", "duplicate", "quarantined"} <= kinds
    outcome = backfilled(stored, tmp_path / "lake")
    assert outcome.messages == contents(stored)["raw_messages"].num_rows
    assert contents(tmp_path / "lake") == contents(stored)


@pytest.mark.parametrize("options", [BUSY, Options(epoch=timedelta(seconds=9), batch=13)])
def test_neither_batches_nor_epochs_matter(options: Options, stored: Path, tmp_path: Path) -> None:
    backfilled(stored, tmp_path / "lake", options=options)
    assert contents(tmp_path / "lake") == contents(stored)


def test_a_backfill_that_is_done_adds_nothing_again(stored: Path, tmp_path: Path) -> None:
    backfilled(stored, tmp_path / "lake")
    assert backfilled(stored, tmp_path / "lake").messages == 0
    assert contents(tmp_path / "lake") == contents(stored)


def test_days_are_folded_on_what_was_known_before_them(stored: Path, tmp_path: Path) -> None:
    days = pc.unique(contents(stored)["raw_messages"]["received_date"]).sort().to_pylist()
    since, until = days[len(days) // 2], days[-2]
    backfilled(stored, tmp_path / "lake", Wanted(since=since, until=until))
    found, whole = contents(tmp_path / "lake"), contents(stored)
    offsets = found["raw_messages"]["offset"]
    first, last = pc.min(offsets).as_py(), pc.max(offsets).as_py()
    assert 0 < first < last < pc.max(whole["raw_messages"]["offset"]).as_py()
    for name, rows in whole.items():
        mine = pc.and_(pc.greater_equal(rows["offset"], first), pc.less_equal(rows["offset"], last))
        assert found[name] == rows.filter(mine), name


def test_days_without_a_message_flow_nothing(stored: Path, tmp_path: Path) -> None:
    wanted = Wanted(since=date(1999, 1, 1), until=date(1999, 1, 2))
    assert backfilled(stored, tmp_path / "lake", wanted).messages == 0


def twin_feeds(place: Path) -> Path:
    """Profiles among which two are alike: one facility that sends by two feeds."""
    feeds = shutil.copytree(FEEDS, place / "feeds")
    shutil.copy(feeds / "mimic3.toml", feeds / "ward.toml")
    shutil.copy(feeds / "mimic3_codes.csv", feeds / "ward_codes.csv")
    return feeds


@pytest.fixture(scope="module")
def two_feeds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two feeds of one facility that came in turns; their profiles, and the lake."""
    place = tmp_path_factory.mktemp("two")
    feeds = twin_feeds(place)
    edges = [0, 300, 600, 900, 1_200, COUNT]
    for number, (low, high) in enumerate(pairwise(edges)):
        # What was sent later comes first, so that clocks say nothing about the order of arrival.
        part = MESSAGES[COUNT - high : COUNT - low]
        file = write(place / f"{number}.hl7", part)
        feed = load_profile("ward" if number % 2 else "mimic3", feeds)
        lake = Lake.open(place / "lake", create=True)
        replay(lake, feed, [file], QUICK)
    return feeds, place / "lake"


def test_feeds_of_one_facility_are_told_in_the_order_in_which_they_came(
    two_feeds: tuple[Path, Path], tmp_path: Path
) -> None:
    feeds, lake = two_feeds
    order = arrivals(Lake.open(lake, create=False), cut(Lake.open(lake, create=False)))
    assert [run.feed for run in order] == ["mimic3", "ward", "mimic3", "ward", "mimic3"]
    backfilled(lake, tmp_path / "again", feeds=feeds)
    assert contents(tmp_path / "again") == contents(lake)


def test_a_restart_recollects_in_the_order_of_arrival_not_of_clocks(tmp_path: Path) -> None:
    # Two feeds disagree about one instant, of which both wrote at one time: the later arrival
    # counts, though the clock of its message is earlier.
    told = Ward()
    told.charted("1", {"heart_rate": 80}, "10:00", "12:00", written="10:30")
    told.charted("1", {"heart_rate": 131}, "10:00", "11:00", written="10:30")
    told.charted("1", {"respiratory_rate": 16}, "12:30")
    feeds = twin_feeds(tmp_path)
    for number, message in enumerate(told.messages):
        file = write(tmp_path / f"{number}.hl7", [message])
        feed = load_profile("ward" if number % 2 else "mimic3", feeds)
        replay(Lake.open(tmp_path / "lake", create=True), feed, [file], QUICK)
    backfilled(tmp_path / "lake", tmp_path / "again", feeds=feeds)
    assert contents(tmp_path / "again") == contents(tmp_path / "lake")
    news2 = contents(tmp_path / "lake")["scores"].filter(pc.field("score") == "news2")
    assert news2["observed"].to_pylist()[-1] == 3.0


def test_one_feed_alone_has_its_facts_and_no_other(
    two_feeds: tuple[Path, Path], tmp_path: Path
) -> None:
    feeds, lake = two_feeds
    backfilled(lake, tmp_path / "ward", Wanted(feed="ward"), feeds=feeds)
    whole, found = contents(lake), contents(tmp_path / "ward")
    for name in ("raw_messages", "observations"):
        assert found[name] == whole[name].filter(pc.equal(whole[name]["feed"], "ward"))


def test_a_lake_of_anything_else_is_refused(stored: Path, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path / "other")
    with pytest.raises(BackfillError, match="messages of its own"):
        backfilled(stored, tmp_path / "other")
    backfilled(stored, tmp_path / "lake", Wanted(until=date(2026, 1, 6)))
    with pytest.raises(BackfillError, match="another backfill"):
        backfilled(stored, tmp_path / "lake")


def test_a_backfill_goes_on_at_the_first_message_that_a_cut_lacks() -> None:
    order = (Run("a", 0, 0, 9), Run("b", 0, 0, 4), Run("a", 0, 10, 19))
    assert split(order, Cut({})) == (Cut({}), order)
    # The second run is not whole, so what came after it flows again, though it is there.
    known, left = split(order, Cut({("a", 0): 19, ("b", 0): 1}))
    assert dict(known) == {("a", 0): 9, ("b", 0): 1}
    assert left == (Run("b", 0, 2, 4), Run("a", 0, 10, 19))
    assert split(order, Cut({("a", 0): 19, ("b", 0): 4}))[1] == ()


# The largest files of each corpus, and one of them twice; the FHIR ones are resources by line.
CORPORA = (
    ("hl7_simhospital", "*.out", "mimic3"),
    ("hl7_ms_fhir_converter", "*.hl7", "mimic3"),
    ("hl7_linuxforhealth", "*.hl7", "mimic3"),
    ("hl7_oie", "*.hl7", "mimic3"),
    ("fhir_bulk_ndjson_10", "*.gz", "fhir_r4"),
)


@pytest.mark.parametrize(("corpus", "pattern", "feed"), CORPORA)
def test_public_corpora_come_out_as_they_went_in(
    corpus: str, pattern: str, feed: str, shared_data: Path, tmp_path: Path
) -> None:
    found = [path for path in (shared_data / corpus).rglob(pattern) if path.stat().st_size]
    files = sorted(found, key=lambda path: (path.stat().st_size, path.name))[-3:]
    assert files
    replayed(tmp_path / "lake", *sorted(files), *files[:1], feed=feed, options=QUICK)
    backfilled(tmp_path / "lake", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(tmp_path / "lake")


def process(source: Path, into: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "streaming.backfill", f"--lake={source}", f"--into={into}"]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_process_tells_its_result_in_one_line(stored: Path, tmp_path: Path) -> None:
    at = Cut({("mimic3", 0): 499})
    with process(stored, tmp_path / "lake", f"--cut={json.dumps(at.to_json())}") as run:
        out, _ = run.communicate()
    told = json.loads(out)
    assert run.returncode == 0
    assert (told["messages"], told["cut"]) == (500, at.to_json())
    assert told["transports"] == "off"
    rules = contents(tmp_path / "lake")["scores"]["rules_version"]
    assert pc.unique(rules).to_pylist() == [told["rules_version"]]


def test_the_process_says_in_one_line_why_it_cannot(stored: Path, tmp_path: Path) -> None:
    with process(tmp_path / "nowhere", tmp_path / "lake") as run:
        out, err = run.communicate()
    assert (run.returncode, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "no lake at" in err


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("PULSEHOUSE_SEED", "20260105"))
    chance = random.Random(seed)  # noqa: S311 a reproducible choice of moments
    source = tmp_path / "source"
    replayed(source, write(tmp_path / "all.hl7", sample_messages(LONG)), options=Options())
    killed = sum(_killed(source, tmp_path / "lake", chance) for _ in range(2))
    assert killed, "no kill came before the end: the moments are too late"
    backfilled(source, tmp_path / "lake")
    assert contents(tmp_path / "lake") == contents(source), f"seed {seed}"


def _killed(source: Path, into: Path, chance: random.Random) -> bool:
    with process(source, into, "--epoch=0.05", "--batch=60") as run:
        before = _commits(into)
        while run.poll() is None and _commits(into) == before:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.4))
        run.send_signal(signal.SIGKILL)
        run.wait()
        return run.returncode == -signal.SIGKILL


def _commits(root: Path) -> int:
    return len(list(root.glob("*/_delta_log/*.json")))


def test_rows_are_compared_with_every_nested_value(stored: Path) -> None:
    # The equality above is Arrow's own, which looks into lists and structs.
    scores = contents(stored)["scores"]
    assert pa.types.is_list(scores.schema.field("components").type)
    assert scores["components"].combine_chunks().flatten().type.num_fields > 1
