-- Whose the facts of moved visits are (A45). The law is the stream's, and written down once: in
-- lakehouse/identities.py, as a table macro beside the source
-- {{ source('lake', 'identity_events') }}.
select
    facility,
    encounter_id,
    sent_id,
    patient_id
from {{ visit_moves('null') }}
