"""Certificates as PDF/A-3b by Typst, with the facts inside as JSON; what the sheet says is made in sheet. Owner of typst, segno.

A template is its publisher's code and reads `sys.inputs`: `sheet` (JSON), `qr` (SVG). It sees no file and may not fetch
packages. Values are never read as markup. The same view gives the same bytes. The facts are attached to whatever it makes;
where it has `#metadata((page: …, left: …, bottom: …, width: …, height: …)) <signature>` (points), the signature is seen.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tempfile
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno
import typst

from adapters.certificate_samples import SAMPLES
from adapters.plain_json import plain_json
from adapters.sheet import sheet
from engine.core.plain import one_line
from engine.errors import DeliveryFailed
from engine.ports import FONTS, Place, RenderedCertificate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.ports import CertificateView

MAX_FACTS = 1 << 20
DEVELOPMENT = "DEVELOPMENT\nНЕДЕЙСТВИТЕЛЕН"
SAMPLE = "SAMPLE\nОБРАЗЕЦ"
_FORBIDDEN = re.compile(r"\b(import|include|plugin|eval|std)\b")
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
_FACTS = """
#pdf.attach("certificate.json", bytes(sys.inputs.facts), relationship: "data", mime-type: "application/json",
  description: "The facts of certificate " + json(bytes(sys.inputs.sheet)).number)
