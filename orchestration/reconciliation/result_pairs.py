"""Differences of charted values and results that are in the two worlds themselves.

Here: the rules for a wrong mapping, another unit, and a fact of another patient; they decide only
what no cause explains (result_rules.py). Not here: causes.

Two rows that differ in their key belong together only if both match nothing else: `loose` of the
stream, `undecided` of the job.
"""

from orchestration.reconciliation.deciding import NO_CAUSE, Lookup, Rule

# How the numbers of two units of one concept relate: `one = other * factor + shift`.
_RELATIONS = """
create temp table relations as
with pairs as (
    select
        a.concept,
        b.factor / a.factor as factor,
        (b.shift - a.shift) / a.factor as shift
    from jobs.canonical as a inner join jobs.canonical as b on b.concept = a.concept
)
select distinct concept, round_even(factor, 12) as factor, round_even(shift, 9) as shift
from pairs
where abs(factor - 1) > 1e-9 or abs(shift) > 1e-9
"""
# As near as the coarser of the two was written, and never further apart than half a hundredth.
_NEAR = """
create temp macro near(one, other, slack) as
    abs(one - other) <= slack + greatest(
        0.0005 * abs(one),
        least(
            0.5 * pow(10, -length(nullif(split_part(one::varchar, '.', 2), '0'))),
            0.005 * abs(one)
        ),
        if(one = round(one), least(0.5, 0.005 * abs(one)), 0)
    )
"""

_BY_CONCEPT = f"""
select
    number, 'mapping' as class,
    'the feed''s code map takes the item for another concept than the job''s readers' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided
where has_l and has_s and l.concept is not null and l.concept is distinct from s.concept
    and same(l, s)
"""  # noqa: S608 our names

# The job's row under one item, the stream's under another; where the stream's row met a row of the
# item's own, that one differs, or was written over.
_BY_CODE = f"""
with pairs as (
    select d.number, loose.number as other
    from undecided as d
    inner join loose
        on loose.person = d.l_person and loose.charted_at = d.l.charted_at
        and loose.item_id != d.l.item_id
    where d.has_l and not d.has_s and same(d.l, loose)
),
told as (
    select number from pairs
    union
    select other from pairs where other is not null
)
select
    number, 'mapping' as class,
    'the same patient, time and value stand under another item' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from told where number in (select number from undecided)
"""  # noqa: S608 our names
MAPPINGS = (Rule(_BY_CONCEPT), Rule(_BY_CODE))

_SAME_VALUE = f"""
select
    number, 'unit' as class,
    if(l.unit is distinct from s.unit, 'the same value in another unit',
       'the stream reads the unit as another than the job''s readers') as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided
where has_l and has_s and same(l, s)
"""  # noqa: S608 our names
_CONVERTED = f"""
select
    d.number, 'unit' as class, 'a conversion of units makes the numbers equal' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided as d
inner join relations on relations.concept = coalesce(d.l.concept, d.s.concept)
where d.has_l and d.has_s
    and (
        near(d.l.value, d.s.value * relations.factor + relations.shift, {{slack}})
        or near(d.s.value, (d.l.value - relations.shift) / relations.factor, {{slack}})
    )
"""  # noqa: S608 our names
UNITS = (Lookup(_RELATIONS), Lookup(_NEAR), Rule(_SAME_VALUE), Rule(_CONVERTED))

# A message whose every row is another patient's, by whole messages; where only the visit is the
# same, row by row. A value alone is no proof: many patients have the same at the full hour.
_SWAPPED = """
create temp table swapped as
with pairs as (
    select
        d.number, loose.number as other, loose.feed, loose."partition", loose."offset",
        loose."row", d.l_person,
        loose.encounter_id is not distinct from d.l.encounter_id
            and loose.encounter_id is not null as is_same_visit
    from undecided as d
    inner join loose
        on loose.item_id = d.l.item_id and loose.charted_at = d.l.charted_at
        and loose.person is distinct from d.l_person
    where d.has_l and not d.has_s and same(d.l, loose)
),
messages as (
    select feed, "partition", "offset", count(*) as rows_sent
    from versions
    group by all
),
whole as (
    select pairs.feed, pairs."partition", pairs."offset", pairs.l_person
    from pairs
    inner join messages using (feed, "partition", "offset")
    group by all
    having count(distinct pairs."row") = any_value(messages.rows_sent)
)
select pairs.number, pairs.other
from pairs left join whole using (feed, "partition", "offset", l_person)
where pairs.is_same_visit or whole.feed is not null
"""
_OF_ANOTHER = f"""
with told as (
    select number from swapped
    union
    select other from swapped where other is not null
    union
    select mine.number
    from undecided as mine
    inner join undecided as other
        on other.has_s and not other.has_l
        and other.s.item_id = mine.l.item_id and other.s.charted_at = mine.l.charted_at
        and other.s_person is distinct from mine.l_person
        and other.s.encounter_id = mine.l.encounter_id
    where mine.has_l and mine.has_s and same(mine.l, other.s)
    union
    select other.number
    from undecided as mine
    inner join undecided as other
        on other.has_s and not other.has_l
        and other.s.item_id = mine.l.item_id and other.s.charted_at = mine.l.charted_at
        and other.s_person is distinct from mine.l_person
        and other.s.encounter_id = mine.l.encounter_id
    where mine.has_l and mine.has_s and same(mine.l, other.s)
)
select
    number,
    case
        when not has_s then 'missing_in_stream'
        when not has_l then 'missing_in_legacy'
        else 'value'
    end as class,
    'the other side has this fact of another patient, and no merge joins the two' as reason,
    {NO_CAUSE} as cause, true as is_wrong_patient
from undecided inner join told using (number)
"""  # noqa: S608 our names
WRONG_PATIENTS = (Lookup(_SWAPPED), Rule(_OF_ANOTHER))
