"""The dbt project: it parses with no network and says what the contracts say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from clinical.encounters.vocabulary import DISCHARGE, LEAVE, MOVES, STAYS, UPDATE
from lakehouse.batch.legacy import LEGACY
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES, TABLES
from orchestration.dbt_sources import FILES

PROJECT = Path(__file__).parents[2] / "dbt_project"

# Ends the process at the first name look-up or connection. Telemetry swallows exceptions, so an
# exception would prove nothing.
NO_NETWORK = """
import os, socket, sys
REFUSED = 86
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo") and args[0] is not None:
        if event != "socket.connect" or args[0].family != socket.AF_UNIX:
            os._exit(REFUSED)
sys.addaudithook(refuse)
"""
DBT = NO_NETWORK + "from dbt.cli.main import cli\ncli()\n"
CALL_OUT = NO_NETWORK + "socket.create_connection(('127.0.0.1', 9))\n"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    target = tmp_path_factory.mktemp("target")
    done = _python(DBT, "parse", "--target-path", target, "--log-path", target)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((target / "manifest.json").read_text())


@pytest.mark.parametrize(("file", "text"), FILES.items(), ids=lambda one: getattr(one, "stem", ""))
def test_generated_files_are_what_the_contracts_make(file, text):
    assert file.read_text() == text()


def test_parse_contacts_nobody_although_the_environment_does_not_forbid_it(manifest):
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False


def test_the_network_guard_of_these_tests_ends_a_process_that_calls_out():
    assert _python(CALL_OUT).returncode == 86


def test_every_stored_table_and_landed_extract_is_a_source_in_its_place(manifest):
    sources = {(source["schema"], source["name"]): source for source in _of(manifest, "sources")}
    contracts = {("lake", name): table for name, table in TABLES.items()}
    contracts |= {("legacy", table.name): table for table in LEGACY}
    assert set(sources) == set(contracts)
    assert all(list(sources[key]["columns"]) == contracts[key].schema.names for key in contracts)


def test_whatever_may_end_a_stay_by_the_law_of_places_is_accepted_of_the_mart():
    told = yaml.safe_load((PROJECT / "models" / "marts" / "fct_encounters.yml").read_text())
    columns = {column["name"]: column for column in told["models"][0]["columns"]}
    [test] = columns["ended_by"]["data_tests"]
    accepted = test["accepted_values"]["arguments"]["values"]
    assert set(accepted) == {*MOVES, LEAVE, UPDATE, DISCHARGE, *STAYS}


def test_what_is_never_silent_has_a_freshness(manifest):
    fresh = {source["name"] for source in _of(manifest, "sources") if source["loaded_at_field"]}
    assert fresh == {RAW_MESSAGES.name, *(table.name for table in LEGACY)}


def test_every_model_source_and_exposure_and_every_column_is_described(manifest):
    models = _models(manifest)
    for model in models:
        assert "Grain:" in model["description"]
    for told in (*models, *_of(manifest, "sources")):
        assert told["description"]
        assert told["columns"]
        assert all(column["description"] for column in told["columns"].values()), told["name"]


def test_every_exposure_has_an_owner_a_maturity_and_something_it_shows(manifest):
    exposures = {one["name"]: one for one in _of(manifest, "exposures")}
    assert {"patient_board", "morning_report", "de_identified_export", "served_views"} <= set(
        exposures
    )
    for exposure in exposures.values():
        assert exposure["description"]
        assert exposure["owner"]["name"].startswith("team:")
        assert exposure["maturity"] in {"low", "medium", "high"}
        assert exposure["depends_on"]["nodes"]


def test_every_mart_is_shown_to_someone_or_feeds_one_that_is(manifest):
    """`active_medications` is what a pharmacist asks for by SQL."""
    read = {node for one in _of(manifest, "exposures") for node in one["depends_on"]["nodes"]}
    read |= {node for one in _models(manifest) for node in one["depends_on"]["nodes"]}
    marts = {model["unique_id"] for model in _models(manifest, "delta")}
    assert {node.split(".")[-1] for node in marts - read} == {"active_medications"}


def test_docs_are_generated_without_a_network_from_a_lake_that_is_still_empty(tmp_path):
    Lake.open(tmp_path / "lake", create=True)
    done = _python(
        DBT, "docs", "generate", "--static", "--target-path", tmp_path, "--log-path", tmp_path,
        lake=tmp_path / "lake",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sepsis_bundle" in (tmp_path / "static_index.html").read_text()


def test_every_mart_enforces_its_contract_and_tests_its_primary_key(manifest):
    marts = _models(manifest, "delta")
    assert marts
    for mart in marts:
        assert mart["config"]["contract"]["enforced"]
        assert mart["config"]["unique_key"]
        assert _key_tests(manifest, mart) == [mart["config"]["unique_key"]]


def _of(manifest, kind):
    """What the manifest has of one kind."""
    return list(manifest[kind].values())


def _models(manifest, materialized=""):
    """Models, all or those stored in one way."""
    return [
        node
        for node in _of(manifest, "nodes")
        if node["resource_type"] == "model" and materialized in {"", node["config"]["materialized"]}
    ]


def _key_tests(manifest, mart):
    """The columns that tests hold unique in a mart, as its configuration writes a key."""
    tests = [
        node["test_metadata"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node["attached_node"] == mart["unique_id"]
    ]
    together = [t["kwargs"]["columns"] for t in tests if t["name"] == "unique_together"]
    alone = [t["kwargs"]["column_name"] for t in tests if t["name"] == "unique"]
    return [[name.strip('"') for name in names] for names in together] + alone


def _python(code, *arguments, lake=None):
    forbids = {"DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "PULSEHOUSE_LAKE"}
    environment = {k: v for k, v in os.environ.items() if k not in forbids}
    environment["PYTHONPATH"] = str(PROJECT.parent)
    if lake:
        environment["PULSEHOUSE_LAKE"] = str(lake)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    if arguments:
        command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
