"""What became of every order, and which orders, results and parents still wait for each other.

Here: the table macro `orders_as_known(known_at)`, one row per order with its state, of what was
received up to a moment, all of it where null; and the view `waiting_orders`, how many wait for
what. Not here: what an ORC does to its order (clinical/wire/hl7), or orders for drugs
(medications.py).

- An order is known by the placer's number. A message with the filler's number alone is about the
  order that some message names by both for the same service; until one does it stands for itself,
  one order per service, since laboratories number specimens. One without a service is about all
  that its number stands for.
- What a message says counts from when it was written, whatever the order in which messages reach
  us; of those written at the same moment the later step of the life cycle counts, then the report
  that supersedes by its status, as results do (observations.py). Each column is the latest that
  anybody said.
- What results say goes before what the order says: nobody cancels a test that was done, unless the
  report itself says so (OBR-25 X).
- `waits_for` is `result` for an order without any, `order` for results that nobody ordered, and
  null for what is over; `waits_for_parent` where its parent is not known. Waiting is no error: it
  ends when the other half comes.
"""

from clinical.concepts import statuses
from lakehouse.identities import OWNER, owners
from lakehouse.laws import Law
from lakehouse.observations import current, versions

_RANK = " ".join(f"when '{step}' then {number}" for number, step in enumerate(statuses.ORDER_STEPS))
_REPORT_RANK = " ".join(f"when '{code}' then {rank}" for code, rank in statuses.REPORT_RANK.items())
_REPORT = " ".join(f"when '{code}' then '{state}'" for code, state in statuses.REPORTS.items())
# ORC-5 (HL7 table 0038) and FHIR states of an order that somebody works on.
_STARTED = "'IP', 'SC', 'A'"
# OBR-25 and DiagnosticReport.status of a report that has some results already.
_PARTIAL = "'A', 'P', 'R', 'partial', 'preliminary'"

# The results of orders alone: most observations answer none, and their versions are dear to find.
_ORDERED = """
    sent.order_id in (
        select order_id from {schema}.order_events union all
        select filler_id from {schema}.order_events
    )
"""

EVENTS = f"""
create macro {{schema}}.numbered_order_events(known_at) as table
with told as (
    select
        sent.* exclude (patient_id),
        {OWNER} as patient_id,
        least(coalesce(sent.documented_at, sent.received_at), sent.received_at) as written_at,
        case sent.event {_RANK} else 0 end as step,
        case sent.result_status {_REPORT_RANK} else -1 end as report_rank,
        case sent.result_status {_REPORT} end as report
    from {{schema}}.order_events as sent
    {owners()}
    where sent.order_id is not null and (known_at is null or sent.received_at <= known_at)
),
placers as (
    select distinct coalesce(facility, '') as home, patient_id, order_id
    from told
    where filler_id is not null
),
services as (
    select
        coalesce(facility, '') as home, patient_id, filler_id, code,
        max_by(order_id, (written_at, received_at, order_id)) as placer_id
    from told
    where filler_id is not null and code is not null
    group by all
),
fillers as (
    select coalesce(facility, '') as home, patient_id, filler_id, min(order_id) as placer_id
    from told
    where filler_id is not null
    group by all
    having count(distinct order_id) = 1
),
numbered as (
    select
        told.*,
        case
            when told.filler_id is not null or placers.order_id is not null then told.order_id
            else coalesce(services.placer_id, if(told.code is null, fillers.placer_id, null))
        end as placer_id
    from told
    left join placers
        on placers.home = coalesce(told.facility, '')
        and placers.patient_id = told.patient_id
        and placers.order_id = told.order_id
    left join services
        on services.home = coalesce(told.facility, '')
        and services.patient_id = told.patient_id
        and services.filler_id = told.order_id
        and services.code = told.code
    left join fillers
        on fillers.home = coalesce(told.facility, '')
        and fillers.patient_id = told.patient_id
        and fillers.filler_id = told.order_id
),
alone as (
    select distinct coalesce(facility, '') as home, patient_id, order_id, code
    from numbered
    where placer_id is null and code is not null
)
select
    numbered.* exclude (placer_id),
    coalesce(numbered.placer_id, numbered.order_id) as number,
    case when numbered.placer_id is null then coalesce(numbered.code, alone.code) end as service,
    row_number() over (
        order by
            written_at, step, report_rank, received_at, feed, "partition", "offset", "row"
    ) as nth
from numbered
left join alone
    on alone.home = coalesce(numbered.facility, '')
    and alone.patient_id = numbered.patient_id
    and alone.order_id = if(
        numbered.placer_id is null and numbered.code is null, numbered.order_id, null
    )
"""  # noqa: S608 the law's own words

# Results have the filler's number, else the placer's. Where a laboratory gives several orders one
# number (that of the specimen) they are told by their reports alone.
RESULTS = f"""
create macro {{schema}}.order_results(known_at) as table
select
    coalesce(facility, '') as home,
    patient_id,
    order_id,
    count(*) as results,
    bool_and(status = '{statuses.PRELIMINARY}') as is_preliminary,
    bool_or(status in ('{statuses.CORRECTED}', '{statuses.AMENDED}')) as is_corrected,
    min(written_at) as resulted_at
from {{schema}}.ordered_observations(known_at)
where status not in ('{statuses.REGISTERED}', '{statuses.CANCELLED}')
group by all
"""  # noqa: S608 the law's own words

