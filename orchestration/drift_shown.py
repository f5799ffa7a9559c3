"""What feeds send that they did not send before, as Dagster shows it.

Here: the newest elements as Markdown. Not here: noticing them (streaming/drift.py), the mart
`schema_drift`, or other metadata (shown.py).

Codes and units are the sender's own texts: they are counted here, and named in the lake alone.
"""

from collections import Counter

import dagster as dg

from lakehouse.feed_elements import news
from lakehouse.lake import Lake
from orchestration.shown import markdown_table

MOST = 20
NAMED = frozenset({"segment", "field", "type", "version"})


def drift_metadata(lake: Lake) -> dg.MetadataValue:
    """The newest elements of each feed, and how many more there are."""
    found = news(lake)
    named = [row for row in found if row["kind"] in NAMED]
    rows = [
        (row["feed"], row["kind"], row["element"], row["first_seen_at"]) for row in named[:MOST]
    ]
    counts = Counter((row["feed"], row["kind"]) for row in [*named[MOST:], *_unnamed(found)])
    rows += [(feed, kind, f"{n:,} more", None) for (feed, kind), n in sorted(counts.items())]
    table = markdown_table(("feed", "kind", "element", "first seen"), rows)
    return dg.MetadataValue.md(table if rows else "Feeds send nothing that they did not before.")


def _unnamed(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row for row in found if row["kind"] not in NAMED]
