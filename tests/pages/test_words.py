"""The words of the pages: the same in every language, one for everything that may have to be said, and none outside of them."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import api.pages
from api.pages.language import LANGUAGES, choices, language_of, wants_page, words
from api.pages.refusals import NAMED, SAID
from engine.service.certificates import PUBLIC
from engine.service.public import EARLY, LAPSED, NOT_YET, PARTLY, VOID
from engine.service.verification import WORDS, Finding

TEMPLATES = sorted((Path(api.pages.__file__).parent / "templates").glob("*.html"))
WHOLE = {"issued", "replaced", "saved_anew", "no_pdf"}
"""Particulars of which the finding says all."""
ENTRY = ("listed", "suspended", "delisted")


def flat(language):
    """part.name → (text, what is filled in)."""
    said = words(language)
    texts = {"name": said["name"]} | {
        f"{part}.{name}": text for part, some in said.items() if isinstance(some, dict) for name, text in some.items()
    }
    return {name: {piece for _, piece, _, _ in Formatter().parse(text) if piece} for name, text in texts.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same(language):
    """Under the same names, in the same order, with the same values in them."""
    assert list(flat(language).items()) == list(flat(LANGUAGES[0]).items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_has_its_words(language):
    """Each status of a certificate and an entry, each finding of a file, each refusal."""
    said = words(language)
    wanted = [("check", name) for status in (*PUBLIC, EARLY, LAPSED) for name in (status, f"{status}_line")]
    wanted += [("status", status) for status in (*PUBLIC, *ENTRY, EARLY, LAPSED, PARTLY)]
    wanted += [
        ("entry", name)
        for stands in (*ENTRY, EARLY, LAPSED, NOT_YET, VOID, PARTLY)
        for name in (stands, f"{stands}_line")
    ]
    findings = [str(one) for one in Finding if one is not Finding.GENUINE] + ["genuine_valid", "genuine_invalid"]
    wanted += [("verify", name) for finding in findings for name in (finding, f"{finding}_line")]
    wanted += [("particulars", code) for code in WORDS.keys() - WHOLE]
    kinds = (*(str(status) for status in SAID), *NAMED.values(), "other")
    wanted += [("refusal", name) for kind in kinds for name in (f"heading_{kind}", f"line_{kind}")]
    wanted += [("reason", status) for status in PUBLIC - {"valid", "suspended"}]
    assert [(part, name) for part, name in wanted if not said[part].get(name)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_words_of_their_own(template):
    """Between marks stands nothing that would have to be translated, and nothing that could run or is from elsewhere."""
    text = template.read_text(encoding="utf-8")
    said = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", text, flags=re.DOTALL)
    assert set(re.findall(r"\w+", said.replace("№", ""))) <= {"index", "noindex"}  # for robots
    assert not re.search(r"<script|\son\w+=|javascript:|style=|https?://|\|\s*safe\b", text)


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "ru", "ru"),
        (None, "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        (None, "de,ru;q=0.5", "ru"),
        (None, "en;q=0.5,ru;q=0.6", "ru"),
        (None, "*", "en"),
        (None, "en;q=0,*;q=0.5", "ru"),
        (None, "ru;q=0", "en"),
        (None, "ru;q=nonsense,en;q=0.1", "en"),
        (None, "," * 100_000, "en"),
        ("en", "ru", "en"),
        ("ru", "en", "ru"),
        ("tlh", "ru", "ru"),
        ("", "ru", "ru"),
    ],
)
def test_the_language(chosen, accepted, language):
    """What was chosen, else what the browser likes best of what there is."""
    assert language_of(chosen, accepted) == language


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        ("TEXT/HTML; q=0.4", True),
        ("application/xhtml+xml", True),
        ("application/json, text/html", True),
        ("application/json, text/html;q=0.9", False),
        ("application/json", False),
        ("*/*", False),
        ("text/html;q=0", False),
        ("", False),
        ("text/html;q=2", False),
    ],
)
def test_who_wants_a_page(accept, page):
    """Who names HTML, and does not like JSON better; a program that takes anything gets JSON as before."""
    assert wants_page(accept) is page


def test_a_header_that_is_read_in_part():
    """Only so many choices are looked at."""
    assert len(choices(",".join(["ru"] * 1000))) == 40
