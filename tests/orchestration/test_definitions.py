"""workspace.yaml: Dagster's own command loads it from a clean process, as `dagster dev` would."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_dagster_loads_the_workspace_file():
    done = _validate("workspace.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful for code location pulsehouse" in done.stdout + done.stderr


def test_a_workspace_that_names_no_module_of_ours_fails_to_load(tmp_path):
    wrong = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    wrong["load_from"][0]["python_module"]["module_name"] = "orchestration.no_such_module"
    (tmp_path / "workspace.yaml").write_text(yaml.safe_dump(wrong))
    assert _validate(str(tmp_path / "workspace.yaml")).returncode != 0


def _validate(workspace):
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", workspace]
    quiet = {"DAGSTER_DISABLE_TELEMETRY": "yes", "NO_COLOR": "1"}
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"} | quiet
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
