"""Which drugs are in force for whom at any moment: the life of a drug order as SQL.

Here: the law `LIFE`, for moments that somebody names, and over it the table macros
`medication_orders_at(t, known_at)`, every order as it stood at a moment, and
`active_medications_at(t)`, those that were in force. Not here: which message says what
(clinical/wire), doses and rates as signals (clinical/normalise), or the nightly job that asks the
law for its nights (orchestration/jobs).

- An event counts from when it was written, whatever the order in which messages reach us; of those
  written at the same moment the later step of the life cycle counts, then the later arrival. What
  reached us twice counts once.
- The order and its drugs are as the last message said that orders or changes it and whose start has
  come; before the first was written, as that one says. A later message replaces the drugs of an
  earlier one under the same number: a pharmacy often names another product.
- Of ordering, holding, releasing, stopping, cancelling and completing the last decides; a change
  lifts no hold and revives nothing. An order that another replaces ends when that one begins. A
  stop may name the order alone, and stops all its drugs.
- A dose, a dispense or a statement by the patient orders nothing: a drug given once is not in force
  afterwards. A dose whose order is complete with it (ORC-5 CM) ends the order.
- An order ends at its end; without one, with the inpatient stay in which it was given.
"""

from clinical.concepts.statuses import DRUG_STEPS
from lakehouse.identities import OWNER, owners
from lakehouse.laws import Law

DESCRIBING = ("ordered", "changed")
# What decides whether an order is in force.
DECIDING = tuple(step for step in DRUG_STEPS if step != "changed")
_LISTED = ", ".join(f"'{event}'" for event in DECIDING)
_DESCRIBING = ", ".join(f"'{event}'" for event in DESCRIBING)
_STEP = " ".join(f"when '{event}' then {number}" for number, event in enumerate(DRUG_STEPS))
# ORC-5: the order is complete with this dose; a FHIR dose says so of itself alone. FHIR: the order
# never was, or is not one yet.
_COMPLETE, _NEVER = "'CM'", "'entered-in-error', 'draft'"
# Classes of visits after which a prescription goes on: HL7 table 0004 and v3 ActCode. [P]
_OUTPATIENT = "'O', 'P', 'R', 'C', 'AMB', 'HH', 'VR', 'PRENC', 'FLD'"

