"""Evaluating rules with Great Expectations.

Here: rules as expectations, frames as Great Expectations takes them, and what failed, as places in
the frame. Not here: the rules (suites.py) or which rows are looked at (looking.py).

Great Expectations is imported when first used: with pandas it takes seconds and 150 MB. Frames are
backed by NumPy; on Arrow types it is thirty times slower and wrong about types. An expectation that
cannot be evaluated is reported by it as a failure of the rows, so each result's exceptions are
read. Values that failed stay in here: only places and counts leave.
"""

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

import pyarrow as pa

from lakehouse.errors import LakehouseError
from orchestration.quality.rules import (
    AtLeast,
    Between,
    Equal,
    InSet,
    NotNull,
    Ordered,
    Rule,
    Unique,
)

if TYPE_CHECKING:
    import pandas as pd

RULE = "rule"


class QualityError(LakehouseError):
    """A rule could not be evaluated: the rule or the library is at fault, not the rows."""


@dataclass(frozen=True, slots=True)
class Validator:
    """A suite's rules, ready to be held against frames."""

    name: str
    batches: Any
    suite: Any

    @classmethod
    def of(cls, name: str, rules: Sequence[Rule]) -> "Validator":
        """The expectations of some rules, in a context that lives in memory alone."""
        gx = _library()
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        frames = context.data_sources.add_pandas("frames").add_dataframe_asset(name)
        batches = frames.add_batch_definition_whole_dataframe("whole")
        expectations = [_expectation(gx.expectations, rule) for rule in rules]
        return cls(name, batches, gx.ExpectationSuite(name, expectations=expectations))

    def failed(self, frame: "pd.DataFrame") -> Mapping[str, Sequence[int]]:
        """The failed places of a frame by rule; a rule about the whole frame fails at no place.

        Raises:
            QualityError: A rule could not be evaluated.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = self.batches.get_batch({"dataframe": frame})
            found = batch.validate(
                self.suite,
                result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False},
            )
        told: dict[str, Sequence[int]] = {}
        for result in found.results:
            rule = result.expectation_config.meta[RULE]
            self._check_evaluated(rule, result)
            if not result.success:
                told[rule] = list(result.result.get("unexpected_index_list") or [])
        return told

    def _check_evaluated(self, rule: str, result: Any) -> None:  # noqa: ANN401 no type is published
        raised = result.exception_info or {}
        each = [raised] if "raised_exception" in raised else list(raised.values())
        if any(one["raised_exception"] for one in each):
            # The library's text may print values, so it is dropped.
            msg = (
                f"rule `{rule}` of suite `{self.name}` could not be evaluated, so nothing is known"
                " of the rows; see that its columns exist and are of the rule's types"
            )
            raise QualityError(msg)


def frame(rows: pa.Table, rules: Sequence[Rule]) -> "pd.DataFrame":
    """Rows as a NumPy-backed frame: texts as categories, the same for two that are compared."""
    import pandas as pd  # noqa: PLC0415 takes seconds

    columns = dict(zip(rows.column_names, rows.columns, strict=True))
    made = {name: _series(column) for name, column in columns.items()}
    for rule in rules:
        if isinstance(rule, Equal) and pa.types.is_string(columns[rule.column].type):
            names = (rule.column, rule.other)
            made |= zip(names, _alike(*(columns[name] for name in names)), strict=True)
    return pd.DataFrame(made, copy=False)


def _series(column: pa.ChunkedArray) -> Any:  # noqa: ANN401 pandas has no stubs
    if pa.types.is_string(column.type):
        return column.dictionary_encode().to_pandas()
    if pa.types.is_date(column.type):
        return column.cast(pa.timestamp("s")).to_pandas()
    return column.to_pandas()


def _alike(one: pa.ChunkedArray, other: pa.ChunkedArray) -> tuple[Any, Any]:
    both = pa.concat_arrays([*one.chunks, *other.chunks]).dictionary_encode()
    return both.slice(0, len(one)).to_pandas(), both.slice(len(one)).to_pandas()


def _library() -> Any:  # noqa: ANN401 the library has no types of its own
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415 takes seconds

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return gx


def _expectation(gx: Any, rule: Rule) -> Any:  # noqa: ANN401, PLR0911, PLR0912 one case each
    meta = {RULE: rule.name}
    match rule:
        case NotNull():
            return gx.ExpectColumnValuesToNotBeNull(column=rule.column, meta=meta)
        case InSet():
            return gx.ExpectColumnValuesToBeInSet(
                column=rule.column, value_set=list(rule.allowed), meta=meta
            )
        case Between():
            return gx.ExpectColumnValuesToBeBetween(
                column=rule.column, min_value=rule.low, max_value=rule.high, meta=meta
            )
        case AtLeast():
            return gx.ExpectColumnPairValuesAToBeGreaterThanB(
                **_pair(rule), or_equal=True, meta=meta
            )
        case Equal():
            return gx.ExpectColumnPairValuesToBeEqual(**_pair(rule), meta=meta)
        case Unique(columns=(column,)):
            return gx.ExpectColumnValuesToBeUnique(column=column, meta=meta)
        case Unique():
            return gx.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns), meta=meta)
        case Ordered():
            return gx.ExpectTableColumnsToMatchOrderedList(
                column_list=list(rule.columns), meta=meta
            )
        case _:
            assert_never(rule)


def _pair(rule: AtLeast | Equal) -> Mapping[str, str]:
    return {
        "column_A": rule.column,
        "column_B": rule.other,
        "ignore_row_if": "either_value_is_missing",
    }
