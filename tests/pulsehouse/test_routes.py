"""`pulsehouse routes`, as it is typed: check, test, simulate."""

import json
from datetime import timedelta

import pytest

from clinical.alerts import SEVERITIES
from clinical.routing import RoutesError
from pulsehouse.command import app
from pulsehouse.failure import FOUND_PROBLEMS, OK, USAGE, explained
from pulsehouse.routes_testing import OTHER_UNIT, spell, units_of
from tests.clinical.routing.trees import HOSPITAL, hospital

AT = ("--at", "2026-01-16T04:00")


@pytest.fixture
def written(tmp_path):
    def write(text=HOSPITAL):
        file = tmp_path / "routes.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def typed(capsys):
    """Runs a command of `routes` in this process: its exit code, and what it printed as JSON."""

    def run(*words):
        code = app(["routes", *map(str, words), "--json"], standalone_mode=False)
        return code, json.loads(capsys.readouterr().out)

    return run


def _problems(told):
    return {one["place"] for one in told["findings"] if one["level"] == "problem"}


def test_check_tells_of_a_secret_that_is_not_there_and_of_a_wrong_option(typed, written):
    code, told = typed("check", written(HOSPITAL.replace("host: mail.example", "hots: mail")))
    assert (code, told["is_usable"]) == (FOUND_PROBLEMS, True)
    assert _problems(told) == {"receivers.pager", "receivers.mail"}


def test_check_finds_no_problem_where_there_is_none(typed, written, tmp_path):
    (tmp_path / "secret").write_text("json://localhost/", encoding="utf-8")
    secret = HOSPITAL.replace("secret_env: PAGER", f"secret_file: '{tmp_path / 'secret'}'")
    code, told = typed("check", written(secret))
    assert (code, _problems(told)) == (OK, set())


def test_check_of_an_unusable_file_names_the_line(typed, written):
    code, told = typed("check", written(HOSPITAL.replace("chain: ward", "chian: ward")))
    assert (code, told["is_usable"]) == (FOUND_PROBLEMS, False)
    assert "unknown key; the nearest is `chain`" in told["findings"][0]["told"]


def test_plain_routes_are_told_to_page_nobody(typed):
    code, told = typed("check")
    assert code == FOUND_PROBLEMS
    assert "no one is paged" in told["findings"][0]["told"]


def test_test_tells_who_gets_what_when(typed, written):
    _, told = typed("test", written(), "--unit", "MED", "--severity", "high", *AT)
    (alert,) = told["alerts"]
    assert [step["after_seconds"] for step in alert["steps"]] == [0, 300, 900]
    names = [[one["person"] or one["role"] for one in step["targets"]] for step in alert["steps"]]
    assert names == [["anna"], ["cleo"], ["chief", "cleo"]]


def test_test_tries_what_the_tree_treats_apart(typed, written):
    children = "  routes: [{name: it, match: {technical: true}, chain: note}]\n"
    _, told = typed("test", written(HOSPITAL + children))
    assert {one["path"][-1] for one in told["alerts"] if one["technical"]} == {"it"}
    assert {one["severity"] for one in told["alerts"]} == set(SEVERITIES)


def test_unusable_file_is_one_error_line_where_it_is_needed(written):
    file = written(HOSPITAL.replace("tell: nurse}", "tell: nurze}"))
    with pytest.raises(RoutesError) as caught:
        app(["routes", "test", str(file)], standalone_mode=False)
    line, code = explained(caught.value)
    assert (f"{file}: line 2" in line, code) == (True, USAGE)


def test_test_shows_times_by_the_wall_clock_of_the_file(command, written):
    done = command("routes", "test", written(), "--unit", "MED", "--severity", "low", *AT)
    assert (done.code, done.err) == (0, "")
    assert "3h15m" in done.out
    assert "2026-01-16 04:00 GMT" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("test", "--severity", "hihg"), "the nearest is `high`"),
        (("test", "--at", "tomorrow"), "a moment is written as"),
        (("test", "missing.yaml"), "cannot read the routes in missing.yaml"),
        (("simulate", "--taken-after", "soon"), "a duration is written as"),
        (("simulate", "--closed-after", "0s"), "must take some time"),
        (("simulate", "--from", "2026-02-30"), "is no day"),
        (("simulate", "--from", "2026-02-02", "--to", "2026-02-01"), "lies before"),
    ],
)
def test_what_cannot_be_is_one_error_line(words, told):
    with pytest.raises(Exception, match=told) as caught:
        app(["routes", *words], standalone_mode=False)
    line, code = explained(caught.value)
    assert told in line
    assert code == USAGE


def test_every_unit_that_the_file_names_is_tried_and_one_that_it_does_not():
    routes = hospital("{match: {unit: [A, 'B*', '']}}")
    assert units_of(routes) == ["A", "B*", "ICU", OTHER_UNIT]


def test_durations_are_spelt_as_a_file_writes_them():
    times = (timedelta(0), timedelta(seconds=90), timedelta(days=1, hours=2))
    assert [spell(time) for time in times] == ["at once", "1m30s", "1d2h"]
