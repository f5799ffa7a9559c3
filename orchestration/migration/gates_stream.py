"""Gates that ask whether the stream can be relied upon.

Here: the replay (G2), the ledger equation (G4), completeness (G8), freshness (G9), and what of
coverage (G10) the stream's own rows show. Not here: comparing rows of nights (gates_nights.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from clinical.concepts.statuses import TAKES_BACK
from clinical.detection.version import rules_version
from lakehouse.batch.reconciliation import DIFFERENCES
from lakehouse.batch.replays import REPLAY_RUNS
from lakehouse.catalogue import quoted_name
from lakehouse.tables import (
    ENCOUNTER_EVENTS,
    IDENTITY_EVENTS,
    MEDICATION_EVENTS,
    OBSERVATIONS,
    RAW_MESSAGES,
    Table,
)
from orchestration.migration.facts import Case, Facts
from orchestration.migration.gate import Finding, counted, green, not_yet, red
from orchestration.migration.gates_nights import NONE_COMPARED
from orchestration.quality.ledger_equation import imbalances

# A fact that comes this much after it was documented was held up and caught up with.
CATCH_UP = timedelta(hours=1)
# The clock of a row in its extract, by which its hour is counted; without one its night is.
CLOCKS = ("charted_at", "census_at")


@dataclass(frozen=True, slots=True)
class Source:
    """The facts that the stream's side of a job is made of, and which of them correct another."""

    table: Table
    corrects: str


_CORRECTIONS = f"status in {tuple(sorted(TAKES_BACK))}"
SOURCES: Mapping[str, Source] = {
    "census": Source(ENCOUNTER_EVENTS, "starts_with(event, 'cancel_')"),
    "vitals": Source(OBSERVATIONS, _CORRECTIONS),
    "labs": Source(OBSERVATIONS, _CORRECTIONS),
    "active_medications": Source(
        MEDICATION_EVENTS,
        "event in ('changed', 'held', 'resumed', 'completed', 'discontinued', 'cancelled')",
    ),
}

_REPLAY = """
select
    replay_id, is_equal, differing, verdict, rules_version, first_received_at, last_received_at
from {runs} where replay_order = 'arrival' order by ended_at desc, replay_id desc limit 1
"""
_SHORT = """
with newest as (select unnest($evidence::varchar[]) as evidence_id),
landed as (
    select night, coalesce({hour}, night::varchar) as hour, line
    from {legacy} where night between $first and $last
),
missing as (
    select night, legacy_line as line
    from {differences} semi join newest using (evidence_id)
    where night between $first and $last and class = 'missing_in_stream'
)
select l.hour, count(*) as legacy_rows, count(m.line) as missing
from landed l left join missing m using (night, line)
group by all having count(m.line) > (1 - $share) * count(*)
order by missing desc, hour
"""
_FRESHNESS = """
select count(*) as facts, quantile_cont(epoch(received_at - documented_at), 0.95) as seconds
from {table}
where received_at > $since and received_at <= $until and documented_at is not null
"""
_COVERED = """
select
    count(*) filter (received_at - documented_at >= $catch_up) as caught_up,
    count(*) filter ({corrects}) as corrections
from {table} where received_at <= $until
"""
_MERGES = """
select count(*) as merges from identity_events
where event in ('merge', 'change_id') and received_at <= $until
"""


def replays(case: Case) -> Finding:
    """G2: running the stored messages again gives the same rows, over enough days."""
    run = case.facts.once("replay", lambda: _newest_replay(case.facts))
    if run is None:
        return not_yet("no arrival-order replay has been run")
    named, wanted = f"replay:{run['replay_id']}", case.settings.matching_nights
    if run["is_equal"] is None:
        return not_yet(f"the newest replay says nothing: {run['verdict']}", named)
    if not run["is_equal"]:
        return red(f"{counted(run['differing'], 'row')} of the newest replay differ", named)
    if run["rules_version"] != rules_version():
        return not_yet("the newest equal replay ran with other rules than those in force", named)
    days = _days(run)
    told = f"every row equal over {counted(days, 'day')}, {wanted} are wanted"
    return (green if days >= wanted else not_yet)(told, named)


def dispositions(case: Case) -> Finding:
    """G4: every message that came in has exactly one disposition, and rows that stand on it."""
    facts = case.facts
    if RAW_MESSAGES.name not in facts.versions:
        return not_yet("the lake holds no message")
    found = facts.once("imbalances", lambda: imbalances(facts.lake, facts.at))
    named = f"{RAW_MESSAGES.name}@{facts.versions[RAW_MESSAGES.name]}"
    if found:
        worst = max(found, key=lambda one: one.count)
        hour = worst.hour.isoformat() if worst.hour else "an unknown hour"
        told = f"{counted(len(found), 'imbalance')}, the largest {worst.count:,} x {worst.what}"
        return red(f"{told} in {worst.table} of feed {worst.feed} at {hour}", named)
    return green(f"in = parsed + skipped + quarantined + duplicate, {_feeds(facts)}", named)


