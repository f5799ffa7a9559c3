"""Admissions, transfers, updates and discharges of MIMIC-III as ADT messages.

Here: one message per event, at the event's own time.

- A01 at admittime, with the admission diagnosis as text (DG1, type A). EVN-6 is the moment at which
  the first bed was taken, where that was before the admission.
- A02 at every transfer of kind `transfer`. A unit is the care unit, else WARD and its number.
- A08 when the service changes (PV1-10), and when the patient dies in hospital (PID-29, PID-30).
- A03 once the stay has ended and the bed is given up, of which dischtime and the transfers tell:
  sent at the later of the two, EVN-6 the earlier, PV1-45 dischtime. With the ICD-9 codes of the
  stay (DG1, type F; in truth assigned later).
- A call-out from intensive care is a pending transfer (A15; to ward 0, home, a pending discharge
  A16) when it was created, and cancelled (A26, A25) at its outcome when that is `Cancelled`.

Before the death is recorded no message tells of it. Beds are not in the source. Not here:
observations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import duckdb

from pulsehouse.render import tables
from pulsehouse.render.batch import Message
from pulsehouse.render.mimic3_source import SENDER, subject
from pulsehouse.render.segments import Subject, escape, header, patient, segment, visit

# The structure of MSH-9.3, which several events share (HL7 v2.5.1 table 0354).
_STRUCTURES = {
    "A01": "ADT_A01",
    "A02": "ADT_A02",
    "A03": "ADT_A03",
    "A08": "ADT_A01",
    "A15": "ADT_A15",
    "A16": "ADT_A16",
    "A25": "ADT_A21",
    "A26": "ADT_A21",
}

# HL7 table 0007; MIMIC-III knows these four.
_ADMISSION_TYPES = {"EMERGENCY": "E", "URGENT": "U", "ELECTIVE": "C", "NEWBORN": "N"}

# `rank`: among equal times a patient arrives before anything else is said, and leaves after it.
_EVENTS = """
with stays as (
    select
        row_id::bigint as row_id,
        subject_id::bigint as subject_id,
        hadm_id::bigint as hadm_id,
        * exclude (row_id, subject_id, hadm_id)
    from admissions
    where try_cast(admittime as timestamp) is not null
),
places as (
    select
        hadm_id::bigint as hadm_id,
        try_cast(intime as timestamp) as since,
        eventtype,
        unit_of(curr_careunit, curr_wardid) as unit
    from transfers
    where eventtype <> 'discharge' and try_cast(intime as timestamp) is not null
),
first_places as (
    select hadm_id, arg_min(unit, since) as unit, min(since) as since from places group by hadm_id
),
given_up as (
    select hadm_id::bigint as hadm_id, max(try_cast(intime as timestamp)) as given_up_at
    from transfers
    where eventtype = 'discharge'
    group by all
),
first_services as (
    select hadm_id::bigint as hadm_id, arg_min(curr_service, transfertime) as service
    from services
    where prev_service is null
    group by all
),
coded as (
    select
        hadm_id::bigint as hadm_id,
        list(
            {'code': icd9_code, 'title': coalesce(long_title, '')} order by seq_num::integer
        ) as codes
    from diagnoses_icd left join d_icd_diagnoses using (icd9_code)
    where icd9_code is not null and seq_num is not null
    group by all
),
happened as (
    select
        'A01' as event, row_id, hadm_id, admittime as happened_at, unit,
        '' as prior, service, '' as pending
    from stays left join first_places using (hadm_id) left join first_services using (hadm_id)
    union all
    select
        'A02', row_id::bigint, hadm_id::bigint, intime,
        unit_of(curr_careunit, curr_wardid), unit_of(prev_careunit, prev_wardid), '', ''
    from transfers where eventtype = 'transfer'
    union all
    select 'A08', row_id::bigint, hadm_id::bigint, transfertime, null, '', curr_service, ''
    from services where prev_service is not null
    union all
    select 'A08', row_id, hadm_id, deathtime, null, '', '', ''
    from stays where deathtime is not null
    union all
    select 'A03', row_id, hadm_id, dischtime, null, '', '', '' from stays
    union all
    select
        if(callout_wardid = '0', 'A16', 'A15'), row_id::bigint, hadm_id::bigint, createtime,
        unit_of(curr_careunit, curr_wardid), '', '',
        if(callout_wardid in ('0', '1'), '', 'WARD' || callout_wardid)
    from callout
    union all
    select
        if(callout_wardid = '0', 'A25', 'A26'), row_id::bigint, hadm_id::bigint, outcometime,
        unit_of(curr_careunit, curr_wardid), '', '', ''
    from callout where callout_outcome = 'Cancelled'
),
dated as (
    select * exclude (happened_at), try_cast(happened_at as timestamp) as happened_at
    from happened
    where try_cast(happened_at as timestamp) is not null
),
timed as (
    select
        dated.*,
        if(event = 'A03', greatest(happened_at, given_up_at), happened_at) as sent,
        case event
            when 'A01' then least(happened_at, first_places.since)
            when 'A03' then least(happened_at, given_up_at)
            else happened_at
        end as occurred
    from dated left join given_up using (hadm_id) left join first_places using (hadm_id)
)
select
    stays.subject_id,
    timed.hadm_id,
    birth_date,
    sex,
    stamp(timed.sent + to_days(coalesce(shift, 0))) as sent_at,
    case event
        when 'A01' then 0 when 'A02' then 1 when 'A15' then 2 when 'A16' then 2
        when 'A08' then 3 when 'A03' then 90 else 4
    end as rank,
    timed.row_id,
    event,
    stamp(timed.occurred + to_days(coalesce(shift, 0))) as occurred_at,
    coalesce(timed.unit, places.unit, '') as unit,
    prior,
    coalesce(service, '') as service,
    coalesce(pending, '') as pending,
    stamp(moment(admittime, coalesce(shift, 0))) as admitted_at,
    if(event = 'A03', stamp(moment(dischtime, coalesce(shift, 0))), '') as discharged_at,
    case
        when try_cast(deathtime as timestamp) <= timed.happened_at
            then stamp(moment(deathtime, coalesce(shift, 0)))
        when event = 'A03' and deathtime is not null
            then stamp(moment(deathtime, coalesce(shift, 0)))
        else ''
    end as died_at,
    admission_type,
    admission_location,
    discharge_location,
    if(event = 'A01', diagnosis, null) as diagnosis,
    if(event = 'A03', codes, null) as codes
