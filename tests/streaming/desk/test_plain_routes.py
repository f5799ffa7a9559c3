"""The routes file that is there from the start: it can be used, and explains every option."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clinical.alerts import SEVERITIES
from clinical.detection.rules import FAMILIES
from clinical.routing import Subject, parse, plan
from clinical.routing import written as w
from clinical.routing.routes import PASSIVE

PLAIN = Path(__file__).parents[3] / "streaming" / "desk" / "plain_routes.yaml"
TEXT = PLAIN.read_text(encoding="utf-8")
NOW = datetime(2026, 1, 16, 4, 0, tzinfo=UTC)
SHAPES = [
    w.WrittenReceiver,
    w.WrittenRotation,
    w.WrittenOverride,
    w.WrittenSchedule,
    w.WrittenRole,
    w.WrittenLink,
    w.WrittenChain,
    w.WrittenQuiet,
    w.WrittenMatch,
    w.WrittenInhibition,
    w.WrittenNode,
    w.WrittenRoutes,
]
KEYS = {field.alias or name for shape in SHAPES for name, field in shape.model_fields.items()}


def test_plain_routes_page_nobody_and_show_everything():
    routes = parse(TEXT)
    assert {one.kind for one in routes.receivers.values()} <= PASSIVE
    for severity in SEVERITIES:
        subject = Subject("a", "r", "news2", severity, 1, "MED", NOW)
        assert plan(routes, subject, NOW).steps[0].targets


def test_with_its_examples_it_can_be_used_as_well():
    assert parse(TEXT.replace("#:", "")).people


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_option_is_in_it(key):
    assert f"{key}:" in TEXT


def test_families_it_names_are_rules():
    routes = parse(TEXT)
    named = {name for one in routes.inhibit for name in (*one.source.family, *one.target.family)}
    assert named <= {family.name for family in FAMILIES}