"""
_MARK = """#set page(foreground: place(center + horizon, rotate(-52deg, text(
  size: 54pt, weight: 700, fill: rgb(190, 20, 40, 70), font: "Libertinus Serif", align(center, sys.inputs.mark))))); """
_LOOK = """#let s = sys.inputs
#set page(width: float(s.width) * 1pt, height: float(s.height) * 1pt, margin: 0pt, fill: none)
#set text(font: "Libertinus Serif", size: 7.5pt, fill: rgb("#16324f"), hyphenate: false)
#set par(leading: 0.35em)
#block(width: 100%, height: 100%, clip: true, inset: (left: 5pt), stroke: (left: 1.2pt + rgb("#b9975b")), align(horizon)[
  #text(6.5pt, fill: rgb("#5b7183"))[Signed electronically · #text(lang: "ru")[Подписано электронной подписью]] \\
  #text(weight: 600, s.name) \\ #s.at
])
"""
MAX_NAME = 120
_EDGES = ("left", "bottom", "width", "height")
_AT = re.compile(r"template\.typ:(\d+):(\d+)")
_NO_FAMILY = re.compile(r"unknown font family: (.*)")
_NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed')


class TypstCertificates:
    """Renderer over sources named `<template>.typ`, with fonts named `fonts/…` in base64 beside Typst's own; other sources are
    left alone. A `mark` is set in large letters over
    every page, whatever the template.
    """

    def __init__(self, sources: Mapping[str, str], *, mark: str = "") -> None:
        self._mark = mark
        self._fonts = {
            name.removeprefix(FONTS): base64.b64decode(text) for name, text in sources.items() if name.startswith(FONTS)
        }
        self._sources = {name: source for name, source in sources.items() if name.endswith(".typ")}

    def check(self, name: str) -> list[str]:
        """What stands against a template ([]: nothing): words that it may not use, and what goes wrong with samples."""
        problems = self._against(name)
        if problems:
            return problems
        for what, view in SAMPLES.items():
            try:
                _, unknown = self._rendered(replace(view, template=name))
            except DeliveryFailed as failure:
                problems.append(f"{failure} (tried with {what})")
            else:
                problems += unknown
        return problems[:1]

    def _against(self, name: str) -> list[str]:
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
        return self._rendered(view)[0]

    def _rendered(self, view: CertificateView) -> tuple[RenderedCertificate, list[str]]:
        """The file, and what is said of fonts that the template names and nobody has."""
        problems = self._against(view.template)
        if problems:
            raise DeliveryFailed(problems[0], retry_after=None)
        inputs = {
            "sheet": json.dumps(sheet(view), ensure_ascii=False),
            "facts": facts_json(view),
            "qr": _qr(view.verify_url),
        }
        source = self._sources[f"{view.template}.typ"] + _FACTS
        if self._mark:
            source, inputs["mark"] = _MARK.replace("\n", "") + source, self._mark
        return _compiled(source, inputs, view, self._fonts)


def signature_look(name: str, at: datetime, place: Place) -> bytes:
    """The page (PDF) that is seen where a signature is: who signed and when, as large as its place."""
    inputs = {
        "name": one_line(name, limit=MAX_NAME),
        "at": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "width": str(place.width),
        "height": str(place.height),
    }
    pdf = typst.Compiler(_LOOK.encode(), font_paths=_FONTS, sys_inputs=inputs).compile(format="pdf", timestamp=0)
    if not isinstance(pdf, bytes):
        raise DeliveryFailed("the picture of a signature has no page", retry_after=None)
    return pdf


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


def _compiled(
    source: str, inputs: dict[str, str], view: CertificateView, fonts: Mapping[str, bytes]
) -> tuple[RenderedCertificate, list[str]]:
    with tempfile.TemporaryDirectory() as alone:  # its root: no file but its own can be read
        main = Path(alone, "template.typ")
        main.write_text(source, encoding="utf-8")
        families = _families(Path(alone, FONTS), fonts)
        try:
            compiler = typst.Compiler(
                main,
                root=alone,
                package_path=alone,
                package_cache_path=alone,
                font_paths=families,
                sys_inputs={**inputs, "issued_at": view.issued_at.strftime("%Y-%m-%d %H:%M:%S")},
            )
            pdf, warnings = compiler.compile_with_warnings(
                format="pdf", pdf_standards="a-3b", timestamp=int(view.issued_at.timestamp())
            )
            places = json.loads(compiler.query("<signature>", field="value"))
        except typst.TypstError as error:
            raise DeliveryFailed(_words(view.template, error), retry_after=None) from error
    if not isinstance(pdf, bytes):
        raise DeliveryFailed(f"certificate template {view.template}.typ has no page; give it one", retry_after=None)
    made = RenderedCertificate(pdf, hashlib.sha256(pdf).hexdigest(), _place(places, view.template))
    return made, _unknown(warnings, view.template, families)


def _families(folder: Path, fonts: Mapping[str, bytes]) -> typst.Fonts:
    """Typst's own and these, which it reads when it needs them: the folder stays as long as it compiles."""
    folder.mkdir()
    for name, content in fonts.items():
        Path(folder, Path(name).name).write_bytes(content)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def _unknown(warnings: Sequence[typst.TypstWarning], template: str, families: typst.Fonts) -> list[str]:
    """What is said of each font that the template names and nobody has: another one would stand in for it."""
    found, have = [], ", ".join(families.families())
    for warning in warnings:
        family, at = _NO_FAMILY.search(warning.message), _AT.search(warning.diagnostic or "")
        if family:
            where = f":{at[1]}:{at[2]}" if at else ""
            found.append(f"{template}.typ{where}: there is no font '{family[1]}'; there are: {have}")
    return found


def _place(found: list[Any], template: str) -> Place | None:
    if not found:
        return None
    try:
        return Place(page=int(found[0]["page"]), **{name: float(found[0][name]) for name in _EDGES})
    except (KeyError, TypeError, ValueError) as error:
        raise DeliveryFailed(
            f"certificate template {template}.typ: <signature> has no {error}; it takes page, {', '.join(_EDGES)}, in points",
            retry_after=None,
        ) from None


def _words(template: str, error: typst.TypstError) -> str:
    unknown = _NO_GLYPH.search(error.message)
    if unknown:
        return f"the certificate's fonts have no character for '{unknown[1]}'; write it in Latin, Greek or Cyrillic letters"
    at = _AT.search(error.diagnostic or "")
    where = f":{at[1]}:{at[2]}" if at else ""
    return f"certificate template {template}.typ{where}: {' '.join(error.message.split())[:300]}"
