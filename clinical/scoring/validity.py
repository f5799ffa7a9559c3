"""How long a value counts.

Here: the look-back of each concept and the window of "stale", in microseconds. Both engines use
these.

A value counts while its clinical time is at most `lookback` before the patient's clock, which is
the newest received_at among the patient's messages. For as long again it is remembered as stale;
after that it is as if it had never been known. Look-backs come from concepts.csv; the doubling is
this project's own choice.
"""

from collections.abc import Mapping

from clinical.concepts import CONCEPTS

MICROSECONDS_PER_HOUR = 3_600_000_000
# An unlimited look-back as a number of microseconds: about 9,100 years, and twice it fits an int64.
UNLIMITED = 1 << 58


def hours(count: float) -> int:
    """Hours as microseconds."""
    return round(count * MICROSECONDS_PER_HOUR)


def _lookback(count: float | None) -> int:
    return UNLIMITED if count is None else hours(count)


LOOKBACK: Mapping[str, int] = {
    name: _lookback(concept.lookback_hours) for name, concept in CONCEPTS.items()
}

# The longest limited memory: no fact older than this, by its patient's clock, can still count.
LONGEST_MEMORY = 2 * max(value for value in LOOKBACK.values() if value != UNLIMITED)

# A change of units leaves errors far below this; published bands are never finer.
FINEST = 1e-6

# Oxygen facts this close to the newest of them describe one moment; so do the parts of one GCS.
SAME_MOMENT = MICROSECONDS_PER_HOUR // 2

# What fades of a patient is dropped from memory after so long a silence on the shard's clock: all
# of it is past its memory by then, unless the feed runs back by more than the difference.
FORGOTTEN_AFTER = 30 * 24 * MICROSECONDS_PER_HOUR
# Nothing is forgotten of a patient among the shard's latest signals, whatever the clocks say.
IDLE_SIGNALS = 1_000_000
