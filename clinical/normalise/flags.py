"""What a warning, a consent or a device stands for, where a rule asks.

Here: the concept of a flag and its answer, by the feed's map, then by standard codes. Not here: the
codes (clinical/concepts/context_codes.py), or what that changes for an alert (clinical/context).
"""

import pyarrow as pa
import pyarrow.compute as pc

from clinical.concepts.context_codes import flag_answer
from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import FeedProfile

_Flag = tuple[str | None, str | None]
_Answer = tuple[str | None, str | None]


def flags(rows: pa.Table, profile: FeedProfile) -> pa.Table:
    """Flags with `concept`, and its answer for `value_code` where the code itself says it.

    A concept of the feed's map takes the value that was sent, by the feed's answers.
    """
    told = distinct(*(flat(rows[name]) for name in ("code_system", "code")))
    which = pa.array(told.which)
    found = told.known(_meanings(profile))
    concept = pa.array([concept for concept, _ in found], pa.string()).take(which)
    answer = pa.array([answer for _, answer in found], pa.string()).take(which)
    place = rows.schema.get_field_index("value_code")
    value = pc.coalesce(answer, flat(rows["value_code"]))
    rows = rows.set_column(place, "value_code", value)
    return rows.add_column(rows.schema.get_field_index("code_text") + 1, "concept", concept)


@per_profile
def _meanings(profile: FeedProfile) -> Answers[_Flag, _Answer]:
    """What a feed's flags stand for, as far as they were sent."""
    return Answers(lambda flag: _meaning(profile, *flag))


def _meaning(profile: FeedProfile, system: str | None, code: str | None) -> _Answer:
    rule = profile.rule_for(system, code) if code else None
    if rule is not None:
        return rule.concept, profile.answers.get(rule.concept, {}).get(code or "")
    return flag_answer(system, code) or (None, None)
