"""Orders without results, results without orders, children without their parents: how many wait.

Here: the counts that `pulsehouse status` shows. Not here: what waits for what
(lakehouse/orders.py).
"""

from typing import Any

import duckdb

from lakehouse.catalogue import attach
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import IDENTITY_EVENTS, OBSERVATIONS, ORDER_EVENTS


def waiting(lake: Lake, at: Cut) -> list[dict[str, Any]]:
    """What orders wait for, how many do, and since when; nothing of a lake without orders."""
    if not lake.has(ORDER_EVENTS):
        return []
    with duckdb.connect() as engine:
        engine.execute("set TimeZone = 'UTC'")
        attach(engine, lake, "lake", tables=(OBSERVATIONS, ORDER_EVENTS, IDENTITY_EVENTS), at=at)
        rows = engine.execute("from lake.waiting_orders_as_known(null)").to_arrow_table()
    return list(rows.to_pylist())
