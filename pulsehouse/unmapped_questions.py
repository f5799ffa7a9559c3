"""What of a lake's observations nobody could read yet, by code, unit, answer and range.

Here: the questions in SQL, and from how many patients on values may be told of. Not here: what is
proposed (unmapped.py), or the answers' form (unmapped_report.py).
"""

from typing import Any

import pyarrow as pa

from pulsehouse.contents import Contents, Row

# Fewer patients than these, and a percentile is somebody's value.
ENOUGH_PATIENTS = 5
# More codes than these are for another day; the most used come first.
_MOST = 300
MICROSECONDS_PER_HOUR = 3_600_000_000


def codes(contents: Contents, feed: str | None) -> list[Row]:
    """Codes without a concept: how often, of how many patients, in which units, and what range."""
    return contents.ask(_CODES, feed=feed, enough=ENOUGH_PATIENTS, most=_MOST)


def unread_units(contents: Contents, feed: str | None) -> list[Row]:
    """Units that are missing, or do not convert to their concept's."""
    return contents.ask(_UNITS, feed=feed, enough=ENOUGH_PATIENTS, most=_MOST)


def unread_answers(contents: Contents, feed: str | None) -> list[Row]:
    """Answers that no profile maps; one that too few patients have is counted and not shown."""
    return contents.ask(_ANSWERS, feed=feed, enough=ENOUGH_PATIENTS, most=_MOST)


def implausible(contents: Contents, feed: str | None) -> list[Row]:
    """Codes whose values lie outside their concept's range, by the unit that was sent."""
    return contents.ask(_IMPLAUSIBLE, feed=feed, enough=ENOUGH_PATIENTS, most=_MOST)


def completed(contents: Contents, wanted: list[dict[str, Any]], names: pa.Table) -> dict[int, Row]:
    """How many scores would have had a value that they lacked, per code and concept wanted.

    A score counts where it lacked a parameter that the concept answers, and the patient had a value
    of the code within the concept's look-back.

    Args:
        contents: The lake.
        wanted: Per line `number`, `feed`, `code_system`, `code`, `concept`, and `lookback` in
            microseconds.
        names: Which parameter (`score`, `variant`, `parameter`) which `concept` answers.
    """
    if not wanted:
        return {}
    contents.connection.register("wanted_rows", pa.Table.from_pylist(wanted, schema=_WANTED))
    contents.connection.register("parameter_concepts", names)
    try:
        return {row["number"]: row for row in contents.ask(_COMPLETED)}
    finally:
        contents.connection.unregister("wanted_rows")
        contents.connection.unregister("parameter_concepts")


_WANTED = pa.schema(
    [
        ("number", pa.int64()),
        ("feed", pa.string()),
        ("code_system", pa.string()),
        ("code", pa.string()),
        ("concept", pa.string()),
        ("lookback", pa.int64()),
    ]
)

_PATIENTS = "count(distinct (facility, patient_id))"
_SEEN = f"""
    count(*) as observations, {_PATIENTS} as patients,
    min(received_at) as first_seen_at, max(received_at) as last_seen_at
"""
_THREE = """
    case when count(distinct (facility, patient_id)) filter (value_number is not null) >= $enough
        then quantile_cont(value_number, [0.05, 0.5, 0.95])
            filter (isfinite(value_number)) end as percentiles
"""
_OF_FEED = "($feed is null or feed = $feed)"

_CODES = f"""
with mine as (
    select * from observations
    -- Words in place of a code are a person's own, and may say anything.
    where not_scored_reason = 'unmapped_code' and code is not null and {_OF_FEED}
),
units as (
    select feed, code_system, code, list(unit_as_sent order by times desc, unit_as_sent) as units
    from (
        select feed, code_system, code, unit_as_sent, count(*) as times
        from mine where unit_as_sent is not null group by all
    )
    group by all
),
found as (
    select
        feed, code_system, code,
        if({_PATIENTS} >= $enough, mode(code_text), any_value(code_text)) as code_text,
        {_SEEN}, count(value_number) as numbers, {_THREE}
    from mine group by feed, code_system, code
)
select found.*, coalesce(units.units[1:3], []) as units
from found left join units
    on found.feed = units.feed and found.code = units.code
    and found.code_system is not distinct from units.code_system
order by patients desc, observations desc, feed, code_system, code
limit $most
"""  # noqa: S608 - constants of this module

_UNITS = f"""
select
    feed, code_system, code, concept, unit_as_sent, not_scored_reason as reason,
    {_SEEN}, {_THREE}
from observations
where not_scored_reason in ('unknown_unit', 'missing_unit') and {_OF_FEED}
group by all
order by patients desc, observations desc, feed, code_system, code, unit_as_sent
limit $most
"""  # noqa: S608

_ANSWERS = f"""
with by_answer as (
    select feed, concept, value_text as answer, {_SEEN}
    from observations
    where not_scored_reason = 'unknown_answer' and {_OF_FEED}
    group by all
)
select
    feed, concept, if(patients >= $enough, answer, null) as answer,
    sum(observations)::bigint as observations,
    max(patients) as patients,
    count(*) as answers, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
from by_answer
group by feed, concept, if(patients >= $enough, answer, null)
order by patients desc, observations desc, feed, concept, answer
limit $most
"""  # noqa: S608

_IMPLAUSIBLE = f"""
with usual as (
    select concept, median("value") as usual from observations where is_scored group by concept
),
sent as (
    select feed, code_system, code, concept, unit_as_sent, count(*) as sent
    from observations
    where concept is not null and value_number is not null and {_OF_FEED}
    group by all
),
found as (
    select feed, code_system, code, concept, unit_as_sent, {_SEEN}, {_THREE}
    from observations
    where not_scored_reason = 'implausible' and {_OF_FEED}
    group by feed, code_system, code, concept, unit_as_sent
)
select found.*, sent.sent, usual.usual
from found
left join usual on usual.concept = found.concept
join sent
    on sent.feed = found.feed and sent.concept = found.concept
    and sent.code is not distinct from found.code
    and sent.code_system is not distinct from found.code_system
    and sent.unit_as_sent is not distinct from found.unit_as_sent
order by found.patients desc, found.observations desc, found.feed, found.code
limit $most
"""  # noqa: S608

_COMPLETED = """
with measured as (
    select w.number, o.facility, o.patient_id, o.effective_at, w.lookback
    from observations o
    join wanted_rows w
        on o.feed = w.feed and o.code = w.code
        and o.code_system is not distinct from w.code_system
    where o.not_scored_reason = 'unmapped_code' and o.effective_at is not null
),
lacking as (
    select distinct
        s.facility, s.patient_id, s.effective_at, s.score, s.variant, s.feed, s."offset", s."row",
        p.concept
    from (select *, unnest(missing) as lacked from scores where state != 'not_applicable') s
    join parameter_concepts p
        on p.score = s.score and p.variant = s.variant and p.parameter = s.lacked
),
asked as (
    select l.*, w.number from lacking l join wanted_rows w on w.concept = l.concept
)
select a.number, count(*) as scores, count(distinct (a.facility, a.patient_id)) as helped
from asked a
asof join measured m
    on a.number = m.number and a.facility is not distinct from m.facility
    and a.patient_id = m.patient_id and a.effective_at >= m.effective_at
where epoch_us(a.effective_at) - epoch_us(m.effective_at) <= m.lookback
group by a.number
"""
