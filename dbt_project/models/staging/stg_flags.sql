-- Warnings, consents and devices as they were received.
select * exclude (received_date) from {{ source('lake', 'flags') }}
