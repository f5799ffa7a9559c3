"""What the nightly jobs said, typed: table macros of the schema `jobs`.

Here: the SQL of `jobs.legacy_<job>(first_night, last_night)`, with the columns of the stream's side
(stream_sql.py) in the same types and order, then where the row came from. A text that is no number
or no time is null, never an error; an empty text is null. Clock readings are in the row's zone. Not
here: how the rows were landed (orchestration/legacy).
"""

# An extract of charted values says neither unit nor concept: what its readers take the item for
# stands in the jobs' list. A fraction of oxygen is told from a percentage by its size.
RESULTS = """
create macro jobs.legacy_{job}(first_night, last_night) as table
with typed as (
    select
        *,
        jobs.number_in(value) as number,
        nullif(trim(value), '') as words
    from legacy.legacy_{job}
    where night between first_night and last_night
)
select
    typed.night,
    nullif(typed.patient_id, '') as patient_id,
    nullif(typed.item_id, '') as item_id,
    jobs.instant(typed.charted_at, typed.zone) as charted_at,
    typed.number as value,
    if(typed.number is null, typed.words, null) as value_text,
    {unit} as unit,
    listed.concept,
    if(listed.concept = 'fio2' and typed.number between 0.2 and 1.0, 100.0, canonical.factor)
        * typed.number + canonical.shift as canonical_value,
    nullif(typed.encounter_id, '') as encounter_id,
    typed.source,
    typed.line
from typed
left join jobs.items as listed on listed.job = '{job}' and listed.item_id = typed.item_id
{spelled}
left join jobs.canonical as canonical
    on canonical.concept = listed.concept and canonical.unit = coalesce({unit}, '')
"""
SPELLED = "left join jobs.spellings as spelled on spelled.folded = jobs.folded(typed.unit)"

CENSUS = """
create macro jobs.legacy_census(first_night, last_night) as table
select
    night,
    nullif(patient_id, '') as patient_id,
    nullif(encounter_id, '') as encounter_id,
    nullif(unit, '') as unit,
    source,
    line
from legacy.legacy_census
where night between first_night and last_night
"""

# Of a dose range the lowest is meant, as a pump is set to it.
MEDICATIONS = """
create macro jobs.legacy_active_medications(first_night, last_night) as table
select
    night,
    nullif(patient_id, '') as patient_id,
    nullif(prescription_id, '') as prescription_id,
    nullif(drug, '') as drug,
    nullif(drug_code, '') as drug_code,
    jobs.number_in(split_part(replace(dose, ',', ''), '-', 1)) as dose,
    nullif(dose_unit, '') as dose_unit,
    nullif(route, '') as route,
    jobs.instant(start_date, zone) as started_at,
    jobs.instant(end_date, zone) as ended_at,
    nullif(encounter_id, '') as encounter_id,
    source,
    line
from legacy.legacy_active_medications
where night between first_night and last_night
"""

MACROS = (
    CENSUS,
    RESULTS.format(job="vitals", unit="listed.unit", spelled=""),
    RESULTS.format(
        job="labs", unit="coalesce(spelled.ucum, nullif(typed.unit, ''))", spelled=SPELLED
    ),
    MEDICATIONS,
)
