"""Files that somebody brings are read in a process of its own, which has little memory, little time, and no secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from adapters.signatures.keys import authorities, is_development
from engine.errors import Unavailable
from engine.ports import FileReading, SignatureReading

if TYPE_CHECKING:
    from adapters.signatures.keys import Key

SECONDS = 20
AT_ONCE = 2
WAIT_SECONDS = 10
_PROGRAM = [sys.executable, "-I", "-m", "adapters.signatures.reading"]


@dataclass(frozen=True, slots=True)
class ConfinedReader:
    """Reads files, two at a time; a file that takes more than it may is one that cannot be read."""

    key: Key
    _turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def read(self, pdf: bytes, *, at: datetime) -> FileReading:
        """Whoever signed is believed as of `at`. Raises Unavailable where others' files keep all busy."""
        head = json.dumps({"at": at.isoformat(), "roots": authorities(self.key)}).encode()
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("other files are being verified; try again in a moment")
        try:
            said = _asked(head + b"\n" + pdf)
        finally:
            self._turns.release()
        signature = said.get("signature")
        return FileReading(said.get("facts"), None if signature is None else _reading(signature))


def _asked(content: bytes) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603  (our own program, nothing of the file in its arguments)
            _PROGRAM, input=content, capture_output=True, timeout=SECONDS, check=False, env={}
        )
        said = json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _reading(said: dict[str, Any]) -> SignatureReading:
    return SignatureReading(
        signer=said["signer"],
        issuer=said["issuer"],
        signed_at=datetime.fromisoformat(said["signed_at"]) if said["signed_at"] else None,
        timestamped=said["timestamped"],
        intact=said["intact"],
        trusted=said["trusted"],
        whole=said["whole"],
        development=is_development(said["issuer"]),
    )
