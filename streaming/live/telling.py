"""Telling: what the stream counts, measures and logs about its own work.

Here: metrics of what is committed and of alerts, and a log line per alert. Not here: which metrics
there are (streaming/metrics.py), or what is looked at beside the flow (watch.py).
"""

import time

import numpy as np
from prometheus_client import Histogram

from lakehouse.tables import ALERTS, RAW_MESSAGES
from streaming import metrics
from streaming.epochs import Epoch
from streaming.live.progress import Ints, Progress
from streaming.logs import log

# Observations of one epoch that enter a histogram: at full speed more would cost the flow.
SAMPLED = 200


class Telling:
    """Told by the writer's threads."""

    def __init__(self, progress: Progress) -> None:
        """Args: progress: What is in flight."""
        self._progress = progress

    def committed(self, epoch: Epoch) -> None:
        """An epoch is in every table."""
        for row in epoch.tables[RAW_MESSAGES.name]["disposition"].value_counts().to_pylist():
            metrics.DISPOSED.labels(epoch.feed, row["values"]).inc(row["counts"])
        arrived = self._progress.committed((epoch.feed, epoch.partition), epoch.upto)
        _observe(metrics.TO_TABLE_SECONDS.labels(epoch.feed), arrived)

    def alerted(self, epoch: Epoch) -> None:
        """Alerts are stored; told again where their messages are taken up anew after a crash."""
        alerts = epoch.tables[ALERTS.name]
        offsets = np.unique(alerts["offset"].to_numpy())
        arrived = self._progress.arrived((epoch.feed, epoch.partition), offsets)
        _observe(metrics.TO_ALERT_SECONDS.labels(epoch.feed), arrived)
        for row in alerts.select(["alert_id", "rule", "severity", "status"]).to_pylist():
            metrics.ALERTS.labels(row["severity"], row["status"]).inc()
            if row["status"] == "raised":
                log().info(
                    "alert", alert_id=row["alert_id"], rule=row["rule"], severity=row["severity"]
                )

    @staticmethod
    def took(seconds: float) -> None:
        """An epoch was committed in so many seconds."""
        metrics.COMMIT_SECONDS.observe(seconds)

    @staticmethod
    def retried(table: str) -> None:
        """An append lost a race and is tried again."""
        metrics.COMMIT_RETRIES.labels(table).inc()


def _observe(histogram: Histogram, arrived: Ints) -> None:
    now = time.time_ns() // 1_000
    step = max(1, len(arrived) // SAMPLED)
    for at in arrived[::step].tolist():
        histogram.observe(max(0.0, (now - at) / 1e6))
