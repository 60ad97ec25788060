"""The pages in a real browser, without scripts: on a phone and on a desk, in both languages, in the light, in the dark, on paper."""

from __future__ import annotations

import io
from unicodedata import normalize

import pytest
from pypdf import PdfReader

from engine.service.verification import MAX_FILE
from tests.pages.browser import SIDEWAYS

WIDTHS = (320, 360, 1200)
PAGES = {
    "search": "/public",
    "found": "/public?q=valve&on=2026-03-20",
    "nothing": "/public?q=nobody&tax_id=1",
    "wrong": "/public?on=1",
    "pump": "/public?code=99.99",
    "entry": "/public/entries/{entry:NEW-2}",
    "entry again": "/public/entries/{entry:AGAIN-1}",
    "entry in part": "/public/entries/{entry:PART-1}",
    "valid in part": "/v/{token:PART-1}",
    "entry withdrawn": "/public/entries/{entry:WD-1}",
    "entry markup": "/public/entries/{entry:markup}",
    "entry reversed": "/public/entries/{entry:reversed}",
    "entry long": "/public/entries/{entry:long}",
    "entry unbroken": "/public/entries/{entry:unbroken}",
    "valid": "/v/{token:ЗКЛ2 50-40}",
    "newer": "/v/{token:NEW-2}",
    "suspended": "/v/{token:SP-1}",
    "expired": "/v/{token:LAPSED-1}",
    "unbroken": "/v/{token:unbroken}",
    "verify": "/public/verify",
    "no certificate": "/v/nothing",
    "no entry": "/public/entries/nothing",
}
REFUSED = ("wrong", "no certificate", "no entry")
# How far each text is from what is behind it, by WCAG 2: the pairs that are nearer than AA asks.
CONTRAST = """
(() => {
  const parts = c => c.match(/[0-9.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, s = getComputedStyle(e);
    if (!walk.currentNode.data.trim() || !e.getClientRects().length) continue;
    seen += 1;
    const [a, b] = [light(parts(s.color)), light(behind(e))], ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && s.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push([walk.currentNode.data.trim().slice(0, 40), s.color, ratio.toFixed(2)]);
  }
  return {seen, found};
})()
"""
# What a reader who hears the page needs: a name for each field, one heading that is the first, no rank left out.
HEARD = """
(() => {
  const named = [...document.querySelectorAll('input:not([type=hidden]), button')].filter(e => !(e.labels?.length || e.textContent.trim()));
  const ranks = [...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  const pointed = [...document.querySelectorAll('[aria-describedby], [aria-labelledby]')]
    .flatMap(e => (e.getAttribute('aria-describedby') || e.getAttribute('aria-labelledby')).trim().split(/ +/));
  return {
    unnamed: named.map(e => e.outerHTML), first: ranks[0], ones: ranks.filter(r => r === 1).length,
    leaps: ranks.filter((r, i) => i > 0 && r > ranks[i - 1] + 1).length,
    twice: ids.filter((id, i) => ids.indexOf(id) !== i), nowhere: pointed.filter(id => !ids.includes(id)),
    mains: document.querySelectorAll('main').length, title: document.title, lang: document.documentElement.lang,
  };
})()
"""
SMALL = """
[...document.querySelectorAll('button, input:not([type=hidden]), header a, .onward, .paging a, summary')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 40).map(e => e.outerHTML.slice(0, 80))
"""


def address(site, made, path):
    """With the numbers and tokens of this register."""
    for name in made.entries:
        path = path.replace(f"{{entry:{name}}}", made.entries[name]).replace(f"{{token:{name}}}", made.tokens[name])
    return site + path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_at_every_width(browser, site, made, tmp_path, width, language):
    """Nothing stands outside of the window, whatever a company is called; nothing is complained of; everything has its name."""
    with browser.tab(width, language=language) as tab:
        for name, path in PAGES.items():
            tab.open(address(site, made, path))
            seen = tab.value(SIDEWAYS)
            assert (name, seen["scroll"] <= seen["wide"], seen["out"]) == (name, True, [])
            heard = tab.value(HEARD)
            wanted = {"unnamed": [], "first": 1, "ones": 1, "leaps": 0, "twice": [], "nowhere": [], "mains": 1}
            assert (name, {key: heard[key] for key in wanted}) == (name, wanted)
            assert heard["lang"] == language
            assert heard["title"]
            against = [words for words in tab.complaints() if "status of 4" not in words or name not in REFUSED]
            assert (name, against) == (name, [])
            if width < 600:
                assert (name, tab.value(SMALL)) == (name, [])
            tab.picture(tmp_path / f"{name}.png")
            assert (tmp_path / f"{name}.png").stat().st_size > 5_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_can_be_read(browser, site, made, dark):
    """Every text is as far from its background as WCAG 2 AA asks, in the light and in the dark."""
    with browser.tab(1200, dark=dark) as tab:
        for name, path in PAGES.items():
            tab.open(address(site, made, path))
            contrast = tab.value(CONTRAST)
            assert (name, contrast["found"]) == (name, [])
            assert contrast["seen"] > 10
        colours = tab.value("getComputedStyle(document.body).backgroundColor")
    assert (colours == "rgb(251, 250, 247)") is not dark


