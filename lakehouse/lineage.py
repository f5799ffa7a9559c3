"""What each of the stream's tables is derived from.

Here: the arrows between tables, for whoever shows them. Not here: marts, whose arrows are the refs
of their models (dbt_project/).
"""

from collections.abc import Mapping

from lakehouse.tables import RAW_MESSAGES, Table

SCORED_FACTS = (
    *("observations", "order_events", "medication_events", "patient_demographics"),
    *("encounter_events", "diagnoses", "procedures", "flags"),
)

# Facts come straight from messages; only derived tables need a line. A line left out here hides an
# arrow in the asset graph, so a test asks for one per derived table.
DERIVED_FROM: Mapping[str, tuple[str, ...]] = {
    "scores": SCORED_FACTS,
    "alerts": ("scores", *SCORED_FACTS),
}


def upstream(table: Table) -> tuple[str, ...]:
    """Names of the tables that `table` is derived from."""
    if table.zone == "raw":
        return ()
    return DERIVED_FROM.get(table.name, (RAW_MESSAGES.name,))
