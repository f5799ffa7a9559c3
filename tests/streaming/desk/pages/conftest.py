"""A desk with a few alerts, its app, and a nurse who is logged in."""

from datetime import timedelta

import pytest

from streaming.desk.web.app import desk_app
from tests.streaming.desk.desks import START, alert, desk_at, take_alerts
from tests.streaming.desk.web.logins import logged_in

SEVERITIES = ("low", "critical", "medium", "high")


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as made:
        alerts = [
            alert(
                number,
                severity=severity,
                title=f"Title of {severity}",
                raised_at=START - timedelta(minutes=number),
            )
            for number, severity in enumerate(SEVERITIES)
        ]
        take_alerts(made, *alerts, alert(9, unit="SICU", title="Not mine"))
        yield made


@pytest.fixture
def app(desk):
    return desk_app(desk)


@pytest.fixture
def nurse(app, desk):
    return logged_in(app, desk, ["clinician"], ["MICU"])
