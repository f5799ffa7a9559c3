"""Torn frames: what breaks off is no message, and harms no other connection.

Here: F36. Not here: what a whole message says (content.py).
"""

import socket
from collections import Counter
from collections.abc import Iterator

from tests.faults.corpus import Message
from tests.faults.course import Course, wait_for
from tests.faults.scenarios.registry import scenario
from tests.faults.sending import END, VT

WHOLE = 4


@scenario("torn frames", "F36")
def torn_frames(course: Course) -> None:
    """A frame broken off at every byte, and every other way to tear one, beside a good sender."""
    course.rate = 120
    whole = course.messages[-WHOLE:]
    course.house.both()
    course.watch(course.messages[:-WHOLE])
    torn = list(_torn(_small()))
    for sent in torn:
        assert _answers(course, sent) == [], sent
        course.fault("torn")
    wait_for(lambda: course.house.metric("pulsehouse_torn_frames_total") == len(torn), "counted")
    course.sender.join()
    course.promised |= course.sender.log.safe()
    _send_whole(course, whole)
    course.beyond = Counter()
    course.duplicates = 0
    course.rest()


def _small() -> bytes:
    return (
        b"MSH|^~\\&|T|T|||20251219204500||ORU^R01^ORU_R01|TORN|P|2.5.1\rPID|1||TORN^^^T^MR\r"
        b"OBR|1||T|T\rOBX|1|NM|220045^HR^T||60\r"
    )


def _torn(message: bytes) -> Iterator[bytes]:
    frame = VT + message + END
    for stop in range(1, len(frame)):
        yield frame[:stop]
    yield message + END
    yield b"x" + frame
    yield VT + frame
    yield VT + message + b"\x1c" + VT
    yield VT + message[:20] + VT + message[20:] + END
    yield VT + message[:20] + b"\x1c" + message[20:] + END


def _send_whole(course: Course, messages: list[Message]) -> None:
    """Two in one write, one byte by byte, and one with line ends before it and a torn one after."""
    first, second, third, fourth = (VT + message.raw + END for message in messages)
    told = _answers(course, first + second)
    told += _answers(course, *(third[at : at + 1] for at in range(len(third))))
    told += _answers(course, b"\r\n\n" + fourth + b"\r\n" + VT + b"MSH|")
    assert told == [message.control_id for message in messages]
    course.promised |= set(told)


def _answers(course: Course, *pieces: bytes) -> list[str]:
    """The control ids that are accepted before the connection ends."""
    with socket.create_connection(("127.0.0.1", course.house.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    lines = [line.split(b"|") for line in received.split(b"\r") if line.startswith(b"MSA")]
    assert all(line[1] == b"AA" for line in lines)
    return [line[2].decode() for line in lines]
