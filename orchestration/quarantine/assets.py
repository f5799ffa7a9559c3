"""The replay out of quarantine as an asset.

Here: the factory, the process that it starts, and what is shown of its result. Not here: the replay
(streaming/), which batch work never imports.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import dagster as dg
from pydantic import Field

from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES
from orchestration.piped import RESOURCES, piped
from orchestration.stream_tables import column_schema

GROUP: Final = "quarantine"
OWNER: Final = "team:data-engineering"
MODULE: Final = "streaming.quarantine_process"
REPLAY: Final = dg.AssetKey([GROUP, "replay"])
_COLUMNS: Final = ("feed", "stage", "reason", "messages", "put", "clear", "again", "understood")


class ReplayConfig(dg.Config):
    """Which quarantined messages are replayed."""

    feed: str | None = Field(None, description="This feed alone; all of them where left out.")
    reason: str | None = Field(None, description="This reason code alone.")
    dry_run: bool = Field(False, description="Only say what would be put into the inbox.")


def definitions(settings: Settings) -> dg.Definitions:
    """The asset; building it touches nothing."""
    return dg.Definitions(assets=[_replay(settings)], resources=RESOURCES)


def command(settings: Settings, config: ReplayConfig) -> list[str]:
    """The command line of a replay out of quarantine."""
    options = [f"--lake={settings.lake}", f"--feeds={settings.feeds}"]
    chosen = {"feed": config.feed, "reason": config.reason}
    options += [f"--{name}={value}" for name, value in chosen.items() if value is not None]
    if config.dry_run:
        options.append("--dry-run")
    return [sys.executable, "-m", MODULE, *options]


def _replay(settings: Settings) -> dg.AssetsDefinition:
    @dg.asset(
        key=REPLAY,
        deps=[dg.AssetKey(["lake", RAW_MESSAGES.name])],
        group_name=GROUP,
        owners=[OWNER],
        kinds={"python", "deltalake"},
        tags={"zone": "raw", "phi": RAW_MESSAGES.phi},
        description=(
            f"Grain: {RAW_MESSAGES.grain}. Source: the quarantined rows of `raw_messages`, each put"
            " into the inbox again, once, as a new message that names its original. The running"
            " stream learns it now; the quarantined row stays. Mend the feed's profile first."
        ),
        metadata={"dagster/column_schema": column_schema(RAW_MESSAGES)},
        pool=GROUP,
    )
    def replay(
        context: dg.AssetExecutionContext, config: ReplayConfig, pipes: dg.PipesSubprocessClient
    ) -> dg.MaterializeResult[None]:
        name = "replay out of quarantine"
        done = piped(context, pipes, command(settings, config), name=name)
        told: dict[str, Any] = dict(done.metadata or {})
        table = dg.MetadataValue.md(_markdown(told["by_reason"].value))
        return dg.MaterializeResult(metadata={**told, "dry_run": config.dry_run, "reasons": table})

    return replay


def _markdown(groups: Sequence[Mapping[str, Any]]) -> str:
    head = [f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS)]
    rows = (f"| {' | '.join(str(row[name]) for name in _COLUMNS)} |" for row in groups)
    return "\n".join([*head, *rows])
