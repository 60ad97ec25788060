"""Facts as people read them, and somebody's text made harmless."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from api.pages.facts import MOST_ITEMS, MOST_TEXT, Shown, Telling
from api.pages.language import words
from api.pages.rendering import fill, line, short, theirs
from engine.core.naming import Field, Text
from engine.core.types import TEXT, Kind, Type
from tests.pages.register import CONTROLS, MARKUP, REVERSED

MOSCOW = ZoneInfo("Europe/Moscow")


def telling(language="en", **fields):
    """In one language."""
    return Telling(words(language), language, MOSCOW, fields)


@pytest.mark.parametrize(
    ("value", "en", "ru"),
    [
        (date(2026, 5, 12), "12 May 2026", "12 мая 2026 г."),
        (datetime(2026, 5, 12, 21, 30, tzinfo=UTC), "13 May 2026, 00:30 (UTC+3)", "13 мая 2026 г., 00:30 (UTC+3)"),
        (True, "yes", "да"),
        (False, "no", "нет"),
        (0, "0", "0"),
        (20_000, "20000", "20000"),
        (Decimal("1234567.50"), "1,234,567.50", "1 234 567,50"),
        (Decimal("1E+3"), "1,000", "1 000"),
        ({"amount": Decimal("10.5"), "currency": "RUB"}, "10.5 RUB", "10,5 RUB"),
    ],
)
def test_values_as_people_write_them(value, en, ru):
    """Days and numbers, in both languages."""
    for language, said in (("en", en), ("ru", ru)):
        assert telling(language).value(value).text.replace("\u00a0", " ") == said


def test_what_says_nothing_is_not_shown():
    """No label without a value."""
    rows = telling().rows({"holder": "", "scope": (), "code": None, "standard": {}, "tax_id": "1"})
    assert [row.name for row in rows] == ["tax_id"]


def test_labels_and_their_order():
    """The usual facts first, by the usual words; others by their names; the workflow's own title where there is one."""
    own = Field("product.size", TEXT, title=Text((("en", "Size, mm"), ("ru", "Размер, мм"))))
    plain = Field("applicant.name", TEXT, title=Text((("", "Applicant"),)))
    facts = {"pressure_class": "A", "size": "5", "holder": "x", "valid_until": date(2026, 1, 1)}
    said = {
        language: [row.label for row in telling(language, size=own, holder=plain).rows(facts)]
        for language in ("en", "ru")
    }
    assert said["en"] == ["Holder", "Valid until", "Pressure class", "Size, mm"]
    assert said["ru"] == ["Держатель", "Действует по", "Pressure class", "Размер, мм"]


def test_a_choice_is_said_by_its_option():
    """In the reader's language; one that is not there any more as it is."""
    kind = Type(Kind.CHOICE, options=("gate",))
    own = Field("product.kind", kind, options={"gate": Text((("en", "gate valve"), ("ru", "задвижка")))})
    assert telling("ru", kind=own).value("gate", own).text == "задвижка"
    assert telling("ru", kind=own).value("globe", own).text == "globe"


def test_values_inside_values():
    """Rows and lists, a list of one as that one; what is endless ends."""
    shown = telling().value(({"item_id": "A", "net_weight": 5}, {"item_id": "B"}))
    assert [[row.label for row in item.rows] for item in shown.items] == [["Item", "Net weight"], ["Item"]]
    assert telling().value(("one",)) == Shown("one", theirs=True)
    many = telling().value(tuple(range(MOST_ITEMS + 7)))
    assert (len(many.items), many.items[-1].text) == (MOST_ITEMS + 1, "… and 7 more")
    deep = "x"
    for _ in range(50):
        deep = {"in": (deep, deep)}
    assert "…" in str(telling().value(deep))
    assert len(str(telling().rows({f"f{n}": "x" for n in range(10_000)}))) < 50_000


def test_a_long_text_is_cut_and_says_so():
    """With how long it is."""
    said = telling().value("x" * 10_000).text
    assert said.startswith("x" * MOST_TEXT + "…")
    assert "10000 characters" in said
    assert telling().value("x" * MOST_TEXT).text == "x" * MOST_TEXT


@pytest.mark.parametrize("shown", [theirs, line])
def test_somebodys_text_is_apart(shown):
    """Escaped, isolated, without characters that act."""
    assert shown(MARKUP).startswith("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;Bold &amp; Co")
    assert shown(REVERSED) == "<bdi>Valve gnp.exe שלום שלום עולם Ltd</bdi>"
    assert not any(sign in shown(CONTROLS) for sign in "\x07\x1b\x85\ufeff")
    assert len(line("x" * 10_000)) < 200
    assert short("a\nb <b>") == "a b <b>"


def test_sentences_are_filled_in():
    """Values are escaped, whatever they look like; without one that is needed nothing is said; one full stop is enough."""
    assert fill("a {x} b", x="<i>{y}</i>") == "a &lt;i&gt;{y}&lt;/i&gt; b"
    assert fill("a {x}", x=Markup("<bdi>y</bdi>")) == "a <bdi>y</bdi>"
    assert fill("since {x}.", x="") == ""
    assert fill("from {x}", x="1", unused="") == "from 1"
    assert fill("с {x}. Да", x="1 мая 2026 г.") == "с 1 мая 2026 г. Да"
