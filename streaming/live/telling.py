"""Telling: what the stream counts, measures and logs about its own work.

Here: metrics of what is committed and of alerts, and a log line per alert. Not here: which metrics
there are (streaming/metrics.py), or what is looked at beside the flow (watch.py).
"""

import time

import numpy as np
import pyarrow as pa
from prometheus_client import Histogram

from lakehouse.tables import ALERTS, RAW_MESSAGES
from streaming import metrics
from streaming.epochs import Epoch
from streaming.live.progress import Ints, Progress
from streaming.logs import log

# Observations of one epoch that enter a histogram: at full speed more would cost the flow.
SAMPLED = 200


class Telling:
    """Told by the dataflow's thread of alerts, by the writer's of commits."""

    def __init__(self, progress: Progress) -> None:
        """Args: progress: What is in flight."""
        self._progress = progress

    def committed(self, epoch: Epoch) -> None:
        """An epoch is in every table."""
        for row in epoch.tables[RAW_MESSAGES.name]["disposition"].value_counts().to_pylist():
            metrics.DISPOSED.labels(epoch.feed, row["values"]).inc(row["counts"])
        arrived = self._progress.committed((epoch.feed, epoch.partition), epoch.upto)
        _observe(metrics.TO_TABLE_SECONDS.labels(epoch.feed), arrived)

    def found(self, alerts: pa.Table) -> None:
        """Alerts are found and go on at once; again where a crash has them found anew."""
        _observe_each(metrics.TO_ALERT_SECONDS, self._progress, alerts)
        for row in alerts.select(["alert_id", "rule", "severity", "status"]).to_pylist():
            metrics.ALERTS.labels(row["severity"], row["status"]).inc()
            if row["status"] == "raised":
                log().info(
                    "alert", alert_id=row["alert_id"], rule=row["rule"], severity=row["severity"]
                )

    def stored(self, epoch: Epoch) -> None:
        """Alerts that went ahead of their epoch are on the disk."""
        _observe_each(metrics.TO_STORED_ALERT_SECONDS, self._progress, epoch.tables[ALERTS.name])

    @staticmethod
    def took(seconds: float) -> None:
        """An epoch was committed in so many seconds."""
        metrics.COMMIT_SECONDS.observe(seconds)

    @staticmethod
    def retried(table: str) -> None:
        """An append lost a race and is tried again."""
        metrics.COMMIT_RETRIES.labels(table).inc()


def _observe_each(histogram: Histogram, progress: Progress, alerts: pa.Table) -> None:
    """Observe alerts of one place by when their messages arrived."""
    feed, partition = alerts["feed"][0].as_py(), alerts["partition"][0].as_py()
    offsets = np.unique(alerts["offset"].to_numpy())
    _observe(histogram.labels(feed), progress.arrived((feed, partition), offsets))


def _observe(histogram: Histogram, arrived: Ints) -> None:
    now = time.time_ns() // 1_000
    step = max(1, len(arrived) // SAMPLED)
    for at in arrived[::step].tolist():
        histogram.observe(max(0.0, (now - at) / 1e6))
