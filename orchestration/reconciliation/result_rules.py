"""Why a charted value or a result differs: the rules for the jobs of a night's 24 hours.

Here: what is looked up for the differing keys, and the rules in their order. Not here: running them
(deciding.py).

1. retracted  the stream knows that the value, or the stream's own, was withdrawn.
2. mapping    another concept than the job's readers take the item for; two items exchanged; or a
              value that the stream has under another item only, and in place of that item's own.
3. unit       the same value in another unit, or the same quantity by the units that both state.
4. corrected  a correction stands between the two, or between the stream's row and what an earlier
              night had; or that night's was sent again unchanged.
5. late       the other side has it, in another night: it was received after the run, or the job
              carries it in a night in which the stream does not.
6. identity   the same fact under another identifier of the same person.
7. mapping    the same patient, time and value under another item, where nothing explains either.
8. unit       numbers that a conversion between any two units of the concept makes equal.
9. the rest   `missing_in_stream`, `missing_in_legacy`, `value`; marked where the other side has the
              very fact of a person whom no merge joins with the patient.
"""

from dataclasses import replace

import duckdb

from lakehouse.catalogue import quoted_text
from orchestration.jobs.contract import JobContract
from orchestration.jobs.items import CODE_SYSTEMS
from orchestration.reconciliation.deciding import Lookup, Rule, cause_of, learnt_as
from orchestration.reconciliation.result_corrections import CORRECTIONS
from orchestration.reconciliation.result_lookups import ELSEWHERE, LOOSE, REPORTED, VERSIONS
from orchestration.reconciliation.result_pairs import MISCODED, MISREAD, WRONG_PATIENTS
from orchestration.reconciliation.result_units import CONVERTIBLE, STATED, add_conversions
from orchestration.reconciliation.sides import unequal
from orchestration.reconciliation.window import Window

Step = Lookup | Rule

# Two rows say the same: number, or words where there is no number.
_SAME = "create temp macro same(one, other) as not ({value} or {words})"

# The row of the stream that a difference shows, among all that was reported.
_SHOWN = """
    versions.feed = d.s.feed and versions."partition" = d.s."partition"
    and versions."offset" = d.s."offset" and versions."row" = d.s."row"
"""
_OF_LEGACY = """
    versions.person = d.l_person and versions.item_id = d.l.item_id
    and versions.charted_at = d.l.charted_at
"""
_OF_STREAM = """
    versions.person = d.s_person and versions.item_id = d.s.item_id
    and versions.charted_at = d.s.charted_at
"""

_RETRACTED = f"""
select
    d.number, 'retracted' as class, 'the value was withdrawn' as reason,
    versions.withdrawal as cause, false as is_wrong_patient
from undecided as d inner join versions on {_OF_LEGACY}
where d.has_l and not (d.has_s and same(d.l, d.s))
    and versions.withdrawal is not null and same(d.l, versions)
union all by name
select
    d.number, 'retracted' as class, 'the value was withdrawn after the run' as reason,
    versions.withdrawal as cause, false as is_wrong_patient
from undecided as d inner join versions on {_SHOWN}
where d.has_s and not (d.has_l and same(d.l, d.s)) and versions.withdrawal is not null
"""  # noqa: S608 our names

# In a night in which both sides have it, it is matched there, and explains nothing here.
_LATE = f"""
select
    d.number, 'late' as class, 'received after the run' as reason,
    {cause_of("versions")} as cause, false as is_wrong_patient
from undecided as d inner join versions on {_OF_LEGACY}
where d.has_l and not (d.has_s and same(d.l, d.s))
    and versions.withdrawal is null and same(d.l, versions)
    and versions.received_at > {{closes}}
union all by name
select
    d.number, 'late' as class, 'the stream had it in an earlier night' as reason,
    {cause_of("versions")} as cause, false as is_wrong_patient
from undecided as d inner join versions on {_OF_LEGACY}
inner join jobs.nights
    on versions.received_at > nights.opens and versions.received_at <= nights.closes
where d.has_l and not d.has_s
    and versions.withdrawal is null and same(d.l, versions)
    and versions.received_at <= {{opens}}
    and not exists (
        select 1
        from elsewhere
        where elsewhere.night = nights.night and elsewhere.person = d.l_person
            and elsewhere.item_id = d.l.item_id and elsewhere.charted_at = d.l.charted_at
    )
union all by name
select
    d.number, 'late' as class,
    if(elsewhere.night < {{night}}, 'the job had it in an earlier night',
       'the job has it in a later night') as reason,
    {cause_of("d.s")} as cause, false as is_wrong_patient
from undecided as d
inner join elsewhere
    on elsewhere.person = d.s_person and elsewhere.item_id = d.s.item_id
    and elsewhere.charted_at = d.s.charted_at
inner join jobs.nights on nights.night = elsewhere.night
where d.has_s and not d.has_l and same(d.s, elsewhere)
    and not exists (
        select 1
        from versions
        where {_OF_STREAM} and versions.withdrawal is null
            and versions.received_at > nights.opens and versions.received_at <= nights.closes
    )
"""  # noqa: S608 our names

