"""Processes of the stream's side, started by Dagster Pipes.

Here: running one to its end, and what its failure means for the run. Not here: which processes
there are (replays/, quarantine/).
"""

import dagster as dg

# A killed process goes on where it stopped, or begins anew: so often, after so many seconds.
TRIES, WAIT_SECONDS = 2, 5
# One for every room: definitions that are merged may not differ in a resource.
RESOURCES = {"pipes": dg.PipesSubprocessClient()}


def piped(
    context: dg.AssetExecutionContext,
    pipes: dg.PipesSubprocessClient,
    command: list[str],
    *,
    name: str,
) -> dg.MaterializeResult[None]:
    """Run a process to its end; its result as a materialisation."""
    try:
        return pipes.run(context=context, command=command).get_materialize_result()
    except dg.DagsterError as error:
        # The client tells the exit code in its text alone; a signal is a negative one.
        if "code -" in str(error):
            raise dg.RetryRequested(TRIES, WAIT_SECONDS) from error
        reason = f"the {name} failed; what it said is in the run's stderr"
        raise dg.Failure(reason, allow_retries=False) from error
