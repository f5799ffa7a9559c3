"""Deciding in Dagster's own pages: one job per decision, with who, why and what as its config.

Here: `promote_job`, `rollback_job`, `attest_gate`, `rehearse_rollback`. Not here: the decisions
(deciding.py, rehearsal.py). A refused one fails its run, and the run says which gates and why.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.migration import deciding, rehearsal
from orchestration.migration.ledger import Entry


class Said(dg.Config):
    """What a person fills in before the run."""

    job: str = Field(description="The nightly job, e.g. census.")
    by: str = Field(description="Your name: who decides.")
    reason: str = Field(description="Why. It stays in the ledger; name no patient.")


class Attested(Said):
    """What a person fills in to answer for a gate."""

    gate: str = Field(description="The gate, e.g. G14 or G10.dst.")


def decision_jobs(settings: Settings) -> list[dg.JobDefinition]:
    """The jobs; each run appends one entry to the ledger, or fails and appends none."""
    return [
        _job(
            "promote_job",
            "Moves a job one state on, if every gate is green.",
            _op_promote(settings),
        ),
        _job(
            "rollback_job",
            "Serves a job from the nightly rows again; no gate is asked.",
            _op_rollback(settings),
        ),
        _job("attest_gate", "Writes down that somebody answers for a gate.", _op_attest(settings)),
        _job(
            "rehearse_rollback",
            "Flips a job and rolls it back on a copy of the ledger, timed.",
            _op_rehearse(settings),
        ),
    ]


def _job(name: str, description: str, op: dg.OpDefinition) -> dg.JobDefinition:
    return dg.GraphDefinition(name=name, node_defs=[op], description=description).to_job(
        description=description
    )


def _op_promote(settings: Settings) -> dg.OpDefinition:
    @dg.op(name="promote", out=dg.Out(dg.Nothing))
    def promote(context: dg.OpExecutionContext, config: Said) -> None:
        _decided(context, settings, deciding.promote, config.job, config.by, config.reason)

    return promote


def _op_rollback(settings: Settings) -> dg.OpDefinition:
    @dg.op(name="rollback", out=dg.Out(dg.Nothing))
    def rollback(context: dg.OpExecutionContext, config: Said) -> None:
        _decided(context, settings, deciding.rollback, config.job, config.by, config.reason)

    return rollback


def _op_attest(settings: Settings) -> dg.OpDefinition:
    @dg.op(name="attest", out=dg.Out(dg.Nothing))
    def attest(context: dg.OpExecutionContext, config: Attested) -> None:
        said = (config.job, config.gate, config.by, config.reason)
        _decided(context, settings, deciding.attest, *said)

    return attest


def _op_rehearse(settings: Settings) -> dg.OpDefinition:
    @dg.op(name="rehearse", out=dg.Out(dg.Nothing))
    def rehearse(context: dg.OpExecutionContext, config: Said) -> None:
        _decided(context, settings, rehearsal.rehearse, config.job, config.by, config.reason)

    return rehearse


def _decided(
    context: dg.OpExecutionContext, settings: Settings, decide: Callable[..., Entry], *said: str
) -> None:
    try:
        entry = decide(Lake.open(settings.lake, create=True), settings, *said)
    except LakehouseError as error:
        failure = dg.Failure(description=str(error), allow_retries=False)
    else:
        context.log.info("%s is in %s (entry %s)", entry.line[0], entry.to_state, entry.number)
        context.log_event(_flip(entry))
        return
    # Outside of the handler, so that no text of an engine hangs on to it.
    raise failure


def _flip(entry: Entry) -> dg.AssetMaterialization:
    told: dict[str, Any] = {"event": entry.event, "state": entry.to_state, "entry": entry.number}
    return dg.AssetMaterialization(
        asset_key=["served", entry.line[0]],
        description=f"{entry.event} by {entry.by}: {entry.reason}",
        metadata={name: dg.MetadataValue.text(str(value)) for name, value in told.items()},
    )
