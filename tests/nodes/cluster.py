"""Nodes as processes of their own over one database, each with a clock of its own; and what the database says in the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WAIT = 60.0

ERRAND = """\
milepost: 1
workflow: errand
title: Errand
timezone: Europe/Moscow
number: "E-{year}-{seq:6}"
roles:
  clerk: {title: Clerk, sees: all}
data:
  errand:
    text: {type: text, max: 60}
    count: {type: integer, default: 0}
    rung: {type: integer, default: 0}
    heard: {type: integer, default: 0}
    children: {type: integer, default: 0}
    until: datetime
open: {by: [clerk, errand], form: [errand.text!, errand.until], actions: [{notify: clerk, template: receipt}]}
initial: at_work
states:
  at_work:
    turn: clerk
    events:
      add: {by: clerk, set: {errand.count: errand.count + 1}}
      letter: {by: clerk, actions: [{notify: clerk, template: receipt}]}
      remind_at: {by: clerk, form: [errand.until!]}
      tell: {by: clerk, actions: [{send: hear, to: children}]}
      hear: {by: errand, set: {errand.heard: errand.heard + 1}}
      child: {by: clerk, actions: [{open: errand, with: {errand.text: '"child"'}}]}
      child_ended: {by: errand, set: {errand.children: errand.children + 1}}
      ask: {by: clerk, to: asking}
      finish: {by: clerk, to: done}
    deadlines:
      bell: {at: errand.until, set: {errand.rung: errand.rung + 1}, actions: [{notify: clerk, template: receipt}]}
  asking:
    turn: none
    call: laboratory.weigh
    with: {what: errand.text}
    done: [{to: at_work}]
    events:
      hear: {by: errand, set: {errand.heard: errand.heard + 1}}
      child_ended: {by: errand, set: {errand.children: errand.children + 1}}
  done: {final: true}
"""
TEMPLATES = ("receipt", "reminder", "escalation", "deadline_moved")


def workflows(folder: Path) -> Path:
    """The folder of the small workflow."""
    templates = folder / "workflows" / "templates"
    templates.mkdir(parents=True)
    (folder / "workflows" / "errand.yaml").write_text(ERRAND, encoding="utf-8")
    for name in TEMPLATES:
        (templates / f"{name}.en.txt").write_text("Subject: {{ case.number }}\n\n{{ to.name }}, {{ link }}\n", "utf-8")
    return folder / "workflows"


class Node:
    """A process of `milepost serve` or `schedule`, whose clock is `shift` seconds wrong."""

    def __init__(self, cluster: Cluster, name: str, command: tuple[str, ...], *, shift: float, **settings: str) -> None:
        self.name = name
        self._log = cluster.folder / f"{name}.log"
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "shifted.py"), str(shift), *command],
                cwd=cluster.folder,
                env=cluster.environment | settings,
                stdout=out,
                stderr=out,
            )

    @property
    def said(self) -> str:
        """What it has written."""
        return self._log.read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        return until(lambda: "tokens" in self.said and re.search(r"http://127\.0\.0\.1:\d+", self.said), self)[0]

    def client(self, token: str) -> httpx.Client:
        """Talks to it as somebody."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=WAIT)

    def ready(self) -> None:
        """Wait until it works."""
        until(lambda: "tokens" in self.said or "Ctrl+C stops" in self.said, self)

    def send(self, number: signal.Signals) -> None:
        """A signal to this process."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and wait until it has; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        return self.process.wait(WAIT)


class Cluster:
    """One database, one folder of letters, and nodes."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        self.url, self.folder = url, folder
        workflows(folder)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MILEPOST_", "COV_"))}
        self.environment = clean | {
            "PYTHONPATH": str(ROOT),
            "MILEPOST_DATABASE_URL": url,
            "MILEPOST_WORKFLOWS": "workflows",
            "MILEPOST_REQUESTS_PER_SECOND": "100000",
            "COLUMNS": "200",
            **settings,
        }
        self.nodes: list[Node] = []

    def start(self, name: str, *command: str, shift: float = 0.0, **settings: str) -> Node:
        """One more node."""
        node = Node(self, name, command, shift=shift, **settings)
        self.nodes.append(node)
        return node

    def run(self, *command: str) -> str:
        """A command that ends; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "runtime.cli.main", *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, actor: str, *roles: str) -> str:
        """The secret of somebody with these roles."""
        given = [part for role in roles for part in ("--role", role)]
        who = ("--actor", actor, "--name", actor.title(), "--email", f"{actor}@people.example")
        return self.run("token", "create", *who, *given).split()[-1]

    def sql(self, text: str, *values: Any) -> list[Any]:
        """What the database says."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(text, values or None).fetchall()

    def quiet(self) -> bool:
        """Whether nothing waits: no effect, no timer that is due or will be within a minute, no step without a place."""
        waits = (
            "SELECT (SELECT count(*) FROM effect WHERE next_at IS NOT NULL) + (SELECT count(*) FROM unsequenced)"
            " + (SELECT count(*) FROM timer WHERE due < clock_timestamp() + interval '1 minute')"
        )
        return self.sql(waits) == [(0,)]

    def stop(self) -> None:
        """End what still runs."""
        for node in self.nodes:
            node.end(signal.SIGKILL)


@contextmanager
def running(url: str, folder: Path, **settings: str) -> Iterator[Cluster]:
    """A cluster whose processes end with the block."""
    cluster = Cluster(url, folder, **settings)
    try:
        yield cluster
    finally:
        cluster.stop()


def until(look: Callable[[], Any], node: Node | None = None, *, seconds: float = WAIT) -> Any:
    """What `look` finds, as soon as it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        assert node is None or node.process.poll() is None, node and node.said
        signal.sigtimedwait([], 0.02)  # the processor to others
    raise AssertionError("it did not happen in time")
