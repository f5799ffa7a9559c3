"""Who a retired patient identifier or visit number stands for, and whose a moved visit is.

Here: the table macros `survivors(known_at)`, `visit_survivors(known_at)`, `visit_moves(known_at)`
and `identity_ledger(known_at)`, over the events that were received up to a moment (all of them
where it is null); and the joins that tell whose a fact is. Not here: the events themselves
(identity_events), or the facts of whoever they join.

The law is that of `clinical.encounters.identities`, and its words are taken from there: merges
apply in the order in which they were learnt, to whom each identifier stands for by then; one
between two that are one already changes nothing, so that a circle ends before the merge that would
close it. An unmerge takes back every earlier merge of its two identifiers.
"""

import duckdb

from clinical.encounters.identities import JOINS, MOVES, PARTS, VISIT_JOINS
from lakehouse.laws import Law, install


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


# Events of the ledger that count, in the order in which they were learnt.
LEDGER = f"""
create macro {{schema}}.identity_events_learnt(known_at) as table
select
    *,
    coalesce(facility, '') as facility_key,
    row_number() over (order by received_at, feed, "partition", "offset", "row") as learnt_as,
    retired_facility is null or retired_facility is not distinct from facility as is_of_one,
    event in ({_listed(JOINS)}) as is_join,
    event in ({_listed(PARTS)}) as is_part
from {{schema}}.identity_events
where known_at is null or received_at <= known_at
"""  # noqa: S608 the law's own words

# Merges that no later unmerge of the same two takes back.
MERGES = """
create macro {schema}.identity_merges(known_at) as table
with told as (
    select *, least(retired_id, surviving_id) as one, greatest(retired_id, surviving_id) as other
    from {schema}.identity_events_learnt(known_at)
    where is_of_one and retired_id != surviving_id and retired_id != '' and surviving_id != ''
),
undone as (
    select facility_key, one, other, max(learnt_as) as undone_as
    from told where is_part group by all
)
select
    told.facility_key, told.facility, told.retired_id as retired, told.surviving_id as surviving,
    told.learnt_as, coalesce(undone.undone_as > told.learnt_as, false) as is_undone
from told left join undone using (facility_key, one, other)
where told.is_join
"""

VISIT_MERGES = f"""
create macro {{schema}}.visit_merges(known_at) as table
select
    facility_key, facility, retired_visit as retired, surviving_visit as surviving, learnt_as,
    false as is_undone
from {{schema}}.identity_events_learnt(known_at)
where event in ({_listed(VISIT_JOINS)}) and is_of_one
    and retired_visit != surviving_visit and retired_visit != '' and surviving_visit != ''
"""  # noqa: S608 the law's own words

# Names that any merge joins are one group; its merges are then applied one after the other to a
# list of (name, whom it stands for), all groups at once.
FOLDED = """
create macro {{schema}}.{name}_folded(known_at) as table
with recursive

pairs as (from {{schema}}.{source}(known_at) where not is_undone),

links as (
    select facility_key, retired as one, surviving as other from pairs
    union
    select facility_key, surviving, retired from pairs
),

reached as (
    select facility_key, one, other from links
    union
    select reached.facility_key, reached.one, links.other
    from reached
    join links on links.facility_key = reached.facility_key and links.one = reached.other
),

groups as (
    select facility_key, one as member, min(other) as named from reached group by all
),

merges as (
    select
        pairs.*,
        groups.named,
        row_number() over (
            partition by pairs.facility_key, groups.named order by pairs.learnt_as
        ) as number
    from pairs
    join groups on groups.facility_key = pairs.facility_key and groups.member = pairs.retired
),

applied as (
    select
        facility_key,
        named,
        0 as number,
        null::bigint as learnt_as,
        false as was_one,
        list(struct_pack(id := member, root := member)) as members
    from groups
    group by all
    union all
    select
        applied.facility_key,
        applied.named,
        applied.number + 1,
        merges.learnt_as,
        list_filter(applied.members, lambda o: o.id = merges.retired)[1].root
        = list_filter(applied.members, lambda n: n.id = merges.surviving)[1].root,
        list_transform(applied.members, lambda m: struct_pack(
            id := m.id,
            root := case
                when m.root = list_filter(applied.members, lambda o: o.id = merges.retired)[1].root
                then list_filter(applied.members, lambda n: n.id = merges.surviving)[1].root
                else m.root
            end
        ))
    from applied
    join merges
        on merges.facility_key = applied.facility_key
        and merges.named = applied.named
        and merges.number = applied.number + 1
)

from applied
"""

SURVIVORS = """
create macro {{schema}}.{name}(known_at) as table
with ended as (
    select facility_key, named, arg_max(members, number) as members
    from {{schema}}.{name}_folded(known_at) group by all
),
standing as (select facility_key, unnest(members) as member from ended),
facilities as (
    select facility_key, any_value(facility) as facility
    from {{schema}}.{source}(known_at) group by all
)
select facilities.facility, member.id as retired_{word}, member.root as surviving_{word}
from standing
join facilities using (facility_key)
where member.id != member.root
"""

