"""The line of events of every visit, as SQL: cancellations carried out, stale updates left out.

Here: the common table expressions EVENTS, STANDING and LINE, each of which rests on the one before,
and the words of the law in them. Not here: the stays and visits that follow (encounters.py), or the
law in words (`clinical.encounters.standing` and `timeline`), whose steps these are one by one.

A place is one text while it is worked on: unit, room and bed with a separator that no text holds.
"""

from clinical.encounters.vocabulary import (
    AWAY,
    CANCELS,
    DELETE,
    DISCHARGE,
    INFERRED,
    LEAVE,
    MOVES,
    OCCUPIED,
    OPENINGS,
    PLANS,
    RANK,
    STAYS,
    UPDATE,
)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _place(prefix: str = "") -> str:
    parts = " || chr(31) || ".join(f"coalesce({prefix}{part}, '')" for part in _PLACE)
    return f"nullif({parts}, chr(31) || chr(31))"


_PLACE = ("unit", "room", "bed")
_KINDS = ", ".join(f"('{c}', '{kind}')" for c, kinds in CANCELS.items() for kind in kinds)
_RANKS = ", ".join(
    f"('{name}', {rank})" for name, rank in ({**RANK, **dict.fromkeys(CANCELS, len(RANK))}).items()
)
_WORDS = {
    "openings": _listed(OPENINGS),
    "moves": _listed(MOVES),
    "plans": _listed(PLANS),
    "cancels": _listed(tuple(CANCELS)),
    "kinds": _KINDS,
    "ranks": _RANKS,
    "discharge": DISCHARGE,
    "still_here": _listed(STAYS),
    "leave": LEAVE,
    "update": UPDATE,
    "delete": DELETE,
    "place": _place(),
    "prior": _place("prior_"),
    "occupied": OCCUPIED,
    "away": AWAY,
    "inferred": INFERRED,
    "partial": f"(event = '{UPDATE}' and ends_with(place, chr(31) || chr(31)))",
}


def written(text: str) -> str:
    """A text of SQL with the words of the law in place of their names."""
    for word, meaning in _WORDS.items():
        text = text.replace("{" + word + "}", meaning)
    return text


# Every event once, with whose visit it is, in the order in which things happened. `{asked}` gives
# (moment, heard_by): each moment has its own lines, of what was received by then (all where null).
EVENTS = """
asked as ({asked}),
ranks(event, rank) as (values {ranks}),
read as (
    select
        asked.moment,
        e.facility,
        coalesce(m.patient_id, s.surviving_id, e.patient_id) as patient_id,
        coalesce(v.surviving_visit, e.encounter_id) as encounter_id,
        e.patient_id as sent_patient_id,
        e.event,
        ranks.rank,
        coalesce(e.event_at, e.documented_at, e.received_at) as happened,
        coalesce(e.documented_at, e.event_at, e.received_at) as written,
        {place} as place,
        {prior} as prior,
        e.patient_class,
        e.admitted_at,
        e.discharged_at,
        e.feed, e."partition", e."offset", e."row", e.received_at
    from asked
    inner join {schema}.encounter_events e
        on asked.heard_by is null or e.received_at <= asked.heard_by
    left join ranks on ranks.event = e.event
    left join {schema}.survivors(known_at) s
        on s.facility is not distinct from e.facility and s.retired_id = e.patient_id
    left join {schema}.visit_survivors(known_at) v
        on v.facility is not distinct from e.facility and v.retired_visit = e.encounter_id
    left join {schema}.visit_moves(known_at) m
        on m.facility is not distinct from e.facility
        and m.encounter_id = coalesce(v.surviving_visit, e.encounter_id)
        and m.sent_id = coalesce(s.surviving_id, e.patient_id)
),
visits_told as (
    select
        *,
        concat_ws(
            chr(30), coalesce(cast(moment as varchar), ''), coalesce(facility, ''),
            coalesce(patient_id, ''), coalesce(encounter_id, '')
        ) as visit
    from read
    qualify row_number() over (
        partition by
            moment, facility, patient_id, encounter_id, event, happened, written, place, prior,
            patient_class, admitted_at, discharged_at
        order by received_at, feed, "partition", "offset", "row"
    ) = 1
),
visit_events as materialized (
    select
        *,
        row_number() over (
            partition by visit
            order by
                happened, written, rank, event, coalesce(place, ''), coalesce(prior, ''),
                coalesce(patient_class, ''), admitted_at nulls first,
                discharged_at nulls first
        ) as n
    from visits_told
)
"""

