"""An extract of another night is refused, however whole it is."""

from datetime import timedelta

import pytest

from orchestration.legacy.errors import OtherCutoffError, OtherNightError
from orchestration.legacy.extracts import EXTRACTS, columns_of
from tests.orchestration.legacy.dropping import BEFORE, NIGHT, ROW, ROW_BEFORE, Drop, as_csv

MEDICATIONS = columns_of(EXTRACTS["active_medications"])
VITALS = columns_of(EXTRACTS["vitals"])


@pytest.fixture
def drop(tmp_path):
    return Drop(tmp_path)


def test_a_census_of_another_midnight_is_refused(drop):
    drop.put(as_csv([ROW, ROW_BEFORE]))
    drop.refused(OtherNightError, "1 of 2 rows are the census of another moment")


def test_the_bytes_of_another_night_are_refused(drop):
    content = as_csv([["x"] * len(VITALS)], VITALS)
    drop.put(content, BEFORE, extract="vitals")
    drop.put(content, extract="vitals")
    drop.land(BEFORE, extract="vitals")
    drop.refused(OtherNightError, f"landed for night {BEFORE}", extract="vitals")


def test_two_nights_may_have_the_same_medications_or_none(drop):
    for rows in ([["x"] * len(MEDICATIONS)], []):
        for night in (BEFORE, NIGHT):
            drop.put(as_csv(rows, MEDICATIONS), night, extract="active_medications")
            assert drop.land(night, extract="active_medications").rows == len(rows)


def test_a_cutoff_of_another_hour_is_refused_and_some_minutes_are_not(drop):
    drop.put(as_csv([ROW]), said={"census.csv": {"cutoff": "2026-01-06T00:20:00Z"}})
    assert drop.land().cutoff.minute == 20
    for cutoff in ("2026-01-06T05:00:00Z", "2026-01-05T00:00:00Z"):
        drop.put(as_csv([ROW]), said={"census.csv": {"cutoff": cutoff}})
        drop.refused(OtherCutoffError, "hospital_zone and batch_hour")


def test_midnight_is_that_of_the_hospital_read_on_the_extracts_clock(tmp_path):
    drop = Drop(tmp_path, hospital_zone="America/New_York")
    content = as_csv([("2026-01-06 05:00:00", *ROW[1:])])
    drop.put(content)
    assert drop.land().rows == 1
    assert timedelta(days=1) == NIGHT - BEFORE
    drop.put(as_csv([ROW]))
    with pytest.raises(OtherNightError):
        drop.land()
