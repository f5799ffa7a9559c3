"""One job of the rendered hospital, from LEGACY to RETIRED and back, typed as a person would.

The parts are the real ones: extracts landed, nights compared, the arrival-order replay, the gates.
Thresholds are small: three matching nights and two clean ones.
"""

import json
from time import monotonic

import pytest

from lakehouse.lake import Lake
from orchestration.migration.deciding import attest, promote
from orchestration.migration.rehearsal import rehearse
from orchestration.migration.served import opened
from orchestration.replays.arrival import replay_in_arrival_order
from tests.pulsehouse.conftest import run_command

WHO = ("Dr Example", "seen on the rendered hospital")
FEW = {"matching_nights": 3, "clean_nights": 2}


@pytest.fixture(scope="module")
def place(hospital, tmp_path_factory):
    """A copy of the hospital with those thresholds, and the command that works in it."""
    copy = hospital.copy(tmp_path_factory.mktemp("walk"))
    settings = copy.settings.model_copy(update=FEW)

    def typed(*words):
        return run_command(
            *("migrate", *words, "--lake", settings.lake),
            PULSEHOUSE_EXTRACTS=str(settings.extracts),
            PULSEHOUSE_FIRST_NIGHT=str(settings.first_night),
            PULSEHOUSE_MATCHING_NIGHTS="3",
            PULSEHOUSE_CLEAN_NIGHTS="2",
        )

    return Lake.open(settings.lake, create=True), settings, typed


def _attest(lake, settings, *gates):
    for gate in gates:
        attest(lake, settings, "census", gate, *WHO)


def _sides(lake, settings):
    sql = "select distinct served_by from served.census order by all"
    with opened(lake, settings) as connection:
        return [side for (side,) in connection.execute(sql).fetchall()]


def _promoted(typed):
    done = typed("promote", "census", "--reason", "agreed", "--by", "Dr Example", "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)["to_state"]


# Seven commands, each a process of its own: on a busy machine they take their time.
@pytest.mark.timeout(600)
def test_one_job_of_the_hospital_walks_to_retired_and_is_rolled_back(place, capsys):
    lake, settings, typed = place
    refused = typed("promote", "census", "--reason", "too early")
    assert (refused.code, refused.out) == (3, "")
    assert "G3 is open" in refused.err

    done = typed("reconcile", "census", "--from", "2026-01-07", "--to", "2026-01-09", "--json")
    assert done.code == 0, done.err
    assert [night["unexplained"] for night in json.loads(done.out)["nights"]] == [0, 0, 0]
    assert replay_in_arrival_order(lake, settings).is_equal
    _attest(lake, settings, "G5", "G10", "G12")
    for state in ("SHADOW", "DUAL_RUN"):
        assert promote(lake, settings, "census", *WHO).to_state == state
    assert _sides(lake, settings) == ["legacy"]

    rehearse(lake, settings, "census", *WHO)
    _attest(lake, settings, "G14", "G16")
    assert _promoted(typed) == "CUTOVER"
    assert _sides(lake, settings) == ["legacy", "stream"]

    done = typed("reconcile", "census", "--from", "2026-01-10", "--to", "2026-01-11")
    assert done.code == 0, done.err
    _attest(lake, settings, "G20")
    assert _promoted(typed) == "RETIRED"

    began = monotonic()
    done = typed("rollback", "census", "--reason", "beds look wrong")
    with capsys.disabled():
        print(f"\nrollback by command: {monotonic() - began:.2f} s")  # noqa: T201
    assert done.code == 0, done.err
    assert "RETIRED -> DUAL_RUN" in done.out
    assert _sides(lake, settings) == ["legacy"]
    shown = typed("evidence", "census")
    assert shown.code == 0
    assert "rolled_back" in shown.out
    assert "2026-01-11" in shown.out
