"""Feeds of one facility are recorded in the turns in which they were scored."""

import time
from collections.abc import Sequence
from pathlib import Path

from lakehouse import delta_log
from lakehouse.arrivals import arrivals
from lakehouse.cuts import cut
from lakehouse.tables import RAW_MESSAGES
from orchestration.replays.arrival import replay_in_arrival_order
from streaming.live.member import Member
from tests.orchestration.replays import ward as hospital
from tests.streaming.live.ward import Ward, own_feeds

COUNT = 48
FEEDS = ("mimic3", "monitor")
SIGNALS = tuple(hospital.WELL)


def told() -> list[bytes]:
    """Three patients' messages; each tells one value, so that every score stands on both feeds."""
    ward = hospital.Ward()
    for number in range(COUNT):
        signal = SIGNALS[number // 3 % len(SIGNALS)]
        value = (hospital.ILL if number % 5 else hospital.WELL)[signal]
        clock = f"{1 + number // 10:02d}:{number % 10 * 6:02d}"
        ward.charted(str(number % 3), {signal: value}, clock)
    return ward.messages


def streamed_in_turns(ward: Ward, messages: Sequence[bytes], upto: int) -> None:
    """Stream while the feeds send one message each in turn, until each has sent so many in all."""

    def keep_coming(_: Member) -> None:
        for number, message in enumerate(messages):
            ward.put([message], FEEDS[number % 2])
            time.sleep(0.02)

    ward.stream(lambda: all(ward.has(upto, feed)() for feed in FEEDS), keep_coming)


def test_what_two_feeds_sent_in_turns_is_replayed_in_those_turns(tmp_path: Path) -> None:
    feeds = own_feeds(tmp_path / "feeds", **{feed: {} for feed in FEEDS})
    ward = Ward(tmp_path / "lake", feeds=feeds, batch_milliseconds=5, epoch_seconds=2)
    # The second stream folds on what the first one has recorded.
    streamed_in_turns(ward, told()[: COUNT // 2], COUNT // 4)
    streamed_in_turns(ward, told()[COUNT // 2 :], COUNT // 2)
    runs = arrivals(ward.lake, cut(ward.lake))
    commits = delta_log.versions(ward.lake.path(RAW_MESSAGES))
    assert len(runs) > len(commits), "the feeds did not come in turns: nothing would be shown"
    run = replay_in_arrival_order(ward.lake, ward.settings)
    assert (run.messages, run.differing, run.is_equal) == (COUNT, 0, True)
    assert run.tables["scores"]["rows"] > 0