# The newest merge that concerns either identifier.
_MERGE = f"""
create temp table merges as
select
    coalesce(persons.person, events.surviving_id) as person,
    arg_max(
        {cause_of("events")},
        {learnt_as("events")}
    ) as cause
from lake.identity_events as events
left join persons on persons.patient_id = events.retired_id
where events.event in ('merge', 'change_id', 'unmerge', 'unlink')
group by all
"""  # noqa: S608 our names
_IDENTITY = f"""
select
    d.number, 'identity' as class,
    'the stream has it under the identifier that a merge leaves' as reason,
    merges.cause, false as is_wrong_patient
from undecided as d
inner join versions on {_OF_LEGACY}
inner join merges on merges.person = d.l_person
where d.has_l and not (d.has_s and same(d.l, d.s))
    and (not d.has_s or versions.sent_patient_id is distinct from d.s.sent_patient_id)
    and versions.withdrawal is null and same(d.l, versions)
    and versions.received_at > {{opens}} and versions.received_at <= {{closes}}
union all by name
select
    d.number, 'identity' as class,
    'the job has it under an identifier that a merge joins with this one' as reason,
    merges.cause, false as is_wrong_patient
from undecided as d
inner join legacy_side as other
    on other.item_id = d.s.item_id and other.charted_at = d.s.charted_at
left join persons on persons.patient_id = other.patient_id
inner join merges on merges.person = d.s_person
where d.has_s and not d.has_l and same(d.s, other)
    and coalesce(persons.person, other.patient_id) = d.s_person
    and other.patient_id != d.s.patient_id
"""  # noqa: S608 our names


def steps(connection: duckdb.DuckDBPyConnection, job: JobContract, window: Window) -> list[Step]:
    """The lookups and rules of a night, in their order.

    Args:
        connection: With `differing` and the sides of the night.
        job: Vitals or labs.
        window: The night.
    """
    by_name = {column.name: column for column in job.compared}
    span = {
        "system": CODE_SYSTEMS[job.name],
        "job": job.name,
        "learnt": learnt_as("sent"),
        "night": window.night_sql,
        "first_night": window.first_sql,
        "last_night": window.last_sql,
        "opens": window.opens_sql,
        "closes": window.closes_sql,
        "slack": repr(by_name["value"].absolute),
        **_reach(connection),
    }
    same = _SAME.format(
        value=unequal(by_name["value"], "(one)", "(other)"),
        words=unequal(by_name["value_text"], "(one)", "(other)"),
    )
    add_conversions(connection)
    texts = (
        Lookup(same),
        Lookup(REPORTED),
        Lookup(VERSIONS),
        Rule(_RETRACTED),
        *MISREAD,
        *STATED,
        *CORRECTIONS,
        Lookup(ELSEWHERE),
        Rule(_LATE),
        Lookup(_MERGE),
        Rule(_IDENTITY),
        Lookup(LOOSE),
        *MISCODED,
        *CONVERTIBLE,
        *WRONG_PATIENTS,
    )
    return [replace(step, sql=step.sql.format(**span)) for step in texts]


def _reach(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    # Beyond these clinical times nothing is read; `infinity` where no difference has a time.
    sql = """
    select
        coalesce(min(coalesce(l.charted_at, s.charted_at))::varchar, 'infinity'),
        coalesce(max(coalesce(l.charted_at, s.charted_at))::varchar, 'infinity')
    from differing
    """
    first, last = connection.execute(sql).fetchone() or ("infinity", "infinity")
    return {
        name: f"timestamptz {quoted_text(at)}" for name, at in (("first", first), ("last", last))
    }
