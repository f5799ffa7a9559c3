"""Lateness: when truth reached a band, when the stream knew it, and why not sooner.

Here: rises of scores and alerts in truth held against those of the stream, with one cause each.
Not here: the record of truth (effective.py), and charts (assets.py).

A rise is a moment at which a score reaches a higher band, or an alert is raised. The stream knew it
at the first of its rows that has the band and rests on what was true while the rise lasted. Where
the stream reached a band that truth did not have, the rise is untrue.
"""

from collections.abc import Mapping, Sequence

import duckdb

from clinical.detection.manifest import CRITICAL, CRITICAL_RESULT, MANIFESTS
from clinical.detection.news2 import EMERGENCY, URGENT
from clinical.detection.sepsis import POSITIVE
from clinical.scores.news2 import NEWS2
from clinical.scores.qsofa import QSOFA_GCS15
from clinical.scores.sirs import SIRS
from clinical.scoring.validity import hours
from lakehouse.batch.replays import LATENESS
from lakehouse.catalogue import quoted_name, quoted_text
from orchestration.replays.causes import CAUSED, DECIDING, RESTS_ON, UNITS

# Bands of the scores that have any, worst first, as the rules of detection cut them.
BANDS: Mapping[str, Sequence[tuple[int, str]]] = {
    NEWS2.name: (
        (3, f"observed >= {EMERGENCY}"),
        (2, f"observed >= {URGENT}"),
        (1, "has_single_3"),
    ),
    QSOFA_GCS15.name: ((1, f"observed >= {POSITIVE}"),),
    SIRS.name: ((1, f"observed >= {POSITIVE}"),),
}
# A rise that lasts longer is looked for no longer than this: the stream knows of it or never will.
LOOKED_FOR_DAYS = 7


def _episode(of: str) -> str:
    """How long an episode of an alert's family stays open; every critical analyte is a family."""
    each = " ".join(
        f"when {quoted_text(family)} then {hours(one.episode.hours)}"
        for family, one in MANIFESTS.items()
    )
    critical = f"starts_with({of}.subject, {quoted_text(CRITICAL)})"
    family = f"if({critical}, {quoted_text(CRITICAL_RESULT)}, {of}.subject)"
    return f"to_microseconds(case {family} {each} end)"


def add_lateness(connection: duckdb.DuckDBPyConnection, replay_id: str) -> None:
    """Make `made.lateness` beside the record of truth that `make_record` left."""
    for statement in (
        _timeline("truth_line", "made.scores_of_record", "true_at", "true_at"),
        _timeline("stream_line", "lake.scores", "received_at", "effective_at"),
        *(_raised(name, *of) for name, of in _RAISED.items()),
        TRUE_RISES,
        STREAM_HAS,
        KNOWN,
        UNTRUE,
        RESTS_ON,
        DECIDING,
        UNITS,
        CAUSED,
    ):
        connection.execute(statement)
    columns = ", ".join(quoted_name(name) for name in LATENESS.schema.names)
    told = quoted_text(replay_id)
    connection.execute(
        f"create table made.lateness as select {columns}"  # noqa: S608 the contract's names, quoted
        f" from (select * replace (band::smallint as band), {told} as replay_id from caused)"
    )


def _band() -> str:
    cases = " ".join(
        f"when score = {quoted_text(score)} and {condition} then {rank}"
        for score, ranks in BANDS.items()
        for rank, condition in ranks
    )
    return f"case {cases} else 0 end"


def _timeline(name: str, source: str, known: str, held: str) -> str:
    """Rows of the banded scores with their band, by the time they were known and held true of."""
    scores = ", ".join(quoted_text(score) for score in BANDS)
    return f"""
    create table {name} as
    select
        t.facility,
        coalesce(s.surviving_id, t.patient_id) as patient_id,
        t.patient_id as told_of,
        t.score as subject, t.variant, {_band()} as band,
        t.{known} as known_at, coalesce(t.{held}, t.{known}) as held_at,
        t.feed, t."partition", t."offset", r.number
    from {source} t
    asof join runs r on t.feed = r.feed and t."partition" = r."partition" and t."offset" >= r.first
    left join survivors s on s.facility is not distinct from t.facility
        and s.retired_id = t.patient_id
    where t.score in ({scores})
    """  # noqa: S608 names of ours, quoted


# Alerts that nothing suppresses: those of truth, and those of the stream.
_RAISED = {
    "truth_alerts": ("made.alerts_of_record", "true_at"),
    "stream_alerts": ("lake.alerts", "received_at"),
}


def _raised(name: str, source: str, known: str) -> str:
    return f"""
    create table {name} as
    select
        t.facility,
        coalesce(s.surviving_id, t.patient_id) as patient_id,
        t.patient_id as told_of,
        t.rule_family as subject, '' as variant, t.band::integer as band,
        t.{known} as known_at,
        coalesce(list_max(list_transform(t.evidence, lambda e: e.effective_at)), t.{known})
            as held_at,
        list_transform(
            list_filter(t.evidence, lambda e: e."offset" is not null),
            lambda e: struct_pack(
                feed := e.feed, "partition" := e."partition",
                "offset" := e."offset", "row" := e."row"
            )
        ) as sources
    from {source} t
    left join survivors s on s.facility is not distinct from t.facility
        and s.retired_id = t.patient_id
    where t.suppressed_by is null
    """  # noqa: S608 names of ours


