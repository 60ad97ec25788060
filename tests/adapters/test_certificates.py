"""Certificates as PDF/A-3 files: what is in them, the same bytes, and facts that are not friendly."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from adapters.certificates import TypstCertificates
from adapters.sheet import MAX_TEXT, sheet
from engine.errors import DeliveryFailed
from engine.ports import CertificateView
from engine.service.bundles import read_fonts, read_templates

FOLDER = Path(__file__).parents[2] / "workflows" / "templates"
RENDERER = TypstCertificates(read_templates(FOLDER))
FACTS: dict[str, Any] = {
    "body": "Sample Certification Body / Орган по сертификации «Образец»",
    "body_address": {"city": "Zarechny", "street": "1 Example Street", "postal_code": "000001"},
    "holder": "Sample Valves LLC / ООО «Образец-Арматура»",
    "holder_address": {"text": "000002, г. Заречный, ул. Примерная, 7"},
    "plant": ({"site_id": "1", "name": "Цех № 1", "address": {"city": "Zarechny"}},),
    "product": "Z-50",
    "product_name": "Gate valve / Задвижка",
    "standard": {"number": "TU 3741-001-00000001-2025", "revision": "2"},
    "scheme": "3",
    "scope": ("Z-50", "Z-80"),
    "granted_on": date(2026, 5, 12),
    "valid_from": date(2026, 5, 12),
    "valid_until": date(2029, 5, 11),
    "reports": ("P-17/2026", {"report_no": "P-18/2026", "lab": "Sample Laboratory", "issued_on": date(2026, 4, 1)}),
    "signatory": {"name": "Ivan Primerov", "title": "Director / Руководитель"},
    "conditions": ({"text": "Submit the quality plan", "due": date(2026, 9, 1)},),
    "fee": Decimal("1.50"),
}
VIEW = CertificateView(
    number="OGN1.RU.0001.P00001-38",
    issue=1,
    token="AbCd",
    verify_url="https://milepost.example/v/AbCd",
    template="certificate",
    facts=FACTS,
    case_number="Q-2026-000001",
    issued_at=datetime(2026, 5, 12, 9, 30, tzinfo=UTC),
)


def _pdf(view: CertificateView) -> PdfReader:
    return PdfReader(io.BytesIO(RENDERER.render(view).pdf), strict=True)


def _text(view: CertificateView) -> str:
    text = "\n".join(page.extract_text() for page in _pdf(view).pages)
    return " ".join(text.replace("\u200b", "").split())


def test_what_it_says() -> None:
    """All that ISO/IEC 17065 7.7.1 asks for is printed, the days in both languages and the last one inclusive."""
    text = _text(VIEW)
    for said in (
        "Sample Certification Body / Орган по сертификации «Образец»",
        "000001, Zarechny, 1 Example Street",
        "OGN1.RU.0001.P00001-38",
        "Sample Valves LLC / ООО «Образец-Арматура»",
        "000002, г. Заречный, ул. Примерная, 7",
        "Цех № 1, Zarechny",
        "Gate valve / Задвижка",
        "TU 3741-001-00000001-2025, rev. 2",
        "Z-80",
        "12 May 2026",
        "11 May 2029",
        "11 мая 2029 г.",
        "P-18/2026, Sample Laboratory, 2026-04-01",
        "Submit the quality plan (1 September 2026",
        "Ivan Primerov",
        "https://milepost.example/v/AbCd",
    ):
        assert said in text
    assert len(_pdf(VIEW).pages) == 1


def test_facts_travel_inside() -> None:
    """The file is PDF/A-3b and carries the facts as an associated JSON file."""
    pdf = _pdf(VIEW)
    root: Any = pdf.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert [spec.get_object()["/AFRelationship"] for spec in root["/AF"]] == ["/Data"]
    facts = json.loads(pdf.attachments["certificate.json"][0])
    assert facts["number"] == VIEW.number
    assert facts["facts"]["valid_until"] == "2029-05-11"
    assert facts["facts"]["fee"] == "1.50"
    assert facts["facts"]["reports"][1]["report_no"] == "P-18/2026"
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date == VIEW.issued_at


def test_same_bytes() -> None:
    """The same view gives the same bytes, also from another renderer; another issue gives others."""
    first = RENDERER.render(VIEW)
    again = TypstCertificates(read_templates(FOLDER)).render(VIEW)
    assert first == again
    assert first.sha256 == hashlib.sha256(first.pdf).hexdigest()
    assert RENDERER.render(replace(VIEW, issue=2)).sha256 != first.sha256


def test_nothing_but_a_number() -> None:
    """A certificate without any fact is set as well: what has no value is left out."""
    text = _text(replace(VIEW, facts={}, case_number=None))
    assert VIEW.number in text
    assert "Holder" not in text


def test_annex() -> None:
    """More than eight items go to an annex page, all of them."""
    items = tuple(f"Задвижка Z-{n} DN{n}" for n in range(10, 210))
    pdf = _pdf(replace(VIEW, facts={**FACTS, "scope": items}))
    annex = " ".join(" ".join(page.extract_text() for page in list(pdf.pages)[1:]).split())
    assert all(item in annex for item in items)
    with pytest.raises(DeliveryFailed, match="501 rows"):
        RENDERER.render(replace(VIEW, facts={"scope": ("x",) * 501}))


HOSTILE = '#import "x" *b* _i_ $x^2$ <a> @ref // /* `r` [ ] = h #panic() \\u{41} ~ -- https://a.example'


def test_hostile_text() -> None:
    """A name made of markup is set as it is; what is hidden in it is taken out; a huge one is cut."""
    view = replace(VIEW, facts={**FACTS, "holder": HOSTILE + "\x00\x1b\u202e\u2066", "product": "W" * 10_000})
    text = _text(view)
    assert HOSTILE in text
    assert text.replace(" ", "").count("W") < MAX_TEXT + 10
    assert json.loads(_pdf(view).attachments["certificate.json"][0])["facts"]["product"] == "W" * 10_000


def test_unknown_letters() -> None:
    """A letter that the fonts do not have is refused for good and named, rather than left out of a certificate."""
    with pytest.raises(DeliveryFailed, match="no character for '漢'") as caught:
        RENDERER.render(replace(VIEW, facts={"holder": "漢"}))
    assert caught.value.retry_after is None


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_fact_is_text(value: Any) -> None:
    """Whatever a fact is, the sheet is plain JSON with bounded lines."""
    names = ("holder", "plant", "scope", "conditions", "signatory", "standard")
    said = json.loads(json.dumps(sheet(replace(VIEW, facts=dict.fromkeys(names, value)))))
    assert "\n" not in said.get("holder", "")
    assert len(said.get("holder", "").replace("\u200b", "")) <= MAX_TEXT


@pytest.mark.parametrize(
    "source",
    [
        '#import "@preview/x:1.0.0"',
        '#include "a.typ"',
        '#eval("1")',
        "#plugin(bytes(()))",
        '#read("/etc/passwd")',
        "#x",
    ],
)
def test_template_is_shut_in(source: str) -> None:
    """A template can fetch no package and read no file; its faults are named."""
    with pytest.raises(DeliveryFailed, match=r"c\.typ") as caught:
        TypstCertificates({"c.typ": source}).render(replace(VIEW, template="c"))
    assert caught.value.retry_after is None


def test_check() -> None:
    """`check` says what is wrong without rendering."""
    assert RENDERER.check("certificate") == []
    assert RENDERER.check("other") == ["no certificate template 'other'; there are: certificate"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("#let s = json(bytes(sys.inputs.sheet))\n\n#s.holder", r"c\.typ:3:3: .*\"holder\".*tried with no facts"),
        (
            '#let s = json(bytes(sys.inputs.sheet))\n#s.at("scope", default: ()).at(59)',
            r"c\.typ:2:.*tried with all facts",
        ),
        ("= Title\n#set text(colour: red)", r"c\.typ:2:\d+: unexpected argument: colour"),
        ("#metadata((page: 0)) <signature>", "<signature> has no 'left'"),
        ('\n#import "@preview/x:1.0.0"', r"c\.typ:2: 'import' is not allowed"),
    ],
)
def test_check_tries_the_template(source: str, words: str) -> None:
    """A template is tried with all facts, with none and with many, before any certificate is made of it."""
    (problem,) = TypstCertificates({"c.typ": source}).check("c")
    assert re.search(words, problem, re.DOTALL), problem


# ── fonts beside the template ────────────────────────────────────────────────────────────────────────────────────────

IN_PT = '#set text(font: "PT Serif")\n= Сертификат соответствия'
PT = read_fonts(FOLDER)


def embedded(pdf: bytes) -> set[str]:
    """The fonts inside a file, without the letters that mark a part of one."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    return {font["/BaseFont"].partition("+")[2] for font in fonts}


