"""Charges of MIMIC-III (CPT codes billed to a stay) as DFT^P03, one message per charge.

The source says when a charge is for at most, and never when it was posted, so:

- A charge with a day is posted, and sent, at that day's end: the midnight after it.
- One without a day is posted when the bill of the stay is made, at discharge, and FT1-4 stays
  empty: nobody said when the service was given.
- One with neither day nor discharge, and one without a code, is never sent.
- A bill follows all else of its moment, the discharge too, and tells of a death that it follows.

The source has no amounts. Not here: the nightly billing extract (mimic3_extract_queries.py), which
says the same of when a charge is known.
"""

from collections.abc import Iterator
from dataclasses import replace

import duckdb

from pulsehouse.render import tables
from pulsehouse.render.batch import Message
from pulsehouse.render.mimic3_source import SENDER, subject
from pulsehouse.render.segments import escape, header, patient, segment, visit

_RANK = 95

_CHARGES = """
with stays as (
    select
        hadm_id::bigint as hadm_id,
        try_cast(dischtime as timestamp) as discharged,
        try_cast(deathtime as timestamp) as died
    from admissions
    where try_cast(admittime as timestamp) is not null
),
dated as (
    select
        row_id::bigint as row_id,
        subject_id::bigint as subject_id,
        try_cast(hadm_id as bigint) as hadm_id,
        try_cast(chartdate as timestamp)::date as charged_on,
        cpt_cd as code,
        coalesce(description, '') as description,
        coalesce(costcenter, '') as cost_centre
    from cptevents
    where cpt_cd is not null
),
posted as (
    select *, coalesce((charged_on + 1)::timestamp, discharged) as posted
    from dated left join stays using (hadm_id)
)
select
    subject_id, hadm_id, birth_date, sex,
    stamp(posted + to_days(coalesce(shift, 0))) as sent_at,
    row_id,
    coalesce(day((charged_on + coalesce(shift, 0))::timestamp), '') as charged_on,
    code, description, cost_centre,
    if(died <= posted, stamp(died + to_days(coalesce(shift, 0))), '') as died_at
from posted left join subjects using (subject_id)
where posted is not null
order by sent_at, subject_id, hadm_id nulls first, row_id
"""


def messages(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    """The charges, in the order in which they were posted."""
    for row in tables.rows(connection, _CHARGES):
        patient_id, encounter_id, _, _, sent_at, row_id = row[:6]
        place = (sent_at, _RANK, patient_id, encounter_id or 0, row_id)
        who = replace(subject(row), died_at=row[-1])
        text = (
            header(SENDER, sent_at, "DFT^P03^DFT_P03", f"CPT{row_id}")
            + segment("EVN", {2: sent_at})
            + patient(SENDER, who)
            + visit(who)
            + _charge(row[4:-1])
        )
        yield Message(place, text, 0, 0)


def _charge(row: tables.Row) -> str:
    sent_at, row_id, charged_on, code, description, cost_centre = row
    # C4: CPT-4 in HL7 table 0396. FT1-7 is required, and the source has no charge code of its own.
    service = f"{escape(code)}^{escape(description)}^C4"
    what = {6: "CG", 7: service, 10: "1", 13: escape(cost_centre), 25: service}
    return segment("FT1", {1: "1", 2: str(row_id), 4: charged_on, 5: sent_at, **what})
