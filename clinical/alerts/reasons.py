"""Why a case was declined, closed or given back: the codes a person chooses from, with their words.

Here: codes, so that they can be counted. Not here: the desk's own reasons, which it writes itself.
"""

from collections.abc import Mapping

from clinical.alerts.life import Event

# It says nothing by itself: a note must.
OTHER = "other"

DECLINE_REASONS: Mapping[str, str] = {
    "known": "Known, and already treated",
    "baseline": "Usual for this patient",
    "artefact": "Wrong reading, or loose sensor",
    "wrong_patient": "Not this patient's values",
    "not_relevant": "True, but nothing follows from it",
    "goals_of_care": "Not wanted in the agreed goals of care",
    OTHER: "Another reason",
}
RESOLVE_REASONS: Mapping[str, str] = {
    "treated": "Treated",
    "settled": "The patient has settled",
    "moved": "Moved to another place of care",
    "died": "The patient has died",
    "mended": "The fault is mended",
    OTHER: "Another reason",
}
RELEASE_REASONS: Mapping[str, str] = {
    "mistaken": "Taken by mistake",
    "busy": "Cannot go now",
    "away": "Whoever has it is not here",
    OTHER: "Another reason",
}
REASONS: Mapping[Event, Mapping[str, str]] = {
    "decline": DECLINE_REASONS,
    "resolve": RESOLVE_REASONS,
    "unacknowledge": RELEASE_REASONS,
}
