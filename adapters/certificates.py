"""Certificates as PDF/A-3b by Typst, with the facts inside as JSON; what the sheet says is made in sheet. Owner of typst, segno.

A template is its publisher's code and reads `sys.inputs`: `sheet` and `facts` (JSON), `qr` (SVG). It sees no file and may
not fetch packages. Values are never read as markup. The same view gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
from typing import TYPE_CHECKING

import segno
import typst

from adapters.plain_json import plain_json
from adapters.sheet import sheet
from engine.errors import DeliveryFailed
from engine.ports import RenderedCertificate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.ports import CertificateView

MAX_FACTS = 1 << 20
_FORBIDDEN = re.compile(r"\b(import|include|plugin|eval|std)\b")
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
_NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed')


class TypstCertificates:
    """Renderer over sources named `<template>.typ`; other sources are left alone."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {name: source for name, source in sources.items() if name.endswith(".typ")}

    def check(self, name: str) -> list[str]:
        """What stands against a template before anything is rendered ([]: nothing)."""
        source = self._sources.get(f"{name}.typ")
        if source is None:
            have = ", ".join(sorted(key.removesuffix(".typ") for key in self._sources))
            return [f"no certificate template '{name}'; there are: {have or 'none'}"]
        found = _FORBIDDEN.search(source)
        if found:
            line = source.count("\n", 0, found.start()) + 1
            return [f"{name}.typ:{line}: '{found[0]}' is not allowed; a certificate is made of its facts alone"]
        return []

    def render(self, view: CertificateView) -> RenderedCertificate:
        """The file; DeliveryFailed for good where the template or the facts do not fit."""
        problems = self.check(view.template)
        if problems:
            raise DeliveryFailed(problems[0], retry_after=None)
        inputs = {
            "sheet": json.dumps(sheet(view), ensure_ascii=False),
            "facts": facts_json(view),
            "qr": _qr(view.verify_url),
        }
        return _compiled(self._sources[f"{view.template}.typ"], inputs, view)


def facts_json(view: CertificateView) -> str:
    """What travels inside the PDF: the facts as frozen, in plain JSON."""
    whole = {
        "number": view.number,
        "issue": view.issue,
        "verify_url": view.verify_url,
        "issued_at": plain_json(view.issued_at),
        "case_number": view.case_number,
        "facts": plain_json(view.facts),
    }
    text = json.dumps(whole, ensure_ascii=False, indent=2, sort_keys=True)
    if len(text) > MAX_FACTS:
        raise DeliveryFailed(f"the certificate's facts are longer than {MAX_FACTS >> 20} MiB", retry_after=None)
    return text


def _qr(url: str) -> str:
    out = io.BytesIO()
    try:
        segno.make(url, error="m", micro=False).save(out, kind="svg", border=0, xmldecl=False, dark="#16324f")
    except ValueError as error:
        raise DeliveryFailed(
            f"the address to verify the certificate is too long for a QR code: {error}", retry_after=None
        ) from error
    return out.getvalue().decode("utf-8")


def _compiled(source: str, inputs: dict[str, str], view: CertificateView) -> RenderedCertificate:
    with tempfile.TemporaryDirectory() as empty:  # its root: no file can be read
        try:
            compiler = typst.Compiler(
                source.encode(),
                root=empty,
                package_path=empty,
                package_cache_path=empty,
                font_paths=_FONTS,
                sys_inputs={**inputs, "issued_at": view.issued_at.strftime("%Y-%m-%d %H:%M:%S")},
            )
            pdf = compiler.compile(format="pdf", pdf_standards="a-3b", timestamp=int(view.issued_at.timestamp()))
        except typst.TypstError as error:
            raise DeliveryFailed(_words(view.template, error), retry_after=None) from error
    if not isinstance(pdf, bytes):
        raise DeliveryFailed(f"certificate template {view.template}.typ has no page; give it one", retry_after=None)
    return RenderedCertificate(pdf, hashlib.sha256(pdf).hexdigest())


def _words(template: str, error: typst.TypstError) -> str:
    unknown = _NO_GLYPH.search(error.message)
    if unknown:
        return f"the certificate's fonts have no character for '{unknown[1]}'; write it in Latin, Greek or Cyrillic letters"
    return f"certificate template {template}.typ: {' '.join(error.message.split())[:300]}"
