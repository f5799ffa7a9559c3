"""HL7 v2 back to the hospital's record, by MLLP.

Here: one connection, one message, one answer, and what the answer means. Not here: the message
(hl7_text.py).

AA and CA: taken. AR and CR: not now, the same may be taken later. AE and CE: never.
"""

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from streaming.desk.channels.channel import ChannelError, Notification, Receipt
from streaming.desk.channels.hl7_text import Subject, control_id, oru
from streaming.desk.channels.posting import SECONDS
from streaming.gateway.framing import Frame, Framer, framed

# An answer is a header and a receipt.
_LONGEST: Final = 64 * 1024
_READ: Final = 4096
_ANSWER: Final = re.compile(rb"(?:^|\r)MSA\|(\w\w)\|([^|\r]*)")
_TAKEN, _LATER = frozenset({"AA", "CA"}), frozenset({"AR", "CR"})


@dataclass(frozen=True, slots=True)
class Mllp:
    """Sends to a receiver's port; `application` is its MSH-5, `trust` whose certificate it has."""

    host: str
    port: int
    now: Callable[[], datetime]
    application: str = "EHR"
    trust: Path | None = None

    def send(self, notification: Notification) -> Receipt:
        """Send it and read the answer. Errors: `ChannelError`."""
        case = notification.case
        if case is None or case.patient_id is None:
            raise ChannelError(retry=False, why="an HL7 receiver is told of patients' alerts only")
        about = Subject(
            case.facility,
            case.patient_id,
            case.encounter_id,
            case.rule,
            case.payload.get("evidence") or (),
        )
        content = oru(notification, about, self.application, self.now())
        try:
            answer = self._exchanged(content)
        except OSError as error:
            raise ChannelError(retry=True, why=f"no answer: {type(error).__name__}") from None
        return _receipt(answer, control_id(notification))

    def _exchanged(self, content: bytes) -> bytes:
        with self._connected() as road:
            road.sendall(framed(content))
            framer = Framer(_LONGEST)
            while received := road.recv(_READ):
                for found in framer.feed(received):
                    if isinstance(found, Frame):
                        return found.content
                    raise ChannelError(retry=True, why=f"torn answer: {found.reason}")
        raise ChannelError(retry=True, why="the connection ended before the answer")

    def _connected(self) -> socket.socket:
        road = socket.create_connection((self.host, self.port), timeout=SECONDS)
        if self.trust is None:
            return road
        try:
            context = ssl.create_default_context(cafile=str(self.trust))
            return context.wrap_socket(road, server_hostname=self.host)
        except BaseException:
            road.close()
            raise


def _receipt(answer: bytes, asked: str) -> Receipt:
    found = _ANSWER.search(answer)
    if found is None or found[2].decode("ascii", "replace") != asked:
        raise ChannelError(retry=True, why="the answer is to another message")
    code = found[1].decode("ascii", "replace")
    if code in _TAKEN:
        return Receipt(code)
    raise ChannelError(retry=code in _LATER, why=f"answer {code}")
