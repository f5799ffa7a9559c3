"""Routes and alerts for tests: a hospital of two units, three people and a pager."""

from datetime import UTC, datetime, timedelta

from clinical.routing import OpenCase, Subject, parse, plan

NOW = datetime(2026, 1, 16, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

HOSPITAL = """
zone: Europe/London
receivers:
  board: {kind: board}
  pager: {kind: apprise, secret_env: PAGER, fallback: mail}
  mail: {kind: email, host: mail.example, sender: desk@example, address: ward@example}
people:
  anna: {pager: "1", mail: anna@example}
  ben: {pager: "2"}
  cleo: {}
schedules:
  nurses:
    rotations:
      - {people: [anna, ben], starts: 2026-01-05, days: 7, begins: 07:00, ends: 19:00}
      - {people: [ben, anna], starts: 2026-01-05, days: 7, begins: 19:00, ends: 07:00}
  doctors:
    rotations: [{people: cleo, starts: 2026-01-01}]
  empty:
    rotations: [{people: anna, starts: 2030-01-01}]
roles:
  nurse: {receivers: board, schedule: nurses, units: {ICU: empty}, pages: 3}
  doctor: {receivers: [pager, board], schedule: doctors, pages: 5}
  chief: {receivers: mail}
chains:
  ward:
    steps:
      - {tell: nurse}
      - {tell: doctor, after: 5m}
      - {tell: [chief, doctor], after: 15m}
    repeat: 10m
  icu:
    steps: [{tell: [nurse, doctor]}, {tell: chief, after: 5m}]
    repeat: 5m
  note: {steps: [{tell: chief}], repeat: 1h}
quiet:
  night: {begins: 22:00, ends: 07:00, severities: [low, medium]}
inhibit:
  - {source: {family: septic_shock}, target: {family: [news2, sepsis]}}
  - {source: {family: news2}, target: {family: septic_shock}}
route:
  name: ward
  chain: ward
  quiet: night
  group: 5m
"""


def hospital(*routes, text=HOSPITAL):
    """The hospital, with the children of its root as YAML lines in flow style."""
    children = "".join(f"\n    - {one}" for one in routes)
    return parse(text + (f"  routes:{children}\n" if routes else ""))


def alert(severity="high", unit="MED", **rest):
    told = {
        "alert_id": "feed-0-1-news2",
        "rule": "news2_urgent",
        "rule_family": "news2",
        "band": 2,
        "raised_at": NOW,
        "patient": "p",
    }
    return Subject(severity=severity, unit=unit, **(told | rest))


def beside(severity="critical", state="delivered", told=1, **rest):
    """Another open case of the patient, told so many minutes ago."""
    told_at = None if told is None else NOW - told * MINUTE
    told_of = {"alert_id": "feed-0-0-septic_shock", "rule_family": "septic_shock"} | rest
    return OpenCase(alert(severity, **told_of), state, told_at)


def people(routes, subject, now=NOW, situation=None):
    """Who is told at each step: the person, or the role where nobody has it."""
    made = plan(routes, subject, now, *([situation] if situation else []))
    return [[one.person or one.role for one in step.targets] for step in made.steps]
