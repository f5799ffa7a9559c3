-- Allergies and intolerances as they were received.
select * exclude (received_date) from {{ source('lake', 'allergies') }}
