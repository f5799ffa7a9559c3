"""The questions of the quality report, in the order in which a reader meets them.

Here: SQL over the lake at one cut, its marts and the zones of batch work. `$since` is the begin of
the period, `$zone` the hospital's time zone. Not here: what an answer says (findings.py).

No row tells of one patient: all are counts, shares and quartiles by unit, hour, rule or night.
"""

from typing import Final

from lakehouse.batch.reconciliation import CLASSES
from orchestration.report.section import Question

FEEDS: Final = Question(
    name="feed_health",
    title="Feed health",
    table="lake.raw_messages",
    fills="pulsehouse stream, or pulsehouse replay",
    columns={
        "feed": "feed",
        "day": "day received",
        "disposition": "disposition",
        "messages": "messages",
        "last_received_at": "last received",
    },
    sql="""
select
    feed, received_date as day, disposition, count(*) as messages,
    max(received_at) as last_received_at
from lake.raw_messages
where received_at >= $since
group by all
order by feed, day, disposition
""",
)
LAG: Final = Question(
    name="documentation_lag",
    title="Documentation lag by unit and hour",
    table="lake.observations with lake.location_stays",
    fills="pulsehouse stream, or pulsehouse replay",
    columns={
        "unit": "unit",
        "hour": "hour of the day",
        "observations": "observations",
        "median_minutes": "median, min",
        "p90_minutes": "90th percentile, min",
    },
    sql="""
with charted as (
    select
        coalesce(facility, '') as facility, encounter_id, effective_at,
        epoch(documented_at - effective_at) / 60 as minutes
    from lake.observations
    where
        is_scored and documented_at is not null and effective_at is not null
        and received_at >= $since
),
stays as (
    select coalesce(facility, '') as facility, encounter_id, unit, started_at
    from lake.location_stays_as_known(null)
    where encounter_id is not null and started_at is not null
),
located as (
    -- As the mart `documentation_lag` places them: where the patient last was.
    select charted.minutes, charted.effective_at, stays.unit
    from charted
    asof left join stays
        on
            charted.facility = stays.facility
            and charted.encounter_id = stays.encounter_id
            and charted.effective_at >= stays.started_at
)
select
    coalesce(unit, 'unknown') as unit, hour(timezone($zone, effective_at)) as hour,
    count(*) as observations,
    quantile_cont(minutes, 0.5) as median_minutes,
    quantile_cont(minutes, 0.9) as p90_minutes
from located
group by all
order by unit, hour
""",
)
RECONCILIATION: Final = Question(
    name="reconciliation",
    title="Nightly jobs beside the stream, by night and class",
    table="reconciliation.nights",
    fills="pulsehouse migrate reconcile, or Dagster's job nightly",
    columns={"job": "job", "night": "night", "class": "class", "keys": "keys"},
    sql=f"""
with newest as (
    select * from reconciliation.nights
    qualify row_number() over (partition by job, night order by compared_at desc) = 1
)
select job, night, class, keys
from (unpivot newest on {", ".join(CLASSES)} into name class value keys)
order by job, night, class
""",  # noqa: S608 the contract's own names
)
MIGRATION: Final = Question(
    name="migration",
    title="Which nightly jobs can be retired",
    table="pulsehouse migrate status",
    fills="pulsehouse migrate reconcile",
    columns={
        "job": "job",
        "state": "state",
        "served_by": "served by",
        "nights": "nights compared",
        "matching": "matching in a row",
        "wanted": "wanted",
        "unexplained": "unexplained",
        "next_step": "next step",
    },
)
LOAD: Final = Question(
    name="alert_load",
    title="Alerts by day and rule family",
    table="lake.alerts",
    fills="pulsehouse stream, or pulsehouse replay",
    columns={
        "day": "day raised",
        "rule_family": "rule family",
        "severity": "severity",
        "unit": "unit",
        "status": "status",
        "alerts": "alerts",
    },
    sql="""
select
    cast(timezone($zone, raised_at) as date) as day, rule_family, severity,
    coalesce(unit, 'unknown') as unit, status, count(*) as alerts
from lake.alerts
where received_at >= $since
group by all
order by day, rule_family, severity, unit, status
""",
)
ANSWERS: Final = Question(
    name="alert_answers",
    title="How soon alerts were acknowledged",
    table="derived.alert_events",
    fills="pulsehouse desk, where people acknowledge",
    columns={
        "rule_family": "rule family",
        "alerts": "alerts",
        "acknowledged": "acknowledged",
        "median_minutes": "median, min",
        "p90_minutes": "90th percentile, min",
    },
    sql="""
with cases as (
    select
        store, alert_id, rule_family,
        min("at") filter (where event = 'raised') as raised_at,
        min("at") filter (where event = 'acknowledge') as acknowledged_at
    from derived.alert_events
    where not drill and not technical
    group by all
)
select
    rule_family, count(*) as alerts, count(acknowledged_at) as acknowledged,
    quantile_cont(epoch(acknowledged_at - raised_at) / 60, 0.5) as median_minutes,
    quantile_cont(epoch(acknowledged_at - raised_at) / 60, 0.9) as p90_minutes
from cases
where raised_at >= $since
group by all
order by rule_family
""",
)
PERFORMANCE: Final = Question(
    name="alert_performance",
    title="Whether alerts announce what they should",
    table="evaluation.rule_evaluation",
    fills="Dagster's job evaluation",
    columns={
        "rule_family": "rule family",
        "reference": "announces",
        "alerts": "alerts",
        "sensitivity": "sensitivity",
        "sensitivity_low": "sensitivity from",
        "sensitivity_high": "sensitivity to",
        "ppv": "PPV",
        "ppv_low": "PPV from",
        "ppv_high": "PPV to",
        "alerts_per_100_patient_days": "alerts per 100 patient-days",
    },
    sql="""
with newest as (
    select * from evaluation.rule_evaluation
    where unit = 'all'
    qualify rank() over (order by until desc, since desc, rules_version desc) = 1
)
select
    newest.rule_family, newest.reference, newest.alerts,
    newest.sensitivity, newest.sensitivity_low, newest.sensitivity_high,
    newest.ppv, newest.ppv_low, newest.ppv_high, load.alerts_per_100_patient_days
from newest
left join evaluation.alert_load as load
    using (rules_version, since, until, rule_family, unit)
order by newest.rule_family
""",
)
READMISSIONS: Final = Question(
    name="readmissions",
    title="Readmissions within 30 days, by quarter of discharge",
    table="marts.readmissions_by_quarter",
    fills="Dagster's job nightly",
    columns={
        "facility": "facility",
        "quarter": "quarter",
        "is_complete": "complete",
        "index_discharges": "discharges alive",
        "readmissions": "readmissions",
        "rate": "rate",
    },
    sql="""
select facility, quarter, is_complete, index_discharges, readmissions, rate
from marts.readmissions_by_quarter
order by facility, quarter
""",
)
CENSUS: Final = Question(
    name="census",
    title="Patients on each unit",
    table="marts.census_hourly",
    fills="Dagster's job nightly",
    columns={"hour_at": "hour", "unit": "unit", "patients": "patients"},
    sql="""
select hour_at, unit, sum(patients)::bigint as patients
from marts.census_hourly
where hour_at >= $since
group by all
order by hour_at, unit
""",
)
POPULATION: Final = Question(
    name="population",
    title="Who the patients are",
    table="lake.patient_demographics",
    fills="pulsehouse stream, or pulsehouse replay",
    columns={"ages": "age, years", "sex": "sex", "patients": "patients"},
    sql="""
with newest as (
    select birth_date, sex, coalesce(died_at, received_at) as known_at
    from lake.patient_demographics
    qualify row_number() over (
        partition by facility, patient_id
        order by received_at desc, feed, "partition", "offset" desc, "row" desc
    ) = 1
),
aged as (
    select
        coalesce(sex, 'unknown') as sex,
        cast(floor(date_diff('day', birth_date, cast(known_at as date)) / 365.25) as int) as age
    from newest
)
select
    case
        when age is null or age < 0 then 'unknown'
        when age < 18 then 'under 18'
        when age >= 90 then '90 and over'
        else format('{} to {}', greatest(18, age // 10 * 10), age // 10 * 10 + 9)
    end as ages,
    sex, count(*) as patients
from aged
group by all
order by ages, sex
""",
)
STAYS: Final = Question(
    name="stays",
    title="How long patients stay on a unit",
    table="lake.location_stays",
    fills="pulsehouse stream, or pulsehouse replay",
    columns={
        "unit": "unit",
        "stays": "ended stays",
        "q1_hours": "lower quartile, h",
        "median_hours": "median, h",
        "q3_hours": "upper quartile, h",
    },
    sql="""
with hours as (
    select coalesce(unit, 'unknown') as unit, epoch(ended_at - started_at) / 3600 as hours
    from lake.location_stays_as_known(null)
    where ended_at > started_at and ended_at >= $since
)
select
    unit, count(*) as stays, quantile_cont(hours, 0.25) as q1_hours,
    quantile_cont(hours, 0.5) as median_hours, quantile_cont(hours, 0.75) as q3_hours
from hours
group by all
order by unit
""",
)
QUESTIONS: Final = (
    *(LAG, RECONCILIATION, MIGRATION, LOAD, ANSWERS, PERFORMANCE),
    *(READMISSIONS, CENSUS, FEEDS, POPULATION, STAYS),
)
