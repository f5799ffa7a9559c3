"""Alerts of a night for tests, and how people answered them."""

from datetime import timedelta

from clinical.routing.simulation import Answers, Happened, Simulation
from tests.clinical.routing.trees import MINUTE, NOW, alert, hospital

HOUR = timedelta(hours=1)
SOON = Answers(3 * MINUTE, 4 * HOUR)
LATE = Answers(7 * MINUTE, 4 * HOUR)
NEVER = Answers(None, 4 * HOUR)
_ROUTES = hospital()


def raised_as(number=1, severity="high", minutes=0.0, episode=None, **rest):
    """An alert so many minutes after four in the morning, of a patient of its own."""
    name = f"a{number}"
    told = {"rule_family": "kdigo", "patient": name, "alert_id": name}
    told |= {"raised_at": NOW + minutes * MINUTE} | rest
    return Happened(alert(severity, **told), episode or name)


def lived_through(*alerts, answers=SOON):
    """The simulation after all of the alerts."""
    simulation = Simulation(_ROUTES, answers)
    assert list(simulation.replay(alerts)) == list(alerts)
    return simulation


def tellings(simulation):
    """When in minutes, whom, and of which alert."""
    return [((one.at - NOW) / MINUTE, one.who, one.subject.alert_id) for one in simulation.told]
