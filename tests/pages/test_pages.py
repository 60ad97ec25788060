"""The pages over real HTTP: what they say of entries and certificates, in whose language, and to how many."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from urllib.parse import urljoin

import pytest

from tests.pages.reading import read, said
from tests.pages.register import UNBROKEN

ANSWERS = {
    "KSh-100": ("This certificate is valid today", "It is valid until 1 March 2029, that day included.", "good"),
    "SP-1": ("This certificate is suspended", "Since 10 March 2026. It may not be relied on", "held"),
    "WD-1": ("This certificate was withdrawn", "It counts as withdrawn from 2 March 2026", "ended"),
    "TM-1": ("This certificate was terminated", "It counts as ended from 2 March 2026", "ended"),
    "EX-1": ("This certificate has expired", "Its last day was 1 March 2029.", "ended"),
    "SU-1": ("This certificate was replaced", "this one counts as ended from 2 March 2026.", "ended"),
    "AN-1": ("This certificate was annulled", "It counts as not valid from 2 March 2026 on", "ended"),
    "EARLY-1": ("This certificate is not valid yet", "Its first day is 1 September 2026.", "held"),
    "LAPSED-1": ("This certificate has expired", "Its last day was 5 March 2026.", "ended"),
    "PART-1": ("This certificate is valid today", "It is valid until 1 March 2029", "good"),
    "OPEN-1": ("This certificate is valid today", "It has no last day.", "good"),
    "AGAIN-1": ("This certificate is valid today", "It is valid until 1 March 2029", "good"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer_comes_first(visit, made, name):
    """Big and plain, with since when or until when; the first thing in the content, told apart by more than its colour."""
    page = said(visit(f"/v/{made.tokens[name]}"))
    words, line, tone = ANSWERS[name]
    main = page.one("main")
    answer = main.one("div", class_="answer")
    assert (answer.one("p", class_="said").text(), tone) == (words, answer.marks["class"].split()[1])
    assert line in answer.one("p", class_="because").text()
    assert len(answer.all("svg")) == 1
    assert [one.name for one in main.inside if not isinstance(one, str)][:2] == ["h1", "div"]
    assert page.one("title").text() == f"{words} · {made.numbers[name]}"


def test_each_tone_has_a_shape_of_its_own(visit, made):
    """Nobody needs the colours."""
    shapes = {
        name: str(said(visit(f"/v/{made.tokens[name]}")).one("div", class_="answer").one("svg").inside)
        for name in ("KSh-100", "SP-1", "WD-1")
    }
    assert len(set(shapes.values())) == 3


def test_a_certificate_in_russian(visit, made):
    """Its facts by human labels, days as people write them, the workflow's own titles and options."""
    page = said(visit(f"/v/{made.tokens['ЗКЛ2 50-40']}", language="ru-RU,ru;q=0.9,en;q=0.8"))
    assert page.one("html").marks["lang"] == "ru"
    assert page.one("p", class_="said").text() == "Сертификат сегодня действует"
    assert page.one("p", class_="because").text() == "Действует по 1 марта 2029 г. включительно."
    rows = page.one("main").rows()
    assert rows["Держатель"] == "АО «Огнивский арматурный завод»"
    assert rows["Область действия"] == "DN 50 DN 80 DN 100"
    assert (rows["Давление, МПа"], rows["Вид"]) == ("1 234,5", "задвижка")
    assert (rows["Действует с"], rows["Действует по"]) == ("2 марта 2026 г.", "1 марта 2029 г.")
    assert rows["Кем выдан"] == "Ogniva Sample Certification Body"
    assert rows["Выдан"] == "2 марта 2026 г., 09:00 (UTC+3)"
    links = [link.marks["href"] for link in page.one("main").all("a")]
    assert links == ["../public/entries/R-000001", "../public/verify"]


def test_a_newer_issue(visit, made):
    """The page is about the latest one, and says that earlier ones do not count."""
    page = said(visit(f"/v/{made.tokens['NEW-2']}"))
    assert page.one("p", class_="because").text().startswith("It is valid until 1 March 2030")
    assert page.one("main").rows()["Issue"].startswith("2 (the latest) Earlier issues have been replaced")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "In its place: certificate {} , issue 1"), ("ru", "Вместо него: сертификат {} , выпуск 1")],
)
def test_what_has_taken_its_place(visit, made, language, words):
    """A superseded certificate leads to the one that counts; one that is not superseded to none."""
    page = said(visit(f"/v/{made.tokens['SU-1']}", language=language))
    leads = {link.marks["href"]: link.text() for link in page.one("main").all("a")}
    assert leads[f"../v/{made.tokens['SU-2']}"] == words.format(made.numbers["SU-2"])
    later = said(visit(f"/v/{made.tokens['SU-2']}", language=language))
    assert not [link for link in later.one("main").all("a") if "/v/" in link.marks["href"]]
    assert made.numbers["SU-1"] in later.one("main").text()


