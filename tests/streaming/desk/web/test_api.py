"""The API keeps what its description says, whatever is sent: schemathesis over the real app.

Here: generated requests, by a person who may do everything, by a token, and by nobody. Not here:
what the routes are for (../pages).
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks

from streaming.desk.accounts.permissions import GRANTS, ROLES
from streaming.desk.web.app import desk_app
from tests.streaming.desk.desks import SetClock, alert, desk_at, take_alerts
from tests.streaming.desk.web.logins import BASE, audit_of, logged_in, with_token

load_all_checks()
QUICK = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with desk_at(tmp_path_factory.mktemp("api"), SetClock()) as made:
        take_alerts(made, alert(0), alert(1, unit="SICU"))
        yield made


@pytest.fixture(scope="module")
def app(desk):
    return desk_app(desk)


@pytest.fixture(scope="module")
def sent(app, desk):
    """What a person, a token and nobody send along."""
    person = logged_in(app, desk, ROLES, None)
    cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    return {
        "person": {"cookie": cookie, "x-csrf-token": person.headers["x-csrf-token"]},
        "token": {"authorization": with_token(app, desk, *GRANTS).headers["authorization"]},
        "nobody": {},
    }


@pytest.fixture(scope="module")
def operations(app):
    ours = {"host": "127.0.0.1"}
    api = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=ours)
    return [found.ok() for found in api.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("who", ["person", "token", "nobody"])
def test_every_answer_is_as_described_and_no_request_breaks_the_desk(operations, sent, who, mode):
    headers = {"accept": "application/json"} | sent[who]
    asked = 0

    def ask(case):
        nonlocal asked
        asked += 1
        answer = case.call_and_validate(base_url=BASE, headers=headers)
        assert who != "nobody" or answer.status_code in {400, 401, 405}

    # Nothing is wrong in a path alone: any text may be a patient's identifier.
    spoilt = [one for one in operations if [*one.query, *one.body]]
    for operation in operations if mode is GenerationMode.POSITIVE else spoilt:
        QUICK(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    assert asked > len(operations) > len(spoilt) > 1


def test_every_request_of_nobody_is_in_the_audit_and_the_chain_is_whole(desk):
    numbers = [entry.number for entry in audit_of(desk)]
    assert numbers == list(range(1, len(numbers) + 1))
