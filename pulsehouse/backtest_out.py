"""What a backtest leaves in a directory: predictions per stay, and alerts that differ.

Here: files for the official scorer of the PhysioNet/CinC Challenge 2019
(`PredictedProbability|PredictedLabel`, one line per hour, one file per stay), and a CSV of what two
rule versions did otherwise. It names patients by their identifiers: the directory is as restricted
as the facts. Not here: figures.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinical.evaluation.comparing import Difference, Sent
from clinical.scores import BY_VARIANT
from clinical.scores.definition import PointScore
from orchestration.evaluation.backtesting import Backtest
from orchestration.evaluation.gathering import Gathered
from pulsehouse.failure import USAGE, CommandError

DIFFERENCES = "differences.csv"
_COLUMNS = ("kind", "patient_id", "rule_family", "minutes", *("new_at", "new_rule", "new_band"))
_AGAINST = ("against_at", "against_rule", "against_band")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The score whose total says how sure a family's prediction is.
_SURENESS = {"sepsis_risk": "sepsis_points"}


def written(result: Backtest, family: str, out: Path) -> Iterator[str]:
    """Write what there is, and tell of it line by line.

    Raises:
        CommandError: There is nothing to write, or no such family.
    """
    if not len(result.found.hours) and result.against is None:
        msg = "--out needs labelled stays (--physionet2019, --labels) or --against"
        raise CommandError(msg, USAGE)
    out.mkdir(parents=True, exist_ok=True)
    if len(result.found.hours):
        yield f"predictions: {_predictions(result.found, family, out)} stays in {out}"
    if result.against is not None:
        _differences(result, out / DIFFERENCES)
        yield f"differences: {out / DIFFERENCES}"


def _predictions(found: Gathered, family: str, out: Path) -> int:
    if family not in found.standing:
        known = ", ".join(sorted(found.standing)) or "none"
        msg = f"no rule family is called {family!r} in these rules; there are: {known}"
        raise CommandError(msg, USAGE)
    label = found.standing[family] > 0
    sure = _sureness(found, family)
    opens = np.flatnonzero(np.append(True, found.hours.stay[1:] != found.hours.stay[:-1]))
    ends = np.append(opens[1:], len(label))
    for begin, end in zip(opens.tolist(), ends.tolist(), strict=True):
        name = found.names[int(found.hours.stay[begin])]
        hours = zip(sure[begin:end].tolist(), label[begin:end].tolist(), strict=True)
        lines = [f"{how:.4f}|{int(is_one)}" for how, is_one in hours]
        text = "\n".join(["PredictedProbability|PredictedLabel", *lines]) + "\n"
        (out / f"p{int(name):06d}.psv").write_text(text, encoding="ascii")
    return len(opens)


def _sureness(found: Gathered, family: str) -> NDArray[np.float64]:
    """The share of the most points that an hour has; of a family without a score 0 or 1."""
    for name, variant in BY_VARIANT:
        score, value = BY_VARIANT[name, variant], found.values.get(f"{name}/{variant}")
        if name == _SURENESS.get(family) and value is not None and isinstance(score, PointScore):
            most = sum(item.highest for item in score.parameters)
            return np.clip(np.nan_to_num(value) / most, 0, 1)
    return (found.standing[family] > 0).astype(np.float64)


def _differences(result: Backtest, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow((*_COLUMNS, *_AGAINST))
        rows.writerows(_row(one) for one in result.differences if one.kind != "same")


def _row(one: Difference) -> tuple[object, ...]:
    return (one.kind, one.patient, one.family, one.minutes, *_side(one.new), *_side(one.against))


def _side(alert: Sent | None) -> tuple[object, ...]:
    if alert is None:
        return "", "", ""
    at = _EPOCH + timedelta(microseconds=alert.at)
    return at.isoformat().replace("+00:00", "Z"), alert.rule, alert.band
