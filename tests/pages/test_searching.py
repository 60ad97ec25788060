"""The search over real HTTP: what is found, how it stands on the day, and a form that is not right."""

from __future__ import annotations

import pytest

from tests.pages.reading import said


def titles(page):
    """Of the entries found."""
    return [line.one("h3").text() for line in page.one("ol", class_="entries").inside if not isinstance(line, str)]


def test_the_search(visit):
    """By beginnings of words, exactly by designation, tax id and code, and all of them together."""
    assert titles(said(visit("/public?q=огнивский"))) == ["ЗКЛ2 50-40"]
    assert titles(said(visit("/public?designation=NEW-2"))) == ["NEW-2"]
    assert titles(said(visit("/public", params={"tax_id": " 7801234567 ", "q": "sp-"}))) == ["SP-1"]
    assert len(titles(said(visit("/public?code=28.14.13")))) == 20
    for nothing in ("q=nobody", "tax_id=1", "designation=NEW", "code=1", "q=sp-1&code=2"):
        page = said(visit(f"/public?{nothing}"))
        assert "Nothing was found" in page.one("section").text()


def test_a_line_of_the_list(visit):
    """What it is, whose, how it stands in words and by a mark, and until when; it leads to the entry."""
    (line,) = said(visit("/public?q=sp-1")).one("ol", class_="entries").all("li")
    assert line.one("a").marks["href"] == "public/entries/R-000012"
    assert line.one("span", class_="badge held").text() == "Suspended"
    assert line.rows() == {
        "№": "R-000012",
        "Tax ID": "7801234567",
        "Product code": "28.14.13",
        "Valid until": "1 March 2029",
    }


def test_on_another_day(visit):
    """As the register stood at its end; today's line says the moment."""
    page = said(visit("/public?q=sp-1&on=2026-03-09"))
    assert page.one("ol", class_="entries").one("span", class_="badge").text() == "In the register"
    assert page.one("p", class_="as-of").text() == (
        "As the register stood at the end of 9 March 2026, by all that was known on 30 March 2026, 09:00 (UTC+3)."
    )
    assert said(visit("/public")).one("p", class_="as-of").text() == (
        "As the register stood on 30 March 2026, 09:00 (UTC+3)."
    )
    assert "Nothing was found" in visit("/public?q=sp-1&on=2026-03-01").text
    assert titles(said(visit("/public?q=sp-1&on=31.12.2026"))) == ["SP-1"]


def test_a_list_says_what_may_be_acted_on(visit):
    """An entry that is listed, but before its first day or after its last, is not shown as good."""
    for name, words, tone in (
        ("early-1", "Not valid yet", "held"),
        ("lapsed-1", "Expired", "ended"),
        ("part-1", "Partly suspended", "held"),
    ):
        line = said(visit(f"/public?q={name}")).one("ol", class_="entries")
        assert line.one("span", class_=f"badge {tone}").text() == words
    line = said(visit("/public?q=lapsed-1&on=2026-03-05")).one("ol", class_="entries")
    assert line.one("span", class_="badge good").text() == "In the register"


def test_pages_of_a_list(visit):
    """Twenty at a time, each once, and back to the first; what was looked for is kept on the way."""
    page = said(visit("/public?code=99.99&lang=ru&utm_source=letter"))
    first = titles(page)
    (onward,) = page.one("nav", class_="paging").all("a")
    assert "utm" not in onward.marks["href"]
    page = said(visit("/" + onward.marks["href"]))
    assert page.one("html").marks["lang"] == "ru"
    second = titles(page)
    assert sorted(first + second) == sorted(f"Pump {number}" for number in range(1, 26))
    assert len(first) == 20
    (back,) = page.one("nav", class_="paging").all("a")
    assert titles(said(visit("/" + back.marks["href"]))) == first


@pytest.mark.parametrize(
    ("query", "field"), [("on=yesterday", "on"), ("on=0001-01-01", "on"), (f"q={'x' * 201}", "q"), ("on=1", "on")]
)
def test_a_form_that_is_not_right(visit, query, field):
    """422, the form again with what was said, and the complaint at its field."""
    answer = visit(f"/public?{query}&tax_id=42")
    assert answer.status_code == 422
    page = said(answer)
    wrong = page.one("input", id=field)
    assert wrong.marks["aria-invalid"] == "true"
    assert f"{field}-wrong" in wrong.marks["aria-describedby"]
    assert page.one("p", id=f"{field}-wrong").text()
    assert page.one("input", id="tax_id").marks["value"] == "42"
    assert "open" in page.one("details").marks


def test_a_form_as_a_browser_sends_it(visit):
    """With every field, most of them blank."""
    assert titles(said(visit("/public?q=SP-1&designation=&tax_id=&code=&on=&cursor="))) == ["SP-1"]
