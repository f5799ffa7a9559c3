"""A sentence says what its rows say, also where there is one row, or none that counts."""

from datetime import UTC, date, datetime

import pytest

from orchestration.report import questions as asked
from orchestration.report.findings import finding

AT = datetime(2026, 1, 6, 4, tzinfo=UTC)


def lag(unit, hour, observations, median):
    return {
        "unit": unit,
        "hour": hour,
        "observations": observations,
        "median_minutes": median,
        "p90_minutes": median,
    }


def night(job, name, keys, day=6):
    return {"job": job, "night": date(2026, 1, day), "class": name, "keys": keys}


def job(name, served_by, next_step="G1: prove it"):
    return {"job": name, "served_by": served_by, "next_step": next_step}


def alert(family, status, alerts, day=6):
    return {"day": day, "rule_family": family, "status": status, "alerts": alerts}


@pytest.mark.parametrize(
    ("question", "rows", "said"),
    [
        (asked.LAG, [lag("A", 3, 30, 5), lag("B", 23, 30, 95)], "slowest hour is 23:00 on B"),
        # An hour with too few observations is not called the slowest.
        (asked.LAG, [lag("A", 3, 30, 5), lag("B", 23, 2, 95)], "slowest hour is 03:00 on A"),
        (asked.RECONCILIATION, [night("census", "matched", 7)], "100.0% of 7 keys match"),
        (asked.RECONCILIATION, [night("census", "late", 7)], "none is unexplained"),
        (
            asked.RECONCILIATION,
            [night("labs", "unit", 3), night("census", "value", 2), night("labs", "matched", 5)],
            "5 are unexplained, most of them in labs",
        ),
        (asked.MIGRATION, [job("census", "stream")], "1 is served by the stream (census)"),
        (
            asked.MIGRATION,
            [job("labs", "legacy", "pulsehouse migrate promote labs"), job("a", "batch")],
            "1 can take the next step today (labs), and 1 stays in batch by decision (a)",
        ),
        (
            asked.LOAD,
            [alert("news2", "raised", 3), alert("sepsis", "suppressed", 1)],
            "4 alerts on 1 days, of which 3 were raised and 1 were not",
        ),
        (asked.LOAD, [alert("news2", "suppressed", 3)], "each with its reason."),
        (
            asked.ANSWERS,
            [{"rule_family": "news2", "alerts": 4, "acknowledged": 0, "median_minutes": None}],
            "0 of 4 alerts were acknowledged (0.0%).",
        ),
        (
            asked.ANSWERS,
            [{"rule_family": "news2", "alerts": 4, "acknowledged": 3, "median_minutes": 12.4}],
            "news2 waits longest, 12 min at the median",
        ),
        (
            asked.PERFORMANCE,
            [{"rule_family": "news2", "sensitivity": None, "ppv": None}],
            "no outcome is stored",
        ),
        (
            asked.READMISSIONS,
            [{"quarter": "2026Q1", "is_complete": False, "index_discharges": 4}],
            "No quarter is complete yet",
        ),
        (
            asked.READMISSIONS,
            [
                {"quarter": "2025Q4", "is_complete": True, "index_discharges": 40}
                | {"readmissions": 10}
            ],
            "10 of 40 discharges came back within 30 days (25.0%)",
        ),
        (
            asked.CENSUS,
            [{"hour_at": AT, "unit": "A", "patients": 1}],
            "1 patient at 2026-01-06 04:00 UTC",
        ),
        (
            asked.POPULATION,
            [{"ages": "80 to 89", "sex": "F", "patients": 1}],
            "1 patient; the largest group is aged 80 to 89 (1).",
        ),
    ],
)
def test_sentence_says_what_the_rows_say(question, rows, said):
    assert said in finding(question, rows)


@pytest.mark.parametrize("question", asked.QUESTIONS, ids=lambda one: one.name)
def test_nothing_names_what_brings_something(question):
    assert question.fills in finding(question, [])
