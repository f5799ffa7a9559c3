"""`pulsehouse routes simulate` on the bundled sample, and its counting."""

import json

from pulsehouse.command import app
from pulsehouse.failure import OK
from pulsehouse.routes_load import per_person, per_unit
from tests.clinical.routing.replays import LATE, SOON, lived_through, raised_as
from tests.clinical.routing.trees import HOSPITAL


def test_pages_are_counted_per_person_shift_and_step():
    alerts = [raised_as(one, minutes=one * 60) for one in range(4)]
    told = lived_through(*alerts, answers=LATE).told
    rows = {row["who"]: row for row in per_person(told, ["day", "night"])}
    assert rows["anna"] == {
        "who": "anna",
        "is_person": True,
        "pages": 3,
        "shown": 0,
        "critical": 0,
        "escalations": 0,
        "overflowed_to": 0,
        "pages_by_shift": {"day": 0, "night": 3},
        "busiest_shift": 3,
    }
    assert (rows["ben"]["pages"], rows["cleo"]["escalations"]) == (1, 4)


def test_what_became_of_alerts_is_counted_per_unit():
    alerts = [
        raised_as(1, "critical", rule_family="septic_shock", patient="p"),
        raised_as(2, "high", 1, rule_family="news2", patient="p"),
        raised_as(3, "high", 2, patient="p"),
        raised_as(4, "low", 2, unit="ICU"),
    ]
    simulation = lived_through(*alerts, answers=SOON)
    ward, icu = per_unit(simulation.planned, simulation.told, 2.0)
    assert (ward["unit"], ward["alerts"], ward["critical"]) == ("MED", 3, 1)
    assert (ward["inhibited"], ward["grouped"], ward["told_to_nobody"]) == (1, 1, 1)
    assert (icu["unit"], icu["alerts"], icu["pages"], icu["pages_per_day"]) == ("ICU", 1, 0, 0.0)


def test_alerts_of_a_lake_are_replayed_and_none_reaches_nobody(filled, tmp_path, capsys):
    lake, _ = filled
    file = tmp_path / "routes.yaml"
    file.write_text(HOSPITAL, encoding="utf-8")
    typed = ["routes", "simulate", str(file), "--lake", str(lake), "--taken-after"]
    assert app([*typed, "never", "--json"], standalone_mode=False) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["alerts"] == sum(row["alerts"] for row in told["units"]) > 0
    assert [row["unit"] for row in told["units"] if row["told_to_nobody"] > row["inhibited"]] == []
    assert all(row["pages"] == sum(row["pages_by_shift"].values()) for row in told["people"])


def test_load_is_shown_as_tables_with_what_was_taken_for_true(command, filled, tmp_path):
    lake, _ = filled
    file = tmp_path / "routes.yaml"
    file.write_text(HOSPITAL, encoding="utf-8")
    done = command("routes", "simulate", file, "--lake", lake)
    assert (done.code, done.err) == (0, "")
    assert "each is taken 10m after its first telling" in " ".join(done.out.split())
