"""Merges, and a feed profile that is wrong: named rightly for every row they touch."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.orchestration.reconciliation.injecting import CLOCK, Message, World

NIGHT, NEXT = date(2026, 1, 10), date(2026, 1, 11)
JOBS = ("census", "vitals", "labs", "active_medications")


def merge(surviving, retired, at):
    stamp = at.strftime(CLOCK)
    return Message.parse(
        f"MSH|^~\\&|MIMIC3|BIDMC|||{stamp}||ADT^A40^ADT_A39|MERGE-{retired}|P|2.5.1\r"
        f"EVN||{stamp}\rPID|1||{surviving}^^^BIDMC^MR\rMRG|{retired}^^^BIDMC^MR\r"
    )


@pytest.fixture(scope="module")
def merged(hospital, tmp_path_factory):
    """44228 into a new identifier, 10013 into one that is in use, 40687 only after the run."""
    world = World.of(hospital)
    world.send(merge("77777", "44228", datetime(2026, 1, 9, 20, tzinfo=UTC)))
    world.send(merge("10038", "10013", datetime(2026, 1, 9, 12, tzinfo=UTC)))
    world.send(merge("66666", "40687", datetime(2026, 1, 10, 12, tzinfo=UTC)))
    built = world.built(tmp_path_factory.mktemp("merged") / "world")
    for job in JOBS:
        built.land(job, NIGHT, NEXT)
    return built


@pytest.mark.parametrize("job", JOBS)
def test_every_difference_after_a_merge_is_one_of_identity_with_its_cause(merged, job):
    night = merged.compared(job, NIGHT)
    assert night.identity > 0
    assert night.matched + night.identity == sum(night.classes.values())
    assert (night.wrong_patients, night.repeated) == (0, 0)
    rows = merged.differences(job, NIGHT)
    assert {row["patient_id"] for row in rows} <= {"44228", "77777", "10013", "10038"}
    assert all(row["cause_offset"] is not None for row in rows)


def test_a_merge_after_the_run_is_not_known_in_its_night(merged):
    merged.compared("labs", NEXT)
    tonight = {row["patient_id"] for row in merged.differences("labs", NIGHT)}
    after = {row["patient_id"] for row in merged.differences("labs", NEXT)}
    assert "66666" not in tonight
    assert "66666" in after


def test_a_wrong_profile_shows_as_mapping_and_unit_and_in_nothing_else(hospital, tmp_path):
    world = World.of(hospital)
    codes = dict(world.profile.codes)
    pulse, breaths = ("MIMIC_CHART", "220045"), ("MIMIC_CHART", "220210")
    codes[pulse] = replace(codes[pulse], concept="respiratory_rate", unit="/min")
    del codes[breaths]
    units = dict(world.profile.units) | {"temperature:?F": "Cel"}
    world.profile = replace(world.profile, codes=codes, units=units)
    built = world.built(tmp_path / "world")
    built.land("vitals", NIGHT)
    night = built.compared("vitals", NIGHT)
    rows = built.differences("vitals", NIGHT)
    found = {(row["key"]["item_id"], row["class"], row["column"]) for row in rows}
    assert found == {
        ("220045", "mapping", "concept"),
        ("220210", "mapping", "concept"),
        ("223761", "unit", "canonical_value"),
    }
    counted = Counter(row["class"] for row in rows)
    assert (night.mapping, night.unit) == (counted["mapping"], counted["unit"])
