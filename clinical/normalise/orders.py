"""What an order is for, where a rule asks.

Here: which orders are cultures of a body fluid, and which the feed's map gives to dialysis or
surgery. Not here: results of cultures, or which cultures count together with which antibiotics
(clinical/detection).
"""

import re

import numpy as np
import pyarrow as pa

from clinical.concepts import LOINC_CONCEPTS
from clinical.normalise.coding import LOINC_SYSTEMS
from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import FeedProfile

CULTURE = "culture"
# That a result was told orders nothing: a culture counts from its order, or as a result of its own.
REPORTED = frozenset({"reported"})
# Orders are known by their words as cultures only: to order an operation is not yet to operate.
ORDERED = (CULTURE, "dialysis", "surgery")
# A code map row with this code speaks for every code of its system, a microbiology system say.
ANY_CODE = "*"
CULTURE_WORDS = frozenset({"culture", "cultures", "cult", "bcx", "ucx"})
# A screen asks whether a patient carries a germ, a serology or antigen test is no culture, and a
# held or cancelled specimen is not grown. mimic-code counts every microbiology event. [P]
NOT_CULTURES = frozenset(
    {"screen", "screening", "surveillance", "mrsa", "vre", "carriage", "hold", "cancelled"}
    | {"serology", "immunology", "antigen", "antibody", "dfa", "viral", "virus", "influenza"}
    | {"pcr", "dna", "rna", "toxin", "load"}
)


def order_events(rows: pa.Table, profile: FeedProfile) -> pa.Table:
    """Order events with `concept`: one of ORDERED, else null; also null where it only reports."""
    names = ("code_system", "code", "code_text", "specimen")
    orders = distinct(*(flat(rows[name]) for name in names))
    found = orders.known(_concepts(profile))
    which = np.where(distinct(flat(rows["event"])).are(REPORTED), -1, orders.which)
    concept = pa.array(found, pa.string()).take(pa.array(which, mask=which < 0))
    return rows.add_column(rows.schema.get_field_index("specimen") + 1, "concept", concept)


_Order = tuple[str | None, str | None, str | None, str | None]


@per_profile
def _concepts(profile: FeedProfile) -> Answers[_Order, str | None]:
    """What a feed's orders are for, as far as they were sent."""
    return Answers(lambda order: _concept(profile, *order))


def _concept(
    profile: FeedProfile, system: str | None, code: str | None, *words: str | None
) -> str | None:
    rule = profile.rule_for(system, code) if code else None
    if rule is not None and rule.concept in ORDERED:
        return rule.concept
    return CULTURE if is_culture(profile, system, code, *words) else None


def is_culture(
    profile: FeedProfile,
    system: str | None,
    code: str | None,
    text: str | None = None,
    specimen: str | None = None,
) -> bool:
    """Whether an order is a body-fluid culture.

    First the feed's map of the very code, then LOINC, then the words of the order; an order of a
    system that the map gives to cultures as a whole needs no word for it, but may be no screen.
    """
    rule = profile.rule_for(system, code) if code else None
    if rule is not None:
        return rule.concept == CULTURE
    if code and system in LOINC_SYSTEMS and code in LOINC_CONCEPTS:
        return LOINC_CONCEPTS[code].name == CULTURE
    words = _words(text) | _words(code) | _words(specimen)
    if words & NOT_CULTURES:
        return False
    any_code = profile.rule_for(system, ANY_CODE)
    return bool(words & CULTURE_WORDS) or (any_code is not None and any_code.concept == CULTURE)


def _words(text: str | None) -> set[str]:
    return set(re.findall(r"[a-z]+", (text or "").casefold()))
