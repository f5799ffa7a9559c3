-- Where a visit was, from when to when, by what is known today: cancellations, late and repeated
-- messages, merges and moves resolved. The law is written down once: in lakehouse/encounters.py, as
-- a table macro beside the sources {{ source('lake', 'encounter_events') }} and
-- {{ source('lake', 'identity_events') }}.
select
    facility,
    patient_id,
    encounter_id,
    feed,
    partition,
    "offset",
    row,
    received_at,
    patient_class,
    unit,
    room,
    bed,
    status,
    ended_by,
    stay_number,
    started_at,
    ended_at
from {{ location_stays('null') }}
where encounter_id is not null
