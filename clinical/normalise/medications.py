"""The class of a medication, recognised by its ingredient.

Here: drug texts and RxNorm codes to ingredient and class by `clinical/medications.csv`, and which
forms and routes do not count. Not here: doses, or which class a rule asks for.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import pyarrow as pa

from clinical.concepts import CONCEPTS
from clinical.concepts.rxnorm import INGREDIENT_CODES, INGREDIENTS, RXNORM_SYSTEMS
from clinical.normalise.distinct import distinct, flat
from clinical.normalise.remembered import Answers, per_profile
from clinical.wire.profile import FeedProfile

# Routes that reach eye, ear, skin or another surface but not the circulation: codes of the source
# and of HL7 table 0162 match the whole route, words match within it.
# Source: mimic-code antibiotic.sql (OU OS OD AU AS AD TP, ear, eye); irrigation, nose, mouth wash,
# vagina and wound added. [P]
LOCAL_ROUTE_CODES = frozenset(
    {"ou", "os", "od", "au", "as", "ad", "tp", "top", "ap", "op", "ot", "ns", "irr", "ir"}
    | {"mth", "mm", "vg", "sd", "wnd", "gu", "dt"}
)
LOCAL_ROUTE_WORDS = frozenset(
    {"eye", "eyes", "ear", "ears", "topical", "topically", "ophthalmic", "ophth", "otic", "nasal"}
    | {"vaginal", "irrigation", "wound", "dental", "skin", "lock"}
)
# Forms that say the same in the drug's text. Source: as above (cream, ophth oint, gel,
# desensitization); lock and flush solutions, drops and enemas added. [P]
LOCAL_FORMS = frozenset(
    {"cream", "ointment", "oint", "gel", "lotion", "ophth", "ophthalmic", "otic", "drops", "eye"}
    | {"ear", "topical", "desensitization", "desensitisation", "lock", "flush", "enema"}
    | {"irrigation", "vaginal", "shampoo", "vaccine", "allergy"}
)
# Routes past the gut: codes of the sources and of HL7 table 0162; words match within the route. [P]
PARENTERAL_ROUTE_CODES = frozenset(
    {"iv", "ivpb", "ivp", "iv drip", "im", "sc", "sq", "subcut", "io", "ip", "it", "id", "ia"}
    | {"ih", "ivf", "intravenous", "intramuscular"}
)
PARENTERAL_ROUTE_WORDS = frozenset(
    {"iv", "ivpb", "intravenous", "intramuscular", "subcutaneous", "parenteral", "infusion", "drip"}
)


@dataclass(frozen=True, slots=True)
class Medication:
    """An ingredient with its class and how a drug text names it.

    `words` are alternatives, each a run of words; `unless` are words that rule it out; `not_by` are
    routes by which it does not act as its class.
    """

    ingredient: str
    medication_class: str
    words: tuple[tuple[str, ...], ...]
    unless: frozenset[str]
    not_by: frozenset[str]
    source: str


def medication_events(rows: pa.Table, profile: FeedProfile) -> pa.Table:
    """Medication events with the drug's class (`concept`), and the ingredient that it rests on."""
    names = ("code_system", "code", "code_text", "route")
    drugs = distinct(*(flat(rows[name]) for name in names))
    found = drugs.known(_classes(profile))
    which = pa.array(drugs.which)
    at = rows.schema.get_field_index("route")
    for place in (1, 0):
        texts = pa.array([item[place] for item in found], pa.string())
        rows = rows.add_column(at, ("concept", "ingredient")[place], texts.take(which))
    codes = pa.array([INGREDIENT_CODES.get(item[1] or "") for item in found], pa.string())
    return rows.append_column("ingredient_code", codes.take(which))


_Drug = tuple[str | None, str | None, str | None, str | None]


@per_profile
def _classes(profile: FeedProfile) -> Answers[_Drug, tuple[str | None, str | None]]:
    """Class and ingredient of a feed's drugs, as far as they were sent."""
    return Answers(lambda drug: _classed(profile, *drug))


def recognise(text: str, route: str | None) -> Medication | None:
    """The medication that a drug's text names, unless its form or route does not count.

    A combination is recognised by the ingredient that stands first in the table.
    """
    words = _words(text)
    if LOCAL_FORMS.intersection(words) or _is_local(route):
        return None
    by = set(_words(route or ""))
    return next(
        (item for item in MEDICATIONS if _names(item, words) and not item.not_by & by), None
    )


def _classed(
    profile: FeedProfile, system: str | None, code: str | None, text: str | None, route: str | None
) -> tuple[str | None, str | None]:
    """Class and ingredient: the feed's code map first, then RxNorm, then the words of the text."""
    found = _coded(system, code, text, route) or _recognised(text or code or "", route)
    named = (found.medication_class, found.ingredient) if found else (None, None)
    rule = profile.rule_for(system, code) if code else None
    if rule is None or CONCEPTS[rule.concept].kind != "event":
        return named
    return rule.concept, named[1] if named[0] == rule.concept else None


def _coded(
    system: str | None, code: str | None, text: str | None, route: str | None
) -> Medication | None:
    """The medication of an RxNorm code, unless its form or route does not count."""
    if not code or system not in RXNORM_SYSTEMS or code not in INGREDIENTS:
        return None
    words = _words(text or "")
    if LOCAL_FORMS.intersection(words) or _is_local(route):
        return None
    found, by = _BY_INGREDIENT.get(INGREDIENTS[code]), set(_words(route or ""))
    return None if found is None or found.not_by & by else found


@lru_cache(maxsize=8192)
def _recognised(text: str, route: str | None) -> Medication | None:
    return recognise(text, route)


def _is_local(route: str | None) -> bool:
    code = (route or "").split("^")[0].strip().casefold()
    return code in LOCAL_ROUTE_CODES or not LOCAL_ROUTE_WORDS.isdisjoint(_words(route or ""))


def is_parenteral(route: str | None) -> bool:
    """Whether a drug by this route passes the gut by; a route that is not known does not."""
    code = (route or "").split("^")[0].strip().casefold()
    words = PARENTERAL_ROUTE_WORDS.intersection(_words(route or ""))
    return code in PARENTERAL_ROUTE_CODES or bool(words)


def _names(item: Medication, words: list[str]) -> bool:
    return item.unless.isdisjoint(words) and any(_holds(words, run) for run in item.words)


def _holds(words: list[str], run: tuple[str, ...]) -> bool:
    length = len(run)
    return any(tuple(words[at : at + length]) == run for at in range(len(words) - length + 1))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())


def read_medications(text: str) -> tuple[Medication, ...]:
    """Read the table from the text of `medications.csv`."""
    return tuple(_medication(row) for row in csv.DictReader(text.splitlines()))


def _medication(row: Mapping[str, str]) -> Medication:
    return Medication(
        ingredient=row["ingredient"],
        medication_class=row["class"],
        words=tuple(tuple(_words(run)) for run in row["words"].split(";")),
        unless=frozenset(row["unless"].split()),
        not_by=frozenset(row["not_by"].split()),
        source=row["source"],
    )


MEDICATIONS = read_medications(
    files("clinical").joinpath("medications.csv").read_text(encoding="utf-8")
)
_BY_INGREDIENT: Mapping[str, Medication] = {item.ingredient: item for item in reversed(MEDICATIONS)}
MEDICATION_CLASSES = tuple(dict.fromkeys(item.medication_class for item in MEDICATIONS))
