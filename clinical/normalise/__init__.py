"""From facts as sent to facts in the product's own terms, and to what scoring folds.

Here: `normalise` (codes to concepts, units to UCUM, answers to numbers, drugs to classes) and
`signals`. Not here: reading messages (clinical/wire), or what a score makes of a value.
"""

from clinical.normalise.coding import NormalisationError, check
from clinical.normalise.facts import normalise
from clinical.normalise.signals import signals

__all__ = ["NormalisationError", "check", "normalise", "signals"]