ORDERS = f"""
create macro {{schema}}.orders_as_known(known_at) as table
with events as materialized (
    select * from {{schema}}.numbered_order_events(known_at)
),
orders as materialized (
    select
        facility,
        patient_id,
        number,
        service,
        max_by(encounter_id, nth) filter (where encounter_id is not null) as encounter_id,
        max_by(coalesce(filler_id, if(order_id != number, order_id, null)), nth)
            filter (where filler_id is not null or order_id != number) as filler_id,
        max_by(parent_id, nth) filter (where parent_id is not null) as parent_id,
        max_by(code, nth) filter (where code is not null) as code,
        max_by(code_system, nth) filter (where code is not null) as code_system,
        max_by(code_text, nth) filter (where code_text is not null) as code_text,
        max_by(concept, nth) filter (where concept is not null) as concept,
        max_by(specimen, nth) filter (where specimen is not null) as specimen,
        max_by(order_status, nth) filter (where order_status is not null) as order_status,
        max_by(result_status, nth) filter (where result_status is not null) as result_status,
        max_by(event, nth) filter (where event in (
            'ordered', 'held', 'resumed', 'completed', 'discontinued', 'cancelled'
        )) as control,
        max_by(report, nth) filter (where report is not null) as report,
        bool_or(coalesce(event, '') in (
            'ordered', 'changed', 'held', 'resumed', 'collected', 'completed'
        )) as is_ordered,
        bool_or(coalesce(event, '') = 'collected') as is_collected,
        min(written_at) filter (where event = 'ordered') as ordered_at,
        max_by(effective_at, nth) as effective_at,
        max(written_at) as written_at,
        min(received_at) as first_known_at,
        max(received_at) as known_at,
        count(*) as events
    from events
    group by all
),
specimens as (
    select
        *,
        count(*) over (
            partition by facility, patient_id, coalesce(filler_id, number)
        ) as sharing
    from orders
),
answered as (
    select
        orders.*,
        coalesce(results.results, 0) as results,
        coalesce(results.is_preliminary, false) as is_preliminary,
        coalesce(results.is_corrected, false) as is_corrected,
        results.resulted_at
    from specimens as orders
    left join {{schema}}.order_results(known_at) as results
        on results.home = coalesce(orders.facility, '')
        and results.patient_id = orders.patient_id
        and results.order_id = if(
            orders.sharing = 1, coalesce(orders.filler_id, orders.number), null
        )
),
stated as materialized (
    select
        *,
        case
            when report = 'cancelled' then 'cancelled'
            when report = 'corrected' or is_corrected then 'corrected'
            when report = 'resulted' then 'resulted'
            when control in ('cancelled', 'discontinued') then control
            when results > 0 and report is null and not is_preliminary then 'resulted'
            when control = 'held' then control
            when report = 'in_progress' or results > 0 or is_collected then 'in_progress'
            when control = 'completed' then control
            when order_status in ({_STARTED}) then 'in_progress'
            else 'ordered'
        end as state
    from answered
),
known as (
    select distinct
        coalesce(facility, '') as home, patient_id, unnest([number, filler_id]) as number
    from orders
    where is_ordered
),
parents as (
    select distinct coalesce(facility, '') as home, patient_id, parent_id
    from stated
    where parent_id is not null and state in ('in_progress', 'resulted', 'corrected')
)
select
    stated.* exclude (
        number, service, control, report, is_preliminary, is_corrected, is_collected, sharing
    ),
    stated.number as order_id,
    parents.parent_id is not null as has_answered_children,
    case
        when stated.state in ('cancelled', 'discontinued') then null
        when not stated.is_ordered then 'order'
        when stated.state in ('resulted', 'corrected', 'completed') then null
        when stated.results > 0 or parents.parent_id is not null then null
        when stated.result_status in ({_PARTIAL}) then null
        else 'result'
    end as waits_for,
    stated.parent_id is not null and known.number is null as waits_for_parent
from stated
left join parents
    on parents.home = coalesce(stated.facility, '')
    and parents.patient_id = stated.patient_id
    and parents.parent_id = stated.number
left join known
    on known.home = coalesce(stated.facility, '')
    and known.patient_id = stated.patient_id
    and known.number = stated.parent_id
"""  # noqa: S608 the law's own words

WAITING = """
create macro {schema}.waiting_orders_as_known(known_at) as table
select waits_for, count(*) as orders, min(first_known_at) as since
from (
    select waits_for, first_known_at from {schema}.orders_as_known(known_at)
    union all
    select 'parent', first_known_at from {schema}.orders_as_known(known_at) where waits_for_parent
)
where waits_for is not null
group by all
order by all
"""

LAW = Law(
    needs=("order_events", "observations", "identity_events"),
    macros=(
        versions("ordered_observation_versions", _ORDERED),
        current("ordered_observations", "ordered_observation_versions"),
        EVENTS,
        RESULTS,
        ORDERS,
        WAITING,
    ),
    views={
        "current_orders": "orders_as_known(null)",
        "waiting_orders": "waiting_orders_as_known(null)",
    },
)
