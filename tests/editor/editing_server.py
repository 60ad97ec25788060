"""The language server of editors, spoken to as an editor does: JSON-RPC over its standard input and output."""

from __future__ import annotations

import json
import queue
import subprocess
from pathlib import Path
from threading import Thread
from typing import Any

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules/yaml-language-server/bin/yaml-language-server"
WAIT = 30


class LanguageServer:
    """Open documents, ask for completions and hovers, read what is found wrong."""

    def __init__(self, node: str, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [node, str(PROGRAM), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._found: dict[str, queue.Queue[list[dict[str, Any]]]] = {}
        self._settings, self._last, self._documents = settings, 0, 0
        Thread(target=self._listen, daemon=True).start()
        snippets = {"snippetSupport": False, "documentationFormat": ["plaintext"]}
        text = {"completion": {"completionItem": snippets}, "hover": {"contentFormat": ["plaintext"]}}
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {"textDocument": text}})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": settings}})

    def open(self, text: str, *, name: str = "note") -> str:
        """A new document; its address."""
        self._documents += 1
        uri = f"file:///milepost/workflows/{self._documents}-{name}.yaml"
        self._found[uri] = queue.Queue()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def complete(self, uri: str, line: int, column: int) -> dict[str, str]:
        """What is offered at a place: label and meaning."""
        said = self.ask("textDocument/completion", _place(uri, line, column))
        items = said["items"] if isinstance(said, dict) else said or []
        return {item["label"]: _words(item.get("documentation")) for item in items}

    def hover(self, uri: str, line: int, column: int) -> str:
        """What is shown at a place."""
        said = self.ask("textDocument/hover", _place(uri, line, column))
        return _words(said["contents"]) if said else ""

    def wrong(self, uri: str) -> list[tuple[int, str]]:
        """What is found wrong: (line, message)."""
        return [(one["range"]["start"]["line"], one["message"]) for one in self._found[uri].get(timeout=WAIT)]

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """A request and its answer."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            answer = self._answers.get(timeout=WAIT)
            if answer["id"] == self._last:
                assert "error" not in answer, answer
                return answer["result"]

    def close(self) -> None:
        """Say goodbye."""
        self.ask("shutdown", {})
        self._send({"method": "exit", "params": {}})
        self._process.wait(WAIT)
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()

    # ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _listen(self) -> None:
        while line := self._process.stdout.readline():
            length = int(line.split(b":")[1])
            self._process.stdout.readline()
            message = json.loads(self._process.stdout.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                self._found.setdefault(params["uri"], queue.Queue()).put(params["diagnostics"])
            elif "method" in message and "id" in message:  # a question to the editor
                items = message["params"].get("items") if message["method"] == "workspace/configuration" else None
                result = None if items is None else [self._settings.get(item["section"]) for item in items]
                self._send({"id": message["id"], "result": result})
            elif "id" in message:
                self._answers.put(message)


def _place(uri: str, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


def _words(said: Any) -> str:
    if isinstance(said, list):
        return " ".join(_words(one) for one in said)
    return said["value"] if isinstance(said, dict) else said or ""
