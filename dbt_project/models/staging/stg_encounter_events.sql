-- Admissions, transfers, discharges and cancellations as they were received.
select * exclude (received_date) from {{ source('lake', 'encounter_events') }}
