"""What to do about a run that failed, said in the run itself.

Here: the last line of a failed run, by what it failed of. Not here: errors themselves, each of
which says in its own words what to mend (lakehouse/errors.py).
"""

import dagster as dg

# By a phrase of the failure, what helps; the first that fits. A phrase that no failure has any more
# is worth nothing: a test makes each of them fail.
ADVICE: tuple[tuple[str, str], ...] = (
    ("cannot be promoted", "Nothing was changed. Mend what each gate names, then launch it again."),
    ("dbt", "Mend the model that the step's message names; its table is as it was before."),
    ("no lake at", "Set PULSEHOUSE_LAKE, or `lake` in pulsehouse.toml, to a lake that exists."),
    ("is damaged", "Stop the stream, keep the lake as it is, and replay its feeds into a new one."),
    ("No space left", "Free space on the lake's disk, then re-execute the run from its failure."),
    ("Permission denied", "Give Dagster's user the lake's files, then re-execute from failure."),
)
WILL_RETRY = "dagster/will_retry"
OTHERWISE = (
    "Read the failed step's message, mend what it names, then re-execute the run from its failure:"
    " what is published is as it was before the step."
)


def advice(failure: str) -> str:
    """What to do about a failure, in one or two sentences."""
    return next((what for phrase, what in ADVICE if phrase in failure), OTHERWISE)


def failure_sensor() -> dg.SensorDefinition:
    """Ends every failed run with what to do about it."""

    @dg.run_failure_sensor(
        name="failed_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Writes into every failed run what to do about it.",
    )
    def failed(context: dg.RunFailureSensorContext) -> None:
        steps = [
            (event.step_key, event.step_failure_data.error_display_string)
            for event in context.get_step_failure_events()
        ]
        if context.dagster_run.tags.get(WILL_RETRY) == "true":
            return
        text = " ".join(why for _, why in steps) or context.failure_event.message or ""
        named = ", ".join(f"`{step}`" for step, _ in steps if step) or "the run itself"
        context.instance.report_engine_event(
            f"What to do about {named}: {advice(text)}", dagster_run=context.dagster_run
        )

    return failed
