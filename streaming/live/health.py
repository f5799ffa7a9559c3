"""Health of a stream: whether what comes now will be in the tables, and alert, in time.

Here: the reasons why not, in the order in which a person should mend them. Not here: serving them
(streaming/admin.py).
"""

from dataclasses import dataclass, field
from time import time
from typing import Final

from streaming.admin import Health
from streaming.live.patience import Patience
from streaming.live.progress import Progress
from streaming.live.reaching import Reaching
from streaming.writer import Writer

LATE_SECONDS: Final = 60.0


@dataclass(slots=True)
class Condition:
    """What is known of a stream's condition; filled as it starts."""

    patience: Patience
    progress: Progress
    reaching: Reaching = field(default_factory=Reaching)
    writer: Writer | None = field(default=None)

    def health(self) -> Health:
        """Whether it is ready, and if not, why."""
        reason = self._reason()
        return Health(ready=reason is None, reason=reason or "")

    def _reason(self) -> str | None:
        if self.reaching.cause is not None:
            return self.reaching.cause
        if self.writer is None:
            return "starting: it takes up what the lake knows"
        if self.writer.failure is not None:
            return "the writer failed: the process ends"
        if self.patience.cause is not None:
            return f"the lake takes no rows: {self.patience.cause}"
        oldest = min(self.progress.oldest().values(), default=None)
        if oldest is not None and (age := time() - oldest / 1e6) > LATE_SECONDS:
            return f"the oldest message that is not in every table came {age:.0f} s ago"
        return None
