-- Whom a retired patient identifier stands for today, through chains of merges. The law is the
-- stream's, and written down once: in lakehouse/identities.py, as a table macro beside the source
-- {{ source('lake', 'identity_events') }}.
select
    facility,
    retired_id,
    surviving_id
from {{ survivors('null') }}
