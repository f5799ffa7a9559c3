"""The dbt project: it parses with no network and says what the contracts say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.tables import TABLES
from orchestration.dbt_sources import SOURCES_FILE, sources_text

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


def test_sources_file_is_what_the_contracts_make():
    assert SOURCES_FILE.read_text() == sources_text()


def test_parse_contacts_nobody_although_the_environment_does_not_forbid_it(manifest):
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False


def test_the_network_guard_of_these_tests_ends_a_process_that_calls_out():
    assert _python(CALL_OUT).returncode == 86


def test_every_stored_table_is_a_source_in_its_place(manifest):
    sources = {source["name"]: source for source in manifest["sources"].values()}
    assert set(sources) == set(TABLES)
    assert all(list(sources[name]["columns"]) == TABLES[name].schema.names for name in TABLES)
    assert {source["schema"] for source in sources.values()} == {"lake"}


def test_every_model_and_its_columns_are_described(manifest):
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert models
    for model in models:
        assert "Grain:" in model["description"]
        assert model["columns"]
        assert all(column["description"] for column in model["columns"].values())


def test_every_mart_enforces_its_contract_and_tests_its_primary_key(manifest):
    marts = [n for n in manifest["nodes"].values() if n["config"]["materialized"] == "delta"]
    assert marts
    for mart in marts:
        assert mart["config"]["contract"]["enforced"]
        assert mart["config"]["unique_key"]
        assert _key_tests(manifest, mart) == [mart["config"]["unique_key"]]


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


def _python(code, *arguments):
    forbids = {"DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "PULSEHOUSE_LAKE"}
    environment = {k: v for k, v in os.environ.items() if k not in forbids}
    environment["PYTHONPATH"] = str(PROJECT.parent)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    if arguments:
        command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
