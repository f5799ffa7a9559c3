"""Hours with Sepsis-3 labels of hospitals that nothing here was made on.

Here: YAIB's sepsis cohorts (DATA_DIR/yaib_sepsis_demo) as values that the engine takes. Not here:
how a score does on them (on_labels.py).

* **Hours**: an hour's values are known at its end, so the first hour ends one hour after arrival.
  When a patient came to the hospital is taken from the database that the cohort was made of.
* **Labels** (YAIB-cohorts, R/sepsis.R): true from 6 hours before a stay's first onset until 6 hours
  after it, where the stay is cut, or after 7 days; stays with an onset in their first 6 hours are
  left out, and so are hospitals without any. In eICU suspicion rests on antibiotics alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from clinical.evaluation.labelled import LabelledHours
from clinical.evaluation.utility import OPTIMAL
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from docs.derivations.told_values import Bools, Floats, Ints, Told, arrivals

SOURCE = "yaib_sepsis_demo"
# ricu's units are ours: fio2 in %, temperature in degrees Celsius, urine in mL.
COLUMNS: Mapping[str, str] = {
    "hr": "heart_rate",
    "resp": "respiratory_rate",
    "temp": "temperature",
    "sbp": "systolic_bp",
    "map": "mean_bp",
    "o2sat": "spo2",
    "fio2": "fio2",
    "pco2": "paco2",
    "po2": "pao2",
    "wbc": "wbc",
    "bnd": "band_neutrophils",
    "plt": "platelets",
    "crea": "creatinine",
    "bun": "bun",
    "bili": "bilirubin_total",
    "urine": "urine_output",
}
_SECONDS_PER_HOUR = 3600
_MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class Cohort:
    """What was told, and hours of stays, one stay after the other: its number, its hour, label."""

    told: list[Told]
    stay: Ints
    ended: Ints
    label: Bools

    @property
    def hours(self) -> LabelledHours:
        """The hours as the evaluation takes them."""
        return LabelledHours(self.stay, self.ended * MICROSECONDS_PER_HOUR, self.label)

    @property
    def onset(self) -> Mapping[int, int]:
        """The hour of onset of each septic stay."""
        stay, first = np.unique(self.stay[self.label], return_index=True)
        hour = self.ended[self.label][first] - OPTIMAL
        return dict(zip(stay.tolist(), hour.tolist(), strict=True))


def read(source: Path, name: str, most: int | None = None) -> Cohort:
    """A cohort of DATA_DIR, or the first of its stays."""
    folder = source / SOURCE / name
    rows, labels = (pq.read_table(folder / f"{table}.parquet") for table in ("dyn", "outc"))
    names, stay = np.unique(rows["stay_id"].to_numpy(), return_inverse=True)
    names = names[:most]
    kept = stay < len(names)
    stay, ended = stay[kept], rows["time"].cast(pa.int64()).to_numpy()[kept]
    ended = ended // _SECONDS_PER_HOUR + 1
    told = [
        Told(concept, stay, ended.astype(np.float64), rows[column].to_numpy()[kept])
        for column, concept in COLUMNS.items()
    ]
    age = _of(pq.read_table(folder / "sta.parquet"), "stay_id", "age", names)
    return Cohort(
        [*arrivals(age), _admissions(_BEFORE[name](source, names)), *told],
        stay,
        ended,
        labels["label"].to_numpy()[kept],
    )


def _admissions(hours: Floats) -> Told:
    """When each stay's patient came to the hospital: never after the arrival in intensive care."""
    known = np.flatnonzero(~np.isnan(hours))
    return Told("admission", known, np.minimum(hours[known], 0), np.ones(len(known)))


def _eicu(source: Path, names: Ints) -> Floats:
    people = pc_csv.read_csv(source / "eicu_demo" / "patient.csv.gz")
    return _of(people, "patientunitstayid", "hospitaladmitoffset", names) / _MINUTES_PER_HOUR


def _mimic(source: Path, names: Ints) -> Floats:
    """MIMIC's times are timestamps; its headers are in capitals or not, by release."""
    stays, visits = (_lower(source / "mimic3_demo" / f"{name}.csv.gz") for name in _MIMIC_TABLES)
    visit = pc.index_in(stays["hadm_id"], visits["hadm_id"].combine_chunks())
    came = _seconds(visits["admittime"]).take(visit.combine_chunks())
    hours = pc.divide(pc.subtract(came, _seconds(stays["intime"])), float(_SECONDS_PER_HOUR))
    return _of(stays.append_column("before", hours), "icustay_id", "before", names)


_MIMIC_TABLES = ("icustays", "admissions")
_BEFORE: Mapping[str, Callable[[Path, Ints], Floats]] = {"eicu_demo": _eicu, "mimic_demo": _mimic}


def _lower(path: Path) -> pa.Table:
    table = pc_csv.read_csv(path)
    return table.rename_columns([name.lower() for name in table.column_names])


def _seconds(column: pa.ChunkedArray) -> pa.Array:
    moment = column.combine_chunks().cast(pa.timestamp("s"))
    return moment.cast(pa.int64()).cast(pa.float64())


def _of(table: pa.Table, key: str, column: str, names: Ints) -> Floats:
    """A column by the names of stays; NaN for a stay that the table does not have."""
    place = pc.index_in(pa.array(names), table[key].cast(pa.int64()).combine_chunks())
    value = table[column].combine_chunks().cast(pa.float64()).take(place)
    found: Floats = value.fill_null(np.nan).to_numpy(zero_copy_only=False)
    return found
