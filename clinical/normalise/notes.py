"""Notes as they are stored: each about the very row that it is about.

Here: from the place of an observation in its message to its identity. Not here: what a note says,
which nothing reads.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.normalise.distinct import flat
from clinical.wire.hl7.notes import OBSERVATIONS, ROW


def placed_notes(rows: pa.Table, facts: Mapping[str, pa.Table]) -> pa.Table:
    """Notes with the identity of the observation they are about.

    Args:
        rows: Notes as decoded: `row 3` is the fourth observation of the message.
        facts: The normalised facts of the same batch.
    """
    told = flat(rows["about_id"])
    observed = pc.equal(flat(rows["about_table"]), OBSERVATIONS)
    by_place = pc.and_(observed, pc.starts_with(told, ROW)).fill_null(False)
    if OBSERVATIONS not in facts or not pc.any(by_place).as_py():
        return rows
    known = facts[OBSERVATIONS]
    first = np.searchsorted(
        known["message"].to_numpy(), flat(rows["message"]).to_numpy(zero_copy_only=False)
    )
    place = pc.utf8_slice_codeunits(pc.if_else(by_place, told, f"{ROW}0"), len(ROW))
    at = np.minimum(first + place.cast(pa.int64()).to_numpy(), known.num_rows - 1)
    identity = flat(known["observation_id"]).take(pa.array(at))
    number = rows.schema.get_field_index("about_id")
    return rows.set_column(number, "about_id", pc.if_else(by_place, identity, told))
