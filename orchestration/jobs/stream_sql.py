"""What the stream says that each nightly job would have to say: table macros of the schema `jobs`.

Here: the SQL of `jobs.stream_<job>(opens, closes)`, for the nights of `jobs.nights` whose job runs
after `opens` and up to `closes`. Every night is as known at its cutoff: a fact counts from the
moment at which it was received, never earlier, and what was learnt later changes nothing. Not here:
the landed rows (legacy_sql.py), or installing (rows.py).

- Charted values and results: the rows received in the night's 24 hours; what was withdrawn by its
  end is left out; of several of one patient, item and time the last counts.
- Census: where each visit was at midnight, by the law of its places.
- Medications: each prescription as it stood at the run, if it was in force and the day lies between
  its first and its last, both in.
- A patient is the one that the identifier stood for at `closes`; `sent_patient_id` is what was
  sent.

`*_as_known` takes a moment of knowledge in place of each night's own: what the stream says of that
night since.
"""

from lakehouse.encounters import STAYS_AT
from lakehouse.medications import LIFE

# The extract counts 02:00:00 itself in, so a night is what was received after the run before it.
# The range of dates lets the engine leave other days' files unread.
RESULTS = """
create macro jobs.stream_results(system, job_name, opens, closes) as table
with received as (
    select
        nights.night,
        nights.closes,
        sent.* exclude (patient_id),
        sent.patient_id as sent_patient_id,
        sent.status in ('entered_in_error', 'cancelled') as is_withdrawal
    from {lake}.observations as sent
    inner join jobs.nights
        on sent.received_at > nights.opens and sent.received_at <= nights.closes
    where nights.closes > opens and nights.closes <= closes
        and sent.received_at > opens and sent.received_at <= closes
        and sent.received_date between (opens at time zone 'UTC')::date
            and (closes at time zone 'UTC')::date
        and sent.code_system = system
        and (
            coalesce(sent.not_scored_reason, '') != 'no_value'
            or sent.status in ('entered_in_error', 'cancelled')
        )
),
withdrawn as (
    select
        night, sent_patient_id, observation_id,
        max((received_at, feed, "partition", "offset", "row")) as withdrawn_as
    from received
    where is_withdrawal
    group by all
),
standing as (
    select *
    from received
    where not is_withdrawal and not exists (
        select 1
        from withdrawn
        where withdrawn.night = received.night
            and withdrawn.observation_id = received.observation_id
            and withdrawn.sent_patient_id is not distinct from received.sent_patient_id
            and withdrawn.withdrawn_as > (
                received.received_at, received.feed, received."partition",
                received."offset", received."row"
            )
    )
),
identified as (
    select
        standing.*,
        jobs.item_of(standing.code) as item_id,
        coalesce(identities.surviving_id, standing.sent_patient_id) as patient_id
    from standing left join {lake}.survivors(closes) as identities
        on identities.retired_id = standing.sent_patient_id
        and identities.facility is not distinct from standing.facility
),
repeated as (
    select night, patient_id, item_id, effective_at
    from identified
    group by all
    having count(*) > 1
),
newest as (
    select *
    from identified
    anti join repeated
        on repeated.night = identified.night
        and repeated.patient_id is not distinct from identified.patient_id
        and repeated.item_id is not distinct from identified.item_id
        and repeated.effective_at is not distinct from identified.effective_at
    union all
    select *
    from identified
    semi join repeated
        on repeated.night = identified.night
        and repeated.patient_id is not distinct from identified.patient_id
        and repeated.item_id is not distinct from identified.item_id
        and repeated.effective_at is not distinct from identified.effective_at
    qualify row_number() over (
        partition by night, patient_id, item_id, effective_at
        order by received_at desc, feed desc, "partition" desc, "offset" desc, "row" desc
    ) = 1
)
select
    newest.night,
    newest.patient_id,
    newest.item_id,
    newest.effective_at as charted_at,
    jobs.number_sent(value_number, comparator, value_text) as value,
    case
        when jobs.number_sent(value_number, comparator, value_text) is null
            then nullif(trim(value_text), '')
    end as value_text,
    coalesce(spelled.ucum, newest.unit_as_sent, listed.unit) as unit,
    newest.concept,
    newest.value as canonical_value,
    newest.encounter_id,
    newest.received_at,
    newest.feed,
    newest."partition",
    newest."offset",
    newest."row",
    newest.sent_patient_id,
    newest.observation_id,
    newest.status,
    newest.not_scored_reason
from newest
left join jobs.spellings as spelled on spelled.folded = jobs.folded(newest.unit_as_sent)
left join jobs.items as listed on listed.job = job_name and listed.item_id = newest.item_id
"""

