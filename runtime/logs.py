"""How the log is written: lines for people, or JSON objects for programs, each with the request that caused it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from api.tracing import REQUEST


class Lines(logging.Formatter):
    """`WARNING milepost.store: … [request]`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback where there is one."""
        request = REQUEST.get()
        return super().format(record) + (f" [{request}]" if request else "")


class Objects(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """With the members of the request's own line, where this is one."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST.get():
            said["request"] = request
        said |= {name: value for name, value in getattr(record, "about", {}).items() if value is not None}
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def start_log(kind: str) -> None:
    """`text`: warnings only; `json`: a line for each request too."""
    handler = logging.StreamHandler()
    handler.setFormatter(Objects() if kind == "json" else Lines("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("milepost.requests").setLevel(logging.INFO if kind == "json" else logging.WARNING)
