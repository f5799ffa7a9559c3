"""What can be wrong with a comparison. Here: the classes, with their exit codes."""

from lakehouse.errors import LakehouseError


class UnknownJobError(LakehouseError):
    """No job of this name is held against the stream."""

    exit_code = 2


class NightNotLandedError(LakehouseError):
    """The job's extract of the night was never landed, so there is nothing to compare with."""

    exit_code = 2


class CutBackwardsError(LakehouseError):
    """The cut is older than that of the night's newest comparison."""
