"""What the live side counts: Prometheus metrics, without any label that could name a patient.

Here: every metric, once. Not here: when each moves (gateway/, live/), or where they are served
(admin.py).
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A series more for each, of when it began: nobody asks.
disable_created_metrics()

_ACK_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
_LAG_BUCKETS: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 15, 60)

# The gateway's.
RECEIVED: Final = Counter("pulsehouse_received", "Messages read whole.", ["feed", "road"])
ACKNOWLEDGED: Final = Counter("pulsehouse_acknowledged", "Answers given.", ["feed", "code"])
TORN_FRAMES: Final = Counter("pulsehouse_torn_frames", "Frames that broke off.", ["feed"])
CONNECTIONS: Final = Gauge("pulsehouse_connections", "Open MLLP connections.", ["feed"])
ACK_SECONDS: Final = Histogram(
    "pulsehouse_ack_seconds", "From whole frame to answer.", ["feed"], buckets=_ACK_BUCKETS
)
FSYNC_SECONDS: Final = Histogram(
    "pulsehouse_inbox_commit_seconds", "One group commit of the inbox.", buckets=_ACK_BUCKETS
)
DECODER_FAILED: Final = Counter(
    "pulsehouse_decoder_failures", "Messages that broke the decoder: a defect of ours.", ["feed"]
)
INBOX_BYTES: Final = Gauge("pulsehouse_inbox_bytes", "Bytes that the inbox takes on the disk.")
INBOX_TAKES: Final = Gauge("pulsehouse_inbox_takes", "1 where a message could be stored now.")

# The stream's.
DISPOSED: Final = Counter("pulsehouse_messages", "Messages committed.", ["feed", "disposition"])
PENDING: Final = Gauge("pulsehouse_pending", "Messages in the inbox beyond the cut.", ["feed"])
OLDEST_SECONDS: Final = Gauge(
    "pulsehouse_oldest_pending_seconds", "Age of the oldest unprocessed message.", ["feed"]
)
SILENT: Final = Gauge(
    "pulsehouse_feed_silent", "1 where a feed has been silent too long.", ["feed"]
)
TO_TABLE_SECONDS: Final = Histogram(
    "pulsehouse_bedside_to_table_seconds",
    "From arrival to committed.",
    ["feed"],
    buckets=_LAG_BUCKETS,
)
TO_ALERT_SECONDS: Final = Histogram(
    "pulsehouse_bedside_to_alert_seconds",
    "From arrival to an alert that goes on.",
    ["feed"],
    buckets=_LAG_BUCKETS,
)
TO_STORED_ALERT_SECONDS: Final = Histogram(
    "pulsehouse_bedside_to_stored_alert_seconds",
    "From arrival to an alert on the disk.",
    ["feed"],
    buckets=_LAG_BUCKETS,
)
ALERTS: Final = Counter("pulsehouse_alerts", "Alerts found.", ["severity", "status"])
COMMIT_SECONDS: Final = Histogram(
    "pulsehouse_epoch_commit_seconds", "One epoch into all tables.", buckets=_LAG_BUCKETS
)
DRIFT: Final = Counter(
    "pulsehouse_schema_drift", "Elements that a feed did not send before.", ["feed", "kind"]
)
COMMIT_RETRIES: Final = Counter("pulsehouse_commit_retries", "Appends that lost a race.", ["table"])
LOST: Final = Counter("pulsehouse_lost_messages", "Messages no inbox can give any more.", ["feed"])
