"""An explanation is enough to work an alert out by hand."""

import math
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from clinical.detection.batch_clock import BatchClock
from clinical.normalise.signal_rows import PROVENANCE, SIGNALS
from clinical.scores import BY_VARIANT
from clinical.scores.bands import INF, Bands
from clinical.scores.definition import PointScore
from clinical.scores.written import Written
from clinical.scoring.inputs import PAO2_FIO2
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from pulsehouse.contents import Contents
from pulsehouse.explained_lookups import lookups
from pulsehouse.explained_points import worked_from
from pulsehouse.explained_recount import Recount
from pulsehouse.explained_rows import Rows
from pulsehouse.explained_rule import contexts
from pulsehouse.explained_scores import AGAIN, STORED, agrees
from pulsehouse.explained_windows import line
from pulsehouse.explanation import explanation

CLOCK = BatchClock()


@pytest.fixture(scope="module")
def lake(filled):
    return Lake.open(filled[0], create=False)


@pytest.fixture(scope="module")
def explained(lake):
    """One alert of each rule, status and number of contexts, explained."""
    sql = """
        select alert_id from alerts qualify row_number() over (
            partition by rule, status, len(contexts) order by alert_id
        ) = 1 order by alert_id
    """
    with connect(lake) as connection:
        names = [row["alert_id"] for row in Contents(connection).ask(sql)]
    return [explanation(lake, name, CLOCK, identified=False) for name in names]


def test_there_is_something_to_explain(explained):
    rules = {one.alert["rule"] for one in explained}
    assert len(rules) > 4
    assert any(one.contexts for one in explained)


def test_points_and_bands_give_the_total(explained):
    for one in explained:
        for total in one.sums:
            named = total["score"], total["variant"]
            mine = [part for part in one.parts if (part["score"], part["variant"]) == named]
            if isinstance(BY_VARIANT.get(named), PointScore):
                assert sum(part["points"] for part in mine) == total["observed"]
                assert all(f": {part['points']}" in part["band"] for part in mine)
            if total["observed"] is not None:
                assert total["written"].endswith(f"{total['observed']:.4g}")


def test_the_parts_of_a_score_are_the_values_and_rows_of_the_alerts_own_evidence(lake, explained):
    for one in explained:
        with connect(lake) as connection:
            sql = "select * from alerts where alert_id = $id"
            [alert] = Contents(connection).ask(sql, id=one.alert["alert_id"])
        for score in one.scores:
            assert agrees(score, alert["evidence"]), (score["score"], score["told_by"])
            assert score["told_by"] in {STORED, AGAIN}


def test_a_score_is_worked_out_again_where_no_row_was_stored_with_the_alert(lake, explained):
    """Any score can be: what is stored with the alert's message says the same."""
    stored = [(one, row) for one in explained for row in one.scores if row["told_by"] == STORED]
    assert stored
    for one, row in stored[:6]:
        with connect(lake) as connection:
            sql = "select * from alerts where alert_id = $id"
            [alert] = Contents(connection).ask(sql, id=one.alert["alert_id"])
            recount = Recount.of(Contents(connection), alert)
        again = recount.score(BY_VARIANT[row["score"], row["variant"]], row["score"])
        assert again == {name: row[name] for name in again}


def test_a_gas_names_the_oxygen_and_the_respiratory_support_beside_it(explained):
    gases = [
        (part, [one for one in found.looked_up if _is_of(one, part)])
        for found in explained
        for part in found.parts
        if part["score"].startswith("sofa") and part["concept"] == PAO2_FIO2
    ]
    assert gases
    for _, beside in gases:
        oxygen, support = beside
        assert oxygen["name"] == "fio2"
        assert oxygen["effective_at"] is not None
        assert "support" in support["says"]
        assert (support["feed"] is None) <= ("no" in support["says"].split())


def _is_of(one, part):
    return all(one[name] == part[name] for name in ("score", "variant", "parameter"))


NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def recount_of(*told):
    """What is known at noon, of (concept, value, hours before)."""
    rows = [
        {
            "facility": "h",
            "patient_id": "p",
            "concept": concept,
            "effective_at": NOON - timedelta(hours=before),
            "value": value,
            "void": False,
            "signal_id": str(number),
            "feed": "f",
            "partition": 0,
            "offset": number,
            "row": 0,
            "received_at": NOON,
        }
        for number, (concept, value, before) in enumerate(told)
    ]
    schema = pa.schema([*SIGNALS, *PROVENANCE])
    alert = {"patient_id": "p", "raised_at": NOON}
    return Recount(pa.Table.from_pylist(rows, schema), alert)


def looked_up(recount, name):
    row = recount.score(BY_VARIANT[name], name[0])
    return row, lookups(recount, [row])


def test_a_rate_that_is_not_per_kg_names_the_weight_that_divides_it():
    told = ("norepinephrine_flow", 12.0, 3), ("weight", 70.0, 9), ("weight", 80.0, 4)
    row, [weight] = looked_up(recount_of(*told), ("sofa", "vincent1996"))
    assert [part["points"] for part in row["components"]] == [4]
    told = ("weight", 80.0, NOON - timedelta(hours=4), 2)
    assert tuple(weight[name] for name in ("name", "value", "effective_at", "offset")) == told
    _, [nothing] = looked_up(recount_of(("norepinephrine_flow", 12.0, 3)), ("sofa", "vincent1996"))
    assert nothing["says"] == "nothing known: divides the rate, to be per kg"


def test_urine_names_its_millilitres_their_hours_and_how_many_entries_there_were():
    told = [("urine_output", 20.0, hour) for hour in range(26)]
    row, [day] = looked_up(recount_of(*told), ("sofa", "vincent1996"))
    assert (row["components"][0]["value"], day["value"]) == (480.0, 480.0)
    assert day["says"].startswith("sum of 24 entries over the 24 h")
    _, [six] = looked_up(recount_of(*told, ("weight", 80.0, 9)), ("kdigo", "kdigo2012"))
    assert (six["value"], six["unit"]) == (120.0, "mL")
    assert six["says"].startswith("sum of 6 entries over the 6 h")


def test_a_score_of_other_values_than_the_alerts_does_not_agree_with_it():
    place = {"feed": "f", "partition": 0, "offset": 7, "row": 1}
    part = {"parameter": "coagulation", "value": 83.0, **place}
    total = {"name": "sofa (vincent1996)", "value": 9.0, **dict.fromkeys(place)}
    row = {"score": "sofa", "variant": "vincent1996", "observed": 9.0, "components": [part]}
    assert agrees(row, [total, {"name": "coagulation", "value": 83.0, **place}])
    assert not agrees(row, [total, {"name": "coagulation", "value": 77.0, **place}])
    assert not agrees(row, [total, {"name": "coagulation", "value": 83.0, **place, "offset": 6}])
    assert not agrees({**row, "observed": 8.0}, [total, {"name": "coagulation", **part}])


def test_scores_over_a_stretch_of_time_name_the_line_of_their_own_tables(explained):
    parts = [part for one in explained for part in one.parts]
    organs = [part for part in parts if part["score"] == "sofa"]
    assert all(part["band"] for part in organs)
    assert "below 0.3 mL/kg/h for 24 h: 3" in (line("kdigo", "urine_output") or "")
    assert "from 1.5 times: 1, 2 times: 2, 3 times: 3" in (line("kdigo", "creatinine") or "")
    assert "norepinephrine above 0: 3, 0.1: 4" in (line("sofa", "cardiovascular") or "")
    assert line("news2", "spo2") is None


def test_an_earlier_total_that_was_unknown_is_named_as_taken_for_0(explained):
    for one in explained:
        if one.alert["rule"] == "suspected_sepsis_sofa":
            told = {total["score"] for total in one.sums}
            unknown = one.earlier_unknown == ["sofa_24_h_before"]
            assert unknown is ("sofa_24_h_before" not in told)


def test_a_ratio_of_oxygen_names_the_gas_and_the_oxygen_it_follows_from():
    told = worked_from(PAO2_FIO2, 144.0, {"value": 72.0})
    assert told == "PaO2 72 mm[Hg] * 100 / FiO2 50 % = 144"
    assert worked_from("creatinine", 1.0, {"value": 1.0}) is None


