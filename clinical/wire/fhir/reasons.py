"""Why a message of FHIR was not parsed.

Here: the reason codes of the ledger, and the error that carries one. Not here: when each applies.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes; the last two belong to messages that were skipped, the others to quarantine."""

    MESSAGE_TOO_LARGE = "message_too_large"
    NOT_JSON = "not_json"
    NESTED_TOO_DEEP = "nested_too_deep"
    NO_RESOURCE_TYPE = "no_resource_type"
    UNKNOWN_RESOURCE_TYPE = "unknown_resource_type"
    WRONG_SHAPE = "wrong_shape"
    NESTED_BUNDLE = "nested_bundle"
    NO_PATIENT = "no_patient"
    UNKNOWN_DELETION = "unknown_deletion"
    RESOURCE_TYPE_NOT_USED = "resource_type_not_used"
    SUBJECT_NOT_PATIENT = "subject_not_patient"


class DecodeError(ValueError):
    """A message that cannot be understood, by the sender's doing."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
