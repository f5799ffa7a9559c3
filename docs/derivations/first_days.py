"""SOFA of the first days beside the one that the PhysioNet/CinC Challenge 2012 gives.

Here: set A of the challenge (DATA_DIR/icu_physionet2012) as values, SOFA of both variants, and by
how much it differs. Not here: the law (clinical/scoring/sofa.py).

The challenge names the column "SOFA score (Ferreira et al., 2001)" and no more: not of which hours,
and not by which choices. Its files have no vasopressors, so that circulation has at most the point
for a low pressure; -1 means unknown.
"""

import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv

from clinical.concepts import CONCEPTS
from clinical.evaluation.discrimination import discrimination
from clinical.scores.definition import WindowScore
from clinical.scores.sofa import CATECHOLAMINES_ABOVE, SOFA, SOFA_MIMIC_CODE, VINCENT, SofaChoices
from clinical.scoring.columns import Assessed
from docs.derivations.told_values import Bools, Floats, Ints, Told, arrivals, grid_of

SOURCE = "icu_physionet2012"
# Concept of each column, and by what its numbers are to be multiplied.
COLUMNS: Mapping[str, tuple[str, float]] = {
    "MAP": ("mean_bp", 1),
    "NIMAP": ("mean_bp", 1),
    "PaO2": ("pao2", 1),
    "FiO2": ("fio2", 100),
    "MechVent": ("oxygen_device", CONCEPTS["oxygen_device"].answers["ventilator"]),
    "Platelets": ("platelets", 1),
    "Bilirubin": ("bilirubin_total", 1),
    "GCS": ("gcs_total", 1),
    "Creatinine": ("creatinine", 1),
    "Urine": ("urine_output", 1),
}
DAY, TWO_DAYS = 24, 48
_DIGITS = 4
Row = Mapping[str, Any]
_URINE = {"urine_documented_hours": VINCENT.urine_documented_hours}


@dataclass(frozen=True, slots=True)
class Reading:
    """A variant of SOFA over some hours, and which choices, by which it differs, are changed."""

    of: str
    score: WindowScore
    hour: int
    otherwise: Mapping[str, Any] = field(default_factory=dict)

    @property
    def law(self) -> WindowScore:
        """The score with the changed choices."""
        choices = cast("SofaChoices", self.score.choices)
        return replace(self.score, choices=replace(choices, **self.otherwise))

    @property
    def told(self) -> Row:
        """What it is, as it is stored."""
        changed = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.otherwise.items()
        }
        return {"variant": self.score.variant, "of": self.of, "otherwise": changed}


READINGS = (
    Reading("first day", SOFA, DAY),
    Reading("second day", SOFA, TWO_DAYS),
    Reading("worst of 48 h", SOFA, TWO_DAYS, {"window_hours": TWO_DAYS}),
    Reading("first day", SOFA, DAY, {"fio2_hours": DAY}),
    Reading("first day", SOFA_MIMIC_CODE, DAY),
    Reading("second day", SOFA_MIMIC_CODE, TWO_DAYS),
    Reading("first day", SOFA_MIMIC_CODE, DAY, _URINE),
    Reading("first day", SOFA_MIMIC_CODE, DAY, {**_URINE, "scores_mild_on_support": True}),
)


@dataclass(frozen=True, slots=True)
class FirstDays:
    """What was told of stays, numbered from 0, and what the challenge says of each."""

    told: list[Told]
    sofa: Ints
    died: Bools


def read(source: Path, most: int | None = None) -> FirstDays:
    """The stays of set A in DATA_DIR, or the first of them."""
    record, rows = _rows(source / SOURCE / "set-a.tar.gz", most)
    outcomes = pc_csv.read_csv(source / SOURCE / "Outcomes-a.txt")
    place = pc.index_in(pa.array(record), outcomes["RecordID"].combine_chunks())
    sofa, died = (outcomes[name].take(place).to_numpy() for name in ("SOFA", "In-hospital_death"))
    born, age = _of(rows, "Age", "birth_date", 1), np.full(len(record), np.nan)
    age[born.stay] = born.value
    told = [_of(rows, name, *meant) for name, meant in COLUMNS.items()]
    return FirstDays([*arrivals(age), *told], sofa, died > 0)


