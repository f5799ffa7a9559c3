"""What the desk counts: Prometheus metrics, without any label that could name a patient.

Here: every metric of the desk, once. Not here: when each moves, or the rest of the live side's
(streaming/metrics.py).
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900)
_ACK_BUCKETS: Final = (15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)

TAKEN: Final = Counter("pulsehouse_desk_alerts_taken", "Alerts that came to the desk.", ["became"])
OPEN_CASES: Final = Gauge("pulsehouse_desk_cases", "Open cases.", ["state", "severity"])
OUTBOX_DEPTH: Final = Gauge(
    "pulsehouse_desk_outbox", "Notifications that are due and not sent.", ["receiver"]
)
OUTBOX_OLDEST_SECONDS: Final = Gauge(
    "pulsehouse_desk_outbox_oldest_seconds", "How long the oldest of them has been due."
)
SENT: Final = Counter(
    "pulsehouse_desk_notifications", "Tries to send, by how they ended.", ["receiver", "outcome"]
)
SEND_SECONDS: Final = Histogram(
    "pulsehouse_desk_send_seconds", "One try to send.", ["receiver"], buckets=_BUCKETS
)
DELIVERY_SECONDS: Final = Histogram(
    "pulsehouse_desk_delivery_seconds", "From due to sent.", ["receiver"], buckets=_BUCKETS
)
ESCALATION_LATE_SECONDS: Final = Histogram(
    "pulsehouse_desk_escalation_late_seconds", "From due to escalated.", buckets=_BUCKETS
)
ACKNOWLEDGED_SECONDS: Final = Histogram(
    "pulsehouse_desk_acknowledged_seconds",
    "From raised to first taken by somebody.",
    ["severity"],
    buckets=_ACK_BUCKETS,
)
RECEIVER_OPEN: Final = Gauge(
    "pulsehouse_desk_receiver_down", "1 where a receiver's breaker is open.", ["receiver"]
)
INTAKE_AGE_SECONDS: Final = Gauge(
    "pulsehouse_desk_intake_age_seconds", "Since the lake was last looked at with success."
)
PUBLISHED: Final = Gauge(
    "pulsehouse_desk_published_entry", "Newest entry that is in the table alert_events."
)
