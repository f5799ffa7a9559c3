"""What a warning, a consent or a device stands for, where a rule asks.

Here: the concept of a flag, by the feed's map. Not here: what that changes for an alert
(clinical/context).
"""

import pyarrow as pa

from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import FeedProfile

_Flag = tuple[str | None, str | None]


def flags(rows: pa.Table, profile: FeedProfile) -> pa.Table:
    """Flags with `concept`; null where the feed's map does not name the code."""
    told = distinct(*(flat(rows[name]) for name in ("code_system", "code")))
    concept = pa.array(told.known(_concepts(profile)), pa.string()).take(pa.array(told.which))
    return rows.add_column(rows.schema.get_field_index("code_text") + 1, "concept", concept)


@per_profile
def _concepts(profile: FeedProfile) -> Answers[_Flag, str | None]:
    """What a feed's flags stand for, as far as they were sent."""
    return Answers(lambda flag: _concept(profile, *flag))


def _concept(profile: FeedProfile, system: str | None, code: str | None) -> str | None:
    rule = profile.rule_for(system, code) if code else None
    return rule.concept if rule is not None else None
