"""Pulsehouse's own decoder, in batches as a replay has them.

Here: the decode job. It reads every segment and gives every fact, with escapes, encodings, null
values, statuses, times as UTC and a disposition of each message; the job's columns are taken from
that. Not here: normalising.
"""

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import ward
from benchmarks.peers.decoded import SCHEMA
from clinical import wire
from lakehouse.feeds import load_profile
from streaming.replay import Options

PACKAGES = ("pyarrow", "numpy")
# The column of the product that says it.
_COLUMNS = {"patient": "patient_id", "value": "value_number", "unit": "unit_as_sent"}


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric observation; its time still as UTC."""
    profile, step = load_profile(ward.FEED), Options().batch
    found = []
    for first in range(0, len(messages), step):
        batch = pa.array(messages[first : first + step], pa.binary())
        seen = wire.decode(batch, profile).facts["observations"]
        seen = seen.filter(pc.equal(seen["value_type"], "NM"))
        names = {name: _COLUMNS.get(name, name) for name in SCHEMA.names[:-1]}
        columns = {name: seen[told] for name, told in names.items()}
        found.append(pa.table(columns | {"time": seen["effective_at"]}))
    return pa.concat_tables(found)


def told(rows: pa.Table) -> pa.Table:
    """The rows as the others give them: times in the words of the message."""
    assert load_profile(ward.FEED)  # noqa: S101
    text = pc.strftime(rows["time"], format="%Y%m%d%H%M%S")
    # Seconds come with microseconds; the messages have milliseconds.
    return rows.set_column(4, "time", pc.utf8_slice_codeunits(text, 0, 18)).cast(SCHEMA)
