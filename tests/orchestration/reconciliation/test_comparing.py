"""A night of the small hospital held against the stream: nothing unexplained, nothing lost."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from lakehouse.batch.reconciliation import DIFFERENCES, NIGHTS, RECONCILED_JOBS
from lakehouse.batch_reading import attach_zone, read_batch
from lakehouse.catalogue import attach
from lakehouse.cuts import Cut
from orchestration.jobs import JOBS
from orchestration.jobs.rows import install
from orchestration.legacy.landing import land
from orchestration.reconciliation.comparing import compare, compare_nights
from orchestration.reconciliation.errors import (
    CutBackwardsError,
    NightNotLandedError,
    UnknownJobError,
)
from tests.orchestration.hospital import FIRST_NIGHT

NIGHT = date(2026, 1, 10)
EMPTY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def compared(hospital, tmp_path_factory):
    """A hospital to write to, with three nights of every job landed."""
    copy = hospital.copy(tmp_path_factory.mktemp("compared"))
    for job in RECONCILED_JOBS:
        for night in (EMPTY, NIGHT, NIGHT + timedelta(days=1)):
            land(copy.lake, copy.settings, job, night)
    return copy


@pytest.mark.parametrize("job", RECONCILED_JOBS)
def test_no_night_has_a_difference_without_a_cause(compared, job):
    nights = compare_nights(compared.lake, compared.settings, job, [NIGHT])
    assert [(one.unexplained, one.repeated, one.wrong_patients) for one in nights] == [(0, 0, 0)]
    assert nights[0].matched > 0


def test_a_prescription_that_was_written_after_the_run_is_late_by_that_message(compared):
    night = date(2026, 1, 7)
    land(compared.lake, compared.settings, "active_medications", night)
    found = compare(compared.lake, compared.settings, "active_medications", night)
    rows = read_batch(compared.lake, DIFFERENCES["active_medications"]).to_pylist()
    late = [row for row in rows if row["night"] == night]
    assert found.late == len(late) > 0
    assert all(row["cause_at"] > found.cutoff_at for row in late)


def test_the_same_cut_and_rows_give_the_same_differences_and_evidence(compared):
    def again():
        night = compare(compared.lake, compared.settings, "active_medications", NIGHT)
        rows = read_batch(compared.lake, DIFFERENCES["active_medications"])
        return replace(night, compared_at=night.cutoff_at, seconds=0.0), rows.to_pylist()

    first, rows = again()
    second, same = again()
    assert first == second
    assert rows == same
    assert first.at == compared_cut(compared)


def compared_cut(hospital):
    with duckdb.connect() as connection:
        attach(connection, hospital.lake, "lake")
        rows = connection.execute('select feed, "partition", reached from lake.cut').fetchall()
    return Cut({(feed, partition): reached for feed, partition, reached in rows})


def test_a_night_that_was_landed_without_rows_matches_with_no_key(compared):
    found = compare(compared.lake, compared.settings, "vitals", EMPTY)
    assert (found.legacy_rows, found.stream_rows, found.match_share) == (0, 0, None)


def test_a_night_that_was_not_landed_says_how_to_land_it(compared):
    with pytest.raises(NightNotLandedError, match="legacy/vitals for partition 2026-01-13"):
        compare(compared.lake, compared.settings, "vitals", date(2026, 1, 13))


def test_a_job_that_stays_in_batch_is_not_compared(compared):
    with pytest.raises(UnknownJobError, match="readmissions"):
        compare(compared.lake, compared.settings, "readmissions", NIGHT)


def test_a_cut_that_goes_backwards_is_refused_unless_asked_for(compared):
    lake, settings = compared.lake, compared.settings
    newest = compare(lake, settings, "census", NIGHT)
    older = Cut({place: reached - 1 for place, reached in newest.at.items()})
    with pytest.raises(CutBackwardsError, match=newest.evidence_id):
        compare(lake, settings, "census", NIGHT, older)
    asked = compare(lake, settings, "census", NIGHT, older, backwards=True)
    assert asked.at == older


def test_comparisons_at_the_same_time_all_leave_their_evidence(compared):
    now = datetime(2026, 2, 1, tzinfo=UTC)
    nights = [NIGHT, NIGHT + timedelta(days=1)]
    threads = [
        threading.Thread(
            target=compare,
            args=(compared.lake, compared.settings, job, night),
            kwargs={"now": now},
        )
        for job in ("labs", "census")
        for night in nights
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = read_batch(compared.lake, NIGHTS).to_pylist()
    found = {(row["job"], row["night"]) for row in kept if row["compared_at"] == now}
    assert found == {(job, night) for job in ("labs", "census") for night in nights}


@pytest.mark.parametrize("job", RECONCILED_JOBS)
def test_both_sides_of_a_job_have_the_same_columns_in_type_and_order(compared, job):
    contract = JOBS[job]
    names = [*contract.key, *(one.name for one in contract.compared), "encounter_id"]
    shared = len(dict.fromkeys(names))
    with duckdb.connect() as connection:
        attach(connection, compared.lake, "lake")
        attach_zone(connection, compared.lake, "legacy")
        install(connection, settings=compared.settings)
        legacy = _schema(connection, f"jobs.legacy_{job}(date '2026-01-10', date '2026-01-10')")
        stream = _schema(
            connection,
            f"jobs.stream_{job}(timestamptz '2026-01-09 02:00:00+00',"
            " timestamptz '2026-01-10 02:00:00+00')",
        )
    assert legacy[:shared] == stream[:shared]
    assert [name for name, _ in legacy[:shared]] == list(dict.fromkeys(names))


def test_several_nights_at_once_are_the_nights_one_by_one(compared):
    with duckdb.connect() as connection:
        attach(connection, compared.lake, "lake")
        attach_zone(connection, compared.lake, "legacy")
        install(connection, settings=compared.settings)
        for job in RECONCILED_JOBS:
            together = _rows(connection, job, FIRST_NIGHT, 7)
            apart = [
                row
                for n in range(7)
                for row in _rows(connection, job, FIRST_NIGHT + timedelta(days=n), 1)
            ]
            assert sorted(together) == sorted(apart)


def test_the_jobs_list_agrees_with_the_feeds_code_map_on_every_item_both_know(compared):
    with duckdb.connect() as connection:
        attach(connection, compared.lake, "lake")
        attach_zone(connection, compared.lake, "legacy")
        install(connection, settings=compared.settings)
        other = connection.execute("""
            select distinct items.item_id
            from lake.observations inner join jobs.items on items.item_id = observations.code
            where items.concept is not null and items.concept is distinct from observations.concept
        """).fetchall()
    assert other == []


def _schema(connection, relation):
    found = connection.execute(f"from {relation} limit 0").to_arrow_table().schema
    return [(field.name, field.type) for field in found]


def _rows(connection, job, first, count):
    opens = datetime(first.year, first.month, first.day, 2, tzinfo=UTC) - timedelta(days=1)
    closes = opens + timedelta(days=count)
    sql = (
        'select (night, feed, "partition", "offset", "row")::varchar'  # noqa: S608 our names
        f" from jobs.stream_{job}(timestamptz '{opens}', timestamptz '{closes}')"
    )
    return [row[0] for row in connection.execute(sql).fetchall()]
