"""What dbt says of each mart: the data dictionary's source for tables that have no contract here.

Here: grain, columns and upstream of the models, read from `dbt_project/models`. Not here: Dagster,
and dbt itself: reading text takes no time, and needs no manifest.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MODELS = Path(__file__).parents[1] / "dbt_project" / "models"
REF = re.compile(r"\{\{\s*ref\(\s*'(\w+)'\s*\)")
SOURCE = re.compile(r"\{\{\s*source\(\s*'(\w+)'\s*,\s*'(\w+)'\s*\)")


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """One column of a model: its type in DuckDB, and what it means."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class Model:
    """One mart: what a row is, its columns in order, and the tables that it is made from."""

    name: str
    description: str
    columns: tuple[ModelColumn, ...]
    made_from: tuple[str, ...]


@cache
def marts(models: Path = MODELS) -> Mapping[str, Model]:
    """Every mart by name; none where the models are not installed."""
    arrows = dict(_arrows(models))
    return {
        told["name"]: Model(
            told["name"],
            " ".join(str(told.get("description", "")).split()),
            tuple(_columns(told)),
            tuple(sorted(_tables(told["name"], arrows))),
        )
        for file in sorted((models / "marts").glob("*.yml"))
        for told in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("models", ())
    }


def _columns(told: Mapping[str, Any]) -> Iterator[ModelColumn]:
    for column in told.get("columns", ()):
        description = " ".join(str(column.get("description", "")).split())
        yield ModelColumn(column["name"], str(column.get("data_type", "")), description)


def _arrows(models: Path) -> Iterator[tuple[str, tuple[frozenset[str], frozenset[str]]]]:
    """Per model the models and the stored tables that its SQL names."""
    for file in sorted(models.rglob("*.sql")):
        text = file.read_text(encoding="utf-8")
        sources = frozenset(".".join(found) for found in SOURCE.findall(text))
        yield file.stem, (frozenset(REF.findall(text)), sources)


def _tables(
    name: str, arrows: Mapping[str, tuple[frozenset[str], frozenset[str]]]
) -> frozenset[str]:
    """The stored tables behind a model, through models that are not stored."""
    refs, sources = arrows.get(name, (frozenset(), frozenset()))
    return sources.union(*(_tables(ref, arrows) for ref in refs))
