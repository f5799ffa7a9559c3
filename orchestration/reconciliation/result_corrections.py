"""What a correction explains of charted values and results: nothing that was merely sent twice.

Here: when a later version corrects an earlier one, and the rule. Not here: the order among the
other rules (result_rules.py), or the versions themselves (result_lookups.py).

A version corrects one from another message, learnt before, of the same observation: by its status,
or because the earlier one was preliminary. Two sendings as final with two values are a defect of
one of them. What a correction gave may be sent once more as final, and is still the correction.
"""

from orchestration.reconciliation.deciding import Lookup, Rule, cause_of, learnt_as

_CORRECTS = """
create temp macro corrects(later, earlier) as
    later.observation_id = earlier.observation_id
    and later.learnt_as > earlier.learnt_as
    and (later.feed, later."partition", later."offset")
        is distinct from (earlier.feed, earlier."partition", earlier."offset")
    and (later.status = 'corrected' or earlier.status in ('preliminary', 'registered'))
"""
_SHOWN_LEARNT = learnt_as("d.s")

# What the stream shows is a correction of what the job has; or the other way round; or of what an
# earlier night had. `correction` is the version that corrects.
_CORRECTED = f"""
with shown as (
    select d.*, {_SHOWN_LEARNT} as learnt_as
    from undecided as d
    where d.has_s and not (d.has_l and same(d.l, d.s))
)
select
    d.number, 'corrected' as class, 'the job has the value from before a correction' as reason,
    {cause_of("correction")} as cause, false as is_wrong_patient
from shown as d
inner join versions as earlier
    on earlier.person = d.l_person and earlier.item_id = d.l.item_id
    and earlier.charted_at = d.l.charted_at and earlier.observation_id = d.s.observation_id
inner join versions as correction on correction.observation_id = earlier.observation_id
where d.has_l and same(d.l, earlier)
    and correction.learnt_as <= d.learnt_as and same(d.s, correction)
    and corrects(correction, earlier)
union all by name
select
    d.number, 'corrected' as class,
    'the job has the value that a correction after the run gave' as reason,
    {cause_of("correction")} as cause, false as is_wrong_patient
from shown as d
inner join versions as earlier
    on earlier.observation_id = d.s.observation_id and earlier.learnt_as = d.learnt_as
inner join versions as correction
    on correction.person = d.l_person and correction.item_id = d.l.item_id
    and correction.charted_at = d.l.charted_at
    and correction.observation_id = d.s.observation_id
where d.has_l and same(d.l, correction) and corrects(correction, earlier)
union all by name
select
    d.number, 'corrected' as class, 'a later version of what an earlier night had' as reason,
    {cause_of("correction")} as cause, false as is_wrong_patient
from shown as d
inner join versions as earlier
    on earlier.person = d.s_person and earlier.observation_id = d.s.observation_id
    and earlier.sent_patient_id is not distinct from d.s.sent_patient_id
inner join versions as correction
    on correction.observation_id = earlier.observation_id
    and correction.sent_patient_id is not distinct from earlier.sent_patient_id
where not d.has_l and earlier.received_at <= {{opens}}
    and correction.learnt_as <= d.learnt_as and same(d.s, correction)
    and corrects(correction, earlier)
union all by name
select
    d.number, 'corrected' as class,
    'sent again unchanged after an earlier night had it' as reason,
    {cause_of("d.s")} as cause, false as is_wrong_patient
from shown as d
inner join versions as earlier
    on earlier.person = d.s_person and earlier.item_id = d.s.item_id
    and earlier.charted_at = d.s.charted_at
    and earlier.sent_patient_id is not distinct from d.s.sent_patient_id
where not d.has_l and earlier.received_at <= {{opens}}
    and same(d.s, earlier) and coalesce(earlier.unit, d.s.unit) is not distinct from d.s.unit
"""  # noqa: S608 our names
CORRECTIONS = (Lookup(_CORRECTS), Rule(_CORRECTED))