def test_programs_get_json(visit, made):
    """As before, from the same address: whoever does not name HTML."""
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        answer = visit(f"/v/{made.tokens['KSh-100']}", accept=accept)
        assert answer.headers["content-type"] == "application/json"
        assert list(answer.json()) == [
            "number",
            "issue",
            "status",
            "valid",
            "facts",
            "issued_at",
            "sha256",
            "checked_at",
            "superseded_by",
        ]
        assert answer.json()["valid"] is True


def test_an_entry(visit, made):
    """What it says today, its certificate, and its history with both times and what was changed."""
    page = said(visit(f"/public/entries/{made.entries['NEW-2']}"))
    assert page.one("h1").text() == "NEW-2"
    assert page.one("div", class_="answer good").text().startswith("In the register The product may be offered.")
    rows = page.one("main").rows()
    assert (rows["Holder"], rows["Tax ID"], rows["Kind"]) == ("Ogniva Valve Works", "7801234567", "gate valve")
    assert rows["Number"] == f"{made.numbers['NEW-2']} , issue 2 Valid"
    assert rows["Validity"] == "2 March 2026 to 1 March 2030, both days included"
    assert f"../../v/{made.tokens['NEW-2']}" in [link.marks["href"] for link in page.all("a")]
    now, before = page.one("ol", class_="history").all("li")
    assert "Revision 2, today's" in now.text()
    assert now.rows()["Counts from"] == "10 March 2026, 09:00 (UTC+3)"
    assert now.rows()["Recorded"] == "10 March 2026, 09:00 (UTC+3)"
    assert now.rows()["Valid until"] == "1 March 2029 → 1 March 2030"
    assert before.rows() == {
        "Counts from": "2 March 2026, 09:00 (UTC+3)",
        "Recorded": "2 March 2026, 09:00 (UTC+3)",
    }


def test_an_entry_that_has_ended(visit, made):
    """It says so first, and why; what was before stays to be read, and what counts from earlier than it was recorded."""
    page = said(visit(f"/public/entries/{made.entries['AN-1']}"))
    assert page.one("div", class_="answer ended").text().startswith("No longer in the register")
    last, first = page.one("ol", class_="history").all("li")
    assert last.rows()["Reason"] == "the certificate was annulled"
    assert last.rows()["Counts from"] == "2 March 2026, 00:00 (UTC+3)"
    assert last.rows()["Recorded"] == "2 March 2026, 09:00 (UTC+3)"
    assert first.one("span", class_="badge").text() == "In the register"


def test_an_entry_outside_its_days(visit, made):
    """Listed, but nobody may act on it: that is what stands first."""
    early = said(visit(f"/public/entries/{made.entries['EARLY-1']}")).one("div", class_="answer held").text()
    assert early == "Listed, but not valid yet The product may not be offered before 1 September 2026."
    lapsed = said(visit(f"/public/entries/{made.entries['LAPSED-1']}")).one("div", class_="answer ended").text()
    assert lapsed.startswith("Listed, but expired The product may not be offered any more")


def test_an_entry_of_which_a_part_is_suspended(visit, made):
    """Neither the entry nor the certificate is shown as if all of it could be offered."""
    page = said(visit(f"/public/entries/{made.entries['PART-1']}"))
    assert page.one("div", class_="answer held").text() == (
        "Listed, but not all of it Some of it may not be offered for now: see below. Listed since 2 March 2026."
    )
    assert page.all("dl", class_="facts")[0].rows()["May not be offered for now"] == "DN 80"
    assert page.one("ol", class_="history").rows()["May not be offered for now"] == "– → DN 80"
    warned = said(visit(f"/v/{made.tokens['PART-1']}")).one("p", class_="warn").text()
    assert warned == "Not everything that it covers may be offered for now; these may not: DN 80"
    assert said(visit(f"/v/{made.tokens['KSh-100']}")).all("p", class_="warn") == []


