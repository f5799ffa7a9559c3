"""dbt's way into the lake and out of it: the dbt-duckdb plugin that profiles.yml names.

Here: the lake's tables at one cut as the schema `lake`, the landed extracts as `legacy`, the marts
there already are, and storing a model as a Delta table under `<lake>/marts`. Not here: what a model
says (dbt_project/), how rows replace others (publishing.py), or the tables that the stream appends
to (appends.py).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig

from lakehouse.batch_reading import MARTS, attach_marts, attach_zone
from lakehouse.catalogue import attach, quoted_name, quoted_text
from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.publishing import Publication, publish
from lakehouse.tables import Zone

SOURCES = "lake"
LANDED: Zone = "legacy"


class Plugin(BasePlugin):
    """The lake, as dbt-duckdb sees it.

    Configuration: `lake`, its directory, and `cut`, as `Cut.to_json` writes it; the newest where
    that is empty.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the configuration; nothing is opened before dbt connects."""
        self._root = Path(plugin_config["lake"])
        self._cut = _read_cut(plugin_config.get("cut"))
        self._connection: duckdb.DuckDBPyConnection | None = None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Show the lake at the run's cut, and the marts that earlier runs stored."""
        lake = Lake.open(self._root, create=False)
        self._at = self._cut or cut(lake)
        attach(conn, lake, SOURCES, at=self._at)
        attach_zone(conn, lake, LANDED)
        attach_marts(conn, lake)
        self._connection = conn

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Times are UTC, whatever the machine's zone."""
        cursor.execute("set TimeZone = 'UTC'")

    def store(self, target_config: TargetConfig) -> None:
        """Store a relation as the mart that the configuration names, and show the result."""
        if self._connection is None:
            msg = "dbt stores a model before it has connected"
            raise RuntimeError(msg)
        path = self._root.absolute() / MARTS / target_config.config["model"]
        with self._connection.cursor() as cursor:
            self.configure_cursor(cursor)
            relation = target_config.relation.render()
            publish(cursor, relation, path, _publication(target_config.config, self._at))
            _show(cursor, path)


def _publication(config: Mapping[str, Any], at: Cut) -> Publication:
    partitions = config.get("partitions")
    return Publication(
        model=config["model"],
        invocation=config["invocation"],
        key=_names(config.get("unique_key")),
        partition_by=config.get("partition_by"),
        partitions=None if partitions is None else tuple(str(value) for value in partitions),
        cut=json.dumps(at.to_json()),
        backwards=bool(config.get("backwards")),
    )


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _show(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    view = f"{quoted_name(MARTS)}.{quoted_name(path.name)}"
    source = f"delta_scan({quoted_text(str(path))})"
    connection.execute(f"create or replace view {view} as from {source}")


def _read_cut(given: str | list[dict[str, str | int]] | None) -> Cut | None:
    # dbt hands a text that looks like a list on as a list.
    if not given:
        return None
    return Cut.from_json(json.loads(given) if isinstance(given, str) else given)
