"""The report's numbers are those of SQL, of the migration's status and of the tables themselves."""

import json
from datetime import timedelta

import pytest

import pulsehouse
from lakehouse.lake import Lake
from orchestration.migration import reporting
from orchestration.report.questions import QUESTIONS
from orchestration.report.reading import report
from pulsehouse.terminal import to_json
from tests.orchestration.report.conftest import DAYS, NOW


@pytest.fixture(scope="module")
def rows(made):
    return {answer.question.name: answer.rows for answer in made.answers}


@pytest.fixture(scope="module")
def house(compared):
    with pulsehouse.connect(compared.settings.lake, identified=True) as found:
        yield found


def total(rows, name):
    return sum(row[name] for row in rows)


def test_every_question_is_answered_in_its_order(made):
    assert [answer.question for answer in made.answers] == list(QUESTIONS)


def test_observations_of_the_lag_are_all_that_were_scored_and_documented(rows, house):
    asked = "select count(*) from observations where is_scored and documented_at is not null"
    assert house.sql(asked).fetchone() == (total(rows["documentation_lag"], "observations"),)


def test_lag_of_a_unit_and_hour_is_the_median_of_its_observations(rows, house):
    known = (one for one in rows["documentation_lag"] if one["unit"] != "unknown")
    row = max(known, key=lambda one: one["observations"])
    asked = """
        with placed as (
            select max_by(s.unit, s.started_at) as unit, any_value(o.effective_at) as effective_at,
                any_value(epoch(o.documented_at - o.effective_at) / 60) as minutes
            from observations as o join location_stays as s
                on o.encounter_id = s.encounter_id and o.effective_at >= s.started_at
            where o.is_scored and o.documented_at is not null
            group by o.feed, o.partition, o."offset", o."row"
        )
        select count(*), median(minutes) from placed where unit = ? and hour(effective_at) = ?
    """
    observations, median = house.sql(asked, [row["unit"], row["hour"]]).fetchone()
    assert (row["observations"], row["median_minutes"]) == (observations, pytest.approx(median))


def test_messages_and_alerts_are_counted_as_they_are_stored(rows, house):
    for section, name, table in (
        ("feed_health", "messages", "raw_messages"),
        ("alert_load", "alerts", "alerts"),
    ):
        counted = house.sql(f"select count(*) from {table}").fetchone()  # noqa: S608
        assert counted == (total(rows[section], name),)


def test_nights_of_the_report_are_the_newest_comparisons(rows, house):
    asked = "select sum(matched), sum(unexplained) from reconciliation.nights"
    matched, unexplained = house.sql(asked).fetchone()
    nights = rows["reconciliation"]
    assert {row["night"].day for row in nights} == {6, 7, 8, 9}
    assert sum(row["keys"] for row in nights if row["class"] == "matched") == matched > 0
    assert unexplained == 0


def test_jobs_stand_where_the_status_says(rows, compared):
    known = reporting.status(compared.lake, compared.settings, NOW)
    assert [row["next_step"] for row in rows["migration"]] == [one.next_step for one in known]
    assert [row["matching"] for row in rows["migration"]] == [one.matching for one in known]


def test_marts_are_read_as_they_were_built(rows, house):
    asked = "select sum(patients) from marts.census_hourly"
    assert house.sql(asked).fetchone() == (total(rows["census"], "patients"),)
    asked = "select sum(index_discharges) from marts.readmissions_by_quarter"
    assert house.sql(asked).fetchone() == (total(rows["readmissions"], "index_discharges"),)


def test_every_patient_is_in_one_age_and_sex(rows, house):
    asked = "select count(distinct patient_id) from patient_demographics"
    assert house.sql(asked).fetchone() == (total(rows["population"], "patients"),)


def test_a_period_ends_with_the_newest_message(compared, made):
    short = report(compared.lake, compared.settings, days=2, now=NOW)
    assert (short.until, short.since) == (made.until, made.until - timedelta(days=2))
    assert made.since == made.until - timedelta(days=DAYS)
    feeds = {answer.question.name: answer.rows for answer in short.answers}["feed_health"]
    assert min(row["day"] for row in feeds) >= short.since.date()


def test_no_identifier_is_in_the_stable_form(made, house):
    told = to_json(made.to_json())
    for (patient,) in house.sql("select distinct patient_id from encounter_events"):
        assert f'"{patient}"' not in told


def test_the_stable_form_is_json_that_names_what_it_is_made_of(made):
    told = json.loads(to_json(made.to_json()))
    assert set(told) == {"made_at", "cut", "since", "until", "sections"}
    assert all(
        set(one) == {"name", "title", "table", "finding", "columns", "rows"}
        and all(set(row) == set(one["columns"]) for row in one["rows"])
        for one in told["sections"]
    )


def test_an_empty_lake_names_for_each_section_what_fills_it(bare, compared):
    found = report(Lake.open(bare, create=False), compared.settings, now=NOW)
    for answer in found.answers:
        if answer.question.name != "migration":
            assert answer.rows == ()
            assert answer.question.fills in answer.finding
