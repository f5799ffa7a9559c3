"""Our numbers beside mimic-code's on a few patients: every difference has a named cause."""

import csv
import gzip
import io
from pathlib import Path

import pytest

from tests.conformance.mimic3 import EQUAL, UNEXPLAINED, Agreement, agreement

# A CareVue stay with dialysis and vasopressors, and a MetaVision one with a ventilator.
PATIENTS = frozenset({"10013", "10093", "42075", "44154"})


@pytest.fixture(scope="module")
def found(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Agreement:
    """How far a few patients agree."""
    folder = tmp_path_factory.mktemp("mimic3")
    data = _some(shared_data / "mimic3_demo", folder / "data", frozenset())
    stays = {row["icustay_id"] for row in _rows(data / "icustays.csv")}
    scores = _some(shared_data / "mimic3_demo_scores", folder / "scores", frozenset(stays))
    return agreement(data, scores, folder / "scratch")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _some(folder: Path, out: Path, stays: frozenset[str]) -> Path:
    """The tables with these patients only, or these stays, where a table says whose a row is."""
    out.mkdir()
    for path in sorted(folder.glob("*.csv.gz")):
        text = gzip.decompress(path.read_bytes()).decode()
        lines = csv.reader(io.StringIO(text))
        head = [name.lower() for name in next(lines)]
        kept = [row for row in lines if _is_kept(dict(zip(head, row, strict=True)), stays)]
        with (out / path.name.removesuffix(".gz")).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *kept])
    return out


def _is_kept(row: dict[str, str], stays: frozenset[str]) -> bool:
    if "subject_id" in row:
        return row["subject_id"] in PATIENTS
    return row.get("icustay_id", "") in stays if stays and "icustay_id" in row else True


def test_no_difference_from_mimic_code_is_unexplained(found: Agreement) -> None:
    assert {name: counted[UNEXPLAINED] for name, counted in found.items()} == dict.fromkeys(
        found, 0
    )


def test_what_differs_is_the_exception(found: Agreement) -> None:
    inputs = [counted for name, counted in found.items() if name.endswith(("_min", "_max"))]
    assert all(counted[EQUAL] >= 0.99 * counted.total() > 0 for counted in inputs)