# The events that no cancellation takes back.
STANDING = """
kinds(cancel, kind) as (values {kinds}),
events as (
    select * replace (
        if(
            bool_and(event in ({still_here})) over (partition by visit), '{update}', event
        ) as event
    )
    from visit_events
    where rank is not null
),
cancels as materialized (from events where event in ({cancels})),
exactly as materialized (
    select visit, cancels.n as cancel_n, told.n
    from cancels
    join kinds on kinds.cancel = cancels.event
    join events as told using (visit)
    where told.event = kinds.kind and told.happened = cancels.happened
        and (
            cancels.event != 'cancel_transfer' or cancels.prior is null or told.place is null
            or told.place = cancels.prior or coalesce(told.place = cancels.place, false)
        )
    qualify rank() over (
        partition by visit, cancels.n
        order by
            told.place is distinct from if(
                cancels.event = 'cancel_transfer' and cancels.prior is not null,
                cancels.prior, cancels.place
            ),
            told.written > cancels.written
    ) = 1
),
left_over as materialized (
    select events.* from events
    anti join exactly on exactly.visit = events.visit and exactly.n = events.n
    where events.event not in ({cancels})
),
waiting as materialized (
    select cancels.* from cancels
    anti join exactly on exactly.visit = cancels.visit and exactly.cancel_n = cancels.n
    where cancels.event != 'cancel_transfer' or cancels.prior is null or exists (
        select 1 from left_over as sent
        where sent.visit = cancels.visit and sent.event = 'transfer'
            and sent.happened <= cancels.happened
            and (
                sent.place is null or sent.place = cancels.prior
                or coalesce(sent.place = cancels.place, false)
            )
    )
),
brackets as (
    select distinct visit, kinds.cancel, happened, 0 as closing, event, place, null as prior
    from left_over
    join kinds on kinds.kind = left_over.event
    semi join waiting on waiting.visit = left_over.visit and waiting.event = kinds.cancel
    union all
    select distinct visit, event, happened, 1, event, place, prior from waiting
),
nested as (
    select *, sum(if(closing = 1, -1, 1)) over line as depth
    from brackets
    window line as (
        partition by visit, cancel
        order by happened, closing, event, coalesce(place, ''), coalesce(prior, '')
        rows unbounded preceding
    )
),
taken as (
    select visit, event, happened, place
    from nested
    qualify closing = 0 and min(depth) over (
        partition by visit, cancel
        order by happened, closing, event, coalesce(place, ''), coalesce(prior, '')
        rows between 1 following and unbounded following
    ) < depth
),
uncancelled as materialized (
    select left_over.* from left_over
    anti join taken
        on taken.visit = left_over.visit and taken.event = left_over.event
        and taken.happened = left_over.happened and taken.place is not distinct from left_over.place
),
marks as (
    select
        visit,
        max(written) filter (event = '{delete}') as deleted,
        max(written) filter (event = 'cancel_admit') as unadmitted
    from events where event in ('{delete}', 'cancel_admit') group by visit
),
begun as (
    select visit, min(happened) as begun from uncancelled where event in ({openings}) group by visit
),
standing as materialized (
    select
        uncancelled.*,
        event in ({moves}) as is_move,
        event = '{discharge}' as is_discharge,
        bool_or(event in ({plans})) over (partition by visit) as is_planned
    from uncancelled
    left join marks using (visit)
    left join begun using (visit)
    where event != '{delete}'
        and (deleted is null or written > deleted)
        and (
            unadmitted is null or event in ({plans}) or happened > unadmitted
            or coalesce(happened >= begun, false)
        )
)
"""

# The line of a visit: moves, updates that knew of them, and the discharges that count.
LINE = """
aware as (
    select *
    from standing
    where event not in ({plans})
    qualify event != '{update}' or not coalesce(
        last_value(if(is_move or is_discharge, written, null) ignore nulls) over (
            partition by visit order by n rows unbounded preceding
        ) > written,
        false
    )
),
numbered_moves as (
    select
        *,
        sum(is_move::integer) over (partition by visit order by n rows unbounded preceding)
            as moves,
        max(n) over (partition by visit) as last_n
    from aware
),
last_discharges as (
    select visit, moves, min(written) as first_written
    from numbered_moves
    where is_discharge
    group by visit, moves
    qualify row_number() over (partition by visit order by moves desc) = 1
),
knowing as (
    select last_discharges.visit, last_discharges.moves
    from last_discharges
    join numbered_moves as later
        on later.visit = last_discharges.visit and later.moves > last_discharges.moves
    where later.is_move
    group by all
    having any_value(first_written) > max(later.written)
),
told_late as (
    select numbered_moves.*, is_discharge and knowing.visit is not null as is_late
    from numbered_moves
    left join knowing
        on knowing.visit = numbered_moves.visit and knowing.moves = numbered_moves.moves
),
ended_once as (
    select * exclude (moves, last_n, is_late) replace (
        if(is_late, greatest(happened, written), happened) as happened,
        if(is_late, coalesce(discharged_at, happened), discharged_at) as discharged_at,
        if(is_late, last_n + n, n) as n
    )
    from told_late
),
counted as (
    select
        *,
        sum(is_move::integer) over (partition by visit order by n rows unbounded preceding)
            as moves,
        bool_or(is_move) over (partition by visit) as has_moves
    from ended_once
),
discharged_once as materialized (
    select *
    from counted
    qualify not is_discharge or row_number() over (
        partition by visit, moves, is_discharge order by written desc, n desc
    ) = 1
),
placed as (
    select *
    from discharged_once
    qualify event not in ('{update}', '{leave}') or coalesce(
        last_value(case when is_discharge then false when is_move then true end ignore nulls)
            over (
                partition by visit order by n rows between unbounded preceding and 1 preceding
            ),
        not has_moves and not is_planned
    )
),
line as materialized (
    select
        *,
        struct_pack(
            feed := feed, "partition" := "partition", "offset" := "offset", "row" := "row",
            received_at := received_at, sent_patient_id := sent_patient_id
        ) as source,
        coalesce(sum(is_discharge::integer) over (
            partition by visit order by n rows between unbounded preceding and 1 preceding
        ), 0) as segment,
        row_number() over (partition by visit order by n) as number,
        last_value(patient_class ignore nulls) over (
            partition by visit order by n rows unbounded preceding
        ) as known_class
    from placed
)
"""