from timed
inner join stays using (hadm_id)
left join subjects using (subject_id)
left join coded on coded.hadm_id = timed.hadm_id
asof left join places on places.hadm_id = timed.hadm_id and places.since <= timed.happened_at
order by sent_at, rank, stays.subject_id, timed.hadm_id, timed.row_id, event
"""

_NAMES = (
    *(
        "sent_at",
        "rank",
        "row_id",
        "event",
        "occurred_at",
        "unit",
        "prior",
        "service",
        "pending",
        "admitted_at",
    ),
    *("discharged_at", "died_at", "admission_type", "admission_location", "discharge_location"),
    *("diagnosis", "codes"),
)


def messages(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    """The ADT messages, in order."""
    for row in tables.rows(connection, _EVENTS):
        event = dict(zip(_NAMES, row[4:], strict=True))
        place = (event["sent_at"], event["rank"], row[0], row[1], event["row_id"])
        yield Message(place, _text(event, subject(row)), 0, 0)


def _text(event: Mapping[str, Any], who: Subject) -> str:
    name, at = event["event"], event["sent_at"]
    # Row ids are unique within a table only: a death and a change of service are both A08.
    control_id = f"{name}-{event['row_id']}{'S' if event['service'] and name == 'A08' else ''}"
    return (
        header(SENDER, at, f"ADT^{name}^{_STRUCTURES[name]}", control_id)
        + segment("EVN", {2: at, 6: event["occurred_at"]})
        + patient(SENDER, replace(who, died_at=event["died_at"]))
        + visit(who, _visit_fields(event))
        + _diagnoses(event)
    )


def _visit_fields(event: Mapping[str, Any]) -> dict[int, str]:
    return {
        3: escape(event["unit"]),
        4: _ADMISSION_TYPES.get(event["admission_type"] or "", ""),
        6: escape(event["prior"]),
        10: escape(event["service"]),
        14: escape(event["admission_location"] or ""),
        36: escape(event["discharge_location"] or "") if event["discharged_at"] else "",
        42: escape(event["pending"]),
        44: event["admitted_at"],
        45: event["discharged_at"],
    }


def _diagnoses(event: Mapping[str, Any]) -> str:
    if event["diagnosis"]:
        return segment("DG1", {1: "1", 3: f"^{escape(event['diagnosis'])}", 6: "A"})
    return "".join(
        segment(
            "DG1",
            {1: str(number), 3: f"{escape(row['code'])}^{escape(row['title'])}^I9", 6: "F"},
        )
        for number, row in enumerate(event["codes"] or (), start=1)
    )
