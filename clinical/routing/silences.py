"""What a silence must say to be kept: for whom or what, why, and until when.

Here: what speaks against one. Not here: what a silence hides (hiding.py), or keeping it (the desk).
"""

from datetime import timedelta

from clinical.routing.routes import Match
from clinical.routing.subject import Silence

# Longer, and it outlives the shift of whoever knew why. Both are this project's own choice.
LONGEST = timedelta(hours=24)
LONGEST_CRITICAL = timedelta(hours=2)


def objection(silence: Silence) -> str | None:
    """What speaks against a silence, in a sentence; None where nothing does."""
    lasts, is_critical = silence.ends_at - silence.begins_at, "critical" in silence.match.severity
    longest = LONGEST_CRITICAL if is_critical else LONGEST
    found = (
        (not silence.reason.strip(), "A silence needs a reason."),
        (lasts <= timedelta(0), "A silence must end after it begins."),
        (lasts > longest, _too_long(longest, is_critical=is_critical)),
        (
            silence.match == Match() and silence.patient is None,
            "A silence of everything is none: name a patient, or what it is for.",
        ),
    )
    return next((told for is_so, told in found if is_so), None)


def _too_long(longest: timedelta, *, is_critical: bool) -> str:
    what = "critical alerts" if is_critical else "alerts"
    hours = int(longest.total_seconds() // 3600)
    return f"A silence of {what} lasts {hours} hours at the longest."
