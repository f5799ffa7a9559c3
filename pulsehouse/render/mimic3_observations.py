"""Charted values, laboratory results and outputs of MIMIC-III as ORU^R01.

Here: one message per patient, stay, time of the value and time it was stored. The order id (OBR-3)
comes from patient, stay and clinical time only, so that a correction meets its original.

- Charted values and outputs are sent when they were stored (storetime).
- The source does not say when a laboratory result was released: it is sent at its charttime.
- A value whose item and charttime were stored before is a correction (C).
- Several values of one item at one charttime and storetime (pick lists) get sub-ids 1, 2, ...
  (OBX-4).
- A row with error=1 is first sent as the charting system had sent it (F), then taken back in the
  next message with the same time: replaced (C) when the source holds the right value beside it,
  retracted (W) otherwise. The source does not say when the error was noticed.
- A row without a value says nothing and is not sent.
- A blood gas of a specimen that the analyser says is arterial has test codes of its own
  (`50821-ART`), as laboratories have; without such a statement, or with several, it has not.
- An entry of a pick list of procedures or events is coded by its choice (`582/CVVHD Start`).
- A procedure charted in MetaVision is sent when it was stored, dated by its start; its value is how
  long it took.

Not here: what the items mean (feeds/mimic3_codes.csv).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import duckdb

from pulsehouse.render import tables
from pulsehouse.render.batch import Message
from pulsehouse.render.mimic3_source import SENDER, subject
from pulsehouse.render.segments import END, escape, opening


@dataclass(frozen=True, slots=True)
class Panel:
    """One table of values: its name on the wire, its rank among equal times, and how it is read."""

    name: str
    rank: int
    code_system: str
    dictionary: str
    query: str


# Items of chartevents whose value is one of many procedures, events or states.
_PICK_LISTS = "('147', '582', '640', '225965')"

_CHART_ROWS = f"""
with noted as (
    select
        * exclude (itemid),
        if(itemid in {_PICK_LISTS}, itemid || '/' || value, itemid) as itemid,
        coalesce(try_cast(storetime as timestamp), try_cast(charttime as timestamp)) as stored,
        is_quantity(value, valuenum) as is_nm,
        '' as flag,
        coalesce(error, '0') = '1' as is_error
    from chartevents
)
"""  # noqa: S608 - the constant above

_OUTPUT_ROWS = """
with noted as (
    select
        *,
        coalesce(try_cast(storetime as timestamp), try_cast(charttime as timestamp)) as stored,
        is_quantity(value, value) as is_nm,
        '' as flag,
        coalesce(iserror, '0') = '1' as is_error
    from outputevents
)
"""

# A `delta` flag (a change from the last value) has no counterpart in HL7 table 0078: left out.
_GASES = "('50818', '50821')"
_LAB_ROWS = f"""
with specimens as (
    select subject_id, hadm_id, charttime, any_value(value) as specimen
    from labevents
    where itemid = '50800'
    group by all
    having count(*) = 1
),
noted as (
    select
        labevents.* exclude (flag, itemid),
        if(specimen = 'ART' and itemid in {_GASES}, itemid || '-ART', itemid) as itemid,
        try_cast(labevents.charttime as timestamp) as stored,
        is_quantity(value, valuenum) as is_nm,
        case flag when 'abnormal' then 'A' else '' end as flag,
        false as is_error
    from labevents left join specimens
        on specimens.subject_id = labevents.subject_id
        and specimens.hadm_id is not distinct from labevents.hadm_id
        and specimens.charttime = labevents.charttime
)
"""  # noqa: S608 - the constant above

_PROCEDURE_ROWS = """
with noted as (
    select
        *,
        coalesce(try_cast(storetime as timestamp), try_cast(starttime as timestamp)) as stored,
        is_quantity(value, value) as is_nm,
        '' as flag,
        coalesce(statusdescription, '') = 'Rewritten' as is_error
    from (select *, starttime as charttime from procedureevents_mv)
)
"""

# `place` numbers the values of one item stored together. An error that has a right value at its own
# place is `replaced`. `sendings` says in which message (0 now, 1 the next) with which OBX-11.
_SENDINGS = """
, placed as (
    select
        *,
        row_number() over (
            partition by subject_id, hadm_id, itemid, charttime, stored, is_error
            order by try_cast(row_id as bigint)
        ) as place
    from noted
    where value is not null and stored is not null and try_cast(charttime as timestamp) is not null
),
compared as (
    select
        *,
        max(place) over item > 1 as is_multiple,
        stored > min(stored) over item as is_later,
        bool_or(is_error) over spot and not bool_and(is_error) over spot as is_replaced
    from placed
    window
        item as (partition by subject_id, hadm_id, itemid, charttime),
        spot as (partition by subject_id, hadm_id, itemid, charttime, stored, place)
),
sendings as (
    select
        *,
        unnest(
            case
                when is_replaced and not is_error then [{'turn': 1, 'status': 'C'}]
                when is_error and not is_replaced then [
                    {'turn': 0, 'status': if(is_later, 'C', 'F')}, {'turn': 1, 'status': 'W'}
                ]
                else [{'turn': 0, 'status': if(is_later, 'C', 'F')}]
            end
        ) as sending
    from compared
)
select
    sendings.subject_id::bigint as subject_id,
    try_cast(hadm_id as bigint) as hadm_id,
    birth_date,
    sex,
    stamp(stored + to_days(coalesce(shift, 0))) as sent_at,
    stamp(moment(charttime, coalesce(shift, 0))) as effective_at,
    sending.turn as turn,
    try_cast(row_id as bigint) as row_id,
    itemid,
    if(is_multiple, place::varchar, '') as sub_id,
    is_nm,
    value,
    coalesce(valueuom, '') as unit,
    flag,
    sending.status as status
