"""The JSON file inside a certificate's PDF, found without a PDF library; whether it is true only the register says."""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FACTS = 4 << 20
MAX_STREAMS = 64
_FILE = re.compile(rb"/Type\s*/EmbeddedFile\b")
_STREAM = re.compile(rb"stream\r?\n")
_LOOK = 2_000


def embedded_facts(pdf: bytes) -> dict[str, Any] | None:
    """The facts as they travel in the file; None where it has none that can be read."""
    for content in _embedded(pdf):
        try:
            facts = json.loads(content.decode("utf-8"))
        except (ValueError, RecursionError):
            continue
        if isinstance(facts, dict) and isinstance(facts.get("number"), str) and isinstance(facts.get("issue"), int):
            return facts
    return None


def _embedded(pdf: bytes) -> Iterator[bytes]:
    for count, found in enumerate(_FILE.finditer(pdf)):
        if count >= MAX_STREAMS:
            return
        begin = _STREAM.search(pdf, found.end(), found.end() + _LOOK)
        end = pdf.find(b"endstream", begin.end()) if begin else -1
        if begin is None or end < 0:
            continue
        raw = pdf[begin.end() : end]
        head = pdf[max(0, pdf.rfind(b"obj", 0, found.start())) : begin.start()]
        if b"/FlateDecode" not in head:
            yield raw[:MAX_FACTS].rstrip(b"\r\n")
            continue
        try:
            yield zlib.decompressobj().decompress(raw, MAX_FACTS)
        except zlib.error:
            continue
