"""Differences of charted values and results that are in the two worlds themselves.

Here: the rules for a wrong mapping and a fact of another patient. Not here: units
(result_units.py), causes, or the order of the rules (result_rules.py).

Two rows that differ in their key belong together only if both match nothing else: `loose` of the
stream, `undecided` of the job.
"""

from orchestration.reconciliation.deciding import NO_CAUSE, Lookup, Rule

_BY_CONCEPT = f"""
select
    number, 'mapping' as class,
    'the feed''s code map takes the item for another concept than the job''s readers' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided
where has_l and has_s and l.concept is not null and l.concept is distinct from s.concept
    and same(l, s)
"""  # noqa: S608 our names

# Two items of one message, each under the other's code.
_EXCHANGED = f"""
select
    one.number, 'mapping' as class, 'two items of the message have exchanged their codes' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from undecided as one
inner join undecided as other
    on other.s.feed = one.s.feed and other.s."partition" = one.s."partition"
    and other.s."offset" = one.s."offset" and other.s.charted_at = one.s.charted_at
    and other.s_person = one.s_person and other.number != one.number
where one.has_l and one.has_s and other.has_l and other.has_s
    and not same(one.l, one.s) and same(one.l, other.s) and same(other.l, one.s)
"""  # noqa: S608 our names

# What the stream never had under the item's own code stands in place of another item's value.
_WRITTEN_OVER = f"""
with pairs as (
    select d.number, other.number as other
    from undecided as d
    inner join undecided as other
        on other.s_person = d.l_person and other.s.charted_at = d.l.charted_at
        and other.s.item_id != d.l.item_id
    where d.has_l and not d.has_s and other.has_l and other.has_s
        and same(d.l, other.s) and not same(other.l, other.s)
        and not exists (
            select 1
            from versions
            where versions.person = d.l_person and versions.item_id = d.l.item_id
                and versions.charted_at = d.l.charted_at
        )
)
select
    number, 'mapping' as class,
    'the same patient, time and value stand under another item' as reason,
    {NO_CAUSE} as cause, false as is_wrong_patient
from (select number from pairs union select other from pairs)
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
        and coalesce(loose.strange_code, d.l.item_id) = d.l.item_id
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
MISREAD = (Rule(_BY_CONCEPT), Rule(_EXCHANGED), Rule(_WRITTEN_OVER))
MISCODED = (Rule(_BY_CODE),)

# Most rows of a message are another patient's: then all of it is, also what differs besides; where
# only the visit is the same, row by row. A value alone is no proof: many patients have the same at
# the full hour.
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
        or count(distinct pairs."row") >= greatest(3, 0.8 * any_value(messages.rows_sent))
)
select number, other
from pairs
where is_same_visit
union
select d.number, loose.number as other
from whole
inner join loose using (feed, "partition", "offset")
inner join undecided as d
    on d.l_person = whole.l_person and d.l.item_id = loose.item_id
    and d.l.charted_at = loose.charted_at
where d.has_l and not d.has_s
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