from sendings left join subjects on subjects.subject_id = sendings.subject_id::bigint
order by
    sent_at, subject_id, hadm_id nulls first, effective_at, turn,
    try_cast(regexp_extract(itemid, '^[0-9]+') as bigint), itemid, place, row_id
"""

# The label of every code: of the item, and of what a code adds to its item.
_LAB_LABELS = f"""
select itemid, label from d_labitems
union all
select itemid || '-ART', label || ' (arterial)' from d_labitems where itemid in {_GASES}
"""  # noqa: S608 - the constant above

PANELS = (
    Panel("LAB", 20, "MIMIC_LAB", _LAB_LABELS, _LAB_ROWS + _SENDINGS),
    Panel("CHART", 40, "MIMIC_CHART", "select itemid, label from d_items", _CHART_ROWS + _SENDINGS),
    Panel(
        "OUTPUT", 50, "MIMIC_OUTPUT", "select itemid, label from d_items", _OUTPUT_ROWS + _SENDINGS
    ),
    Panel(
        "PROCEDURE",
        60,
        "MIMIC_PROCEDURE",
        "select itemid, label from d_items",
        _PROCEDURE_ROWS + _SENDINGS,
    ),
)

_ROW_ID, _ITEM = 7, 8


def messages(connection: duckdb.DuckDBPyConnection, panel: Panel) -> Iterator[Message]:
    """The messages of one panel, in order."""
    codes = {
        item: f"{item}^{escape(label or '')}^{panel.code_system}"
        for item, label in tables.rows(connection, panel.dictionary)
    }
    # A message is what shares everything up to `turn`.
    for key, group in groupby(tables.rows(connection, panel.query), key=lambda row: row[:_ROW_ID]):
        yield _message(panel, codes, key, list(group))


def _message(
    panel: Panel, codes: dict[str, str], key: tables.Row, group: list[tables.Row]
) -> Message:
    sent_at, effective_at, turn = key[4:7]
    who = subject(key)
    order_id = f"{panel.name}-{who.patient_id}-{who.encounter_id}-{effective_at}"
    control_id = f"{panel.name}{group[0][_ROW_ID]}{'R' if turn else ''}"
    text = opening(SENDER, sent_at, "ORU^R01^ORU_R01", control_id, who)
    report = f"OBR|1||{order_id}|{panel.name}^^MIMIC|||{effective_at}{'|' * 15}{sent_at}|||"
    status = "C" if any(row[-1] != "F" for row in group) else "F"
    lines = [
        _line(number, codes, panel, effective_at, row[_ITEM:])
        for number, row in enumerate(group, start=1)
    ]
    place = (sent_at, panel.rank, key[0], key[1] or 0, int(effective_at) * 2 + turn)
    return Message(place, f"{text}{report}{status}{END}{''.join(lines)}", len(lines), len(lines))


def _line(
    number: int, codes: dict[str, str], panel: Panel, effective_at: str, row: tables.Row
) -> str:
    item, sub_id, is_nm, value, unit, flag, status = row
    code = codes.get(item) or _uncatalogued(codes, panel, item)
    kind = "NM" if is_nm else "ST"
    return (
        f"OBX|{number}|{kind}|{code}|{sub_id}|{escape(value)}|{escape(unit)}||{flag}"
        f"|||{status}|||{effective_at}{END}"
    )


def _uncatalogued(codes: dict[str, str], panel: Panel, item: str) -> str:
    """A code that no catalogue lists: one of a pick list has its item's label."""
    listed = codes.get(item.partition("/")[0], f"^^{panel.code_system}")
    _, label, system = listed.split("^")
    return f"{escape(item)}^{label}^{system}"
