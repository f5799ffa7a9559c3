"""HL7 v2: messages in their pipes and hats, decoded by column.

Here: `decode`, `dispositions` and `sent_at` of a batch of messages, `is_evident` of one, and the
`Splitter`, which finds the messages of a file. Not here: where the bytes come from.
"""

from clinical.wire.frames import Frames
from clinical.wire.hl7.decoder import decode, dispositions, sent_at
from clinical.wire.hl7.evident import is_evident
from clinical.wire.hl7.frames import Splitter

__all__ = ["Frames", "Splitter", "decode", "dispositions", "is_evident", "sent_at"]