def test_a_font_beside_the_template() -> None:
    """It is used, its text can be copied, the file is PDF/A still, and the same view gives the same bytes."""
    renderer = TypstCertificates({"c.typ": IN_PT, **PT})
    assert renderer.check("c") == []
    view = replace(VIEW, template="c")
    made = renderer.render(view)
    assert embedded(made.pdf) == {"PTSerif-Bold"}
    assert "Сертификат соответствия" in PdfReader(io.BytesIO(made.pdf)).pages[0].extract_text()
    assert b"<pdfaid:part>3</pdfaid:part>" in made.pdf
    assert TypstCertificates({"c.typ": IN_PT, **PT}).render(view).pdf == made.pdf


def test_the_headings_of_the_sheet() -> None:
    """The shipped template has them in the font that is shipped with it."""
    assert "PTSerif-Bold" in embedded(RENDERER.render(VIEW).pdf)


def test_a_font_that_nobody_has() -> None:
    """It is refused with its line and what there is; so is one whose file is not what it says."""
    words = (
        r"c\.typ:2:16: there is no font 'pt serif'; there are: DejaVu Sans Mono, Libertinus Serif, New Computer Modern"
    )
    (problem,) = TypstCertificates({"c.typ": "= Title\n" + IN_PT}).check("c")
    assert re.match(words, problem), problem
    torn = base64.b64encode(b"\0\1\0\0 no font at all").decode()
    (problem,) = TypstCertificates({"c.typ": "= Title\n" + IN_PT, "fonts/PT.ttf": torn}).check("c")
    assert re.match(words, problem), problem


def test_a_font_stays_in_its_folder() -> None:
    """A name that leads elsewhere writes nothing there."""
    sources = {f"fonts/../../{name.removeprefix('fonts/')}": text for name, text in PT.items()}
    made = TypstCertificates({"c.typ": IN_PT, **sources}).render(replace(VIEW, template="c"))
    assert embedded(made.pdf) == {"PTSerif-Bold"}