def test_a_total_of_an_earlier_time_is_worked_out_again(explained):
    earlier = [
        total
        for one in explained
        for total in one.sums
        if (total["score"], total["variant"]) not in BY_VARIANT
    ]
    for total in earlier:
        left, _, right = total["written"].partition(" = ")
        if not right:  # of a stretch of time: quoted, its points follow from the lines
            assert float(left) == total["observed"]
            continue
        assert sum(int(points) for points in left.split(" + ")) == int(right) == total["observed"]


def test_every_input_has_its_times_its_row_and_its_message(explained):
    for one in explained:
        assert one.inputs
        for item in one.inputs:
            assert item["stored"] is not None, item["name"]
            assert item["message"]["message_control_id"]
            assert item["known_at"] <= one.alert["raised_at"]
            assert math.isfinite(item["age_minutes"])


def test_every_context_has_its_reason_its_begin_and_the_row_it_rests_on(explained):
    found = [context for one in explained for context in one.contexts]
    for context in found:
        assert context["meaning"]
        assert context["reason"]
        assert context["since"] is not None
        assert context["stored"] is not None, context["context"]
        assert context["message"]["message_control_id"]
    for one in explained:
        effects = {context["effect"] for context in one.contexts}
        assert ("suppress" in effects) is (one.alert["status"] == "suppressed")
        lowered = one.alert["severity"] != one.alert["declared_severity"]
        assert lowered is ("lower" in effects)


@pytest.mark.parametrize(("minutes", "ahead"), [(-1, False), (0, False), (1, True)])
def test_a_context_that_was_charted_ahead_of_the_alert_says_so(minutes, ahead):
    place = {"feed": "f", "partition": 0, "offset": 1, "row": 0}
    one = {"context": "dnr", "since": NOON + timedelta(minutes=minutes), **place}
    [told] = contexts([one], Rows({}, {}), NOON)
    assert told["charted_ahead"] is ahead


def test_the_nightly_job_is_told_before_and_after(explained):
    for one in explained:
        nightly = one.nights
        assert nightly["run_before_at"] <= one.alert["raised_at"] < nightly["run_after_at"]
        for item in nightly["inputs"]:
            if item["before"] is None and item["concept"] in {"heart_rate", "spo2", "fio2"}:
                assert not item["was_known_before"]


def test_the_rule_is_told_with_its_thresholds_bands_and_citation(explained):
    for one in explained:
        rule = one.rule
        assert rule["is_current"]
        assert rule["meaning"]
        assert rule["citation"]
        assert one.alert["rule"] in {band["rule"] for band in rule["bands"]}
        assert (rule["critical_limits"] is not None) is (rule["rule"] == "critical_result")


def test_nothing_that_identifies_is_in_it(explained):
    for one in explained:
        told = one.to_json()
        names = {"patient_id", "encounter_id", "facility", "raw"}
        for row in (told["alert"], *told["inputs"], *told["scores"], *told["contexts"]):
            assert names.isdisjoint(row)
            assert names.isdisjoint(row.get("message") or {})
            assert names.isdisjoint(row.get("stored") or {})


@pytest.mark.parametrize(
    ("value", "span"), [(8, (-INF, 8)), (9, (8, 11)), (11, (8, 11)), (12, (11, INF))]
)
def test_a_band_spans_from_above_one_bound_up_to_and_with_the_next(value, span):
    assert Bands((8, 3), (11, 1), (INF, 0)).span(value) == span


def test_a_formula_writes_itself_as_it_is_worked_out():
    numbers = {name: Written(name) for name in "abc"}
    a, b, c = numbers.values()
    assert (a * 100 / b / c).text == "a * 100 / b / c"
    assert (a / (b / 100) / c).text == "a / (b / 100) / c"
    assert (a * (b * c)).text == "a * (b * c)"


def test_the_last_run_is_the_one_before_the_next():
    moment = datetime(2026, 1, 5, 1, 59, tzinfo=UTC)
    for minutes, day in ((0, 4), (1, 5), (2, 5)):
        found = CLOCK.last_until(moment + timedelta(minutes=minutes))
        assert found == datetime(2026, 1, day, 2, tzinfo=UTC)