# Common table expressions up to `standing`: a row per moment, order and drug. `{moments}` gives
# (moment, known_at, stops_by, starts_by), `{survivors}` whom an identifier stands for, `{moves}`
# whose a moved visit is; `{schema}` has the tables.
LIFE = f"""
moments as ({{moments}}),
told as (
    select
        moments.*,
        sent.* exclude (patient_id, event),
        case
            when sent.event in ('administered', 'not_given')
                and sent.order_status in ({_COMPLETE}) then 'completed'
            when sent.order_status in ({_NEVER}) then 'cancelled'
            else sent.event
        end as event,
        sent.patient_id as sent_patient_id,
        {OWNER} as patient_id,
        coalesce(
            if(
                sent.event in ('administered', 'not_given'),
                coalesce(sent.ended_at, sent.started_at), null
            ),
            sent.documented_at,
            sent.received_at
        ) as written_at,
        sent.code is not null or sent.code_text is not null as has_drug,
        sent.event in ({_DESCRIBING}) as is_describing
    from moments
    inner join {{schema}}.medication_events as sent
        on moments.known_at is null or sent.received_at <= moments.known_at
    {owners("{survivors}", "{moves}")}
    where sent.order_id is not null
        and (
            -- What has an identity of its own is one dose or dispense, and no word on the order.
            (sent.event in ({_LISTED}, {_DESCRIBING}) and sent.event_id is null)
            or (
                sent.event in ('administered', 'not_given')
                and sent.order_status in ({_COMPLETE})
            )
        )
),
-- Many senders repeat the time of the order (ORC-9) in all that follows it: what has that very time
-- was then written when it came.
dated as (
    select
        * replace (
            if(
                event != 'ordered' and documented_at = min(documented_at)
                    filter (where event = 'ordered')
                    over (partition by moment, facility, patient_id, order_id),
                greatest(written_at, received_at), written_at
            ) as written_at
        )
    from told
),
numbered as (
    select
        *,
        row_number() over (
            order by
                written_at, case event {_STEP} end, received_at, feed, "partition", "offset", "row"
        ) as nth
    from dated
),
decided as (
    select
        moment, facility, patient_id, order_id,
        max_by(event, nth) filter (where event in ({_LISTED}) and written_at <= stops_by)
            as control,
        max_by(written_at, nth) filter (where event in ({_LISTED}) and written_at <= stops_by)
            as decided_at,
        bool_or(coalesce(order_status in ({_NEVER}), false)) as never_was
    from numbered
    group by all
),
replaced as (
    select
        moment, facility, patient_id, replaces_id as order_id,
        min(greatest(written_at, coalesce(started_at, written_at))) as replaced_at
    from numbered
    where replaces_id is not null and replaces_id != order_id and is_describing
    group by all
),
-- Of what describes the order the last that is in force; before any was written, the first.
described as (
    select
        *,
        max((
            is_describing,
            if(written_at <= stops_by, nth, -nth)
        )) over (partition by moment, facility, patient_id, order_id) as best
    from numbered
    where has_drug and coalesce(started_at, written_at) <= starts_by
),
chosen as (
    select moment, facility, patient_id, order_id, feed, "partition", "offset"
    from described
    where best = (is_describing, if(written_at <= stops_by, nth, -nth))
),
stays as (
    select
        moments.moment,
        events.facility,
        events.encounter_id,
        max(events.discharged_at) filter (where events.event = 'discharge') as discharged_at,
        max(events.received_at) filter (where events.event = 'discharge') as told_at,
        max(events.received_at) filter (where events.event = 'cancel_discharge') as untold_at,
        max_by(events.patient_class, events.received_at)
            filter (where events.patient_class is not null) as patient_class
    from moments
    inner join {{schema}}.encounter_events as events
        on moments.known_at is null or events.received_at <= moments.known_at
    where events.encounter_id is not null
    group by all
),
standing as (
    select
        described.* exclude (best, nth, has_drug, is_describing),
        coalesce(decided.control, described.event) as control,
        decided.decided_at,
        coalesce(decided.never_was, false) as never_was,
        replaced.replaced_at,
        stays.encounter_id is not null as has_stay,
        if(
            stays.told_at >= coalesce(stays.untold_at, stays.told_at)
                and coalesce(stays.patient_class, '') not in ({_OUTPATIENT}),
            stays.discharged_at, null
        ) as discharged_at
    from described
    semi join chosen
        on chosen.moment is not distinct from described.moment
        and chosen.facility is not distinct from described.facility
        and chosen.patient_id = described.patient_id
        and chosen.order_id = described.order_id
        and chosen.feed = described.feed
        and chosen."partition" = described."partition"
        and chosen."offset" = described."offset"
    left join decided
        on decided.moment is not distinct from described.moment
        and decided.facility is not distinct from described.facility
        and decided.patient_id = described.patient_id
        and decided.order_id = described.order_id
    left join replaced
        on replaced.moment is not distinct from described.moment
        and replaced.facility is not distinct from described.facility
        and replaced.patient_id = described.patient_id
        and replaced.order_id = described.order_id
        and replaced.replaced_at <= described.stops_by
    left join stays
        on stays.moment is not distinct from described.moment
        and stays.encounter_id = described.encounter_id
        and stays.facility is not distinct from described.facility
)
"""  # noqa: S608 the law's own words

# One second is as long as any other: the law is asked for one moment.
_MOMENT = """
    select
        cast(t as timestamptz) as moment,
        cast(known_at as timestamptz) as known_at,
        cast(t as timestamptz) as stops_by,
        cast(t as timestamptz) as starts_by
"""
_LIFE = (
    LIFE.replace("{moments}", _MOMENT)
    .replace("{survivors}", "{schema}.survivors(known_at)")
    .replace("{moves}", "{schema}.visit_moves(known_at)")
)
_ORDERS = f"""
create macro {{schema}}.medication_orders_at(t, known_at) as table
with {_LIFE}
select
    * exclude (
        moment, known_at, stops_by, starts_by, event, order_control, control, has_stay, never_was,
        decided_at, replaced_at, discharged_at
    ),
    case
        when never_was then 'cancelled'
        when control in ('cancelled', 'discontinued', 'completed') then control
        when replaced_at is not null then 'replaced'
        when coalesce(ended_at, discharged_at) <= moment then 'completed'
        when control = 'held' then 'held'
        else 'active'
    end as state,
    case
        when control in ({_LISTED}) and control != 'ordered' then decided_at
        when replaced_at is not null then replaced_at
        else started_at
    end as state_since,
    least(coalesce(ended_at, discharged_at), replaced_at) as ends_at
from standing
"""  # noqa: S608 the law's own words
ACTIVE = """
create macro {schema}.active_medications_at(t) as table
select * exclude (state)
from {schema}.medication_orders_at(t, null)
where state = 'active'
"""

# Now is when the newest of what the cut holds reached us, not when somebody asks.
NOW = """
create macro {schema}.active_medications_now() as table
from {schema}.active_medications_at((
    select max(received_at)
    from (
        select received_at from {schema}.medication_events
        union all
        select received_at from {schema}.encounter_events
        union all
        select received_at from {schema}.observations
    )
))
"""

LAW = Law(
    needs=("medication_events", "encounter_events", "identity_events", "observations"),
    macros=(_ORDERS, ACTIVE, NOW),
    views={"active_medications": "active_medications_now()"},
)
