"""A real `milepost serve` under load of several HTTP clients, killed; and what they were answered."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpx

from engine.service.services import build_services
from engine.store.store import Store
from runtime.composition import adapters_of, machine_now
from runtime.settings import Settings
from tests.crash.house import PERMIT, TEMPLATES, VISIT
from tests.crash.pictures import feed_of, pictures

if TYPE_CHECKING:
    from pathlib import Path

    from engine.service.services import Services

CLIENTS = 6
PATIENCE = 60.0
PARTY = "oleg"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Request:
    """One request under its key."""

    key: str
    path: str
    body: Any


@dataclass
class Client:
    """Opens permits, writes to them, has them weighed or granted; stops when nobody answers any more."""

    name: str
    answered: dict[str, tuple[str, int]] = field(default_factory=dict)  # key → (case id, seq)
    unknown: Request | None = None  # what was sent, and never answered

    def run(self, address: str, secret: str, begun: Event) -> None:
        """Until the server dies; first of all what was not answered before, again."""
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=PATIENCE) as http:
            try:
                if self.unknown is not None:
                    self._ask(http, self.unknown)
                while True:
                    self._one_permit(http, begun)
            except httpx.TransportError:
                return

    def _one_permit(self, http: httpx.Client, begun: Event) -> None:
        key = f"{self.name}/{len(self.answered)}"
        data = {"applicant.tax_id": "1234567890", "product.designation": key}
        case_id = self._ask(http, Request(f"{key}/open", "/cases", {"workflow": "permit", "data": data}))
        begun.set()
        for event in ("note", "note", random.choice(("grant", "weigh", "visit", "ask"))):
            place = len(self.answered)
            self._ask(http, Request(f"{key}/{event}/{place}", f"/cases/{case_id}/events", {"event": event}))

    def _ask(self, http: httpx.Client, request: Request) -> str:
        self.unknown = request
        answer = http.post(request.path, json=request.body, headers={"Idempotency-Key": request.key})
        assert answer.status_code in {200, 201}, answer.text
        said = answer.json()
        self.answered[request.key] = (said["case"]["id"], said["step"]["seq"])
        self.unknown = None
        return str(said["case"]["id"])


class Site:
    """A database, the folders around it, and a server that is started and killed on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "workflows" / "templates").mkdir(parents=True)
        for name, text in (("permit.yaml", PERMIT), ("visit.yaml", VISIT)):
            (folder / "workflows" / name).write_text(text, encoding="utf-8")
        for name, text in TEMPLATES.items():
            (folder / "workflows" / "templates" / name).write_text(text, encoding="utf-8")
        self.settings = Settings(
            database_url=url,
            workflows=str(folder / "workflows"),
            mailbox=str(folder / "mailbox"),
            work_orders=str(folder / "work-orders"),
            tick_seconds="0.1",
        )
        self.clients = [Client(f"client {n}") for n in range(CLIENTS)]
        self.checked: set[str] = set()
        services = self.services()
        self.secret, _ = services.people.create_token(PARTY, "Oleg", ["officer"], email="oleg@people.example")
        services.store.close()

    def services(self, *, later: timedelta = timedelta(0)) -> Services:
        """The services over this database, in this process; leases that end by then are over."""
        store = Store(self.url, machine_now=lambda: machine_now() + later)
        return build_services(
            store, adapters_of(self.settings, store.machine_now), public_url="http://127.0.0.1", body="0042"
        )

    def serving(self, **more: str) -> tuple[subprocess.Popen[bytes], str]:
        """A server on it, and its address; more settings by name."""
        environment = {
            "MILEPOST_DATABASE_URL": self.url,
            "MILEPOST_WORKFLOWS": self.settings.workflows,
            "MILEPOST_MAILBOX": self.settings.mailbox,
            "MILEPOST_WORK_ORDERS": self.settings.work_orders,
            "MILEPOST_TICK_SECONDS": self.settings.tick_seconds,
            "MILEPOST_REQUESTS_PER_SECOND": "100000",
            **{f"MILEPOST_{name.upper()}": value for name, value in more.items()},
        }
        log = self.folder / "serve.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "runtime.cli.main", "serve", "--port", "0"],
                cwd=self.folder,
                env=environment,
                stdout=out,
                stderr=out,
            )
        try:
            return process, self._listening(process, log)
        except BaseException:
            process.kill()
            process.wait()
            raise

    def round(self) -> None:
        """Serves, is asked by all clients at once, and is killed at some moment."""
        process, address = self.serving()
        try:
            begun = Event()
            threads = [Thread(target=client.run, args=(address, self.secret, begun)) for client in self.clients]
            for thread in threads:
                thread.start()
            assert begun.wait(PATIENCE)
            time.sleep(random.uniform(0, 0.8))  # the moment is what is tried out
        finally:
            process.kill()
            process.wait()
        for thread in threads:
            thread.join()

    def _listening(self, process: subprocess.Popen[bytes], log: Path) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = log.read_text(encoding="utf-8")
            found = ADDRESS.search(text)
            if found and "tokens" in text:
                return found[0]
            assert process.poll() is None, text
            time.sleep(0.02)
        raise AssertionError("it does not listen")

    def check(self) -> None:
        """Every answered request is there as it was answered; the cases it went to are in order."""
        services = self.services()
        answered = {key: place for client in self.clients for key, place in client.answered.items()}
        new = {key: place for key, place in answered.items() if key not in self.checked}
        self.checked |= new.keys()
        try:
            feed = feed_of(services.store)

            def work(reader: Any) -> None:
                for key, place in new.items():
                    kept = reader.accepted(key, PARTY)
                    assert kept is not None, f"{key} was answered and is not there"
                    assert (kept.case_id, kept.seq) == place
                pictures(reader, {case_id for case_id, _ in new.values()}, feed)

            services.store.read(work)
        finally:
            services.store.close()