def test_since_when(visit, made):
    """A status holds since it began to, not since something else of the entry was changed."""
    answer = said(visit(f"/public/entries/{made.entries['NEW-2']}")).one("div", class_="answer").text()
    assert answer.endswith("Listed since 2 March 2026.")
    answer = said(visit(f"/public/entries/{made.entries['AGAIN-1']}")).one("div", class_="answer").text()
    assert answer.endswith("Listed since 30 March 2026.")


def test_nothing_of_a_case_is_shown(visit, made):
    """No id of it, no token but the certificate's, no path of a field."""
    for name in ("NEW-2", "SP-1"):
        for path in (f"/public/entries/{made.entries[name]}", f"/v/{made.tokens[name]}", "/public?q=" + name):
            text = visit(path).text
            assert made.cases[name] not in text
            assert "applicant." not in text


def test_every_language_has_its_address(visit, site):
    """`?lang=` is before what the browser prefers, stays in links, and keeps what was looked for; hreflang names both."""
    page = said(visit("/public?q=valve&lang=ru", language="en"))
    assert page.one("html").marks["lang"] == "ru"
    assert page.one("input", name="lang").marks["value"] == "ru"
    assert all("lang=ru" in line.one("a").marks["href"] for line in page.one("ol", class_="entries").all("li"))
    others = {link.marks["hreflang"]: link.marks["href"] for link in page.all("link", rel="alternate")}
    assert others == {"en": "public?q=valve&lang=en", "ru": "public?q=valve&lang=ru"}
    english = said(visit("/" + others["en"], language="ru"))
    assert english.one("html").marks["lang"] == "en"
    assert [link.text() for link in english.one("nav", class_="languages").all("a")] == ["English", "Русский"]


def test_links_lead_somewhere(visit, site, made):
    """Every link and form of every page answers, wherever the pages are put by a proxy: none begins with a slash."""
    seen, todo = set(), [f"{site}/public", f"{site}/v/{made.tokens['SP-1']}", f"{site}/public?q=sp-1&lang=ru"]
    todo += [f"{site}/public/entries/nothing", f"{site}/public/nothing/at/all"]
    while todo:
        address = todo.pop()
        if address in seen or len(seen) > 60:
            continue
        seen.add(address)
        answer = visit(address.removeprefix(site))
        assert answer.status_code == (404 if "nothing" in address else 200), address
        page = read(answer.text)
        found = [one.marks["href"] for name in ("a", "link") for one in page.all(name)]
        found += [form.marks["action"] for form in page.all("form")]
        assert [link for link in found if link.startswith("/") or "//" in link] == []
        todo += [urljoin(address, link) for link in found if not link.startswith("#")]
    assert len(seen) > 20


def test_headers(visit, made):
    """No script, nothing from elsewhere, the one style by its hash; kept by nobody, told to nobody."""
    for path in ("/public", f"/v/{made.tokens['SP-1']}", "/public/verify", "/v/nothing"):
        answer = visit(path)
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert answer.headers["content-security-policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-language"] == "en"
        assert answer.headers["vary"] == "Accept, Accept-Language"
        assert "<script" not in answer.text


def test_the_pages_are_in_what_is_built(tmp_path):
    """Templates, words and style go with the program."""
    from hatchling.builders.wheel import WheelBuilder

    from tests.docs.documents import ROOT

    names = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    here = ROOT / "api" / "pages"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("templates/*", "words/*.toml", "*.py")
        for path in here.glob(pattern)
    }
    assert len(wanted) > 15
    assert wanted <= names


def test_a_check_is_of_one_moment(made, monkeypatch):
    """The answer and what stands below it come from one look: the store is read once."""
    looks = []
    real = made.store.read
    monkeypatch.setattr(made.store, "read", lambda work: looks.append(work) or real(work))
    made.services.public.check(made.tokens["SP-1"])
    made.services.public.entry(made.entries["SP-1"])
    assert len(looks) == 2


def test_a_huge_page_is_bounded(visit, made):
    """Ten thousand characters of a name are cut in a list, in a heading, and with a word of it in the facts."""
    page = visit(f"/public/entries/{made.entries['unbroken']}").text
    assert len(page) < 40_000
    assert "10000 characters in all" in page
    assert len(visit("/public?q=ш").text) < 40_000
    assert UNBROKEN not in page
    assert json.dumps(UNBROKEN) not in page
