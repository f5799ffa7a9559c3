-- Demographics as they were received.
select * exclude (received_date) from {{ source('lake', 'patient_demographics') }}
