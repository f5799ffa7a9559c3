-- States of medication orders, and administrations, as they were received.
select * exclude (received_date) from {{ source('lake', 'medication_events') }}
