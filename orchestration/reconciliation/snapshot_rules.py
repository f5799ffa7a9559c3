"""Why a snapshot differs: the rules for the census and the list of active medications.

Here: the rules in their order. Not here: running them (deciding.py), or what they read
(snapshot_lookups.py).

1. identity   the same row under another identifier of the same person.
2. late       by what was received after the cutoff, the stream says of this night what the job
              does; where that was a cancellation, `retracted`.
3. retracted  what the job has was cancelled before the cutoff.
4. corrected  the job has another state of the same prescription, or one that was stopped before.
5. mapping    the same drug, by its name, under another code.
6. unit       the same dose in another unit, or doses that a conversion makes equal.
7. the rest   `missing_in_stream`, `missing_in_legacy`, `value`; marked where the other side has the
              visit or prescription of a person whom no merge joins with the patient.
"""

from dataclasses import replace

import duckdb

from clinical.normalise.conversions import affine
from clinical.normalise.units import SPELLINGS
from orchestration.jobs.contract import JobContract
from orchestration.reconciliation.deciding import NO_CAUSE, Lookup, Rule, cause_of, learnt_as
from orchestration.reconciliation.sides import key_of, unequal
from orchestration.reconciliation.snapshot_lookups import MERGES, MOVES, PRESCRIPTIONS, SINCE
from orchestration.reconciliation.window import Window

Step = Lookup | Rule

_SAME = "create temp macro same(one, other) as not ({differs})"
_SHOWN_LEARNT = learnt_as("d.s")

# By all that is known since: agrees with the job. What was received after the cutoff is why; of
# several messages a cancellation tells more than the row that it brought back.
_AGREES = """
with agreeing as (
    select d.number, coalesce(d.l.{thing}, d.s.{thing}) as thing
    from undecided as d
    left join since
        on since.{thing} = coalesce(d.l.{thing}, d.s.{thing})
        and since.person = coalesce(d.l_person, d.s_person)
    where if(d.has_l, since.feed is not null and same(d.l, since), since.feed is null)
)
select
    agreeing.number,
    if(events.is_cancellation, 'retracted', 'late') as class,
    if(events.is_cancellation, 'cancelled after the cutoff', 'received after the cutoff') as reason,
    events.cause,
    false as is_wrong_patient
from agreeing inner join events
    on events.{thing} = agreeing.thing and events.received_at > {cutoff}
qualify row_number() over (
    partition by agreeing.number
    order by events.is_cancellation desc, events.is_end desc, events.learnt_as
) = 1
"""

# What a cancellation up to the cutoff took out of the stream's list, the job still has.
_RETRACTED = f"""
select
    d.number, 'retracted' as class, 'cancelled before the cutoff' as reason,
    cancelled.cause, false as is_wrong_patient
from undecided as d
inner join events as cancelled on cancelled.{{thing}} = d.l.{{thing}}
inner join events as taken
    on taken.{{thing}} = d.l.{{thing}} and {{is_taken}} and taken.learnt_as < cancelled.learnt_as
where d.has_l and cancelled.is_cancellation and cancelled.received_at <= {{cutoff}}
    and (not d.has_s or taken.learnt_as > {_SHOWN_LEARNT} or {{is_event_sourced}})
    and cancelled.kind != 'discharge'
    and same(d.l, taken)
"""  # noqa: S608 our names

_CORRECTED = f"""
select
    d.number, 'corrected' as class,
    if(events.learnt_as > {_SHOWN_LEARNT},
       'the job has a state from after the cutoff', 'the job has an earlier state') as reason,
    if(events.learnt_as > {_SHOWN_LEARNT}, events.cause, {cause_of("d.s")}) as cause,
    false as is_wrong_patient
from undecided as d inner join events on events.{{thing}} = d.l.{{thing}}
where d.has_l and d.has_s and events.learnt_as != {_SHOWN_LEARNT} and same(d.l, events)
union all by name
select
    d.number, 'corrected' as class, 'stopped or held before the cutoff' as reason, events.cause,
    false as is_wrong_patient
from undecided as d inner join events on events.{{thing}} = d.l.{{thing}}
where d.has_l and not d.has_s
    and events.is_end and events.event != 'discharge' and events.received_at <= {{cutoff}}
"""  # noqa: S608 our names

_IDENTITY = """
with other_legacy as (
    select legacy_side.*, coalesce(persons.person, legacy_side.patient_id) as person
    from legacy_side left join persons using (patient_id)
),
other_stream as (
    select stream_side.*, coalesce(persons.person, stream_side.patient_id) as person
    from stream_side left join persons using (patient_id)
)
select
    d.number, 'identity' as class,
    'the stream has it under another identifier of the person' as reason,
    merges.cause, false as is_wrong_patient
from undecided as d
inner join other_stream as other
    on other.{thing} = d.l.{thing} and other.person = d.l_person
inner join merges on merges.person = d.l_person
where d.has_l and not d.has_s and other.patient_id != d.l.patient_id and same(d.l, other)
union all by name
select
    d.number, 'identity' as class,
    'the job has it under another identifier of the person' as reason,
    merges.cause, false as is_wrong_patient
from undecided as d
inner join other_legacy as other
    on other.{thing} = d.s.{thing} and other.person = d.s_person
inner join merges on merges.person = d.s_person
where d.has_s and not d.has_l and other.patient_id != d.s.patient_id and same(d.s, other)
"""

