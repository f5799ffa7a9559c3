"""Supervision: what falls is started again, what cannot run ends all, and nothing is left over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.alarms import open_alarms
from lakehouse.batch.operations import ALARMS
from lakehouse.batch_reading import read_batch
from lakehouse.lake import Lake
from pulsehouse.component import Patience

ROOT = Path(__file__).parents[2]
LONG = 60.0
# Says that it runs, and stops when it is told to.
STAYS = (
    "trap 'echo $0 stopped >> {notes}; exit 0' TERM; echo $$ >> {notes}.$0;"
    " while :; do sleep 0.05; done"
)
AFTER_THE_GATEWAY = "while ! test -e {notes}.gateway; do sleep 0.02; done; "
ONCE = "test -e {notes}.fell || {{ touch {notes}.fell; {first}; }}; "


@dataclass
class Up:
    """A supervisor over stand-ins, as a process."""

    place: Path
    components: dict[str, str]
    repair: str = "exit 0"
    patience: dict[str, float] = field(default_factory=lambda: {"first": 0.05, "steady": 0.3})
    stops: tuple[float, ...] = ()
    way: int | None = None
    process: "subprocess.Popen[str] | None" = None

    @property
    def notes(self) -> Path:
        return self.place / "notes"

    @property
    def lake(self) -> Path:
        return self.place / "lake"

    def started(self) -> "Up":
        plan = {
            "components": {n: self._shell(n, line) for n, line in self.components.items()},
            "repair": [*self._shell("mender", self.repair), "doctor", "--repair"],
            "patience": self.patience,
            "stops": self.stops,
        }
        log = (self.place / "log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.pulsehouse.standing_in", self.lake, json.dumps(plan)],
            cwd=ROOT,
            stderr=self.way or log,
            text=True,
        )
        log.close()
        return self

    def _shell(self, name: str, line: str) -> list[str]:
        return ["/bin/sh", "-c", line.replace("STAYS", STAYS).format(notes=self.notes), name]

    def pids(self, name: str) -> list[int]:
        """Every process that a stand-in has had."""
        file = Path(f"{self.notes}.{name}")
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def said(self) -> str:
        return (self.place / "log").read_text()

    def events(self) -> list[dict[str, object]]:
        lines = (line for line in self.said().splitlines() if line.startswith("{"))
        return [json.loads(line) for line in lines]

    def of(self, event: str) -> list[dict[str, object]]:
        return [one for one in self.events() if one["event"] == event]

    def ended(self) -> int:
        assert self.process is not None
        return self.process.wait(LONG)

    def stopped(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.ended()


Make = Callable[..., Up]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Up] = []

    def started(gateway: str = "STAYS", stream: str = "STAYS", **more: object) -> Up:
        up = Up(tmp_path, {"gateway": gateway, "stream": stream}, **more)
        made.append(up.started())
        return up

    yield started
    for up in made:
        if up.process is not None:
            up.process.kill()
            up.process.wait()


def until(found: Callable[[], object]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + LONG
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def both_run(up: Up) -> bool:
    return bool(up.pids("gateway") and up.pids("stream"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_gateway_first_and_then_the_stream(
    make: Make, number: signal.Signals
) -> None:
    up = make()
    until(lambda: both_run(up))
    # A terminal's Ctrl-C reaches the supervisor's group alone.
    assert up.process is not None
    pids = (up.process.pid, up.pids("gateway")[0], up.pids("stream")[0])
    assert len({os.getpgid(pid) for pid in pids}) == 3
    assert up.stopped(number) == 0
    assert up.notes.read_text().split("\n")[:2] == ["gateway stopped", "stream stopped"]
    assert not any(is_alive(pid) for pid in (*up.pids("gateway"), *up.pids("stream")))


def test_what_is_killed_is_started_again_and_the_other_goes_on(make: Make) -> None:
    up = make()
    until(lambda: both_run(up))
    os.kill(up.pids("stream")[0], signal.SIGKILL)
    until(lambda: len(up.pids("stream")) == 2)
    assert len(up.pids("gateway")) == 1
    assert is_alive(up.pids("gateway")[0])
    (fell,) = up.of("component_fell")
    assert (fell["subject"], fell["signal"], fell["component"]) == ("stream", "SIGKILL", "up")
    assert up.stopped() == 0


def test_a_restart_is_one_alarm_that_ends_once_all_is_well_again(make: Make) -> None:
    first = "exit 1"
    up = make(stream=ONCE.replace("{first}", first) + "STAYS")
    until(lambda: up.of("alarm_ended"))
    assert up.stopped() == 0
    assert [len(up.of(event)) for event in ("component_fell", "alarm_raised", "alarm_ended")] == [
        1, 1, 1,
    ]  # fmt: skip
    lake = Lake.open(up.lake, create=False)
    assert open_alarms(lake) == []
    told = read_batch(lake, ALARMS).to_pylist()
    assert [(row["kind"], row["subject"], row["event"]) for row in told] == [
        ("component_restarted", "stream", "raised"),
        ("component_restarted", "stream", "ended"),
    ]


def test_what_falls_again_and_again_is_one_open_alarm_and_waits_longer_each_time(
    make: Make,
) -> None:
    up = make(stream="exit 1", patience={"first": 0.01, "longest": 0.04, "steady": 60})
    until(lambda: len(up.of("component_fell")) >= 5)
    assert up.stopped() == 0
    waits = [one["seconds"] for one in up.of("component_fell")]
    assert waits[:4] == [0.01, 0.02, 0.04, 0.04]
    assert len(up.of("alarm_raised")) == 1
    assert [alarm.subject for alarm in open_alarms(Lake.open(up.lake, create=False))] == ["stream"]


def test_what_cannot_be_used_ends_all_with_its_reason(make: Make) -> None:
    up = make(gateway="echo 'error: no such feed' >&2; exit 2")
    assert up.ended() == 2
    assert up.said().splitlines()[-1] == "error: no such feed"
    assert not any(is_alive(pid) for pid in up.pids("stream"))


def test_a_lake_that_needs_recovery_is_repaired_with_nobody_at_work_on_it(make: Make) -> None:
    up = make(
        stream=ONCE.replace("{first}", AFTER_THE_GATEWAY + "exit 4") + "STAYS",
        repair="echo doctor came >> {notes}; exit 0",
    )
    # The gateway before and after the repair; the stream had fallen before it told its number.
    until(lambda: [len(up.pids(name)) for name in ("gateway", "stream")] == [2, 1])
    assert up.stopped() == 0
    assert up.notes.read_text().splitlines()[:2] == ["gateway stopped", "doctor came"]
    assert up.of("repaired")


@pytest.mark.parametrize("repair", ["exit 1", "exit 0"])
def test_what_no_repair_mends_ends_all_and_names_the_command(make: Make, repair: str) -> None:
    up = make(stream="echo 'error: a table is damaged' >&2; exit 4", repair=repair)
    assert up.ended() == 4
    last = up.said().splitlines()[-1]
    assert last.startswith("error: a table is damaged; ")
    assert "`pulsehouse doctor --repair`" in last
    assert not any(is_alive(pid) for pid in up.pids("gateway"))


def test_what_does_not_stop_is_killed(make: Make) -> None:
    deaf = "trap '' TERM; echo $$ >> {notes}.$0; while :; do sleep 0.05; done"
    up = make(stream=deaf, stops=(0.2, 0.6))
    until(lambda: both_run(up))
    assert up.stopped() == 1
    assert not is_alive(up.pids("stream")[0])
    assert [one["subject"] for one in up.of("component_killed")] == ["stream"]


def test_components_die_with_a_supervisor_that_is_killed(make: Make) -> None:
    up = make()
    until(lambda: both_run(up))
    assert up.process is not None
    up.process.kill()
    until(lambda: not any(is_alive(up.pids(name)[0]) for name in ("gateway", "stream")))


def test_a_component_that_starts_after_its_supervisor_died_never_runs(tmp_path: Path) -> None:
    tether = ROOT / "pulsehouse" / "tether.py"
    note = tmp_path / "ran"
    nobody = str(2**22 + 1)
    done = subprocess.run(
        [sys.executable, "-I", "-S", tether, nobody, "/bin/sh", "-c", f"touch {note}"], check=False
    )
    assert done.returncode == 0
    assert not note.exists()


def test_what_a_component_started_ends_with_it(make: Make) -> None:
    up = make(stream="sleep 600 & echo $! >> {notes}.child; " + ONCE.replace("{first}", "exit 1"))
    until(lambda: len(up.pids("child")) > 1)
    until(lambda: not is_alive(up.pids("child")[0]))
    assert up.stopped() == 0


def test_one_lake_has_one_supervisor(make: Make) -> None:
    up = make()
    until(lambda: both_run(up))
    assert make().ended() == 1
    assert "another `pulsehouse up` runs over the lake" in up.said()
    assert len(up.pids("gateway")) == 1


def test_lines_of_a_component_are_passed_on_and_others_become_lines_of_the_log(make: Make) -> None:
    line = '{{"event": "hello", "component": "gateway"}}'
    up = make(gateway=f"echo '{line}'; printf 'note: \\033[1mbold'; STAYS")
    until(lambda: both_run(up))
    assert up.stopped() == 0
    assert up.of("hello") == [{"event": "hello", "component": "gateway"}]
    (said,) = up.of("said")
    assert (said["component"], said["detail"]) == ("gateway", "note: \x1b[1mbold")


def test_a_reader_of_the_log_who_leaves_does_not_end_the_service(make: Make) -> None:
    up = make(stream="while :; do echo '{{}}'; sleep 0.02; done", way=subprocess.PIPE)
    assert up.process is not None
    assert up.process.stderr is not None
    up.process.stderr.readline()
    up.process.stderr.close()
    until(lambda: up.pids("gateway"))
    os.kill(up.pids("gateway")[0], signal.SIGKILL)
    until(lambda: len(up.pids("gateway")) == 2)
    assert up.stopped() == 0


def test_a_failpoint_kills_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEHOUSE_FAILPOINT", "stream.read")
    up = make(stream='test -z "$PULSEHOUSE_FAILPOINT" || exit 1; STAYS')
    until(lambda: up.pids("stream"))
    assert len(up.of("component_fell")) == 1
    assert up.stopped() == 0


waits = st.floats(0.001, 100, allow_nan=False)


@given(waits, waits, st.integers(1, 10_000))
def test_a_wait_doubles_up_to_the_longest(first: float, longest: float, falls: int) -> None:
    patience = Patience(first, max(first, longest), 60)
    assert patience.wait(1) == first
    assert patience.wait(falls) <= patience.wait(falls + 1) <= patience.longest
    assert patience.wait(falls + 1) in {2 * patience.wait(falls), patience.longest}


def test_nothing_listens_where_nothing_is_asked_for(tmp_path: Path) -> None:
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            [sys.executable, "-m", "pulsehouse", "up", "--lake", tmp_path / "lake"],
            cwd=tmp_path,
            env={k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
            | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG,
        )
        assert done.returncode == 2
        assert "nothing to listen on" in done.stderr.splitlines()[-1]
