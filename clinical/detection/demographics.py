"""Demographics that say something new: every message repeats them, few change them.

Here: the filter. Not here: what a birth date means for a score.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.scoring.fingerprint import fingerprint

_TOLD = (
    *("family_name", "given_name", "birth_date", "sex", "died_at", "deceased"),
    *("address", "postcode", "phone"),
)


class Demographics:
    """What each patient's demographics last were, as fingerprints."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def changed(self, rows: pa.Table | None) -> pa.Table | None:
        """Rows, in arrival order, that differ from what was last known of their patient."""
        if rows is None or not rows.num_rows:
            return None
        told = fingerprint(_as_text(rows))
        encoded = rows["patient_id"].combine_chunks().dictionary_encode()
        patient = encoded.indices.to_numpy()
        order = np.argsort(patient, kind="stable")
        mine, said = patient[order], told[order]
        opens = np.ones(len(order), np.bool_)
        opens[1:] = mine[1:] != mine[:-1]
        differs = opens.copy()
        differs[1:] |= said[1:] != said[:-1]
        names = encoded.dictionary.to_pylist()
        for place in np.flatnonzero(opens).tolist():
            differs[place] = self._last.get(names[mine[place]]) != int(said[place])
        for place in np.flatnonzero(np.append(opens[1:], True)).tolist():
            self._last[names[mine[place]]] = int(said[place])
        keep = np.zeros(len(order), np.bool_)
        keep[order] = differs
        return rows.filter(pa.array(keep)) if keep.any() else None


def _as_text(rows: pa.Table) -> pa.Array:
    died_at = rows["died_at"].cast(pa.int64())  # a zone's name must not tell two times apart
    rows = rows.set_column(rows.column_names.index("died_at"), "died_at", died_at)
    columns = [rows[name].combine_chunks().cast(pa.string()).fill_null("") for name in _TOLD]
    return pc.binary_join_element_wise(*columns, "\x1f")