# The law of places (lakehouse/encounters.py) as it was known at each midnight.
_MIDNIGHTS = """
    select nights.night as moment, coalesce(known_at, nights.midnight) as heard_by
    from jobs.nights
    where nights.closes > opens and nights.closes <= closes
"""
_STAYS = (
    STAYS_AT.replace("{schema}", "{lake}")
    .replace("{asked}", _MIDNIGHTS)
    .replace("(known_at)", "(coalesce(known_at, closes))")
)
CENSUS = (
    """
create macro jobs.census_as_known(opens, closes, known_at) as table
with """
    + _STAYS
    + """
select
    stays.moment as night,
    stays.patient_id,
    stays.encounter_id,
    stays.unit,
    stays.received_at,
    stays.feed,
    stays."partition",
    stays."offset",
    stays."row",
    stays.sent_patient_id
from stays
inner join jobs.nights on nights.night = stays.moment
where stays.encounter_id is not null
    and stays.started_at <= nights.midnight
    and coalesce(stays.ended_at > nights.midnight, true)
"""
)

# The law of drug orders (lakehouse/medications.py) at the hour of each run, whole days at a time.
# Without a last day a prescription ends with the stay; without a stay, on its first day.
_RUNS = """
    select
        nights.night as moment,
        nights.midnight,
        nights.next_midnight,
        coalesce(known_at, nights.closes) as known_at,
        nights.closes as stops_by,
        'infinity'::timestamptz as starts_by
    from jobs.nights
    where nights.closes > opens and nights.closes <= closes
"""
_LIFE = (
    LIFE.replace("{schema}", "{lake}")
    .replace("{moments}", _RUNS)
    .replace("{survivors}", "{lake}.survivors(coalesce(known_at, closes))")
    .replace("{moves}", "{lake}.visit_moves(coalesce(known_at, closes))")
)
MEDICATIONS = (
    """
create macro jobs.active_medications_as_known(opens, closes, known_at) as table
with """
    + _LIFE
    + """
select
    moment as night,
    patient_id,
    jobs.prescription(order_id) as prescription_id,
    code_text as drug,
    code as drug_code,
    dose,
    dose_unit,
    route,
    started_at,
    ended_at,
    encounter_id,
    received_at,
    feed,
    "partition",
    "offset",
    "row",
    sent_patient_id
from standing
where jobs.prescription(order_id) is not null
    and control not in ('held', 'completed', 'discontinued', 'cancelled')
    and not never_was
    and replaced_at is null
    and started_at < next_midnight
    and coalesce(ended_at, if(has_stay, discharged_at, started_at), 'infinity') >= midnight
"""
)

VITALS = """
create macro jobs.stream_vitals(opens, closes) as table
from jobs.stream_results('{vitals}', 'vitals', opens, closes)
"""
LABS = """
create macro jobs.stream_labs(opens, closes) as table
from jobs.stream_results('{labs}', 'labs', opens, closes)
"""
CENSUS_THEN = """
create macro jobs.stream_census(opens, closes) as table
from jobs.census_as_known(opens, closes, null::timestamptz)
"""
MEDICATIONS_THEN = """
create macro jobs.stream_active_medications(opens, closes) as table
from jobs.active_medications_as_known(opens, closes, null::timestamptz)
"""

MACROS = (RESULTS, CENSUS, MEDICATIONS, VITALS, LABS, CENSUS_THEN, MEDICATIONS_THEN)
