"""What can be wrong with an evaluation that was asked for."""

from lakehouse.errors import LakehouseError


class EvaluationError(LakehouseError):
    """Rules that cannot be found or run, or facts that cannot be evaluated."""
