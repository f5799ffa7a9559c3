"""What is streamed live is what a replay of the same messages gives, row for row."""

import time
from pathlib import Path

from streaming.live.member import Member
from tests.streaming.feeds import replayed, sample_messages, write
from tests.streaming.live.ward import Ward, comparable

COUNT = 1_500
PIECE = 70


def test_messages_that_come_bit_by_bit_give_the_tables_of_a_replay(
    ward: Ward, tmp_path: Path
) -> None:
    messages = sample_messages(COUNT)
    ward.put(messages[:300])

    def keep_coming(_: Member) -> None:
        for start in range(300, COUNT, PIECE):
            ward.put(messages[start : start + PIECE])
            time.sleep(0.02)

    ward.stream(ward.has(COUNT), keep_coming)
    replayed(tmp_path / "replayed", write(tmp_path / "all.hl7", messages))
    assert ward.contents() == comparable(tmp_path / "replayed")


def test_a_stream_goes_on_where_the_last_one_ended(ward: Ward, tmp_path: Path) -> None:
    messages = sample_messages(600)
    ward.put(messages[:350])
    ward.stream(ward.has(350))
    ward.put(messages[350:])
    ward.stream(ward.has(600))
    replayed(tmp_path / "replayed", write(tmp_path / "all.hl7", messages))
    assert ward.contents() == comparable(tmp_path / "replayed")
