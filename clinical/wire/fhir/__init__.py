"""FHIR R4, R4B and R5: messages of JSON in, facts out.

Here: decoding a batch of messages, each an NDJSON line or a JSON document, and when each was sent.
Not here: splitting files into messages (frames.py), or codes and units (clinical/normalise).
"""

from clinical.wire.fhir.clocks import sent_at
from clinical.wire.fhir.decoding import decode, dispositions
from clinical.wire.fhir.frames import Splitter

__all__ = ["Splitter", "decode", "dispositions", "sent_at"]
