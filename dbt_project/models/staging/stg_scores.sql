-- Scores as the stream wrote them.
select * exclude (received_date) from {{ source('lake', 'scores') }}
