"""The floor of serving: FastAPI and sqlite3, an endpoint that writes the same rows and does nothing else.

Run with the database, and a pickle of what each case's next transactions are.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from threading import Lock
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.storing import write_raw
from engine.store.sqlite import connect_writer


class Body(BaseModel):
    """What a client sends."""

    event: str
    data: dict[str, Any] = {}
    declares: list[str] = []


def build(database: Path, written: Path) -> FastAPI:
    """One connection that everybody waits for."""
    app, lock = FastAPI(), Lock()
    connection = connect_writer(database)
    waiting = {case: iter(steps) for case, steps in pickle.loads(written.read_bytes()).items()}  # noqa: S301  (our own)

    @app.post("/cases/{case_id}/events")
    def send(case_id: str, body: Body) -> dict[str, Any]:
        transaction = next(waiting[case_id])
        with lock:
            write_raw(connection, transaction)
        return {"case": case_id, "event": body.event, "rows": len(transaction)}

    return app


if __name__ == "__main__":
    uvicorn.run(
        build(Path(sys.argv[1]), Path(sys.argv[2])), port=int(sys.argv[3]), log_level="warning", access_log=False
    )
