"""What the image and the compose file promise: nothing as root, nothing unpinned, no secret.

There is no container engine here: these files are read, not run.
"""

import re
from pathlib import Path

import pytest
import yaml

from lakehouse.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
STEPS = [
    line.split(maxsplit=1)
    for line in DOCKERFILE.replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
BROKER = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = SERVICES["pulsehouse"]


def said(instruction):
    return [rest for word, rest in STEPS if word == instruction]


def test_image_ends_as_an_unprivileged_user_with_a_number():
    assert said("USER")[-1] == "10001:10001"
    assert [word for word, _ in STEPS].index("USER") < [word for word, _ in STEPS].index("CMD")


def test_image_installs_what_the_lock_names_and_nothing_else():
    installs = [step for step in said("RUN") if "pip install" in step]
    assert "--require-hashes --requirement requirements.lock" in installs[0]
    assert "--no-deps" in installs[1]
    assert "--no-index" in installs[1]
    assert not re.search(r"apt-get|curl|wget", " ".join(said("RUN")))


def test_images_have_versions():
    names = [image.split(" AS ")[0] for image in said("FROM")]
    names += [service["image"] for service in SERVICES.values() if "image" in service]
    names.append(BROKER["services"]["kafka"]["image"])
    for name in names:
        assert re.search(r":v?\d+\.?\d*", name), name
        assert not name.endswith(":latest")


def test_image_is_built_from_every_package_and_from_nothing_that_is_made():
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    packages = re.search(r'^packages = \[("clinical".*"dbt_project".*)\]$', _pyproject(), re.M)
    assert packages
    assert set(re.findall(r'"(\w+)"', packages[1])) < kept
    assert {"requirements.lock", "pyproject.toml", "LICENSE"} < kept
    assert kept.isdisjoint({"tests", "benchmarks", "docs", "lake", ".venv"})


def _pyproject():
    return (ROOT / "pyproject.toml").read_text()


def test_service_may_write_its_lake_and_nothing_else():
    assert OURS["read_only"] is True
    assert OURS["cap_drop"] == ["ALL"]
    assert OURS["security_opt"] == ["no-new-privileges:true"]
    assert OURS["init"] is True
    assert OURS["volumes"] == ["lake:/lake"]
    assert [place.split(":")[0] for place in OURS["tmpfs"]] == [said("WORKDIR")[-1]]


@pytest.mark.parametrize("name", sorted(OURS["environment"]))
def test_every_setting_in_the_compose_file_is_one(name):
    if name.startswith("PULSEHOUSE_"):
        assert name.removeprefix("PULSEHOUSE_").lower() in Settings.model_fields


def test_settings_of_the_compose_file_are_taken():
    told = {
        name.removeprefix("PULSEHOUSE_").lower(): value
        for name, value in OURS["environment"].items()
        if name.startswith("PULSEHOUSE_")
    }
    assert Settings(**told).inbox == "kafka"


def test_no_secret_stands_in_a_file():
    text = (DEPLOY / "compose.yaml").read_text()
    assert not re.search(r"PASSWORD: ", text)
    assert {Path(one["file"]).parts[0] for one in COMPOSE["secrets"].values()} == {"secrets"}
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text()


def test_volumes_and_neighbours_that_are_named_are_there():
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            there = source in COMPOSE["volumes"]
            assert there or (DEPLOY / source).exists(), volume
        assert set(service.get("depends_on", ())) <= set(SERVICES)


def test_only_loopback_of_the_host_reaches_what_has_no_tls():
    open_to_all = [port for port in OURS["ports"] if not port.startswith("127.0.0.1:")]
    assert open_to_all == ["2575:2575", "8080:8080", "9100:9100"]
    others = [name for name, service in SERVICES.items() if service.get("ports")]
    assert others == ["pulsehouse"]