# Where the components of a score lie. Only rises need them, so timelines go without.
_SOURCES = """list_transform(s.components, lambda c: struct_pack(
        feed := c.feed, "partition" := c."partition", "offset" := c."offset", "row" := c."row"
    ))"""
_KEY = "facility, patient_id, subject, variant"
# `until` is when truth left the band again.
TRUE_RISES = f"""
create table true_rises as
with lined as (
    select *,
        lag(band, 1, 0) over line as band_before,
        min(if(band < 1, known_at, null)) over later as below_1,
        min(if(band < 2, known_at, null)) over later as below_2,
        min(if(band < 3, known_at, null)) over later as below_3
    from truth_line
    window line as (partition by {_KEY} order by known_at),
        later as (
            partition by {_KEY} order by known_at rows between 1 following and unbounded following
        )
)
select row_number() over () as rise, * from (
    select l.facility, l.patient_id, l.subject, l.variant, l.band, l.known_at as true_at,
        {_SOURCES} as sources,
        case l.band when 1 then below_1 when 2 then below_2 else below_3 end as until
    from made.scores_of_record s
    join lined l on s.facility is not distinct from l.facility and s.patient_id = l.patient_id
        and s.score = l.subject and s.variant = l.variant and s.true_at = l.known_at
    where l.band > l.band_before
    union all by name
    select {_KEY}, band, known_at as true_at, sources,
        known_at + {_episode("truth_alerts")} as until
    from truth_alerts
)
"""  # noqa: S608 names of ours
# What the stream showed, as (known_at, band, held_at); an alert stands for an episode's length.
STREAM_HAS = f"""
create table stream_has as
select {_KEY}, band, known_at, held_at from stream_line where band > 0
union all by name
select {_KEY}, band, known_at, held_at from stream_alerts
"""  # noqa: S608 names of ours
KNOWN = f"""
create table known_rises as
with standing as (
    select r.rise from true_rises r
    asof join (select * from stream_line) s
        on r.facility is not distinct from s.facility and r.patient_id = s.patient_id
        and r.subject = s.subject and r.variant = s.variant and r.true_at >= s.known_at
    where s.band >= r.band
    union
    select r.rise from true_rises r
    join stream_alerts s on r.facility is not distinct from s.facility
        and r.patient_id = s.patient_id and r.subject = s.subject and s.band >= r.band
        and s.known_at <= r.true_at
        and s.known_at > r.true_at - {_episode("r")}
),
days as (
    select rise, {_KEY}, band, true_at, until, unnest(generate_series(
        true_at::date,
        least(coalesce(until, 'infinity'), true_at + to_days({LOOKED_FOR_DAYS}))::date,
        interval 1 day
    ))::date as day
    from true_rises
),
came as (
    select d.rise, min(s.known_at) as known_at
    from days d
    join stream_has s on d.facility is not distinct from s.facility
        and d.patient_id = s.patient_id and d.subject = s.subject and d.variant = s.variant
        and d.day = s.held_at::date
        and s.band >= d.band and s.held_at >= d.true_at and s.known_at >= d.true_at
        and (d.until is null or s.held_at < d.until)
    group by all
)
select r.*, if(standing.rise is not null, r.true_at, came.known_at) as known_at
from true_rises r
left join standing using (rise)
left join came using (rise)
"""  # noqa: S608 names of ours
# Rises of the stream where truth, at the clinical time they were held true of, has a lower band.
UNTRUE = f"""
create table untrue_rises as
with lined as (
    select *,
        lag(band, 1, 0) over line as band_before,
        min(if(band < 1, known_at, null)) over later as below_1,
        min(if(band < 2, known_at, null)) over later as below_2,
        min(if(band < 3, known_at, null)) over later as below_3
    from stream_line
    window line as (partition by {_KEY} order by number, "offset"),
        later as (
            partition by {_KEY} order by number, "offset"
            rows between 1 following and unbounded following
        )
),
rises as (
    select *, case band when 1 then below_1 when 2 then below_2 else below_3 end as ended_at
    from lined where band > band_before
),
untrue as (
    select r.* from rises r
    asof left join truth_line t
        on r.facility is not distinct from t.facility and r.patient_id = t.patient_id
        and r.subject = t.subject and r.variant = t.variant and r.held_at >= t.known_at
    where coalesce(t.band, 0) < r.band
),
held as (
    select u.facility, u.patient_id, u.subject, u.variant, u.told_of, u.band, u.known_at,
        u.held_at, u.ended_at, {_SOURCES} as sources
    from lake.scores s
    join untrue u on s.feed = u.feed and s."partition" = u."partition"
        and s."offset" = u."offset" and s.score = u.subject and s.variant = u.variant
        and s.patient_id = u.told_of
    union all by name
    select {_KEY}, told_of, band, known_at, held_at, sources, null as ended_at
    from stream_alerts a
    where not exists (
        select 1 from truth_alerts t
        where t.facility is not distinct from a.facility and t.patient_id = a.patient_id
            and t.subject = a.subject and t.band >= a.band and t.known_at <= a.held_at
            and t.known_at > a.held_at - {_episode("a")}
    )
)
select row_number() over () as rise, * from held
"""  # noqa: S608 names of ours
