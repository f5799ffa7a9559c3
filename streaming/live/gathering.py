"""Gathering: the metrics and the health of several processes as those of one.

Here: asking each on its own admin port, and adding up. Not here: the ports (streaming/admin.py), or
the processes (cluster.py).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from streaming.admin import LOOPBACK, Health

TIMEOUT_SECONDS: Final = 2.0
# What is the same for all, or the oldest of all; everything else adds up.
GREATEST: Final = ("_created", "_oldest_pending_seconds", "_feed_silent")
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Gathered(Collector):
    """The metrics of several processes, added up."""

    def __init__(self, ports: Callable[[], Sequence[object]]) -> None:
        """Args: ports: Their admin ports; None of one that has not said it yet."""
        self._ports = ports

    def collect(self) -> Iterator[Metric]:
        """As any collector; a process that does not answer is left out."""
        families: dict[str, Metric] = {}
        values: Series = {}
        for port in self._ports():
            for family in text_string_to_metric_families(_text(port)):
                if family.name.startswith("pulsehouse_"):
                    known = Metric(family.name, family.documentation, family.type)
                    families.setdefault(family.name, known)
                    _add(values, family)
        for family in families.values():
            yield _filled(family, values)


def _add(values: Series, family: Metric) -> None:
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        if sample.name.endswith(GREATEST):
            values[key] = max(values.get(key, 0.0), sample.value)
        else:
            values[key] = values.get(key, 0.0) + sample.value


def _filled(family: Metric, values: Series) -> Metric:
    for (name, labels), value in values.items():
        if name == family.name or name.removeprefix(family.name) in {
            "_total",
            "_created",
            "_bucket",
            "_count",
            "_sum",
        }:
            family.add_sample(name, dict(labels), value)
    return family


def _text(port: object) -> str:
    try:
        return _get(port, "/metrics")
    except (OSError, HTTPException):
        return ""


def asked(port: object) -> Health:
    """The health of a process; one that does not answer is not ready."""
    try:
        answer = json.loads(_get(port, "/ready"))
    except (OSError, HTTPException, ValueError):
        return Health(ready=False, reason="a process of the stream does not answer")
    return Health(ready=bool(answer["ready"]), reason=str(answer["reason"]))


def _get(port: object, path: str) -> str:
    if not isinstance(port, int):
        msg = "no port yet"
        raise ConnectionError(msg)
    connection = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
