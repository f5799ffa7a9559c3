"""Cultures and prescriptions of MIMIC-III as order messages.

Here: OML^O21, one per patient, stay, specimen kind and collection time; RDE^O11, one per prescribed
drug. The source says neither when a culture was ordered nor when a drug was prescribed, so:

- A culture is sent when it was collected. With a date only, OBR-7 has the precision of a day and
  the message is sent at its midnight, but not before the admission.
- Cultures whose every row says `CANCELLED` are cancelled (CA) in the next message of the same time.
- A prescription is sent at the midnight of its start date (TQ1-7, a day), but not before the
  admission.

Results of cultures are not sent. Not here: administrations (mimic3_medications.py).
"""

from collections.abc import Iterator

import duckdb

from pulsehouse.render import tables
from pulsehouse.render.batch import Message
from pulsehouse.render.mimic3_source import SENDER, subject
from pulsehouse.render.segments import escape, opening, segment

_CULTURE_RANK, _PRESCRIPTION_RANK = 10, 11

_CULTURES = """
with specimens as (
    select
        subject_id::bigint as subject_id,
        try_cast(hadm_id as bigint) as hadm_id,
        coalesce(try_cast(charttime as timestamp), try_cast(chartdate as timestamp)) as collected,
        bool_and(try_cast(charttime as timestamp) is null) as is_day,
        spec_itemid,
        any_value(spec_type_desc order by row_id) as specimen,
        min(row_id::bigint) as row_id,
        bool_and(coalesce(org_name, '') = 'CANCELLED') as is_cancelled
    from microbiologyevents
    group by all
),
arrivals as (
    select hadm_id::bigint as hadm_id, try_cast(admittime as timestamp) as admitted from admissions
),
orders as (
    select
        *,
        if(is_day, greatest(collected, coalesce(admitted, collected)), collected)
            + to_days(coalesce(shift, 0)) as sent,
        collected + to_days(coalesce(shift, 0)) as taken,
        unnest(if(is_cancelled, ['NW', 'CA'], ['NW'])) as control
    from specimens left join arrivals using (hadm_id) left join subjects using (subject_id)
    where collected is not null
)
select
    subject_id, hadm_id, birth_date, sex,
    stamp(sent) as sent_at,
    row_id, control, if(is_day, day(taken), stamp(taken)) as taken_at, spec_itemid,
    coalesce(specimen, '') as specimen
from orders
order by sent_at, subject_id, hadm_id nulls first, row_id, control desc
"""

_PRESCRIPTIONS = """
with arrivals as (
    select hadm_id::bigint as hadm_id, try_cast(admittime as timestamp) as admitted from admissions
),
dated as (
    select
        prescriptions.* exclude (row_id, subject_id, hadm_id),
        row_id::bigint as row_id,
        subject_id::bigint as subject_id,
        try_cast(hadm_id as bigint) as hadm_id,
        try_cast(startdate as timestamp) as starts,
        replace(coalesce(dose_val_rx, ''), ',', '') as dose
    from prescriptions
    where drug is not null and try_cast(startdate as timestamp) is not null
)
select
    subject_id, hadm_id, birth_date, sex,
    stamp(greatest(starts, coalesce(admitted, starts)) + to_days(coalesce(shift, 0))) as sent_at,
    row_id,
    day(starts + to_days(coalesce(shift, 0))) as starts_on,
    coalesce(day(moment(enddate, coalesce(shift, 0))), '') as ends_on,
    drug,
    coalesce(formulary_drug_cd, '') as code,
    if(ndc is null or ndc = '0', '', ndc) as ndc,
    if(is_number(split_part(dose, '-', 1)), split_part(dose, '-', 1), '') as lowest_dose,
    if(is_number(split_part(dose, '-', 2)), split_part(dose, '-', 2), '') as highest_dose,
    coalesce(dose_unit_rx, '') as unit,
    coalesce(route, '') as route
from dated left join arrivals using (hadm_id) left join subjects using (subject_id)
order by sent_at, subject_id, hadm_id nulls first, row_id
"""


def cultures(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    """The orders of cultures, in order; a cancelled one is ordered first."""
    for row in tables.rows(connection, _CULTURES):
        patient_id, encounter_id, _, _, sent_at, row_id, control = row[:7]
        is_cancel = control == "CA"
        control_id = f"MICRO{row_id}{'CA' if is_cancel else ''}"
        place = (sent_at, _CULTURE_RANK, patient_id, encounter_id or 0, row_id * 2 + is_cancel)
        text = opening(SENDER, sent_at, "OML^O21^OML_O21", control_id, subject(row))
        yield Message(place, text + _culture(row[4:]), 0, 0)


def _culture(row: tables.Row) -> str:
    sent_at, row_id, control, taken_at, item, specimen = row
    code = f"{item or ''}^{escape(specimen)}^MIMIC_MICRO"
    order_id = f"MICRO{row_id}"
    return (
        segment("ORC", {1: control, 2: order_id, 5: "CA" if control == "CA" else "", 9: sent_at})
        + segment("OBR", {1: "1", 2: order_id, 4: code, 7: taken_at})
        + segment("SPM", {1: "1", 4: code, 17: taken_at})
    )


def prescriptions(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    """The prescribed drugs, in order. A dose range fills RXE-3 and RXE-4; a dose in words none."""
    for row in tables.rows(connection, _PRESCRIPTIONS):
        patient_id, encounter_id, _, _, sent_at, row_id = row[:6]
        place = (sent_at, _PRESCRIPTION_RANK, patient_id, encounter_id or 0, row_id)
        text = opening(SENDER, sent_at, "RDE^O11^RDE_O11", f"RX{row_id}", subject(row))
        yield Message(place, text + _prescription(row[4:]), 0, 1)


def _prescription(row: tables.Row) -> str:
    sent_at, row_id, starts_on, ends_on, drug, code, ndc, lowest, highest, unit, route = row
    national = f"^{ndc}^^NDC" if ndc else ""
    local = f"{escape(code)}^{escape(drug)}^MIMIC_DRUG{national}"
    return (
        segment("ORC", {1: "NW", 2: f"RX{row_id}", 9: sent_at})
        + segment("TQ1", {1: "1", 7: starts_on, 8: ends_on})
        + segment("RXE", {1: "1", 2: local, 3: lowest, 4: highest, 5: escape(unit)})
        + segment("RXR", {1: escape(route)})
    )
