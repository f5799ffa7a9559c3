"""What a procedure was for, where a rule asks.

Here: which procedures are operations, dialysis or a tube put in or taken out, by the feed's map,
then by standard codes. Not here: the codes (clinical/concepts/context_codes.py), or what that
changes for a score or an alert (clinical/context).
"""

import pyarrow as pa

from clinical.concepts.context_codes import procedure_concept
from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import FeedProfile

PERFORMED = ("surgery", "dialysis", "intubation", "extubation")
_Procedure = tuple[str | None, str | None]


def procedures(rows: pa.Table, profile: FeedProfile) -> pa.Table:
    """Procedures with `concept`: one of PERFORMED, else null."""
    done = distinct(*(flat(rows[name]) for name in ("code_system", "code")))
    found = done.known(_concepts(profile))
    concept = pa.array(found, pa.string()).take(pa.array(done.which))
    return rows.add_column(rows.schema.get_field_index("code_text") + 1, "concept", concept)


@per_profile
def _concepts(profile: FeedProfile) -> Answers[_Procedure, str | None]:
    """What a feed's procedures are for, as far as they were sent."""
    return Answers(lambda done: _concept(profile, *done))


def _concept(profile: FeedProfile, system: str | None, code: str | None) -> str | None:
    rule = profile.rule_for(system, code) if code else None
    if rule is not None:
        return rule.concept if rule.concept in PERFORMED else None
    return procedure_concept(system, code)
