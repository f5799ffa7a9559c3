-- Which visit number a retired one stands for today (A42, A45, A50). The law is the stream's, and
-- written down once: in lakehouse/identities.py, as a table macro beside the source
-- {{ source('lake', 'identity_events') }}.
select
    facility,
    retired_visit,
    surviving_visit
from {{ visit_survivors('null') }}
