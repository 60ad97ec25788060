"""Names, addresses and headers that mean it ill: escaped, apart, bounded, and never a 500."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pages.reading import read
from tests.pages.register import CONTROLS, LONG, MARKUP, REVERSED

ACTING = "\x00\x07\x1b\x7f\x85\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


@pytest.mark.parametrize("name", ["markup", "reversed", "controls", "long", "unbroken"])
def test_names_that_mean_it_ill(visit, made, name):
    """On every page on which they stand: as text, in an element of its own, without characters that act."""
    holder = {"markup": MARKUP, "reversed": REVERSED, "controls": CONTROLS, "long": LONG}.get(name, "Х" * 100)
    number = made.entries[name]
    for path in (f"/public/entries/{number}", f"/v/{made.tokens[name]}", "/public"):
        for language in ("en", "ru"):
            answer = visit(path, language=language)
            assert answer.status_code == 200
            page = read(answer.text)  # every element ends where it should
            assert not set(answer.text) & set(ACTING)
            start = " ".join("".join(sign for sign in holder if sign not in ACTING).split())[:20]
            assert any(bdi.text().startswith(start) for bdi in page.all("bdi")), path
            assert page.all("script") == page.all("b") == page.all("i") == []


def test_a_search_for_what_means_it_ill(visit):
    """What was looked for stands in its field again, and nowhere else."""
    for text in (
        MARKUP,
        REVERSED,
        '"><script>alert(1)</script>',
        "' onfocus=alert(1) autofocus='",
        "{{ 7*7 }}",
        "%s%n",
    ):
        answer = visit(f"/public?q={quote(text)}&designation={quote(text)}")
        page = read(answer.text)
        shown = page.one("input", id="q").marks
        assert set(shown) <= {"id", "name", "type", "value", "autocomplete", "aria-describedby"}
        assert page.all("script") == []
        assert "49" not in shown["value"]


NULS = ["/public?q=a%00b", "/public/entries/%00", "/v/%00", "/public?lang=%00", "/public/verify?x=%00"]


@pytest.mark.parametrize("path", NULS)
def test_no_database_is_asked_for_a_nul(visit, path):
    """422 in a page of ours."""
    answer = visit(path, language="ru")
    assert answer.status_code == 422
    assert read(answer.text).one("h1").text() == "Так искать нельзя"


@pytest.mark.parametrize(
    "path",
    [
        "/public?q=%ff%fe",
        "/public?q=%ed%a0%80",
        "/public?q=" + "%F0%9F%92%A3" * 50,
        "/public?q=" + "a+" * 100,
        "/public?on=9999-99-99",
        "/public?on=2026-02-30",
        "/public?on=%D9%A2%D9%A0%D9%A2%D9%A6-01-01",
        "/public?cursor=-1",
        "/public?cursor=99999999999999999999",
        "/public?cursor=%D9%A3",
        "/public?q=a&q=b&q=c",
        "/public?lang=ru&lang=en",
        "/public?designation=" + "x" * 4001,
        "/public/entries/..%2f..%2fetc",
        "/public/entries/%E2%80%AEx",
        "/public/entries/" + "x" * 4000,
        "/v/" + "x" * 4000,
        "/v/%20",
        "/public/",
        "/public//",
        "/public/verify/",
        "/public?fbclid=x&utm_source=y&ysclid=z",
        "/public?" + "&".join(f"x{n}=1" for n in range(500)),
    ],
)
def test_addresses_that_nobody_meant(visit, path):
    """A page, or a refusal that is one; none that breaks it."""
    answer = visit(path, follow_redirects=True)
    assert answer.status_code in {200, 404, 422}
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    read(answer.text)


@settings(max_examples=150, suppress_health_check=[*HealthCheck])  # nothing is changed by a look
@given(
    st.dictionaries(
        st.sampled_from(["q", "designation", "tax_id", "code", "on", "cursor", "lang", "x"]),
        st.text(st.characters(codec="utf-8"), max_size=60),
    )
)
def test_whatever_is_looked_for(visit, query):
    """No 500, and a whole page."""
    answer = visit("/public", params=query)
    assert answer.status_code in {200, 422}
    read(answer.text)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "ru;q=,;;,=,en;q=NaN"},
        {"Accept-Language": "\xff\xfe"},
        {"Accept": "text/html;q=inf"},
        {"Accept": "text/html," + "x/y," * 3000},
        {"X-Forwarded-For": "<script>"},
        {"X-Forwarded-For": "::ffff:192.0.2.1, nonsense"},
        {"X-Forwarded-For": "fe80::1%eth0"},
        {"X-Forwarded-Proto": "javascript"},
        {"Host": "evil.example"},
    ],
)
def test_headers_that_nobody_meant(visit, headers):
    """They change nothing; no address on a page is made of them."""
    answer = visit("/public?q=valve", headers={name: value.encode("latin-1") for name, value in headers.items()})
    assert answer.status_code == 200
    assert "evil" not in answer.text
