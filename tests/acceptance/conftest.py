"""One run of the demo, as a user starts it, for all tests here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Told:
    """What the demo said and left."""

    code: int
    text: str
    errors: str
    seconds: float
    folder: Path


def run_demo(folder: Path, **environment: str) -> Told:
    """`milepost demo --output FOLDER` as a process of its own, without a terminal."""
    milepost = Path(sys.executable).parent / "milepost"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MILEPOST_", "COV"))}
    began = time.monotonic()
    done = subprocess.run(
        [milepost, "demo", "--output", str(folder)],
        cwd=folder.parent,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr, time.monotonic() - began, folder)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The demo, told once. Proxies are set that lead nowhere: whoever asks the network fails."""
    nowhere = "http://127.0.0.1:9"
    folder = tmp_path_factory.mktemp("demo") / "demo-output"
    return run_demo(folder, HTTP_PROXY=nowhere, HTTPS_PROXY=nowhere, ALL_PROXY=nowhere, NO_PROXY="", PYTHONUTF8="1")
