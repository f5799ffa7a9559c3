"""The sink: rows of all tables, committed when an epoch closes. Exactly-once.

Here: gathering an epoch's rows per place they came from. Not here: committing (writer.py).

Bytewax calls `snapshot` of a sink's part when an epoch closes, with or without a recovery store,
and once more at the end: only then has every row of every offset of the epoch arrived.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import pyarrow as pa
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from lakehouse.stamps import Note, Stamp
from lakehouse.tables import ALERTS
from streaming.batches import Rows
from streaming.epochs import Epoch
from streaming.turns import Turn
from streaming.writer import Writer

Place = tuple[str, int]


class LakeSink(FixedPartitionedSink[Rows, None]):
    """Commits rows through a writer.

    Args:
        writer: Commits epochs.
        places: The feed partitions that rows may come from.
        on_alerts: Called with alerts as soon as they are found, before they are stored.
        alerts_first: Store alerts at once, ahead of their epoch; for live feeds. A replay at full
            speed leaves them in their epoch, since each early commit is a small file.
    """

    def __init__(
        self,
        writer: Writer,
        places: Sequence[Place],
        on_alerts: Callable[[pa.Table], None] = lambda _: None,
        *,
        alerts_first: bool = False,
    ) -> None:
        self._writer = writer
        self._places = {f"{feed}/{partition}": (feed, partition) for feed, partition in places}
        self._on_alerts = on_alerts
        self._alerts_first = alerts_first

    def list_parts(self) -> list[str]:
        """One part per place."""
        return sorted(self._places)

    def part_fn(self, item_key: str) -> int:
        """Rows go to the part of the place they came from."""
        return sorted(self._places).index(item_key)

    def build_part(self, _step_id: str, for_part: str, _resume: None) -> "_LakePart":
        """The part of one place."""
        return _LakePart(
            self._writer, self._places[for_part], self._on_alerts, alerts_first=self._alerts_first
        )


class _LakePart(StatefulSinkPartition[Rows, None]):
    def __init__(
        self,
        writer: Writer,
        place: Place,
        on_alerts: Callable[[pa.Table], None],
        *,
        alerts_first: bool,
    ) -> None:
        self._writer = writer
        self._feed, self._partition = place
        self._on_alerts = on_alerts
        self._alerts_first = alerts_first
        self._gathered: dict[str, list[pa.Table]] = defaultdict(list)
        self._upto = -1
        self._session = ""
        self._notes: list[Note] = []

    def write_batch(self, items: list[Rows]) -> None:
        for rows in items:
            self._upto = max(self._upto, rows.upto)
            for name, table in rows.tables.items():
                self._gathered[name].append(_stored(table))
            if rows.turn is not None:
                self._note(rows.turn, rows.upto)
            if ALERTS.name in rows.tables:
                self._tell(rows)

    def _note(self, turn: Turn, upto: int) -> None:
        if self._notes and self._notes[-1][1] == turn.number - 1:
            # Nobody else's turn was in between: one note tells both.
            self._notes.pop()
        self._session = turn.session
        self._notes.append((upto, turn.number))

    def _tell(self, rows: Rows) -> None:
        alerts = _stored(rows.tables[ALERTS.name])
        if self._alerts_first:
            epoch = Epoch(self._feed, self._partition, rows.upto, {ALERTS.name: alerts})
            self._writer.submit_alerts(epoch)
        self._on_alerts(alerts)

    def snapshot(self) -> None:
        """The epoch is closed: hand it to the writer. Nothing is kept for recovery."""
        if self._gathered:
            tables = {name: pa.concat_tables(parts) for name, parts in self._gathered.items()}
            stamp = Stamp(self._session, tuple(self._notes)) if self._notes else None
            self._gathered.clear()
            self._notes.clear()
            self._writer.submit(Epoch(self._feed, self._partition, self._upto, tables, stamp))

    def close(self) -> None:
        """At the end of the input, after the last snapshot; the writer is joined by its owner."""


def _stored(rows: pa.Table) -> pa.Table:
    """Rows without the place of their message in a batch, which means nothing once stored."""
    return rows.drop_columns(["message"]) if "message" in rows.column_names else rows
