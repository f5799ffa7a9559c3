"""An evaluation as rows of the lake's tables.

Here: from the stable form to rows, and storing them. Not here: their contracts
(lakehouse/batch/evaluation.py).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pyarrow as pa

from lakehouse.batch.evaluation import ALERT_LOAD, NEWS2_CALIBRATION, RULE_EVALUATION
from lakehouse.catalogue import cursor
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.publishing import replace_rows
from lakehouse.tables import Table

Row = dict[str, Any]
_SHARES = ("sensitivity", "ppv", "ppv_stays")
_SPREADS = ("lead_to_outcome_hours", "lead_to_antibiotic_hours", "hours_before_batch")
_COUNTS = ("alerts", "suppressed", "alerted_patients", "events", "detected")


def store(lake: Lake, told: Mapping[str, Any], at: Cut) -> None:
    """Replace the tables of the zone by an evaluation, each as a whole.

    Args:
        lake: The lake, open for writing.
        told: The evaluation in its stable form.
        at: The cut that was read.
    """
    each = {
        RULE_EVALUATION.name: list(_figures(told)),
        ALERT_LOAD.name: list(_loads(told)),
        NEWS2_CALIBRATION.name: list(_bands(told)),
    }
    for table in (RULE_EVALUATION, ALERT_LOAD, NEWS2_CALIBRATION):
        _replace(lake, table, each[table.name], at)


def _replace(lake: Lake, table: Table, rows: list[Row], at: Cut) -> None:
    with closing(cursor()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("evaluated", pa.Table.from_pylist(rows, table.schema))
        try:
            cut = json.dumps(at.to_json())
            replace_rows(connection, lake, table, "evaluated", run="evaluation", cut=cut)
        finally:
            connection.unregister("evaluated")


def _run(told: Mapping[str, Any]) -> Row:
    return {
        "rules_version": told["rules"]["rules_version"],
        "since": told["from"],
        "until": told["to"],
    }


def _units(told: Mapping[str, Any]) -> Iterator[tuple[Row, Mapping[str, Any], Mapping[str, Any]]]:
    """Each family and unit: the columns that name it, the family, and its figures there."""
    for name, family in told["families"].items():
        for unit, one in family["units"].items():
            yield _run(told) | {"rule_family": name, "unit": unit}, family, one


def _figures(told: Mapping[str, Any]) -> Iterator[Row]:
    for named, family, one in _units(told):
        yield {
            **named,
            "reference": family["reference"],
            "onset": told["onset"],
            **{name: one[name] for name in _COUNTS},
            **_each_share({name: (one[name], one[f"{name}_interval"]) for name in _SHARES}),
            **{
                f"{name}_{part}": value
                for name in _SPREADS
                for part, value in (one[name] or {}).items()
            },
        }


def _each_share(shares: Mapping[str, tuple[float | None, Any]]) -> Row:
    row: Row = {}
    for name, (share, interval) in shares.items():
        low, high = interval or (None, None)
        row |= {name: share, f"{name}_low": low, f"{name}_high": high}
    return row


def _loads(told: Mapping[str, Any]) -> Iterator[Row]:
    for named, _, one in _units(told):
        shift = one["per_shift"]
        yield {
            **named,
            **{
                name: one[name]
                for name in ("alerts", "patient_days", "alerts_per_100_patient_days")
            },
            "shifts": shift["shifts"],
            **{f"{name}_per_shift": shift[name] for name in ("mean", "p95", "highest")},
        }


def _bands(told: Mapping[str, Any]) -> Iterator[Row]:
    for band in told["news2_calibration"]:
        for outcome, one in band["outcomes"].items():
            yield {
                **_run(told),
                "band": band["band"],
                "outcome": outcome,
                "hours": band["hours"],
                "followed": one["n"],
                **_each_share({"share": (one["share"], one["interval"])}),
            }
