"""The marts: every dbt model that is stored, as an asset, and every dbt test as a check of one.

Here: how Dagster names and describes what dbt says, the run, and what it shows. Not here: SQL
(dbt_project/), storing (lakehouse/dbt_delta.py), or how dbt is started (dbt_runs.py).

A run reads every table at one cut, the newest when it starts, or the one that it is given: the same
cut gives the same marts. A model that fails leaves the table that was there and keeps what depends
on it from running; the others are stored.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtProject,
    dbt_assets,
)
from pydantic import Field

from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.dbt_manifest import PROJECT, manifest
from orchestration.dbt_runs import (
    Dbt,
    dbt_resource,
    environment,
    failures,
    quiet_output,
    skipped,
)
from orchestration.drift_shown import drift_metadata
from orchestration.shown import table_metadata

GROUP = "marts"
OWNER = "team:analytics"
KINDS = {"dbt", "duckdb", "deltalake"}
POOL = "dbt"
# The mart beside which the elements are shown that feeds did not send before.
DRIFT = "schema_drift"
# The nightly job makes them at 02:00; two hours for it before anyone is told.
FRESH_FOR = timedelta(hours=26)


class MartsConfig(dg.Config):
    """What may be asked of one run of the marts."""

    cut: str = Field(
        default="",
        description="The cut to read at, as JSON, as the metadata of a materialisation shows it;"
        " the newest where empty. The same cut gives the same marts.",
    )
    census_dates: list[str] = Field(
        default=[],
        description="The UTC dates (YYYY-MM-DD) of `census_hourly` to replace; all where empty.",
    )


class Translator(DagsterDbtTranslator):
    """What dbt says of a model or source, as an asset."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Models are marts; a source's table is the asset of the room that makes it."""
        if dbt_resource_props["resource_type"] != "source":
            return dg.AssetKey([GROUP, dbt_resource_props["name"]])
        source = dbt_resource_props["source_name"]
        return dg.AssetKey([source, dbt_resource_props["name"].removeprefix(f"{source}_")])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own words, which state its grain, and what it is made from."""
        sources = ", ".join(
            f"`{node.split('.')[-1]}`" for node in dbt_resource_props["depends_on"]["nodes"]
        )
        described = dbt_resource_props["description"]
        file = dbt_resource_props["original_file_path"]
        return f"{described}\n\nSource: dbt model `dbt_project/{file}`, made from {sources}."

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The asset of a node; a source's is only its key, for its own room describes it."""
        props = self.get_resource_props(manifest, unique_id)
        if props["resource_type"] == "source":
            return dg.AssetSpec(self.get_asset_key(props))
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(
            group_name=GROUP,
            owners=props["config"].get("meta", {}).get("owners") or [OWNER],
            kinds=KINDS,
            tags={**spec.tags, "zone": GROUP, "phi": "pseudonymous"},
            freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FRESH_FOR),
        )


def marts(settings: Settings, project: Path = PROJECT) -> dg.AssetsDefinition:
    """Every stored model, as one step that dbt can take in part."""

    @dbt_assets(
        manifest=manifest(project), dagster_dbt_translator=Translator(), name="marts", pool=POOL
    )
    def build(context: dg.AssetExecutionContext, config: MartsConfig, dbt: Dbt) -> Iterator[Any]:
        lake = Lake.open(settings.lake, create=False)
        at = Cut.from_json(json.loads(config.cut)) if config.cut else cut_now(lake)
        with tempfile.TemporaryDirectory(prefix="pulsehouse-dbt-") as target:
            with environment(Path(dbt.project_dir), lake.root, json.dumps(at.to_json())):
                invocation = _started(context, dbt, config, Path(target))
            yield from _events(invocation, lake, at)
            _refuse_failed(invocation, Path(target))

    return build


def definitions(settings: Settings, project: Path = PROJECT) -> dg.Definitions:
    """The marts and dbt."""
    return dg.Definitions(
        assets=[marts(settings, project)], resources={"dbt": dbt_resource(project)}
    )


def _started(
    context: dg.AssetExecutionContext, dbt: Dbt, config: MartsConfig, target: Path
) -> DbtCliInvocation:
    asked = {"census_dates": config.census_dates} if config.census_dates else {}
    # Unit tests hold models to their examples, whatever the lake holds: they run with the tests.
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    arguments += ["--vars", json.dumps(asked)] if asked else []
    return dbt.cli(arguments, context=context, target_path=target, raise_on_error=False)


def _events(invocation: DbtCliInvocation, lake: Lake, at: Cut) -> Iterator[Any]:
    with quiet_output():
        for event in invocation.stream():
            if isinstance(event, dg.Output):
                yield _shown(event, lake, at)
            else:
                yield event


def _shown(event: dg.Output[Any], lake: Lake, at: Cut) -> dg.Output[Any]:
    # An output is named as its asset: the group, two underscores, the model.
    model = event.output_name.removeprefix(f"{GROUP}__")
    told = {**event.metadata, **table_metadata(lake, lake.root / GROUP / model, cut=at)}
    if model == DRIFT:
        told["new_elements"] = drift_metadata(lake)
    return event.with_metadata(told)


def _refuse_failed(invocation: DbtCliInvocation, target: Path) -> None:
    results = target / "run_results.json"
    if not results.exists():
        msg = (
            "dbt stopped before it ran a model, and no mart was changed: what this run printed says"
            " why. Mend that, then materialise the marts again."
        )
        raise dg.Failure(msg, allow_retries=False)
    found = json.loads(results.read_text(encoding="utf-8"))
    failed, left = failures(found), skipped(found)
    if failed:
        reasons = "; ".join(f"`{name}`: {why}" for name, why in failed.items())
        msg = (
            f"dbt could not make {reasons}. Its table is as it was before this run, and so are"
            f" those that need it ({', '.join(left) or 'none'}); the others are new. Mend the model"
            " or test, then materialise these again."
        )
        raise dg.Failure(msg, allow_retries=False)
    if invocation.process.returncode and not any(r["status"] == "fail" for r in found["results"]):
        msg = f"dbt ended with code {invocation.process.returncode}: what this run printed says why"
        raise dg.Failure(msg)
