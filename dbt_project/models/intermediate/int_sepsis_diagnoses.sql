-- When a visit's sepsis diagnosis first reached us. ICD-9-CM 038 and 995.91, 995.92, 785.52 (as in
-- mimic-code's martin.sql and explicit.sql), ICD-10 A40, A41 and R65.2. An admission's suspicion is
-- no diagnosis.

with

diagnoses as (
    select * from {{ ref('stg_diagnoses') }}
),

final as (
    select
        facility,
        encounter_id,
        min(received_at) as sepsis_diagnosed_at
    from diagnoses
    where
        encounter_id is not null
        and diagnosis_type is distinct from 'A'
        and regexp_matches(replace(code, '.', ''), '^(038|9959[12]|78552|A40|A41|R652)')
    group by all
)

select * from final
