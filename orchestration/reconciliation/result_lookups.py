"""What is looked up for the keys in which charted values or results differ.

Here: every version ever reported for their times, what was withdrawn, the job's rows in other
nights, and the night's rows that match nothing. Not here: what follows (result_rules.py).
"""

from orchestration.reconciliation.deciding import cause_of

# Everything ever reported for the times of the differing keys, by any patient and code: what is
# under another patient or code has to be found as well. Clinical times bound what is read. Under
# another coding system it is an item of its own, and read only for a code that the job has and the
# stream lacks: a chart, a laboratory and a fluid balance often have the same number.
REPORTED = """
create temp table reported as
select
    coalesce(persons.person, sent.patient_id) as person,
    sent.patient_id as sent_patient_id,
    sent.encounter_id,
    if(
        sent.code_system = '{system}', jobs.item_of(sent.code),
        concat_ws('|', coalesce(sent.code_system, ''), sent.code)
    ) as item_id,
    if(sent.code_system = '{system}', null, sent.code) as strange_code,
    sent.effective_at as charted_at,
    sent.observation_id,
    jobs.number_sent(sent.value_number, sent.comparator, sent.value_text) as value,
    if(
        jobs.number_sent(sent.value_number, sent.comparator, sent.value_text) is null,
        nullif(trim(sent.value_text), ''), null
    ) as value_text,
    coalesce(spelled.ucum, sent.unit_as_sent) as unit,
    sent.status,
    sent.status in ('entered_in_error', 'cancelled') as is_withdrawal,
    sent.received_at,
    sent.feed,
    sent."partition",
    sent."offset",
    sent."row",
    {learnt} as learnt_as
from lake.observations as sent
left join persons on persons.patient_id = sent.patient_id
left join jobs.spellings as spelled on spelled.folded = jobs.folded(sent.unit_as_sent)
where (
        sent.code_system = '{system}'
        or sent.code in (select l.item_id from differing where has_l and not has_s)
    )
    and sent.effective_at between {first} and {last}
    and sent.effective_at in (select coalesce(l.charted_at, s.charted_at) from differing)
    and (
        coalesce(sent.not_scored_reason, '') != 'no_value'
        or sent.status in ('entered_in_error', 'cancelled')
    )
"""
VERSIONS = f"""
create temp table versions as
with withdrawn as (
    select
        sent_patient_id, observation_id, max(learnt_as) as withdrawn_as,
        arg_max({cause_of("reported")}, learnt_as) as withdrawal
    from reported
    where is_withdrawal
    group by all
)
select reported.* exclude (is_withdrawal), withdrawn.withdrawal
from reported left join withdrawn
    on withdrawn.sent_patient_id is not distinct from reported.sent_patient_id
    and withdrawn.observation_id = reported.observation_id
    and withdrawn.withdrawn_as > reported.learnt_as
where not is_withdrawal
"""  # noqa: S608 our names
ELSEWHERE = """
create temp table elsewhere as
select landed.*, coalesce(persons.person, landed.patient_id) as person
from jobs.legacy_{job}({first_night}, {last_night}) as landed
left join persons on persons.patient_id = landed.patient_id
where landed.night != {night}
    and (landed.item_id, landed.charted_at) in (
        select (
            coalesce(undecided.l.item_id, undecided.s.item_id),
            coalesce(undecided.l.charted_at, undecided.s.charted_at)
        )
        from undecided
    )
"""
# Rows of the night that are no match of anybody: those of differing keys, and those that another
# row of their key wrote over, unless that was a later version of the same observation.
LOOSE = """
create temp table loose as
select versions.*, undecided.number
from versions
left join stream_side as chosen
    on chosen.feed = versions.feed and chosen."partition" = versions."partition"
    and chosen."offset" = versions."offset" and chosen."row" = versions."row"
left join undecided
    on undecided.s.feed = versions.feed and undecided.s."partition" = versions."partition"
    and undecided.s."offset" = versions."offset" and undecided.s."row" = versions."row"
where versions.withdrawal is null
    and versions.received_at > {opens} and versions.received_at <= {closes}
    and (
        undecided.number is not null
        or chosen.feed is null and not exists (
            select 1
            from stream_side as winner
            where winner.item_id = versions.item_id and winner.charted_at = versions.charted_at
                and winner.observation_id = versions.observation_id
                and winner."offset" != versions."offset"
        )
    )
"""