# Whose the facts are that came under a visit's number, retired ones too, and an identifier that
# stands for `sent_id`.
VISIT_MOVES = f"""
create macro {{schema}}.visit_moves(known_at) as table
with people as materialized (from {{schema}}.survivors(known_at)),
told as (
    select
        *,
        coalesce(nullif(retired_visit, ''), nullif(surviving_visit, ''), encounter_id) as number
    from {{schema}}.identity_events_learnt(known_at)
    where event in ({_listed(MOVES)}) and is_of_one
        and retired_id != surviving_id and retired_id != '' and surviving_id != ''
),
moves as (
    select
        told.facility,
        coalesce(v.surviving_visit, told.number) as visit,
        list(struct_pack(
            source := coalesce(old.surviving_id, told.retired_id),
            target := coalesce(new.surviving_id, told.surviving_id)
        ) order by told.learnt_as) as steps
    from told
    left join {{schema}}.visit_survivors(known_at) v
        on v.facility is not distinct from told.facility and v.retired_visit = told.number
    left join people as old
        on old.facility is not distinct from told.facility and old.retired_id = told.retired_id
    left join people as new
        on new.facility is not distinct from told.facility and new.retired_id = told.surviving_id
    where told.number is not null
    group by all
),
starts as (
    select facility, visit, steps, unnest(list_distinct(steps.list_transform(
        lambda step: step.source
    ))) as sent
    from moves
),
numbers as (
    select facility, visit as number, visit from moves
    union all
    select facility, retired_visit, surviving_visit from {{schema}}.visit_survivors(known_at)
)
select
    starts.facility,
    numbers.number as encounter_id,
    sent as sent_id,
    list_reduce(
        list_prepend(struct_pack(source := sent, target := sent), steps),
        lambda so_far, step: struct_pack(
            source := so_far.source,
            target := if(step.source = so_far.target, step.target, so_far.target)
        )
    ).target as patient_id
from starts
join numbers
    on numbers.visit = starts.visit and numbers.facility is not distinct from starts.facility
"""  # noqa: S608 the law's own words

# Where each event of the ledger ended.
OUTCOMES = f"""
create macro {{schema}}.identity_ledger(known_at) as table
select
    e.* exclude (facility_key, is_of_one, is_join, is_part),
    case
        when not e.is_of_one then 'other authority'
        when e.event in ({_listed((*JOINS, *PARTS))}) and e.retired_id = e.surviving_id
            then 'itself'
        when m.is_undone then 'taken back'
        when e.is_join and f.was_one then case
            when exists (
                select 1 from {{schema}}.identity_merges(known_at) x
                where x.facility_key = e.facility_key and x.learnt_as < e.learnt_as
                    and not x.is_undone
                    and x.retired = e.retired_id and x.surviving = e.surviving_id
            ) then 'repeated'
            when exists (
                select 1 from {{schema}}.identity_merges(known_at) x
                where x.facility_key = e.facility_key and x.learnt_as < e.learnt_as
                    and not x.is_undone
                    and x.retired = e.surviving_id and x.surviving = e.retired_id
            ) then 'reversed'
            else 'circle'
        end
        when e.is_part and not exists (
            select 1 from {{schema}}.identity_merges(known_at) x
            where x.facility_key = e.facility_key and x.learnt_as < e.learnt_as
                and e.retired_id in (x.retired, x.surviving)
                and e.surviving_id in (x.retired, x.surviving)
        ) then 'never merged'
        else 'applied'
    end as outcome
from {{schema}}.identity_events_learnt(known_at) e
left join {{schema}}.identity_merges(known_at) m using (learnt_as)
left join {{schema}}.survivors_folded(known_at) f using (learnt_as)
"""  # noqa: S608 the law's own words

# The patient that a fact belongs to, where `owners` is joined to it.
OWNER = "coalesce(moved.patient_id, identities.surviving_id, sent.patient_id)"


def owners(
    people: str = "{schema}.survivors(known_at)", moves: str = "{schema}.visit_moves(known_at)"
) -> str:
    """The joins that tell whose `sent` is: a fact with facility, patient and visit as received."""
    return f"""
    left join {people} as identities
        on identities.retired_id = sent.patient_id
        and identities.facility is not distinct from sent.facility
    left join {moves} as moved
        on moved.encounter_id = sent.encounter_id
        and moved.sent_id = coalesce(identities.surviving_id, sent.patient_id)
        and moved.facility is not distinct from sent.facility
"""


_PEOPLE = {"name": "survivors", "source": "identity_merges", "word": "id"}
_VISITS = {"name": "visit_survivors", "source": "visit_merges", "word": "visit"}
LAW = Law(
    needs=("identity_events",),
    macros=(
        LEDGER,
        MERGES,
        VISIT_MERGES,
        FOLDED.format(**_PEOPLE),
        FOLDED.format(**_VISITS),
        SURVIVORS.format(**_PEOPLE),
        SURVIVORS.format(**_VISITS),
        VISIT_MOVES,
        OUTCOMES,
    ),
    views={
        "current_identities": "survivors(null)",
        "identity_outcomes": "identity_ledger(null)",
    },
)


def add_survivors(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Install the macros beside the table `identity_events` of a schema, a name as SQL has it."""
    install(connection, LAW, schema, LAW.needs)
