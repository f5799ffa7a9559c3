-- Alerts as the stream raised or suppressed them.
select * exclude (received_date) from {{ source('lake', 'alerts') }}
