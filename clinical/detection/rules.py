"""The rule families that are asked at every moment.

Here: their list. Not here: what any of them finds, or what becomes of it (shard.py).
"""

from collections.abc import Sequence

from clinical.detection import (
    critical,
    deterioration,
    kdigo,
    news2,
    respiratory,
    sepsis,
    sepsis_risk,
    septic_shock,
)
from clinical.detection.finding import Family, Rule

# In the order in which the alerts of one message are stored.
FAMILIES: Sequence[Family] = (
    news2.FAMILY,
    deterioration.FAMILY,
    sepsis.FAMILY,
    septic_shock.FAMILY,
    sepsis_risk.FAMILY,
    respiratory.FAMILY,
    kdigo.FAMILY,
    critical.FAMILY,
)
RULES: Sequence[Rule] = tuple(family.find for family in FAMILIES)
