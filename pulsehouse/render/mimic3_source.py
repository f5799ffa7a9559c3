"""MIMIC-III as a source: its tables, its patients, and the shift of their dates.

Here: which files and columns are read, and the SQL words the MIMIC-III modules share. Not here: the
messages (mimic3_*.py).

Source: Johnson et al., MIMIC-III, Sci Data 2016, doi 10.1038/sdata.2016.35; demo doi
10.13026/C2HM2Q.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from pulsehouse.render import tables
from pulsehouse.render.outcome import RenderError
from pulsehouse.render.segments import Sender, Subject

SENDER = Sender("MIMIC3", "BIDMC")

REQUIRED = frozenset(
    {"patients", "admissions", "chartevents", "labevents", "d_items", "d_labitems"}
)

# Only the columns that are read: a table may hold more, in any order.
TABLES: dict[str, tuple[str, ...]] = {
    "patients": ("subject_id", "gender", "dob"),
    "admissions": (
        *("row_id", "subject_id", "hadm_id", "admittime", "dischtime", "deathtime"),
        *("admission_type", "admission_location", "discharge_location", "diagnosis"),
    ),
    "transfers": (
        *("row_id", "subject_id", "hadm_id", "eventtype", "intime"),
        *("prev_careunit", "curr_careunit", "prev_wardid", "curr_wardid"),
    ),
    "services": (
        *("row_id", "subject_id", "hadm_id", "transfertime", "prev_service", "curr_service"),
    ),
    "callout": (
        *("row_id", "subject_id", "hadm_id", "curr_wardid", "curr_careunit", "callout_wardid"),
        *("callout_outcome", "createtime", "outcometime"),
    ),
    "diagnoses_icd": ("hadm_id", "seq_num", "icd9_code"),
    "d_icd_diagnoses": ("icd9_code", "long_title"),
    "d_items": ("itemid", "label"),
    "d_labitems": ("itemid", "label"),
    "chartevents": (
        *("row_id", "subject_id", "hadm_id", "itemid", "charttime", "storetime"),
        *("value", "valuenum", "valueuom", "error"),
    ),
    "labevents": (
        *("row_id", "subject_id", "hadm_id", "itemid", "charttime"),
        *("value", "valuenum", "valueuom", "flag"),
    ),
    "outputevents": (
        *("row_id", "subject_id", "hadm_id", "itemid", "charttime", "storetime"),
        *("value", "valueuom", "iserror"),
    ),
    "microbiologyevents": (
        *("row_id", "subject_id", "hadm_id", "chartdate", "charttime"),
        *("spec_itemid", "spec_type_desc", "org_name"),
    ),
    "prescriptions": (
        *("row_id", "subject_id", "hadm_id", "startdate", "enddate", "drug", "route"),
        *("formulary_drug_cd", "ndc", "dose_val_rx", "dose_unit_rx"),
    ),
    "inputevents_mv": (
        *("row_id", "subject_id", "hadm_id", "itemid", "starttime", "endtime", "storetime"),
        *("amount", "amountuom", "rate", "rateuom", "linkorderid", "ordercategoryname"),
        *("statusdescription", "comments_date"),
    ),
    "inputevents_cv": (
        *("row_id", "subject_id", "hadm_id", "itemid", "charttime", "storetime"),
        *("amount", "amountuom", "rate", "rateuom", "linkorderid", "originalroute"),
        "stopped",
    ),
    "procedureevents_mv": (
        *("row_id", "subject_id", "hadm_id", "itemid", "starttime", "storetime"),
        *("value", "valueuom", "statusdescription"),
    ),
    "cptevents": (
        *("row_id", "subject_id", "hadm_id", "costcenter", "chartdate", "cpt_cd", "description"),
    ),
}

# `moment`: a source time, moved by the patient's shift. `stamp`, `day`: HL7 times of either
# precision. `quantity`: whether a text is an HL7 NM that says what the source's own number column
# says; floats in the source are rounded differently in the two columns, hence the tolerance.
_WORDS = r"""
create macro moment(source_text, shift) as try_cast(source_text as timestamp) + to_days(shift);
create macro stamp(instant) as strftime(instant, '%Y%m%d%H%M%S');
create macro day(instant) as strftime(instant, '%Y%m%d');
create macro is_number(source_text) as
    regexp_full_match(source_text, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)');
create macro is_quantity(source_text, number) as coalesce(
    is_number(source_text)
    and abs(try_cast(source_text as double) - try_cast(number as double))
        <= 1e-6 * greatest(1, abs(try_cast(number as double))),
    false
);
create macro unit_of(careunit, wardid) as coalesce(careunit, 'WARD' || wardid, '');
"""

# A patient's stays all move by the same whole number of days: the first admission lands on the
# start date plus (patient number modulo days). The same patient moves the same way in any subset.
_SUBJECTS = """
create table subjects as
with arrivals as (
    select subject_id, min(try_cast(admittime as timestamp))::date as first_day
    from admissions
    group by subject_id
),
shifted as (
    select
        patients.*,
        coalesce(
            date_diff('day', first_day, start + (patients.subject_id::bigint % days)::integer), 0
        )::integer as shift
    from patients left join arrivals using (subject_id) cross join alignment
)
select
    subject_id::bigint as subject_id,
    shift,
    coalesce(day(moment(dob, shift)), '') as birth_date,
    coalesce(gender, '') as sex
from shifted
"""


@contextmanager
def opened(
    folder: Path, align: date | None, days: int | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a folder, with `subjects` beside them.

    Raises:
        RenderError: A table is missing or cannot be read, or the alignment is half given.
    """
    if (align is None) != (days is None) or (days is not None and days < 1):
        msg = "an alignment needs a date and a number of days of at least 1"
        raise RenderError(msg)
    with tables.database() as connection:
        tables.attach(connection, folder, TABLES, REQUIRED)
        connection.execute("create table alignment (start date, days integer)")
        connection.execute("insert into alignment values (?, ?)", [align, days])
        try:
            connection.execute(_WORDS)
            connection.execute(_SUBJECTS)
        except tables.UNREADABLE as error:
            msg = f"`{folder}`: patients or admissions cannot be read: {type(error).__name__}"
            raise RenderError(msg) from None
        yield connection


def subject(row: tables.Row) -> Subject:
    """The subject of a row that begins (subject_id, hadm_id, birth_date, sex)."""
    patient_id, encounter_id, birth_date, sex = row[:4]
    return Subject(str(patient_id), str(encounter_id or ""), birth_date or "", sex or "")
