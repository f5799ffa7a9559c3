"""`pulsehouse bench`: figures in a stable form, growth, a chart, and an earlier run beside it."""

import json
import math
from xml.etree import ElementTree

import pytest

from pulsehouse.bench.charting import written

RUN = ("bench", "--case", "decode", "--runs", "1")


@pytest.fixture(scope="module")
def measured(command, tmp_path_factory):
    chart = tmp_path_factory.mktemp("bench") / "chart.svg"
    done = command(*RUN, "--sizes", "100,1k", "--chart", str(chart), "--json")
    assert done.code == 0
    return json.loads(done.out), chart


def test_figures_stand_at_the_top_and_case_by_case(measured):
    told, _ = measured
    assert [(one["name"], one["size"], one["runs"]) for one in told["cases"]] == [
        ("decode", 100, 1),
        ("decode", 1_000, 1),
    ]
    largest = told["cases"][-1]["figures"]["decode_observations_per_second"]
    assert told["decode_observations_per_second"] == largest["median"] > 0
    assert math.isfinite(largest["against_baseline"])


def test_growth_between_the_sizes_is_told(measured):
    (grown,) = measured[0]["growth"]
    assert (grown["name"], grown["from"], grown["to"]) == ("decode", 100, 1_000)
    assert grown["seconds_at_10x"] > 0 < grown["memory_at_10x"]


def test_the_machine_and_its_load_are_told(measured):
    told, _ = measured
    assert {"cpu", "cores", "memory_gib", "kernel", "python", "packages"} <= set(told["machine"])
    assert len(told["load"]["before"]) == len(told["load"]["after"]) == 3


def test_the_chart_is_a_drawing_of_every_case(measured):
    _, chart = measured
    drawing = ElementTree.fromstring(chart.read_text(encoding="utf-8"))  # noqa: S314 our own
    assert drawing.tag.endswith("svg")
    text = "".join(drawing.itertext())
    assert "decode observations per second (1,000)" in text
    assert "peak memory" in text


def test_a_page_holds_the_chart(measured, tmp_path):
    page = written(measured[0], tmp_path / "chart.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 1


def test_a_rate_far_below_an_earlier_one_is_slower_and_fails_where_that_is_asked(
    command, measured, tmp_path
):
    earlier = json.loads(json.dumps(measured[0]))
    for one in earlier["cases"]:
        for name in ("median", "low", "high"):
            one["figures"]["decode_observations_per_second"][name] *= 1e6
    before = tmp_path / "before.json"
    before.write_text(json.dumps(earlier))
    done = command(*RUN, "--sizes", "100", "--compare", str(before), "--fail-if-slower")
    assert done.code == 3
    assert "slower" in done.out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--case", "decod"), "nearest: decode"),
        (("--sizes", "many"), "10k,100k,1M"),
        (("--chart", "chart.png"), ".svg or .html"),
        (("--compare", "nowhere.json"), "cannot read nowhere.json"),
    ],
)
def test_what_cannot_be_measured_or_shown_is_refused_before_anything_runs(command, typed, said):
    done = command("bench", *typed)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_file_that_is_no_result_is_refused(command, tmp_path):
    other = tmp_path / "other.json"
    other.write_text("[]")
    done = command("bench", "--compare", str(other))
    assert done.code == 2
    assert "measure it anew" in done.err