def _rows(archive: Path, most: int | None) -> tuple[Ints, pa.Table]:
    """Numbers of stays, and all rows of Time, Parameter, Value with the stay's place."""
    bodies = dict(islice(_bodies(archive), most))
    lines = pc_csv.read_csv(
        BytesIO(b"".join(bodies.values())),
        pc_csv.ReadOptions(column_names=list(_TYPES)),
        convert_options=pc_csv.ConvertOptions(column_types=_TYPES),
    )
    stay = np.repeat(np.arange(len(bodies)), [body.count(b"\n") for body in bodies.values()])
    return np.array(list(bodies)), lines.append_column("stay", pa.array(stay))


_TYPES = {"time": pa.string(), "parameter": pa.string(), "value": pa.float64()}


def _bodies(archive: Path) -> Iterator[tuple[int, bytes]]:
    with tarfile.open(archive) as files:
        for one in files:
            content = files.extractfile(one)
            if content is not None:
                _, _, body = content.read().partition(b"\n")
                yield int(Path(one.name).stem), body.rstrip(b"\n") + b"\n"


def _of(rows: pa.Table, name: str, concept: str, factor: float) -> Told:
    known = pc.and_(pc.equal(rows["parameter"], name), pc.greater_equal(rows["value"], 0))
    rows = rows.filter(known)
    hour, minute = (
        pc.utf8_slice_codeunits(rows["time"], *span).cast(pa.float64()).to_numpy()
        for span in ((0, 2), (3, 5))
    )
    value = rows["value"].to_numpy() * factor
    return Told(concept, rows["stay"].to_numpy(), hour + minute / 60, value)


def figures(days: FirstDays) -> Row:
    """Everything that is said of these stays."""
    known = days.sofa >= 0
    return {
        "stays": len(days.sofa),
        "stays_with_sofa": int(known.sum()),
        "died": int(days.died[known].sum()),
        "sofa": [_compared(days, known, one) for one in READINGS],
    }


def _compared(days: FirstDays, known: Bools, reading: Reading) -> Row:
    stays = np.arange(len(days.sofa))
    at = np.full(len(stays), float(reading.hour))
    assessed = grid_of(days.told, stays, at).assess(reading.law)
    both = known & ~np.isnan(assessed.observed)
    ours, theirs = assessed.observed[both], days.sofa[both]
    more = theirs - ours
    sizes, counts = np.unique(more.astype(np.int64), return_counts=True)
    return {
        **reading.told,
        "compared": int(both.sum()),
        **{f"within_{most}": _share(np.abs(more) <= most) for most in (0, 1, 2)},
        "lower_than_ours": int((more < 0).sum()),
        "correlation": round(float(np.corrcoef(ours, theirs)[0, 1]), _DIGITS),
        "mean_difference": round(float(more.mean()), _DIGITS),
        "auroc_of_death_ours": _auroc(ours, days.died[both]),
        "auroc_of_death_theirs": _auroc(theirs.astype(np.float64), days.died[both]),
        "difference": dict(zip(map(str, sizes.tolist()), counts.tolist(), strict=True)),
        **_circulation(assessed, both, more),
        "known": {part.parameter: _share(part.known) for part in assessed.components},
    }


def _circulation(assessed: Assessed, both: Bools, more: Floats) -> Row:
    """What may be left to vasopressors: nobody can tell, since none is in the data."""
    [part] = [one for one in assessed.components if one.parameter == "cardiovascular"]
    points = np.zeros(len(both)) if part.points is None else np.where(part.known, part.points, 0)
    possible = {found for bands in CATECHOLAMINES_ABOVE.values() for found in bands.values()}
    as_given = np.isin(more + points[both], sorted(possible)) & (more > 0)
    low = points[both] > 0
    return {
        "equal_or_as_by_a_vasopressor": _share((more == 0) | as_given),
        "equal_where_pressure_was_low": _share(more[low] == 0),
        "equal_where_it_was_not": _share(more[~low] == 0),
    }


def _share(which: Bools) -> float | None:
    return round(float(which.mean()), _DIGITS) if len(which) else None


def _auroc(value: Floats, died: Bools) -> float | None:
    area = discrimination(value, died).auroc
    return None if area is None else round(area, _DIGITS)
