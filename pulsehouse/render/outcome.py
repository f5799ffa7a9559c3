"""What a rendering says about itself, and the one error it raises."""

from dataclasses import dataclass
from datetime import datetime


class RenderError(Exception):
    """A source that cannot be rendered; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The counts of one batch file; MSH-7 of its first and last message, None when it is empty."""

    messages: int
    observations: int
    patients: int
    first_at: datetime | None
    last_at: datetime | None
