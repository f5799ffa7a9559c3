"""Dashboard and alarms ask for metrics that the product has, as Prometheus reads them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from streaming import metrics
from streaming.desk import metrics as desk_metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "alert_rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
ASKED = {
    **{rule["alert"]: rule["expr"] for rule in RULES},
    **{
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    },
}
METRIC = re.compile(r"(pulsehouse_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([^)]*)\)")
NAMED = re.compile(r"(\w+)=")
# What Prometheus itself adds.
SCRAPED = {"job", "instance", "part"}


def exported():
    """The labels of every metric of the product, by the names under which it is scraped."""
    found = {}
    kept = [*vars(metrics).values(), *vars(desk_metrics).values()]
    for collector in [one for one in kept if isinstance(one, MetricWrapperBase)]:
        labels = set(getattr(collector, "_labelnames", ()))
        for metric in collector.describe():
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
            for suffix in suffixes.get(metric.type, [""]):
                more = {"le"} if suffix == "_bucket" else set()
                found[metric.name + suffix] = labels | more
    return found


@pytest.mark.parametrize("name", ASKED)
def test_every_metric_and_label_that_is_asked_for_is_exported(name):
    known, expression = exported(), ASKED[name]
    asked = METRIC.findall(expression)
    for metric, matched in asked:
        assert metric in known
        assert set(NAMED.findall(matched)) <= known[metric] | SCRAPED
    grouped = {one.strip() for group in GROUPED.findall(expression) for one in group.split(",")}
    assert grouped <= set.union(SCRAPED, *(known[metric] for metric, _ in asked))
    assert asked or expression.startswith("up{")


def test_every_alarm_leads_to_its_paragraph_and_every_paragraph_has_its_alarm():
    page = (ROOT / "docs" / "alarms.md").read_text()
    told = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    assert told == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/alarms.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "look"}


def test_panels_have_their_own_names_and_do_not_overlap():
    panels = DASHBOARD["panels"]
    assert len({panel["title"] for panel in panels}) == len({panel["id"] for panel in panels})
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(panels)


def test_prometheus_reads_its_configuration_and_the_rules():
    promtool = shutil.which("promtool")
    if promtool is None:
        reason = "promtool is not installed: apt-get install prometheus"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    file = DEPLOY / "prometheus.yaml"
    done = subprocess.run(
        [promtool, "check", "config", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout
