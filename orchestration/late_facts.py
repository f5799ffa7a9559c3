"""Which nights the facts that arrived since a cut belong to.

Here: that question, answered in the engine over the rows between two cuts. Not here: what is done
about a night (automation.py), or what a difference is called (orchestration/reconciliation).

A fact belongs to the night in whose 24 hours it was true of the patient, and to the night in which
it was received. A merge of identifiers belongs to every night that has facts of either of them. A
night that is still open has nothing to be late for.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import pyarrow as pa

from lakehouse.catalogue import connect, quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import IDENTITY_EVENTS
from orchestration.nights import run_at

RECEIVED = ("received_at", "received_at")
# Per table of facts, from when to when a row speaks of the patient. A visit's event counts until
# the next one, which is not known here: so up to the moment at which it was received. A table left
# out would let its late rows pass unseen: a test holds this against the contracts.
SPEAKS_OF: Mapping[str, tuple[str, str]] = {
    "observations": ("effective_at", "effective_at"),
    "encounter_events": ("event_at", "received_at"),
    "patient_demographics": RECEIVED,
    "identity_events": RECEIVED,
    "order_events": ("effective_at", "effective_at"),
    "medication_events": ("started_at", "coalesce(ended_at, received_at)"),
    "diagnoses": RECEIVED,
    "charges": ("transaction_at", "transaction_at"),
    "procedures": ("started_at", "coalesce(ended_at, started_at)"),
    "allergies": RECEIVED,
    "flags": ("started_at", "coalesce(ended_at, received_at)"),
    "notes": RECEIVED,
}
# One message with a wrong year must not set every night of the year off.
LONGEST = timedelta(days=31)
INSTANT = pa.timestamp("us", "UTC")
NIGHT = pa.schema([("night", pa.date32()), ("opens", INSTANT), ("closes", INSTANT)])


def touched_nights(
    lake: Lake, before: Cut, at: Cut, settings: Settings, now: datetime
) -> dict[date, int]:
    """The closed nights that rows beyond one cut and up to another belong to, with how many.

    Args:
        lake: The lake.
        before: The cut that was looked at last.
        at: The cut to look up to.
        settings: Zone and hour of the nights, and the first.
        now: Nights that close later are still open.
    """
    with connect(lake, at=at) as connection:
        connection.register("nights", closed_nights(settings, now))
        rows = connection.execute(_query(before, at)).fetchall()
        connection.unregister("nights")
    return dict(rows)


def closed_nights(settings: Settings, now: datetime) -> pa.Table:
    """Every night from the first that has closed: after `opens`, up to and with `closes`."""
    return pa.Table.from_pylist(list(_closed(settings, now)), NIGHT)


def _closed(settings: Settings, now: datetime) -> Iterator[dict[str, date]]:
    night, day = settings.first_night, timedelta(days=1)
    opens = run_at(night - day, settings)
    while (closes := run_at(night, settings)) <= now:
        yield {"night": night, "opens": opens, "closes": closes}
        night, opens = night + day, closes


def _query(before: Cut, at: Cut) -> str:
    fresh = _beyond(before, at)
    spans = [
        f"select {since} as since, {until} as until"  # noqa: S608 names of contracts
        f" from {quoted_name(name)} where {fresh}"
        for name, span in SPEAKS_OF.items()
        for since, until in {span, RECEIVED}
    ]
    # What is told of a patient under another identifier now counts for another patient.
    spans.append(
        "select effective_at, effective_at from observations semi join"  # noqa: S608
        " (select unnest([surviving_id, retired_id]) as patient_id"
        f" from {quoted_name(IDENTITY_EVENTS.name)} where {fresh}) using (patient_id)"
    )
    return (
        "with spans as ("  # noqa: S608
        f"select greatest(since, until - interval {LONGEST.days} days) as since,"
        f" greatest(since, until) as until, count(*) as n from ({' union all '.join(spans)})"
        " where since is not null and until is not null group by all)"
        " select night, sum(n)::bigint from nights join spans on since <= closes and until > opens"
        " group by night order by night"
    )


def _beyond(before: Cut, at: Cut) -> str:
    fresh = (
        f'(feed = {quoted_text(feed)} and "partition" = {number:d}'
        f' and "offset" >= {before.next_offset(feed, number):d})'
        for feed, number in at
        if at.next_offset(feed, number) > before.next_offset(feed, number)
    )
    return "(" + (" or ".join(fresh) or "false") + ")"
