"""What became of an alert's inputs since: corrected, withdrawn, cancelled, or told again.

Here: the later versions of the rows that an alert rests on. Not here: whether the alert would still
be raised (a replay says so), or how it is shown (explain_report.py).

A later version of an observation has its identity (`observation_id`) and a later place in its feed;
an order or a drug is known by its number. What was told before the alert is not among these: the
newest of it is what the alert rests on.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pulsehouse.contents import Contents, Row
from pulsehouse.explained_rows import Place, place_of, wanted


def later_versions(
    contents: Contents, items: Sequence[Row], *, identified: bool = False
) -> Mapping[Place, Sequence[Row]]:
    """By the place of an input's row, what was told of the same thing since, oldest first.

    Each is `says` (a status, or what happened to the order), `value_text`, `unit_as_sent`,
    `effective_at`, `received_at` and its own place; with `identified` also whose it is now.
    """
    contents.connection.register("wanted", wanted(items))
    found: dict[Place, list[Row]] = defaultdict(list)
    for row in contents.ask(_OBSERVATIONS) + contents.ask(_ORDERS) + contents.ask(_DRUGS):
        place = tuple(row.pop(f"old_{name}") for name in ("feed", "partition", "offset", "row"))
        if not identified:
            del row["patient_id"]
        found[place].append(row)
    contents.connection.unregister("wanted")
    return found


def since(item: Row, later: Mapping[Place, Sequence[Row]]) -> Sequence[Row]:
    """The later versions of one input."""
    return later.get(place_of(item), ())


_LATER = """
select
    old.feed as old_feed,
    old."partition" as old_partition,
    old."offset" as old_offset,
    old."row" as old_row,
    {told},
    new.patient_id,
    new.received_at,
    new.feed,
    new."partition",
    new."offset",
    new."row"
from wanted as w
join {table} as old
    on old.feed = w.feed and old."partition" = w."partition"
    and old."offset" = w."offset" and old."row" = w."row"
join {table} as new
    on new.feed = old.feed and new."partition" = old."partition"
    and new.{identity} = old.{identity}
    and new.facility is not distinct from old.facility
    and (new."offset", new."row") > (old."offset", old."row")
where {condition}
order by new."offset", new."row"
"""

_OBSERVATIONS = _LATER.format(
    table="observations",
    identity="observation_id",
    told="new.status as says, new.value_text, new.unit_as_sent, new.effective_at",
    condition="true",
)
_ORDERS = _LATER.format(
    table="order_events",
    identity="order_id",
    told="'cancelled' as says, null as value_text, null as unit_as_sent, new.effective_at",
    condition="new.is_cancelled and not old.is_cancelled",
)
_DRUGS = _LATER.format(
    table="medication_events",
    identity="order_id",
    told="""new.event as says, null as value_text, null as unit_as_sent,
    new.started_at as effective_at""",
    condition="new.event in ('cancelled', 'discontinued') and old.event != new.event",
)
