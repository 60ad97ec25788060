"""Refusals on the pages: in the reader's language, for programs as problems, and how much an address may ask."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.limits import Doors, Rate
from engine.errors import Unavailable
from tests.pages.reading import read


@pytest.mark.parametrize(
    ("path", "status", "en", "ru"),
    [
        ("/v/nothing", 404, "No certificate is known here", "Сертификат не найден"),
        ("/public/entries/nothing", 404, "There is no such entry", "Такой записи нет"),
        ("/public/nothing", 404, "There is no such page", "Такой страницы нет"),
        ("/public?q=%00", 422, "That cannot be looked for", "Так искать нельзя"),
        ("/public?cursor=x", 422, "That cannot be looked for", "Так искать нельзя"),
    ],
)
def test_refusals_are_pages(visit, path, status, en, ru):
    """In the reader's language, with a way on; for programs they are problems as everywhere."""
    for language, heading in (("en", en), ("ru", ru)):
        answer = visit(path, language=language)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        page = read(answer.text)
        assert (page.one("h1").text(), page.one("html").marks["lang"]) == (heading, language)
        assert len(page.one("main").all("a")) == 2
    problem = visit(path, accept="*/*")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == status


def test_other_refusals_stay_as_they_are(visit):
    """A browser at an address of the API reads what programs read."""
    assert visit("/cases").headers["content-type"] == "application/problem+json"
    assert visit("/publications").headers["content-type"] == "application/problem+json"


def test_a_page_that_is_asked_for_wrongly(visit):
    """405 is a page too, and says in its head what is allowed."""
    answer = visit("/public", method="POST")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert "This page is not asked for in this way" in answer.text


def test_the_store_is_away(visit, made, monkeypatch):
    """503 as a page, which says when to come again."""

    def away(*_, **__):
        raise Unavailable("the store is busy", retry_after=7)

    monkeypatch.setattr(made.store, "read", away)
    answer = visit("/public", language="ru")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert "Сейчас недоступно" in answer.text
    assert visit("/public", accept="*/*").json()["type"] == "urn:milepost:problem:unavailable"


def test_too_much_from_one_address(visit, made, listening):
    """429 as a page with when to go on; other addresses go on, and a proxy's word for them is taken from here only."""
    doors = Doors(visits=Rate(1, ticks=lambda: 50.0))
    listening.app = create_app(made.services, version="test", doors=doors)
    asked = [visit("/public/verify", headers={"X-Forwarded-For": "192.0.2.1"}) for _ in range(8)]
    refused = [answer for answer in asked if answer.status_code == 429]
    assert [answer.status_code for answer in asked[:4]] == [200] * 4
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert "Too many questions at once" in refused[0].text
    assert f"Wait {refused[0].headers['retry-after']} s" in refused[0].text
    assert visit("/public/verify", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 200
    for path in ("/public", f"/v/{made.tokens['SP-1']}", "/public/entries/R-000001"):
        assert visit(path, headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 429
    network = [visit("/public", headers={"X-Forwarded-For": f"2001:db8::{n:x}"}).status_code for n in range(8)]
    assert 429 in network
    assert visit("/public", headers={"X-Forwarded-For": "2001:db8:0:1::1"}).status_code == 200
    problem = visit("/public", headers={"X-Forwarded-For": "192.0.2.1"}, accept="*/*")
    assert problem.json()["type"] == "urn:milepost:problem:too-many-requests"
