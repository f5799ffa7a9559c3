"""Drugs and infusions given, from MIMIC-III's two charting systems, as RAS^O17.

Here: one message per row of inputevents_mv (MetaVision) and of inputevents_cv (CareVue) with a
rate or a stop, sent when the row was stored. RXA-6 and RXA-7 are amount and unit, RXA-12 is rate
and rate unit as one text (`0.1 mcg/kg/min`).

- MetaVision rows that are food, drink or intake before admission are no administrations: not sent.
- A MetaVision row marked `Rewritten` was given up for another row: it is sent, then cancelled
  (ORC-1 CA, RXA-21 D) at the time its comment was made; without one, in the next message of the
  same time.
- A CareVue row has one charted time. A rate of 0 is the stop of an infusion (ORC-1 DC, RXA-20 NA);
  so is a row marked stopped or discontinued, whatever rate it still shows.

Not here: which of them are antibiotics or vasopressors (feeds/mimic3_codes.csv).
"""

from collections.abc import Iterator

import duckdb

from pulsehouse.render import tables
from pulsehouse.render.batch import Message
from pulsehouse.render.mimic3_source import SENDER, subject
from pulsehouse.render.segments import escape, opening, segment

_RANK = 30

# MetaVision names no route; its order categories imply one. Those of several routes are left out.
_ROUTES = {
    "01-Drips": "IV",
    "02-Fluids (Crystalloids)": "IV",
    "03-IV Fluid Bolus": "IV",
    "04-Fluids (Colloids)": "IV",
    "05-Med Bolus": "IV",
    "06-Insulin (Non IV)": "SC",
    "07-Blood Products": "IV",
    "08-Antibiotics (IV)": "IV",
    "10-Prophylaxis (IV)": "IV",
    "12-Parenteral Nutrition": "IV",
    "13-Enteral Nutrition": "NG",
}

_GIVEN = """
with metavision as (
    select
        'MV' as system, row_id, subject_id, hadm_id, itemid, starttime as starts, endtime as ends,
        storetime as stored, amount, amountuom, rate, rateuom, linkorderid,
        ordercategoryname as category, '' as route, '' as stop,
        statusdescription = 'Rewritten' as is_cancelled,
        greatest(
            try_cast(comments_date as timestamp), try_cast(storetime as timestamp)
        ) as cancelled
    from inputevents_mv
    where ordercategoryname not in ('14-Oral/Gastric Intake', '16-Pre Admission')
),
stops as (
    select *, coalesce(stopped in ('Stopped', 'D/C''d'), false) as is_stop from inputevents_cv
),
carevue as (
    select
        'CV' as system, row_id, subject_id, hadm_id, itemid, charttime as starts, '' as ends,
        storetime as stored, amount, amountuom, if(is_stop, '0', rate), rateuom, linkorderid,
        '' as category, originalroute as route,
        if(is_stop or try_cast(rate as double) = 0, 'DC', '') as stop,
        false as is_cancelled, null::timestamp as cancelled
    from stops
    where rate is not null or is_stop
),
given as (
    select *, unnest(if(is_cancelled, ['RE', 'CA'], [if(stop = '', 'RE', stop)])) as control
    from (select * from metavision union all select * from carevue)
),
timed as (
    select
        * exclude (subject_id),
        given.subject_id::bigint as subject_id,
        coalesce(
            if(control = 'CA', cancelled, null),
            try_cast(stored as timestamp),
            try_cast(starts as timestamp)
        ) as sent
    from given
    where itemid is not null and try_cast(starts as timestamp) is not null
)
select
    subject_id,
    try_cast(hadm_id as bigint) as hadm_id,
    birth_date, sex,
    stamp(sent + to_days(coalesce(shift, 0))) as sent_at,
    row_id::bigint as row_id,
    system, control,
    coalesce(linkorderid, '') as link,
    stamp(moment(starts, coalesce(shift, 0))) as starts_at,
    coalesce(stamp(moment(ends, coalesce(shift, 0))), '') as ends_at,
    itemid,
    coalesce(amount, '') as amount,
    coalesce(amountuom, '') as unit,
    if(rate is null, '', trim(rate || ' ' || coalesce(rateuom, ''))) as rate,
    coalesce(stamp(moment(stored, coalesce(shift, 0))), '') as stored_at,
    coalesce(category, '') as category,
    coalesce(route, '') as route
from timed left join subjects using (subject_id)
order by sent_at, subject_id, hadm_id nulls first, row_id, system, control desc
"""

_LABELS = "select itemid, label from d_items"


def messages(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    """The administrations, in order."""
    labels = {item: escape(label or "") for item, label in tables.rows(connection, _LABELS)}
    for row in tables.rows(connection, _GIVEN):
        patient_id, encounter_id, _, _, sent_at, row_id, system, control = row[:8]
        order_id = f"{system}{row_id}"
        control_id = f"{order_id}{control if control == 'CA' else ''}"
        place = (sent_at, _RANK, patient_id, encounter_id or 0, row_id * 4 + _turn(system, control))
        text = opening(SENDER, sent_at, "RAS^O17^RAS_O17", control_id, subject(row))
        yield Message(place, text + _given(labels, order_id, sent_at, row[7:]), 0, 0)


def _turn(system: str, control: str) -> int:
    return 2 * (system == "MV") + (control == "CA")


def _given(labels: dict[str, str], order_id: str, sent_at: str, row: tables.Row) -> str:
    control, link, starts_at, ends_at, item, amount, unit, rate, stored_at, category, route = row
    fields = {
        1: "0",
        2: "1",
        3: starts_at,
        4: ends_at,
        5: f"{item}^{labels.get(item, '')}^MIMIC_INPUT",
        6: escape(amount),
        7: escape(unit),
        12: escape(rate),
        20: "NA" if control == "DC" else "CP",
        21: "D" if control == "CA" else "A",
        22: stored_at,
    }
    return (
        segment("ORC", {1: control, 2: order_id, 4: link, 9: sent_at})
        + segment("RXA", fields)
        + segment("RXR", {1: escape(route) or _ROUTES.get(category, "")})
    )