_MAPPING = f"""
select
    number, 'mapping' as class, 'the same drug under another code' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided
where has_l and has_s and l.drug_code is distinct from s.drug_code
    and lower(trim(l.drug)) is not distinct from lower(trim(s.drug))
    and l.dose is not distinct from s.dose and l.started_at is not distinct from s.started_at
"""  # noqa: S608 our names
_UNIT = f"""
select
    d.number, 'unit' as class,
    if(d.l.dose is not distinct from d.s.dose, 'the same dose in another unit',
       'a conversion of units makes the doses equal') as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided as d
where d.has_l and d.has_s
    and d.l.drug is not distinct from d.s.drug
    and (
        d.l.dose is not distinct from d.s.dose and d.l.dose_unit is distinct from d.s.dose_unit
        or exists (
            select 1
            from relations
            where abs(d.l.dose - d.s.dose * relations.factor) <= 1e-6 * abs(d.l.dose)
        )
    )
"""  # noqa: S608 our names
_WRONG_PATIENT = f"""
select
    d.number,
    if(d.has_l, 'missing_in_stream', 'missing_in_legacy') as class,
    'the other side has it of another patient, and no merge joins the two' as reason,
    {NO_CAUSE} as cause, true as is_wrong_patient
from undecided as d
where d.has_l != d.has_s and exists (
    select 1
    from undecided as other
    where other.has_l != d.has_l and other.has_l != other.has_s
        and coalesce(other.l.{{thing}}, other.s.{{thing}})
            = coalesce(d.l.{{thing}}, d.s.{{thing}})
        and coalesce(other.l_person, other.s_person)
            is distinct from coalesce(d.l_person, d.s_person)
)
"""  # noqa: S608 our names

# Doses are amounts, and no concept names the units they may come in.
_AMOUNTS = ("kg", "g", "mg", "ug", "ng", "L", "dL", "mL", "uL")


def steps(connection: duckdb.DuckDBPyConnection, job: JobContract, window: Window) -> list[Step]:
    """The lookups and rules of a night, in their order.

    Args:
        connection: With `differing` and the sides of the night.
        job: Census or active medications.
        window: The night.
    """
    is_census = job.name == "census"
    differs = " or ".join(unequal(column, "(one)", "(other)") for column in job.compared)
    chosen: list[Step] = [
        Lookup(_SAME.format(differs=differs)),
        Lookup(SINCE),
        Lookup(MOVES if is_census else PRESCRIPTIONS),
        Lookup(MERGES),
        Rule(_IDENTITY),
        Rule(_AGREES),
        Rule(_RETRACTED),
    ]
    if not is_census:
        _add_relations(connection)
        chosen += [Rule(_CORRECTED), Rule(_MAPPING), Rule(_UNIT)]
    span = {
        "job": job.name,
        "thing": next(name for name in reversed(key_of(job)) if name != "patient_id"),
        "opens": window.opens_sql,
        "closes": window.closes_sql,
        "cutoff": window.cutoff_sql,
        "is_taken": "taken.event = cancelled.kind" if is_census else "not taken.is_cancellation",
        "is_event_sourced": "true" if is_census else "false",
    }
    return [replace(step, sql=step.sql.format(**span)) for step in (*chosen, Rule(_WRONG_PATIENT))]


def _add_relations(connection: duckdb.DuckDBPyConnection) -> None:
    """The table `relations`: the factors between the units in which doses differ."""
    connection.execute("create temp table relations (factor double)")
    sql = """
    select distinct l.dose_unit, s.dose_unit
    from differing
    where has_l and has_s and l.dose is distinct from s.dose
    """
    for one, other in connection.execute(sql).fetchall():
        for factor in _factors(one, other):
            connection.execute("insert into relations values (?)", [factor])


def _factors(one: str | None, other: str | None) -> list[float]:
    """How a dose in one unit may come in another; where the unit is the same, in any near it."""
    source, target = (_ucum(unit) for unit in (other, one))
    pairs = [(source, target)]
    if source == target:
        pairs = [(source, unit) for unit in _AMOUNTS] + [(unit, source) for unit in _AMOUNTS]
    found = (affine(a, b, None) for a, b in pairs if a and b and a != b)
    return [factor for factor, shift in (pair for pair in found if pair) if not shift]


def _ucum(unit: str | None) -> str:
    folded = (unit or "").replace(" ", "").casefold()
    return SPELLINGS.get(folded, {"mcg": "ug", "gm": "g"}.get(folded, unit or ""))
