"""The pages over both databases, in a file and in a server."""

from __future__ import annotations

from tests.api.conftest import anywhere, listening  # noqa: F401
from tests.pages.reading import read

HTML = {"Accept": "text/html", "Accept-Language": "ru"}


def test_from_the_search_to_the_certificate(anywhere):  # noqa: F811
    """Found by a word, followed to its entry and on to its certificate; a draft is nowhere."""
    case = anywhere.listed()
    anywhere.open("boris", {"applicant": {"tax_id": "9999999999"}, "product": {"designation": "W-1"}})
    client = anywhere.as_(**HTML)
    found = read(client.get("/public?q=v-1&tax_id=1234567890").text)
    (line,) = found.one("ol", class_="entries").all("li")
    entry = read(client.get("/" + line.one("a").marks["href"]).text)
    assert entry.one("h1").text() == "V-1"
    assert entry.one("p", class_="said").text() == "В реестре"
    onward = next(link.marks["href"] for link in entry.one("main").all("a") if "v/" in link.marks["href"])
    check = read(client.get("/" + onward.removeprefix("../../")).text)
    assert check.one("p", class_="said").text() == "Сертификат сегодня действует"
    assert anywhere.send("oleg", case["id"], "withdraw").status_code == 200
    check = read(client.get("/" + onward.removeprefix("../../")).text)
    assert check.one("p", class_="said").text() == "Сертификат отозван"
    for nothing in ("q=w-1", "tax_id=9999999999", "designation=W-1", "q=v-1&on=2026-03-01", "cursor=1"):
        assert "Ничего не найдено" in client.get(f"/public?{nothing}").text
    assert client.get("/public/entries/%00").status_code == 422
