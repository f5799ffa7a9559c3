"""Profiles that change while their feed flows."""

import json

from lakehouse.alarms import open_alarms
from lakehouse.batch.operations import PROFILE_VERSIONS
from lakehouse.batch_reading import read_batch
from lakehouse.catalogue import connect
from lakehouse.feed_elements import elements
from tests.streaming.live.ward import Ward

RESULT = (
    "MSH|^~\\&|LAB|NORTH|||202601051200{number:02d}||ORU^R01|{number}|P|2.5\r"
    "PID|1||77^^^NORTH^MR\rOBX|1|NM|PULSE^^L||80|/min|||||F"
)
MAPPED = "code_system,code,concept\nL,PULSE,heart_rate\n"


def result(number):
    return RESULT.format(number=number).encode()


def ward_of(tmp_path, toml='zone = "UTC"\n', codes=None):
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "north.toml").write_text(toml)
    if codes:
        (feeds / "north_codes.csv").write_text(codes)
    return Ward(tmp_path / "lake", feeds=feeds), feeds


def concepts(ward):
    sql = "select concept from observations where feed = 'north' order by \"offset\""
    with connect(ward.lake) as connection:
        return [concept for (concept,) in connection.execute(sql).fetchall()]


def versions(ward):
    return [
        (row["first_offset"], row["fingerprint"])
        for row in read_batch(ward.lake, PROFILE_VERSIONS).to_pylist()
    ]


def alarms(ward):
    return [alarm.subject for alarm in open_alarms(ward.lake) if alarm.kind == "profile_broken"]


def test_changed_code_map_is_used_from_the_next_batch_on_in_a_real_process(
    tmp_path, start_stream, wait
):
    ward, feeds = ward_of(tmp_path)
    ward.put([result(1)], "north")
    start_stream(ward)
    wait(ward.has(1, "north"))
    (feeds / "north_codes.csv").write_text(MAPPED)
    wait(lambda: '"profile_changed"' in start_stream.told())
    ward.put([result(2)], "north")
    wait(ward.has(2, "north"))
    wait(lambda: len(versions(ward)) == 2)
    assert concepts(ward) == [None, "heart_rate"]
    assert [offset for offset, _ in versions(ward)] == [0, 1]
    told = [json.loads(line) for line in start_stream.told().splitlines()]
    in_force = [line["version"] for line in told if line["event"] == "profile_in_force"]
    assert in_force == [fingerprint for _, fingerprint in versions(ward)]
    wait(lambda: "OBX-3 code L|PULSE" in elements(ward.lake)["element"].to_pylist())


def test_broken_profile_is_told_and_the_one_before_stays_in_force(tmp_path, start_stream, wait):
    ward, feeds = ward_of(tmp_path, codes=MAPPED)
    ward.put([result(1)], "north")
    start_stream(ward)
    wait(ward.has(1, "north"))
    (feeds / "north.toml").write_text('zonne = "Europe/London"\n')
    wait(lambda: alarms(ward) == ["north"])
    ward.put([result(2)], "north")
    wait(ward.has(2, "north"))
    (feeds / "north.toml").write_text('zone = "Europe/London"\n')
    wait(lambda: alarms(ward) == [])
    ward.put([result(3)], "north")
    wait(ward.has(3, "north"))
    assert concepts(ward) == ["heart_rate"] * 3
    fault = next(line for line in start_stream.told().splitlines() if '"profile_broken"' in line)
    assert "the nearest is `zone`" in json.loads(fault)["detail"]


def test_messages_without_a_usable_profile_wait_and_hold_up_nobody(tmp_path, start_stream, wait):
    ward, feeds = ward_of(tmp_path, toml="zonne = 1\n")
    (feeds / "south.toml").write_text("")
    ward.put([result(1)], "north")
    ward.put([result(1)], "nobody")
    ward.put([result(1)], "south")
    start_stream(ward)
    wait(ward.has(1, "south"))
    wait(lambda: alarms(ward) == ["nobody", "north"])
    assert ward.reached("north") == -1
    (feeds / "north.toml").write_text("")
    (feeds / "nobody.toml").write_text("")
    wait(ward.has(1, "north"))
    wait(ward.has(1, "nobody"))
    wait(lambda: alarms(ward) == [])


def test_restart_writes_no_version_down_again(tmp_path):
    ward, _ = ward_of(tmp_path)
    for number in (1, 2):
        ward.put([result(number)], "north")
        ward.stream(lambda number=number: ward.has(number, "north")() and bool(versions(ward)))
    assert [offset for offset, _ in versions(ward)] == [0]