def test_a_search_with_the_keyboard(browser, site, made):
    """First the way past the head, then to the field; Enter looks; the line leads to the entry, its link to the certificate."""
    with browser.tab(360) as tab:
        tab.open(f"{site}/public")
        tab.press("Tab", number=9)
        assert tab.value("document.activeElement.className") == "skip"
        assert tab.value("document.activeElement.getBoundingClientRect().left") >= 0
        for _ in range(20):
            tab.press("Tab", number=9)
            assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            if tab.value("document.activeElement.id") == "q":
                break
        tab.type("sp-1")
        tab.press("Enter", number=13, text="\r")
        tab.loaded()
        assert "q=sp-1" in tab.value("location.search")
        assert "Suspended" in tab.text()
        tab.click(".entries h3 a")
        tab.loaded()
        assert tab.value("location.pathname") == f"/public/entries/{made.entries['SP-1']}"
        tab.click("section .onward")
        tab.loaded()
        assert tab.value("location.pathname") == f"/v/{made.tokens['SP-1']}"
        assert "This certificate is suspended" in tab.text()


def test_a_more_exact_search(browser, site):
    """The other fields open and take what is typed, on a phone, without a script; the day is a real one."""
    with browser.tab(360, language="ru") as tab:
        tab.open(f"{site}/public")
        assert tab.value("document.querySelector('#code').checkVisibility()") is False
        tab.click("summary")
        assert tab.value("document.querySelector('#code').checkVisibility()") is True
        tab.click("#code")
        tab.type("99.99")
        tab.click("button")
        tab.loaded()
        assert tab.value("document.querySelectorAll('.entries li').length") == 20
        assert tab.value("document.querySelector('details').open") is True
        tab.click(".paging .next")
        tab.loaded()
        assert tab.value("document.querySelectorAll('.entries li').length") == 5


def test_the_language_is_chosen(browser, site, made):
    """One click, and it stays chosen from page to page, whatever the browser prefers."""
    with browser.tab(360, language="ru") as tab:
        tab.open(address(site, made, PAGES["suspended"]))
        assert "Действие сертификата приостановлено" in tab.text()
        tab.click(".languages a[lang=en]")
        tab.loaded()
        assert "This certificate is suspended" in tab.text()
        tab.click(".onward-list a")
        tab.loaded()
        assert tab.value("document.documentElement.lang") == "en"
        tab.click(".parts a")
        tab.loaded()
        tab.click("button")
        tab.loaded()
        assert tab.value("document.documentElement.lang") == "en"


def test_a_file_is_brought(browser, site, made, tmp_path):
    """Chosen, sent and judged without a script; what is no file of ours is said as plainly."""
    genuine, foreign = tmp_path / "certificate.pdf", tmp_path / "foreign.pdf"
    genuine.write_bytes(made.pdf("ЗКЛ2 50-40"))
    foreign.write_bytes(b"%PDF-1.7 nothing")
    for width, file, words in (
        (360, genuine, "Подлинный, сегодня действует"),
        (1200, foreign, "Это не сертификат этого реестра"),
    ):
        with browser.tab(width, language="ru") as tab:
            tab.open(f"{site}/public/verify")
            tab.choose("#file", file)
            tab.click("button")
            tab.loaded()
            assert tab.value("document.querySelector('.said').innerText") == words
            seen = tab.value(SIDEWAYS)
            assert (seen["scroll"] <= seen["wide"], seen["out"]) == (True, [])
            assert tab.value(CONTRAST)["found"] == []
            assert tab.complaints() == []


def test_a_file_that_is_too_large(browser, site, tmp_path):
    """The browser shows our page that says so, and not one of its own."""
    huge = tmp_path / "huge.pdf"
    huge.write_bytes(b"%PDF" + bytes(MAX_FILE + 5_000_000))
    with browser.tab(360) as tab:
        tab.open(f"{site}/public/verify")
        tab.choose("#file", huge)
        tab.click("button")
        tab.loaded()
        assert "The file is too large" in tab.text()


def test_somebodys_markup_runs_nothing(browser, site, made):
    """Even where scripts may run: no element is made of a name, and none of what it asks for is done."""
    with browser.tab(1200, scripts=True) as tab:
        for path in ("/public/entries/{entry:markup}", "/v/{token:markup}", "/public?q=%22%3E%3Cscript%3Ealert(1)"):
            tab.open(address(site, made, path))
            assert tab.value("document.scripts.length") == 0
            assert tab.value("document.querySelectorAll('main b, main i').length") == 0
            assert tab.complaints() == []


def test_reversed_writing_stays_in_its_place(browser, site, made):
    """A name that runs from right to left turns round nothing that stands beside it."""
    with browser.tab(1200) as tab:
        tab.open(address(site, made, "/public/entries/{entry:reversed}"))
        assert "Holder\nValve gnp.exe שלום שלום עולם Ltd\nTax ID\n7801234567" in tab.text()
        assert tab.value("getComputedStyle(document.querySelector('bdi')).unicodeBidi") == "isolate"


def test_on_paper(browser, site, made):
    """The answer, the facts and the moment on one sheet; nothing that one would click."""
    with browser.tab(1200) as tab:
        tab.open(address(site, made, PAGES["suspended"]))
        printed = PdfReader(io.BytesIO(tab.printed()))
        assert len(printed.pages) == 1
        text = normalize("NFKC", printed.pages[0].extract_text())  # a font may have one sign for "fi"
        for words in ("This certificate is suspended", "Ogniva Valve Works", "As the register stood on", "Fingerprint"):
            assert words in text
        assert "Check whether" not in text
        assert "Русский" not in text
