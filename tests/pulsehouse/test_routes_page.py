"""The page on routes tells the truth: its file, what is answered to it, every option."""

import re
from datetime import datetime
from pathlib import Path
from textwrap import dedent

from clinical.routing import parse
from clinical.routing.findings import findings
from streaming.desk.channels.opening import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "desk_routing.md").read_text(encoding="utf-8")
(_FILE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FILE = dedent(_FILE)


def test_file_of_the_page_has_no_problem():
    routes = parse(FILE)
    now = datetime(2026, 1, 16, 4, tzinfo=routes.zone)
    assert [one for one in findings(routes, now) if one.level == "problem"] == []


def test_answer_in_the_page_is_that_of_the_command(command, tmp_path):
    (block,) = re.findall(r"\$ pulsehouse (routes test .*?)\n(.*?)```", PAGE, re.DOTALL)
    typed, answer = block
    file = tmp_path / "my_routes.yaml"
    file.write_text(FILE, encoding="utf-8")
    done = command(*typed.replace(file.name, str(file)).split())
    shown = [line.rstrip() for line in done.out.replace(str(file), file.name).splitlines()]
    assert shown == dedent(answer).rstrip().splitlines()


def test_every_option_of_every_kind_of_receiver_is_in_the_page():
    for kind, options in KINDS.items():
        (row,) = re.findall(rf"^\| `{kind}` .*$", PAGE, re.MULTILINE)
        names = {name for name in options.model_fields if name != "secret"}
        assert {name for name in names if f"`{name}`" not in row} == set()