def completeness(case: Case) -> Finding:
    """G8: of every hour of the nightly rows, the stream has as many as a night has to match."""
    nights = case.newest
    if not nights:
        return not_yet(NONE_COMPARED)
    ids = tuple(one.evidence for one in nights)
    if not any(one.classes["missing_in_stream"] for one in nights):
        rows = counted(sum(one.legacy_rows for one in nights), "row")
        return green(f"the stream has all {rows} of the nights, {_feeds(case.facts)}", *ids)
    short = _short_hours(case)
    if not short:
        return green(f"no hour lacks more than {1 - case.settings.match_share:.2%}", *ids)
    worst = short[0]
    told = f"{worst['missing']:,} of {worst['legacy_rows']:,} rows are missing at {worst['hour']}"
    return red(f"{counted(len(short), 'hour')} short, {_feeds(case.facts)}; {told}", *ids)


def freshness(case: Case) -> Finding:
    """G9: from documentation to commit, at the 95th percentile, within the contract.

    A stored fact says when it was documented and when it reached us; the commit follows within
    `epoch_seconds`, which is added whole.
    """
    source = SOURCES.get(case.job.name)
    if source is None or not case.nights:
        return not_yet(NONE_COMPARED)
    since = case.newest[0].cutoff_at - timedelta(days=1)
    values = {"since": since, "until": case.newest[-1].cutoff_at}
    sql = _FRESHNESS.format(table=quoted_name(source.table.name))
    (found,) = case.facts.ask_stream([source.table], sql, values)
    if not found["facts"]:
        return not_yet(
            f"no fact of these nights in {source.table.name} says when it was documented"
        )
    minutes = (found["seconds"] + case.settings.epoch_seconds) / 60
    told = f"p95 {minutes:.2f} min of {counted(found['facts'], 'fact')}"
    named = f"{source.table.name}@{case.facts.versions[source.table.name]}"
    wanted = f"{case.job.freshness_minutes} min are wanted"
    return (green if minutes <= case.job.freshness_minutes else red)(f"{told}, {wanted}", named)


def covered_by_facts(case: Case) -> dict[str, str]:
    """Which parts of G10 the stream's rows cover, and by what."""
    source = SOURCES.get(case.job.name)
    if source is None or not case.nights:
        return {}
    until = {"until": case.nights[-1].cutoff_at}
    covered = _COVERED.format(table=quoted_name(source.table.name), corrects=source.corrects)
    (rows,) = case.facts.ask_stream([source.table], covered, {**until, "catch_up": CATCH_UP})
    (merged,) = case.facts.ask_stream([IDENTITY_EVENTS], _MERGES, until)
    counts = {
        "downtime": (rows["caught_up"], "fact caught up with"),
        "correction": (rows["corrections"], "correcting fact"),
        "merge": (merged["merges"], "merge"),
    }
    return {part: counted(count, noun) for part, (count, noun) in counts.items() if count}


def _newest_replay(facts: Facts) -> dict[str, Any] | None:
    source = facts.source(REPLAY_RUNS)
    found = facts.ask(_REPLAY.format(runs=source)) if source else []
    return found[0] if found else None


def _days(run: Mapping[str, Any]) -> int:
    first, last = run["first_received_at"], run["last_received_at"]
    return (last.date() - first.date()).days + 1 if first and last else 0


def _short_hours(case: Case) -> list[dict[str, Any]]:
    landed, nights = case.job.landed[0], case.newest
    legacy, differences = case.facts.source(landed), case.facts.source(DIFFERENCES[case.job.name])
    if legacy is None or differences is None:
        return []
    clock = next((name for name in CLOCKS if name in landed.schema.names), None)
    hour = f"left({quoted_name(clock)}, 13) || 'h'" if clock else "null"
    values = {
        "evidence": [one.evidence_id for one in nights],
        "first": nights[0].night,
        "last": nights[-1].night,
        "share": case.settings.match_share,
    }
    sql = _SHORT.format(hour=hour, legacy=legacy, differences=differences)
    return case.facts.ask(sql, values)


def _feeds(facts: Facts) -> str:
    names = sorted({feed for feed, _ in facts.at})
    return f"{'feed' if len(names) == 1 else 'feeds'} {', '.join(names)}"
