"""The ledger under processes that race and that are killed."""

import os
import subprocess
import sys
from pathlib import Path

from orchestration.jobs import JOBS
from orchestration.migration.deciding import promote, resume
from orchestration.migration.entering import state_of
from orchestration.migration.ledger import job_entries
from orchestration.migration.states import Event, State, after
from tests.orchestration.migration.evidence import settings_of

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("deciding_process.py")


def _start(lake, what, gun):
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(SCRIPT), str(lake.root), what, str(gun)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def _consistent(entries):
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    state = None
    for entry in entries:
        assert entry.from_state == state
        assert after(None if state is None else State(state), Event(entry.event)) == entry.to_state
        state = entry.to_state


def test_of_promotions_at_once_each_that_succeeds_has_an_entry_of_its_own(proven, signed, tmp_path):
    signed(proven)
    before = len(job_entries(proven)["census"])
    gun = tmp_path / "gun"
    processes = [_start(proven, "promote", gun) for _ in range(2)]
    gun.touch()
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    numbers = [int(one) for one in said if one.isdigit()]
    assert len(numbers) >= 1
    assert len(set(numbers)) == len(numbers)
    assert set(said) - set(map(str, numbers)) <= {"LedgerMovedError", "PromotionRefusedError"}
    entries = job_entries(proven)["census"]
    _consistent(entries)
    assert len(entries) == before + len(numbers)


def test_a_decision_that_is_killed_is_in_the_ledger_whole_or_not_at_all(proven, signed, tmp_path):
    signed(proven)
    promote(proven, settings_of(proven.root), "census", "Dr Example", "agreed")
    gun = tmp_path / "gun"
    gun.touch()
    for wait_for in (1, 2, 3):
        process = _start(proven, "toggle", gun)
        told = [int(process.stdout.readline()) for _ in range(wait_for)]
        process.kill()
        rest, _ = process.communicate(timeout=60)
        told += [int(line) for line in rest.split()]
        entries = job_entries(proven)["census"]
        _consistent(entries)
        assert entries[-1].number >= told[-1]
        if state_of(entries, JOBS["census"]) is State.HOLD:
            resume(proven, settings_of(proven.root), "census", "Dr Example", "after the kill")
