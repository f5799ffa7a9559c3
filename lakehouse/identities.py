"""Who a retired patient identifier stands for.

Here: the table macro `survivors(known_at)`, over the merges that were received up to a moment (all
of them where it is null): facility, retired_id, surviving_id. Not here: the merges themselves
(identity_events), or the facts of whoever they join.

The law is that of `clinical.scoring.engine`: merges apply in the order in which they were learnt,
to whom each identifier stands for by then; one between two that are one already changes nothing. So
a circle ends before the merge that would close it. An unmerge is not carried out.
"""

import duckdb

# Identifiers that any merge joins are one group; its merges are then applied one after the other
# to a list of (identifier, whom it stands for), all groups at once.
SURVIVORS = """
create macro {schema}.survivors(known_at) as table
with recursive

pairs as (
    select
        coalesce(facility, '') as facility_key,
        facility,
        retired_id,
        surviving_id,
        row_number() over (order by received_at, feed, "partition", "offset", "row") as learnt_as
    from {schema}.identity_events
    where event = 'merge'
      and retired_id != surviving_id and retired_id != '' and surviving_id != ''
      and (known_at is null or received_at <= known_at)
),

links as (
    select facility_key, retired_id as one, surviving_id as other from pairs
    union
    select facility_key, surviving_id, retired_id from pairs
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
    join groups on groups.facility_key = pairs.facility_key and groups.member = pairs.retired_id
),

applied as (
    select
        facility_key,
        named,
        0 as number,
        list(struct_pack(id := member, root := member)) as members
    from groups
    group by all
    union all
    select
        applied.facility_key,
        applied.named,
        applied.number + 1,
        list_transform(applied.members, lambda m: struct_pack(
            id := m.id,
            root := case
                when m.root = list_filter(
                    applied.members, lambda o: o.id = merges.retired_id
                )[1].root
                then list_filter(applied.members, lambda n: n.id = merges.surviving_id)[1].root
                else m.root
            end
        ))
    from applied
    join merges
        on merges.facility_key = applied.facility_key
        and merges.named = applied.named
        and merges.number = applied.number + 1
),

ended as (
    select facility_key, named, arg_max(members, number) as members from applied group by all
),

standing as (
    select facility_key, unnest(members) as member from ended
),

facilities as (
    select facility_key, any_value(facility) as facility from pairs group by all
)

select facilities.facility, member.id as retired_id, member.root as surviving_id
from standing
join facilities using (facility_key)
where member.id != member.root
"""


def add_survivors(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Install the macro beside the table `identity_events` of a schema, a name as SQL writes it."""
    connection.execute(SURVIVORS.format(schema=schema))
