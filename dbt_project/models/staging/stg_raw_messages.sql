-- Messages as they were received, whatever became of them.
select * exclude (received_date) from {{ source('lake', 'raw_messages') }}
