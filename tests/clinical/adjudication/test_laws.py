"""Laws of adjudication: arrival does not matter, nor what comes after; readings differ as named."""

from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.adjudication.judgement import Circumstances, judge, sepsis_onsets
from clinical.adjudication.sepsis3 import READINGS, onsets
from clinical.adjudication.suspicion import CHOICES, suspected
from tests.clinical.adjudication.facts import antibiotic, clock, culture, observed, orders
from tests.clinical.adjudication.timelines import VISIT, sofa, told
from tests.clinical.adjudication.timelines import culture as timed_culture
from tests.clinical.adjudication.timelines import dose as timed_dose

ZONE = ZoneInfo("UTC")
HOURS = st.integers(0, 150)
CULTURES = st.lists(st.tuples(HOURS, st.booleans()), max_size=4)
DOSES = st.lists(st.tuples(HOURS, st.integers(0, 80)), max_size=5)
TOTALS = st.dictionaries(st.integers(-20, 170), st.integers(0, 8), max_size=60)
QUICK = settings(max_examples=30)


def tables(cultures, doses, totals, lactates=(), orders_of=""):
    facts = {
        "order_events": [
            culture(
                f"{orders_of}C{n}",
                hour,
                received=hour + 2,
                service=("BLOOD CULTURE" if blood else "UR"),
            )
            for n, (hour, blood) in enumerate(cultures)
        ],
        "medication_events": [
            *(
                antibiotic(f"{orders_of}A{n}", hour, until=hour + long)
                for n, (hour, long) in enumerate(doses)
            ),
            *(antibiotic(f"N{n}", hour, drug="norepinephrine") for n, hour in enumerate(lactates)),
        ],
        "observations": [observed("lactate", hour, 1.5 + hour % 2) for hour in set(lactates)],
    }
    return facts, hourly(totals)


def hourly(totals):
    rows = [
        {"facility": "H", "patient_id": "P1", "variant": variant, "total": total}
        | {"hour_at": clock(hour), "known_at": clock(hour)}
        for hour, total in totals.items()
        for variant in {reading.sofa for reading in READINGS.values()}
    ]
    names = ("facility", "patient_id", "variant", "total", "hour_at", "known_at")
    columns = {name: [row[name] for row in rows] for name in names}
    times = {name: pa.timestamp("us", tz="UTC") for name in ("hour_at", "known_at")}
    types = [times.get(name, pa.int64() if name == "total" else pa.string()) for name in names]
    return pa.table(columns, pa.schema(list(zip(names, types, strict=True))))


def judged(facts, hours):
    built = {name: orders(name, rows) for name, rows in facts.items() if rows}
    result = judge(built, hours, ZONE)
    return [
        getattr(result, name).to_pylist()
        for name in ("suspected_infections", "sepsis_onsets", "septic_shock", "adult_sepsis_events")
    ]


@QUICK
@given(CULTURES, DOSES, TOTALS, st.lists(HOURS, max_size=3), st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(cultures, doses, totals, lactates, chance):
    facts, hours = tables(cultures, doses, totals, lactates)
    turned = {name: chance.sample(rows, len(rows)) for name, rows in facts.items()}
    places = list(range(hours.num_rows))
    chance.shuffle(places)
    assert judged(facts, hours) == judged(turned, hours.take(pa.array(places, pa.int64())))


@QUICK
@given(st.tuples(CULTURES, DOSES, TOTALS), st.tuples(CULTURES, DOSES, TOTALS))
def test_what_comes_after_every_window_changes_no_suspicion_and_no_onset(told_first, told_later):
    # The longest that a suspicion looks ahead: pair, course and dysfunction, one after the other.
    far = 170 + 80 + 72 + 72 + 24
    cultures, doses, totals = told_later
    later = ([(far + h, b) for h, b in cultures], [(far + h, n) for h, n in doses])
    facts, hours = tables(*told_first)
    far_totals = {far + hour + 20: total for hour, total in totals.items()}
    added, added_hours = tables(*later, far_totals, orders_of="later-")
    both = {name: [*facts[name], *added[name]] for name in facts}
    before, after = judged(facts, hours), judged(both, pa.concat_tables([hours, added_hours]))
    assert [row for row in after[0] if row["suspected_at"] < clock(far - 48)] == before[0]
    met = {row["variant"]: row for row in before[1] if row["is_met"]}
    still = {row["variant"]: row for row in after[1]}
    assert all(still[variant] == row for variant, row in met.items())


@QUICK
@given(CULTURES, DOSES, TOTALS)
def test_every_onset_is_named_or_says_what_was_wanting(cultures, doses, totals):
    facts, hours = tables(cultures, doses, totals)
    rows = judged(facts, hours)[1]
    assert len(rows) == (len(READINGS) if cultures or doses else 0)
    for row in rows:
        assert row["is_met"] == (row["reason"] is None) == (row["onset_at"] is not None)
        if row["is_met"]:
            assert row["known_at"] >= max(row["culture_at"], row["antibiotic_at"])
            assert row["suspected_at"] == min(row["culture_at"], row["antibiotic_at"])


@QUICK
@given(CULTURES, DOSES, TOTALS)
def test_readings_differ_only_in_what_they_name(cultures, doses, totals):
    evidence = told(
        [timed_culture(hour, is_blood=blood) for hour, blood in cultures],
        [timed_dose(hour, until=hour + long) for hour, long in doses],
    )
    found = {name: suspected(evidence, choice, ZONE) for name, choice in CHOICES.items()}
    pairs = {
        name: {(one.culture.source, one.antibiotic.source) for one in judgement.suspicions}
        for name, judgement in found.items()
    }
    # Seymour asks for more doses than ricu, and for nothing else.
    assert pairs["seymour2016"] <= pairs["ricu_sep3"]
    # mimic-code leaves out what is of one instant, and no date here is a day alone.
    instants = {one.at for one in evidence.cultures} & {one.at for one in evidence.antibiotics}
    if not instants:
        assert pairs["mimic_code"] == pairs["ricu_sep3"]
    # On one suspicion and one SOFA, a rise over the lowest of the window is a rise over nothing.
    totals_then = sofa(totals)
    met = {
        name: onsets(found["ricu_sep3"], totals_then, READINGS[name], [VISIT])[0].is_met
        for name in ("ricu_sep3", "mimic_code")
    }
    assert met["mimic_code"] or not met["ricu_sep3"]


def test_onsets_alone_are_those_of_the_judgement():
    facts, hours = tables([(0, True)], [(1, 80)], {0: 0, 5: 4})
    built = {name: orders(name, rows) for name, rows in facts.items() if rows}
    assert sepsis_onsets(built, hours).equals(judge(built, hours, ZONE).sepsis_onsets)
    assert all(row["is_met"] for row in sepsis_onsets(built, hours).to_pylist())


def test_children_have_no_sepsis3_for_want_of_a_sofa():
    facts, hours = tables([(0, True)], [(1, 80)], {})
    built = {name: orders(name, rows) for name, rows in facts.items() if rows}
    for born, reason in ((date(2008, 1, 6), "under_age"), (date(2008, 1, 5), "no_sofa")):
        told_of = Circumstances(born={("H", "P1"): born})
        rows = judge(built, hours, ZONE, told_of).sepsis_onsets.to_pylist()
        assert {row["reason"] for row in rows} == {reason}
