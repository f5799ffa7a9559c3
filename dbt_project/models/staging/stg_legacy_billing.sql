-- The billing file as it was landed: every value the text that the file held.
select * from {{ source('legacy', 'legacy_billing') }}
