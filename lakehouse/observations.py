"""Which version of an observation stands.

Here: the macro `status_rank(told)`, which of two statuses of one moment supersedes the other, and
the table macros `observation_versions(known_at)`, every version with its place,
`current_observations_as_known(known_at)`, the one that stands of each observation, and
`retracted_observations_as_known(known_at)`, what was taken back; of what was received up to a
moment, all of it where null. Not here: identities (identities.py), or live scores.

The law is clinical-definitions section 14: of the versions of one observation of one patient the
one that was written last stands, whatever the order in which they reached us; of those written at
the same moment the one that supersedes by its status, then the one that arrived later. What says
nothing of the value is no version, unless it takes back what was said. A change of status makes a
preliminary version final in place. A correction supersedes; a deletion, or a result that was
another patient's, leaves nothing; a cancelled one stands without a value. Nothing is taken for
written after it was received.

An observation's identity holds its clinical time, so versions are told apart by it as well: whoever
asks of a stretch of it has no other day's files read.
"""

from clinical.concepts import statuses
from lakehouse.identities import OWNER, owners
from lakehouse.laws import Law


def _listed(words: frozenset[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


RANK = " ".join(f"when '{status}' then {number}" for status, number in statuses.RANK.items())
NO_VALUE = frozenset({statuses.CANCELLED, statuses.REGISTERED})


STATUS_RANK = f"""
create macro {{schema}}.status_rank(told) as
    case told {RANK} else {statuses.RANK[statuses.UNKNOWN]} end
"""


def versions(name: str, among: str = "true") -> str:
    """The macro `name(known_at)`: every version of the observations among which it looks."""
    return f"""
create macro {{schema}}.{name}(known_at) as table
with told as (
    select
        sent.* exclude (patient_id),
        {OWNER} as patient_id,
        sent.patient_id as sent_patient_id,
        least(coalesce(sent.documented_at, sent.received_at), sent.received_at) as written_at,
        {{schema}}.status_rank(sent.status) as status_rank,
        coalesce(sent.not_scored_reason, '') != 'no_value'
            or coalesce(sent.status, '') in ({_listed(statuses.TAKES_BACK)}) as speaks
    from {{schema}}.observations as sent
    {owners()}
    where (known_at is null or sent.received_at <= known_at) and ({among})
)
select
    *,
    row_number() over (
        same order by
            speaks desc, written_at desc, status_rank desc, received_at desc, feed desc,
            "partition" desc, "offset" desc, "row" desc
    ) as place,
    count(*) filter (where speaks) over same as versions,
    max(written_at) filter (where status = '{statuses.STATUS_CHANGE}') over same as promoted_at
from told
window same as (partition by facility, patient_id, observation_id, effective_at)
"""  # noqa: S608 the law's own words


def current(name: str, source: str) -> str:
    """The macro `name(known_at)`: the version that stands of each, among those of another macro."""
    return f"""
create macro {{schema}}.{name}(known_at) as table
with standing as (
    select
        *,
        status = '{statuses.PRELIMINARY}' and coalesce(promoted_at >= written_at, false)
            as is_promoted,
        status in ({_listed(NO_VALUE)}) as is_empty
    from {{schema}}.{source}(known_at)
    where place = 1 and status is distinct from '{statuses.ENTERED_IN_ERROR}'
)
select
    * exclude (
        speaks, status_rank, place, is_promoted, is_empty, promoted_at
    ) replace (
        if(is_promoted, '{statuses.FINAL}', status) as status,
        if(is_empty, null, value_text) as value_text,
        if(is_empty, null, value_number) as value_number,
        if(is_empty, null, value) as value,
        if(is_empty, null, value_code) as value_code
    ),
    if(is_promoted, promoted_at, null) as promoted_at,
    is_promoted or not coalesce(status, '{statuses.UNKNOWN}')
        in ({_listed(statuses.UNVERIFIED | NO_VALUE)}) as is_verified
from standing
"""  # noqa: S608 the law's own words


RETRACTED = f"""
create macro {{schema}}.retracted_observations_as_known(known_at) as table
with versions as (
    select
        *,
        max_by(value_text, (written_at, status_rank, received_at, "offset", "row"))
            filter (where status not in ({_listed(statuses.RETRACTED)}))
            over (partition by facility, patient_id, observation_id) as told_value_text
    from {{schema}}.observation_versions(known_at)
)
select
    * exclude (speaks, status_rank, place, promoted_at),
    coalesce(not_scored_reason = '{statuses.WRONG_PATIENT}', false) as asks_whose_it_was
from versions
where place = 1 and status = '{statuses.ENTERED_IN_ERROR}'
"""  # noqa: S608 the law's own words

LAW = Law(
    needs=("observations", "identity_events"),
    macros=(
        STATUS_RANK,
        versions("observation_versions"),
        current("current_observations_as_known", "observation_versions"),
        RETRACTED,
    ),
    views={
        "current_observations": "current_observations_as_known(null)",
        "retracted_observations": "retracted_observations_as_known(null)",
    },
)
