"""`milepost serve` as a process of its own: started on a free loopback port, ended by its own id whatever happens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from runtime.demo.problem import NotAsTold
from runtime.settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.demo.output import Output

PUBLIC_URL = "http://localhost:8000"
"""What links and QR codes point to: `milepost serve` as it starts without options."""
START_SECONDS, STOP_SECONDS = 30.0, 15.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def settings(output: Output) -> dict[str, str]:
    """The environment that makes a server use this folder and nothing else."""
    return {
        f"{PREFIX}DATABASE_URL": output.url,
        f"{PREFIX}MAILBOX": str(output.mailbox),
        f"{PREFIX}DOCUMENTS": str(output.documents),
        f"{PREFIX}WORK_ORDERS": str(output.work_orders),
        f"{PREFIX}PUBLIC_URL": PUBLIC_URL,
    }


@contextmanager
def serving(output: Output) -> Iterator[str]:
    """The address of a server that runs inside the block. Raises NotAsTold."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment = {**inherited, **settings(output), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "runtime.cli.main", "serve", "--host", "127.0.0.1", "--port", "0"]
    signal.signal(signal.SIGTERM, _asked_to_end)
    with output.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and arguments)
            [*command, "--clock", "manual"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield _address(process, output.log)
        finally:
            _end(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        found = _ADDRESS.search(log.read_text("utf-8", "replace"))
        if found:
            return found[0]
        if process.poll() is not None:
            raise NotAsTold(f"the server ended with code {process.returncode} before it listened; see {log}")
        time.sleep(0.05)
    raise NotAsTold(f"the server did not listen within {START_SECONDS:.0f} s; see {log}")


def _asked_to_end(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)  # by way of `finally`, which ends the server


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
