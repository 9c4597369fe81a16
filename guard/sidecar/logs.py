"""The sidecar's own log: one JSON object a line on stderr, for the process that `guard serve` runs and no other.

Records of libraries are printed without their arguments, and exceptions by their type: both may hold data.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import structlog


def configure(stream: TextIO = sys.stderr) -> None:
    """Sets structlog and the standard library's logging up for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Templates())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


class _Templates(logging.Formatter):
    """A record as JSON: its template, never what was filled in."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "event": str(record.msg) if isinstance(record.msg, str) else type(record.msg).__name__,
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            event["type"] = record.exc_info[0].__name__
        return json.dumps(event, ensure_ascii=False, sort_keys=True)
