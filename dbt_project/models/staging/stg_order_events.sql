-- States of laboratory and culture orders as they were received.
select * exclude (received_date) from {{ source('lake', 'order_events') }}
