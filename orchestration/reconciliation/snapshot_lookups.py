"""What is looked up for the keys in which a snapshot differs.

Here: the snapshot of the night by all that is known since, and every event ever received of the
visits and prescriptions concerned. Not here: what follows from it (snapshot_rules.py).

The thing of a snapshot is what its key names beside the patient: a visit, or a prescription.
"""

from orchestration.reconciliation.deciding import cause_of, learnt_as

SINCE = """
create temp table since as
select known.*, coalesce(persons.person, known.patient_id) as person
from jobs.{job}_as_known({opens}, {closes}, timestamptz 'infinity') as known
left join persons on persons.patient_id = known.patient_id
where known.{thing} in (select coalesce(l.{thing}, s.{thing}) from differing)
"""

_TOLD = f"""
    {cause_of("events")} as cause,
    {learnt_as("events")} as learnt_as,
    events.received_at
"""
MOVES = f"""
create temp table events as
select
    events.encounter_id,
    nullif(events.unit, '') as unit,
    events.event,
    replace(events.event, 'cancel_', '') as kind,
    events.event like 'cancel_%' as is_cancellation,
    events.event = 'discharge' as is_end,
    {_TOLD}
from lake.encounter_events as events
where events.encounter_id in (select coalesce(l.encounter_id, s.encounter_id) from differing)
"""  # noqa: S608 our names

# A prescription without a last day ends with its stay, so a discharge concerns it too.
PRESCRIPTIONS = f"""
create temp table events as
select
    jobs.prescription(events.order_id) as prescription_id,
    events.code_text as drug,
    events.code as drug_code,
    events.dose,
    events.dose_unit,
    events.route,
    events.started_at,
    events.ended_at,
    events.event,
    events.event as kind,
    events.event = 'cancelled' as is_cancellation,
    events.event in ('held', 'completed', 'discontinued') as is_end,
    {_TOLD}
from lake.medication_events as events
where jobs.prescription(events.order_id) in (
    select coalesce(l.prescription_id, s.prescription_id) from differing
)
union all by name
select
    coalesce(d.l.prescription_id, d.s.prescription_id) as prescription_id,
    events.event,
    events.event as kind,
    false as is_cancellation,
    true as is_end,
    {_TOLD}
from differing as d inner join lake.encounter_events as events
    on events.encounter_id = coalesce(d.s.encounter_id, d.l.encounter_id)
where events.event = 'discharge'
"""  # noqa: S608 our names

# The newest merge that concerns either identifier.
MERGES = f"""
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
