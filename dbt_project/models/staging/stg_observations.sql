-- Observations as they were received: a correction or retraction is a later row.
select * exclude (received_date) from {{ source('lake', 'observations') }}
