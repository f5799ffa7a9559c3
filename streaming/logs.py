"""Logs of the live side: one JSON object per line, of keys that cannot hold a patient.

Here: which keys may be logged, and where lines go (stderr). Not here: what is worth a line.

The list is what makes a log safe to send away: a key that is not on it is a defect of ours, and its
value is never written.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

# Never a raw message, a name, an identifier, a value, a peer's text, or an engine's own words.
ALLOWED: Final = frozenset(
    {
        *("event", "level", "timestamp", "component", "pid"),
        *("feed", "partition", "offset", "first_offset", "last_offset", "messages", "bytes"),
        *("road", "port", "peer", "connections", "control_id", "code", "reason", "stage"),
        *("table", "version", "files", "rows", "seconds", "attempt", "exit_code", "signal"),
        *("alert_id", "rule", "severity", "kind", "subject", "detail", "error", "fence"),
        *("receiver", "step", "unit"),
    }
)


def _only_allowed(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    kept = {key: value for key, value in fields.items() if key in ALLOWED}
    if len(kept) < len(fields):
        kept["error"] = f"{len(fields) - len(kept)} keys are not allowed in a log"
    return kept


def _of(component: str) -> structlog.typing.Processor:
    """Names the component on every line, from whichever thread it comes."""

    def named(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"component": component, **fields}

    return named


def configure(component: str, file: TextIO | None = None) -> None:
    """Log as a component of the live side: to stderr, or a file, from INFO on."""
    structlog.configure(
        processors=_processors(component),
        wrapper_class=_FROM_INFO,
        logger_factory=structlog.WriteLoggerFactory(file=file or sys.stderr),
        cache_logger_on_first_use=True,
    )


def log() -> Any:  # noqa: ANN401 structlog's loggers have no narrower type
    """The logger; a process that configured none is a replay, and what it says goes to stderr."""
    if structlog.is_configured():
        return structlog.get_logger()
    way = structlog.WriteLogger(sys.stderr)
    return structlog.wrap_logger(way, _processors("replay"), wrapper_class=_FROM_INFO)


_FROM_INFO: Final = structlog.make_filtering_bound_logger(logging.INFO)


def _processors(component: str) -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _of(component),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _only_allowed,
        structlog.processors.JSONRenderer(),
    ]
