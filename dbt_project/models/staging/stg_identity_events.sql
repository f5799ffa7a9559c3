-- Merges of patient identifiers as they were received.
select * exclude (received_date) from {{ source('lake', 'identity_events') }}
