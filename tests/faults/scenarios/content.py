"""Messages that are late, twice, changed, of another form than yesterday, or poison.

Here: F41, F42, F44, F46. Not here: frames that break off (frames.py).
"""

import socket
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection

from tests.faults.course import Course, wait_for
from tests.faults.figures import dispositions
from tests.faults.house import free_port
from tests.faults.scenarios.registry import scenario
from tests.faults.sending import asked
from tests.faults.variants import anyhow, between_patients, changed, drifted, poisoned

MARKED = 40
FHIR = "fhir_r4"
LIMIT_SEGMENTS = 10_000


@scenario("sent twice, and changed", "F41")
def repeated(course: Course) -> None:
    """Duplicates and conflicts are told apart while sending and after a kill, and add nothing."""
    course.rate = 120
    course.begin()
    wait_for(lambda: len(course.sender.log.answers) > 2 * MARKED, "messages come in")
    safe = course.sender.log.safe()
    marked = [message for message in course.messages if message.control_id in safe][:MARKED]
    course.send(marked).join()
    course.send([changed(message) for message in marked]).join()
    wait_for(lambda: course.house.reached() > MARKED, "messages are in the tables")
    course.exits.append(("stream", course.house.kill("stream")))
    course.fault("kill -9 stream")
    course.house.stream()
    course.send(marked).join()
    course.duplicates = 2 * MARKED
    course.beyond = Counter({("quarantined", "control_id_conflict"): MARKED})
    course.rest()


@scenario("shuffled between patients", "F42")
def shuffled_between(course: Course) -> None:
    """Whose message comes first does not matter to anybody."""
    course.messages = between_patients(course.messages, 1)
    course.connections = 1
    course.begin()
    course.rest()


@scenario("shuffled within patients", "F42")
def shuffled_within(course: Course) -> None:
    """Messages that come late by hours: the facts are the same, scores may have known less."""
    course.messages = anyhow(course.messages, 2)
    course.connections, course.alerts_are_controls = 1, False
    course.begin()
    course.rest()


@scenario("a sender of a newer release", "F46", source=drifted)
def drift(course: Course) -> None:
    """New segments, more and longer fields, another type of value, in the middle of the feed."""
    course.begin()
    course.fault("new release")
    course.rest()


def _poison() -> list[tuple[bytes, str]]:
    """Messages that are none, and why each is quarantined."""
    header = b"MSH|^~\\&|P|P|||20251219204500||ORU^R01^ORU_R01|POISON%d|P|2.5.1\r"
    patient = b"PID|1||POISON^^^P^MR\r"
    return [
        (b"", "no_msh"),
        (b"not HL7 at all", "no_msh"),
        (b"\xff\xfe\x00\x00", "no_msh"),
        (b"MSH", "bad_msh"),
        (header % 1 + patient + b"OBX|1\r" * (LIMIT_SEGMENTS + 1), "too_many_segments"),
        (header % 2 + b"PID|1||^^^P^MR\r", "no_patient"),
        (header % 3 + patient + b"OBX|1|NM|a||\x00\r", "nul_byte"),
        (header % 4 + patient + header % 5, "several_msh"),
        (header % 6 + b"PID|" + b"|" * 900_000 + b"\r", "no_patient"),
        (header % 7 + b"PID|" + b"~^&" * 300_000 + b"\r", "no_patient"),
    ]


def _fhir_poison() -> list[tuple[bytes, str]]:
    quantity = b'{"resourceType":"Observation","id":"p","valueQuantity":{"value":%s}}'
    deep = b'{"resourceType":"Observation","extension":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    return [
        (quantity % b"NaN", "not_json"),
        (quantity % b"1e999", "no_patient"),
        (quantity % (b"9" * 5_000), "no_patient"),
        (deep, "nested_too_deep"),
        (b'{"resourceType":"Observation"', "not_json"),
        (b'["Observation"]', "no_resource_type"),
        (b'{"resourceType":"Poison"}', "unknown_resource_type"),
    ]


@scenario("poison", "F44", source=poisoned)
def poison(course: Course) -> None:
    """Each poison is one row in quarantine; the flow goes on, also after a restart."""
    house, port = course.house, free_port()
    token = house.command("token", "create", "poisoner", "--feed", FHIR).stdout.strip()
    house.http = {FHIR: port}
    course.rate = 150
    course.begin()
    for raw, reason in _poison():
        _send(house.port, raw)
        course.beyond["quarantined", reason] += 1
    for body, reason in _fhir_poison():
        _post(port, token, body)
        course.beyond["quarantined", reason] += 1
    course.faults = course.beyond.total()
    wait_for(lambda: _quarantined(course) == course.faults, "all poison is in quarantine")
    course.exits.append(("stream", course.house.kill("stream")))
    course.house.stream()
    course.rest()
    assert len(course.exits) == 3, f"something fell: {course.exits}"


def _send(port: int, raw: bytes) -> None:
    """It is answered, and is not accepted."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        code, _ = asked(connection, raw)
    assert code in {"AE", "AR"}, (code, raw[:100])


def _post(port: int, token: str, body: bytes) -> None:
    """As `_send`, of FHIR."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/Observation", body, headers)
        assert connection.getresponse().status == 422, body[:100]


def _quarantined(course: Course) -> int:
    found = dispositions(course.house.lake)
    return sum(count for (what, _), count in found.items() if what == "quarantined")
