"""What the documents tell people to type is typed here, in a folder of its own, and answers as they say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import uvicorn
from documents import ROOT, Block, blocks

from runtime.cli import main as cli
from runtime.cli import serve
from runtime.cli.settings import settings_now
from runtime.composition import open_services, publish_shipped
from tests.servers.postgres import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "http://127.0.0.1:8000"
SERVER = re.compile(r"postgresql://milepost@db\.example/(\w+)")
RECEIVER = re.compile(r"\b9000\b")
IN_A_CHECKOUT = {"docs/deadlines.md"}
"""Pages whose commands speak of the shipped workflows."""
TOKEN = re.compile(r"export (\w+)=\$\((milepost .*) \| tail -n 1\)")


def commands(block: Block) -> list[tuple[str, str]]:
    """(command, what is shown after it), in order."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    found = []
    for part in parts:
        lines = part.splitlines()
        length = next(n for n, line in enumerate(lines, 1) if not line.endswith("\\"))
        found.append(("\n".join(lines[:length]), "\n".join(lines[length:])))
    return found


def test_the_two_commands_are_there():
    """What the README says of make is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = re.findall(r"`make (\w+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert {"demo", "test"} <= set(wanted)
    assert [name for name in wanted if f"\n{name}:" not in makefile] == []


def agrees(shown: str, printed: str) -> bool:
    """Spaces do not count; `…` stands for anything."""
    text, at = re.sub(r"\s", "", printed), 0
    for piece in re.sub(r"\s", "", shown).split("…"):
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


class Terminal:
    """Runs a document's commands from top to bottom: milepost in this process, `serve` and all else beside it."""

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        request: pytest.FixtureRequest,
    ) -> None:
        self.folder, self.capsys, self.monkeypatch, self.request = folder, capsys, monkeypatch, request
        self.endings: list[Callable[[], None]] = []
        self.address = ADDRESS
        self.databases: dict[str, str] = {}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.receiver = str(free.getsockname()[1])  # where a document's own receiver will listen

    def run(self, command: str) -> str:
        """What a command prints."""
        command = RECEIVER.sub(self.receiver, command)
        command = SERVER.sub(lambda named: self.database(named[1]), command)
        if token := TOKEN.fullmatch(command):
            self.monkeypatch.setenv(token[1], self.milepost(token[2]).split()[-1])
            return ""
        if setting := re.fullmatch(r"export (\w+)=(\S.*)", command):
            self.monkeypatch.setenv(setting[1], self.run(f"echo {setting[2]}").strip())
            return ""
        if command.startswith("milepost serve"):
            self.serve()
            return ""
        if command == "kill %1":
            self.stop()
            return ""
        if command == "milepost schedule &":
            self.schedule()
            return ""
        if command.startswith("milepost ") and "|" not in command:
            return self.milepost(command)
        done = subprocess.run(
            ["bash", "-c", re.sub(r"http://127\.0\.0\.1:800\d", self.address, command)],
            cwd=self.folder, env=dict(os.environ), capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def milepost(self, command: str, code: int = 0) -> str:
        """A command of ours, in this process."""
        self.monkeypatch.setattr(sys, "argv", shlex.split(command.replace("\\\n", " ")))
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self.capsys.readouterr()
        assert (ended.value.code or 0) == code, f"{command}\n{printed.out}{printed.err}"
        return printed.out + (printed.err if code else "")

    def serve(self) -> None:
        """The server that `milepost serve` builds, in a thread, on a free port; tests/runtime starts the command itself."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = replace(settings_now(), public_url=self.address)
        services = open_services(settings, manual_clock=False)
        publish_shipped(services, settings)
        app = serve.build(services, settings, self.address, serve.doors_of(settings))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join(15)
            services.store.close()
            listening.close()

        self.endings.append(stop)

    def schedule(self) -> None:
        """A node without the API, as a process of its own."""
        process = subprocess.Popen([sys.executable, "-m", "runtime.cli.main", "schedule"], stderr=subprocess.DEVNULL)

        def stop() -> None:
            process.terminate()
            process.wait(15)

        self.endings.append(stop)

    def stop(self) -> None:
        """End the server that was started here."""
        while self.endings:
            self.endings.pop()()

    def database(self, name: str) -> str:
        """The database that a document means by a name: a new one of a real server, empty at first."""
        if name not in self.databases:
            self.databases[name] = self.request.getfixturevalue("postgres").new_database(empty=True)
        return self.databases[name]


@pytest.fixture
def terminal(tmp_path, capsys, monkeypatch, request):
    """A terminal in an empty folder, with no settings."""
    for name in [name for name in os.environ if name.startswith("MILEPOST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{PROGRAMS}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    found = Terminal(tmp_path, capsys, monkeypatch, request)
    yield found
    found.stop()
    for url in found.databases.values():
        request.getfixturevalue("postgres").drop(url)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the documents use curl")
@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/api.md",
        "docs/events.md",
        "docs/operations.md",
        "docs/history.md",
        "docs/imports.md",
        "docs/messages.md",
        "docs/deadlines.md",
        "docs/validate.md",
    ],
)
def test_what_is_typed_answers_as_shown(document, terminal):
    """Every command of a document runs, in its order, and prints what the document shows."""
    if document in IN_A_CHECKOUT:
        shutil.copytree(ROOT / "workflows", terminal.folder / "workflows")
    for block in (*blocks("README.md"), *blocks(document)):
        if block.mark.startswith("file: "):
            file = terminal.folder / block.mark.removeprefix("file: ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    for block in blocks(document):
        for command, shown in commands(block) if block.language == "console" else ():
            code = {"findings": 1, "refused": 2}.get(block.mark)
            printed = terminal.run(command) if code is None else terminal.milepost(command, code)
            assert agrees(shown, printed), f"{block.name}: {command}\nshown:\n{shown}\nprinted:\n{printed}"
