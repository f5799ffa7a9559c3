"""Why the stream knew late: one cause for every rise, out of what became of the facts it rests on.

Here: the statements that find the deciding fact and name the cause, and sums over them. Not here:
the rises (lateness.py).

Causes, in this order: `merged` (the fact that decides was learnt under an identifier that was
merged into the patient's afterwards), `corrected` and `retracted` (of the fact that decides),
`documentation_lag` (it was written down long after it was true), `late` (its message came long
after it was written), `superseded` (a newer value counted before this one was known), `none`.
"""

# Every fact that a rise rests on that was not known at once, with what became of it.
RESTS_ON = """
create table rests_on as
with named as (
    select 'true' as kind, rise, facility, patient_id, unnest(sources) as source
    from known_rises where known_at is distinct from true_at
    union all
    select 'untrue' as kind, rise, facility, patient_id, unnest(sources) from untrue_rises
),
placed as (
    select kind, rise, facility, patient_id, unnest(source) from named
),
facts as (
    select feed, "partition", "offset", "row", patient_id, observation_id as identity,
        effective_at, documented_at, received_at, is_scored
    from lake.observations
    union all
    select feed, "partition", "offset", "row", patient_id, null, effective_at, documented_at,
        received_at, true
    from lake.order_events
    union all
    select feed, "partition", "offset", "row", patient_id, null, started_at, documented_at,
        received_at, true
    from lake.medication_events
),
mine as (
    select p.kind, p.rise, p.facility, p.patient_id, f.* exclude (patient_id),
        f.patient_id as told_of, r.number
    from placed p
    join facts f using (feed, "partition", "offset", "row")
    asof join runs r on f.feed = r.feed and f."partition" = r."partition" and f."offset" >= r.first
),
versions as (
    select o.observation_id as identity, o.feed, o."partition", o."offset", o."row", o.is_scored,
        r.number
    from lake.observations o
    semi join mine on mine.identity = o.observation_id
    asof join runs r on o.feed = r.feed and o."partition" = r."partition" and o."offset" >= r.first
)
select distinct on (m.kind, m.rise, m.feed, m."partition", m."offset", m."row")
    m.*,
    exists (
        select 1 from versions v where v.identity = m.identity
            and (v.number, v."offset", v."row") < (m.number, m."offset", m."row")
    ) as has_earlier,
    exists (
        select 1 from versions v where v.identity = m.identity
            and (v.number, v."offset", v."row") > (m.number, m."offset", m."row")
    ) as has_later,
    (
        select arg_max(v.is_scored, (v.number, v."offset", v."row"))
        from versions v where v.identity = m.identity
    ) as last_is_scored,
    (
        select min(i.received_at) from lake.identity_events i
        where i.facility is not distinct from m.facility and i.retired_id = m.told_of
            and i.event in ('merge', 'change_id')
    ) as merged_at
from mine m
"""
# The one fact that decides: of a true rise the one that was learnt of this patient last, of an
# untrue one that no longer stands, else the one that was learnt last.
DECIDING = """
create table deciding as
select distinct on (kind, rise) *
from rests_on
order by kind, rise, (kind = 'untrue' and has_later) desc,
    greatest(received_at, if(told_of <> patient_id, merged_at, null)) desc,
    number desc, "offset" desc, "row" desc
"""
UNITS = """
create table units as
select coalesce(s.surviving_id, e.patient_id) as patient_id, e.facility,
    coalesce(e.event_at, e.documented_at, e.received_at) as moved_at, any_value(e.unit) as unit
from lake.encounter_events e
left join survivors s on s.facility is not distinct from e.facility
    and s.retired_id = e.patient_id
where e.unit is not null
group by all
"""
CAUSED = """
create table caused as
with told as (
    select k.facility, k.patient_id, k.subject, k.variant, k.band,
        if(k.known_at is null, 'never', 'known') as kind,
        k.true_at, k.known_at, null::timestamptz as ended_at,
        date_diff('microsecond', k.true_at, k.known_at) / 6e7 as minutes,
        case
            when k.known_at = k.true_at then 'none'
            when d.told_of <> d.patient_id and d.merged_at > d.received_at then 'merged'
            when d.has_earlier then 'corrected'
            when k.known_at is null and d.received_at <= k.true_at then 'superseded'
            when d.documented_at - d.effective_at > interval 0 minutes
                and d.documented_at - d.effective_at >= d.received_at - d.documented_at
                then 'documentation_lag'
            when d.received_at > d.effective_at then 'late'
            else 'superseded'
        end as cause,
        d.feed, d."partition", d."offset", d."row"
    from known_rises k
    left join deciding d on d.kind = 'true' and d.rise = k.rise
    union all by name
    select u.facility, u.patient_id, u.subject, u.variant, u.band, 'untrue' as kind,
        u.held_at as true_at, u.known_at, u.ended_at,
        date_diff('microsecond', u.known_at, u.ended_at) / 6e7 as minutes,
        case
            when d.has_later and d.last_is_scored then 'corrected'
            when d.has_later then 'retracted'
            when u.told_of <> u.patient_id or d.merged_at is not null then 'merged'
            else 'late'
        end as cause,
        d.feed, d."partition", d."offset", d."row"
    from untrue_rises u
    left join deciding d on d.kind = 'untrue' and d.rise = u.rise
)
select t.*, n.unit
from told t
asof left join units n on t.facility is not distinct from n.facility
    and t.patient_id = n.patient_id and t.true_at >= n.moved_at
"""


# Rises by the hour (UTC) at which they were true, unit and subject, for charts.
BY_HOUR = """
select hour(true_at), coalesce(unit, ''), subject, count(*) filter (cause <> 'none'),
    median(minutes) filter (kind = 'known')
from replays.lateness where kind <> 'untrue'
group by all order by all
"""
# Fewer than this may all be one patient's.
_FEWEST = 5
BY_CAUSE = f"""
select subject, kind, cause, if(count(*) < {_FEWEST}, '< {_FEWEST}', count(*)::varchar),
    if(count(*) < {_FEWEST}, null, round(median(minutes), 1)),
    if(count(*) < {_FEWEST}, null, round(quantile_cont(minutes, 0.95), 1))
from replays.lateness group by all order by subject, kind, count(*) desc, cause
"""  # noqa: S608 a number
