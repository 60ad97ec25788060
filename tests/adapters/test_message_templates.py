"""Message templates: every letter that ships, what is refused, and how days are said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.templates import MAX_OUTPUT, MessageTemplates
from engine.errors import DeliveryFailed
from engine.service.bundles import read_templates

FOLDER = Path(__file__).parents[2] / "workflows" / "templates"
SOURCES = read_templates(FOLDER)
LETTERS = sorted(name for name in SOURCES if name.endswith(".txt"))
NAMES = sorted({name.split(".")[0] for name in LETTERS})

MINIMAL: dict[str, Any] = {
    "case": {"number": "Q-2026-000001", "id": "c1", "workflow": "qualification", "title": "Product qualification"},
    "data": {},
    "event": {"name": "submit"},
    "actor": {"name": "Ana Sample", "party": None},
    "to": {"name": "Zoe Example", "locale": "en"},
    "state": {"title": "Requirements check", "path": "assessment.requirements_check"},
    "link": "https://milepost.example/cases/c1",
}
RICH: dict[str, Any] = MINIMAL | {
    "data": {
        "applicant": {"legal_name": "Sample Valves LLC", "tax_id": "4027000001"},
        "product": {"designation": "Z-50", "name": "Gate valve"},
        "intake": {"missing": ("process chart", "quality plan")},
        "requirements": {"clauses": ({"id": "4.1", "source": "STO 1", "verdict": "not_met"}, {"id": "4.2"})},
        "agreement": {"scheme": "3", "team": ({"id": "p1", "name": "Eve Auditor"}, {"id": "p2"})},
        "decision": {"reasons": "The sealing failed at 1.5 PN."},
        "campaign": {"region": "Zarechny", "year": 2026},
        "appeal": {"hearing_on": datetime(2026, 6, 1, 7, 30, tzinfo=UTC)},
        "surveillance": {
            "due_on": date(2027, 5, 12),
            "visit_from": date(2027, 4, 1),
            "visit_to": date(2027, 4, 2),
            "findings": ({"finding_id": "N1", "grade": "major"}, {"finding_id": "N2", "closed": True}),
        },
        "certificate": {"number": "OGN1.RU.0001.P00001-38", "valid_until": date(2029, 5, 11)},
        "register": {"entry_no": "R-00001"},
    },
    "event": {
        "name": "request_corrections",
        "reasons": "Drawing rev. F is missing.",
        "effective_from": date(2026, 5, 1),
    },
    "deadline": {"name": "decide", "title": "Answer", "due": datetime(2026, 5, 12, 21, tzinfo=UTC), "term": "10 days"},
    "turn": "Manufacturer",
    "children": ({"number": None, "key": "1", "ended": False}, {"number": "Q-3", "key": "2", "ended": True}),
}


def _one(body: str, *, subject: str = "Subject: s") -> MessageTemplates:
    return MessageTemplates({"t.en.txt": f"{subject}\n\n{body}"}, zone="Europe/Moscow")


def _rendered(body: str, **values: Any) -> str:
    return _one(body).render("t", "en", values)[1]


def _refusal(body: str, **values: Any) -> str:
    with pytest.raises(DeliveryFailed) as caught:
        _rendered(body, **values)
    assert caught.value.retry_after is None
    return str(caught.value)


@pytest.mark.parametrize("file", LETTERS)
@pytest.mark.parametrize("values", [MINIMAL, RICH], ids=["minimal", "rich"])
def test_shipped(file: str, values: dict[str, Any]) -> None:
    """Every shipped letter is in both locales, has no fault, and reads well with all values and with hardly any."""
    name, locale, _ = file.split(".")
    templates = MessageTemplates(SOURCES, zone="Europe/Moscow")
    assert templates.check(name) == []
    subject, text = templates.render(name, locale, values)
    assert 10 < len(subject) <= 250
    assert "Zoe Example" in text
    assert "https://milepost.example/cases/c1" in text
    assert "Q-2026-000001" in text
    assert "\n\n\n" not in text
    assert not any(
        bad in subject + text for bad in ("{", "}", "  ", " ,", " .", "..", "None", "Undefined", "()", "\n.")
    )
    assert all(len(line) < 200 for line in text.splitlines())


def test_locales_are_complete() -> None:
    """What ships in English ships in Russian too."""
    assert {f"{name}.{tag}.txt" for name in NAMES for tag in ("en", "ru")} == set(LETTERS)


def test_last_day_is_shown() -> None:
    """A deadline at an exclusive midnight shows the day that ends there, in the case's zone and the reader's words."""
    due = datetime(2026, 5, 12, 21, tzinfo=UTC)
    values = {"due": due, "day": date(2026, 5, 1)}
    source = "Subject: {{ due | day }}\n\n{{ day | day }}, {{ due | moment }}\n"
    templates = MessageTemplates({"t.en.txt": source, "t.ru.txt": source}, zone="Europe/Moscow")
    assert templates.render("t", "en", values) == ("12 May 2026", "1 May 2026, 13 May 2026, 00:00 (UTC+3)\n")
    assert templates.render("t", "ru-RU", values)[0] == "12 мая 2026 г."
    asia = {**values, "case": {"timezone": "Asia/Vladivostok"}}
    assert templates.render("t", "en", asia)[0] == "13 May 2026"


def test_due_says_day_or_minute() -> None:
    """A term of days is due by the end of its last day, that day included; any other one by its minute."""
    values = {"whole": date(2026, 1, 30), "minute": datetime(2026, 1, 30, 15, tzinfo=UTC)}
    source = "Subject: {{ whole | due }}\n\n{{ minute | due }}\n"
    templates = MessageTemplates({"t.en.txt": source, "t.ru.txt": source}, zone="Europe/Moscow")
    assert templates.render("t", "en", values) == ("the end of 30 January 2026", "30 January 2026, 18:00 (UTC+3)\n")
    assert templates.render("t", "ru", values) == (
        "30 января 2026 г. включительно",
        "30 января 2026 г., 18:00 (UTC+3)\n",
    )


def test_locale_falls_back() -> None:
    """The locale asked for, else its language, else English, else any."""
    templates = MessageTemplates({f"t.{tag}.txt": f"Subject: {tag}\n\nx" for tag in ("ru", "en")})
    assert [templates.render("t", tag, {})[0] for tag in ("ru", "ru_RU", "de")] == ["ru", "ru", "en"]
    assert MessageTemplates({"t.ru.txt": "Subject: ru\n\nx"}).render("t", "de", {})[0] == "ru"


@pytest.mark.parametrize("body", ["{{ data.product.name }}", "{{ data.nothing.at.all }}", "{{ nobody }}", "{{ none }}"])
def test_missing_value(body: str) -> None:
    """A value that is not there stops the letter and is named; it never leaves a gap."""
    message = _refusal(body, data={"product": {}}, none=None)
    assert "t.en.txt:3" in message
    assert body in message


def test_given() -> None:
    """`is given` and `is defined` may be asked at any depth; a member named like a method is the member."""
    assert _rendered("{% if a.b.c is given %}x{% else %}y{% endif %}", a={}) == "y\n"
    assert _rendered("{% if a.b is defined and a.b %}x{% else %}y{% endif %}", a={"b": ""}) == "y\n"
    assert (
        _rendered("{{ p.items | length }} {{ p.price }}", p={"items": [1, 2], "price": Decimal("1.50")}) == "2 1.50\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__ }}",
        "{{ x['__class__'] }}",
        "{{ x | attr('upper') }}",
        "{{ x | map(attribute='__class__') | first }}",
        "{{ x.upper }}",
        "{{ x.upper() }}",
        "{{ range(9) }}",
        "{{ x * 100000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ x ~ x }}",
        "{{ x + x }}",
        "{{ '%99999999d' % 1 }}",
        "{{ x | center(999999999) }}",
        "{{ x | replace('a', 'aaaaaaaa') }}",
        "{% set y = x %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 't' %}",
        "{% import 'os' as os %}",
        "{% for a in x recursive %}{% endfor %}",
        "{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in l %}{% for b in l %}{{ x }}{% endfor %}{% endfor %}",
        "{{ l }}",
        "{{ x | day }}",
        "{% if %}",
    ],
)
def test_refused(body: str) -> None:
    """What reaches outside, multiplies or never ends is refused, and says why."""
    assert "t.en.txt" in _refusal(body, x="abc" * 10, l=list(range(500)))


def test_check() -> None:
    """`check` names the faults without values: an unknown name, a bad first line, a syntax error, a forbidden word."""
    assert _one("fine").check("t") == []
    assert _one("fine").check("other") == ["no template 'other'; there are: t"]
    assert "begin with the line 'Subject: …'" in _one("x", subject="Dear all").check("t")[0]
    assert "t.en.txt:4" in _one("\n{% if x %}").check("t")[0]
    assert "'Call' is not for letters" in _one("{{ x() }}").check("t")[0]


def test_bounds() -> None:
    """A value larger than a letter may be is refused; what is hidden in a value is taken out; a subject is one line."""
    assert "grows beyond" in _refusal("{{ x }}", x="я" * MAX_OUTPUT)
    assert _rendered("{{ x }}", x="a\x00b\u202ec\x1b[31m\r\nd") == "abc[31m\nd\n"
    subject, _ = _one("x", subject="Subject: {{ x }}").render("t", "en", {"x": "a\r\nBcc: eve@example.org" + "y" * 900})
    assert subject.startswith("a Bcc: eve@example.org")
    assert len(subject) == 250


ENGLISH = '{{ n }} {{ n | plural(one="page", other="pages") }}'
RUSSIAN = '{{ n }} {{ n | plural(one="страница", few="страницы", many="страниц") }}'


@pytest.mark.parametrize(
    ("locale", "body", "said"),
    [
        ("en", ENGLISH, ["0 pages", "1 page", "2 pages", "11 pages", "21 pages", "1000000 pages"]),
        ("ru", RUSSIAN, ["0 страниц", "1 страница", "2 страницы", "11 страниц", "21 страница", "1000000 страниц"]),
    ],
)
def test_plural(locale: str, body: str, said: list[str]) -> None:
    """The form that a language asks for, by Unicode's rules."""
    templates = MessageTemplates({f"t.{locale}.txt": f"Subject: s\n\n{body}\n"})
    assert templates.check("t") == []
    numbers = (0, 1, 2, 11, 21, 1_000_000)
    assert [templates.render("t", locale, {"n": n})[1].strip() for n in numbers] == said
    assert templates.render("t", locale, {"n": Decimal(2)})[1].strip() == said[2]
    with pytest.raises(DeliveryFailed, match="whole numbers"):
        templates.render("t", locale, {"n": Decimal("1.5")})
    with pytest.raises(DeliveryFailed, match="no value for 'n'"):
        templates.render("t", locale, {})


@pytest.mark.parametrize(
    ("locale", "body", "why"),
    [
        ("ru", ENGLISH, "needs in 'ru' also: few, many in: "),
        ("en", '{{ n | plural(one="page") }}', "needs in 'en' also: other"),
        ("en", '{{ n | plural("page", "pages") }}', "takes words by their forms"),
        ("en", '{{ n | plural(one="page", others="pages") }}', "takes words by their forms"),
        ("en", '{{ n | plural(one=x, other="pages") }}', "takes words by their forms"),
        ("tlh", ENGLISH, "nothing is known of the plurals of 'tlh'"),
    ],
)
def test_plural_that_lacks_a_form(locale: str, body: str, why: str) -> None:
    """Found before a letter is sent, with its line."""
    (problem,) = MessageTemplates({f"t.{locale}.txt": f"Subject: s\n\nDear\n{body}\n"}).check("t")
    assert why in problem
    assert problem.startswith(f"template t.{locale}.txt:4: " if locale != "tlh" else "template t.tlh.txt: ")
