"""Fonts beside the templates: looked at when they are read, kept with the published version, and used for its certificates alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from adapters.certificates import TypstCertificates
from adapters.templates import MessageTemplates
from engine.errors import InvalidWorkflow
from engine.ports import Adapters
from engine.service.bundles import MAX_FONT, MAX_FONTS, Bundle, UnreadableFile, read_folder, read_fonts
from engine.service.services import build_services
from tests.service.conftest import LIST, PROPOSAL
from tests.service.conftest import TEMPLATES as LETTERS
from tests.service.test_certificates_and_register import SOURCE

FOLDER = Path(__file__).parents[2] / "workflows" / "templates"
FONT = (FOLDER / "fonts" / "PT-Serif-Bold.ttf").read_bytes()
SHEET = {**LETTERS, "certificate.typ": '#set text(font: "PT Serif")\n= Certificate'}


@pytest.fixture
def folder(tmp_path):
    """A folder of workflows with one font, and a text beside it."""
    (tmp_path / "templates" / "fonts").mkdir(parents=True)
    (tmp_path / "a.yaml").write_text("milepost: 1")
    (tmp_path / "templates" / "fonts" / "PT.ttf").write_bytes(FONT)
    (tmp_path / "templates" / "fonts" / "LICENSE.txt").write_text("free")
    return tmp_path


@pytest.fixture
def rendering(world):
    """The world, with certificates that are really rendered."""
    adapters = Adapters([world.notifier], MessageTemplates, TypstCertificates)
    world.services = build_services(world.store, adapters, public_url="https://milepost.example", body="0042")
    return world


def test_fonts_are_read_with_the_folder(folder):
    """By their path; nothing else of their folder is."""
    (bundle,) = read_folder(folder)
    assert list(bundle.templates) == ["fonts/PT.ttf"]
    assert read_fonts(folder / "templates") == bundle.templates
    assert read_fonts(folder / "nowhere") == {}


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\1\0\0", b"OTTO\0\1", b"<svg/>" * 100, FONT[:-1000], FONT[:40], b"ttcf" + FONT[4:], b"PK\3\4" + FONT[4:]],
    ids=["empty", "begun", "no table", "a picture", "cut off", "its beginning", "a collection", "an archive"],
)
def test_what_is_no_font(folder, content):
    """It is told by what is in it, not by its name."""
    (folder / "templates" / "fonts" / "x.otf").write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"x\.otf is no font in TrueType or OpenType, or is cut off"):
        read_folder(folder)


def test_fonts_that_are_too_large(folder):
    """One, and all together."""
    fonts = folder / "templates" / "fonts"
    (fonts / "x.ttf").write_bytes(FONT + bytes(MAX_FONT - len(FONT) + 1))
    with pytest.raises(UnreadableFile, match=rf"x\.ttf has {MAX_FONT + 1} bytes; at most {MAX_FONT}"):
        read_folder(folder)
    for n in range(5):
        (fonts / f"x{n}.ttf").write_bytes(FONT + bytes(MAX_FONT - len(FONT)))
    (fonts / "x.ttf").unlink()
    with pytest.raises(UnreadableFile, match=f"more than {MAX_FONTS} bytes in all"):
        read_folder(folder)


def test_a_version_keeps_its_fonts(rendering, folder, acme, officer):
    """Its certificates are set in them whatever the folder has later; only workflows with certificates keep any."""
    fonts = read_fonts(folder / "templates")
    bundles = [Bundle(source, f"{n}.yaml", SHEET | fonts) for n, source in enumerate((SOURCE, PROPOSAL, LIST))]
    catalog = rendering.services.catalog
    assert [one.new for one in catalog.publish_new(bundles)] == [True] * 3
    assert catalog.version("qualification").templates["fonts/PT.ttf"] == fonts["fonts/PT.ttf"]
    assert "fonts/PT.ttf" not in catalog.version("proposal").templates
    assert [one.new for one in catalog.publish_new(bundles)] == [False] * 3
    other = {"fonts/Other.ttf": fonts["fonts/PT.ttf"]}
    again = catalog.publish_new([Bundle(SOURCE, "0.yaml", SHEET | other), *bundles[1:]])
    assert [(one.version, one.new) for one in again] == [(2, True), (1, False), (1, False)]
    case = rendering.open("qualification", {"applicant.tax_id": "1234567890", "product.designation": "V-1"}, acme)
    rendering.send(case.id, "grant", officer)
    rendering.settle()
    (held,) = rendering.store.read(lambda reader: reader.certificates_of(case.id))
    pdf = rendering.services.certificates.pdf(held.number).pdf
    fonts_inside = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values()
    assert [font.get_object()["/BaseFont"].partition("+")[2] for font in fonts_inside] == ["PTSerif-Bold"]


def test_a_font_that_is_missing_is_not_published(rendering):
    """The definition is refused with the line that names it, and nothing is stored."""
    with pytest.raises(InvalidWorkflow, match=r"certificate\.typ:1:\d+: there is no font 'pt serif'; there are: "):
        rendering.services.catalog.publish_new([Bundle(SOURCE, "q.yaml", SHEET)])
    assert rendering.services.catalog.workflows() == ()
