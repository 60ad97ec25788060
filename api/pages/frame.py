"""What is around a page: its language, the same page in the other ones, and where links lead from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from api.pages.language import LANG, LANGUAGES, language_of

if TYPE_CHECKING:
    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Frame:
    """`root` leads from the page to the address under which all of them are, whatever a proxy puts before it."""

    language: str
    chosen: bool
    root: str
    here: str
    query: tuple[tuple[str, str], ...]

    def to(self, *parts: str, **query: str) -> str:
        """The address of a page, in the language that was chosen, if one was."""
        return self._in(self.root + "/".join(quote(part, safe="") for part in parts), query, self.language, self.chosen)

    def others(self) -> tuple[tuple[str, str], ...]:
        """(language, address) of this page in every language."""
        return tuple((name, self._in(self.here, dict(self.query), name, chosen=True)) for name in LANGUAGES)

    def again(self, **query: str) -> str:
        """This page with other members in its query."""
        return self._in(self.here, dict(self.query) | query, self.language, self.chosen)

    def _in(self, path: str, query: dict[str, str], language: str, chosen: bool) -> str:
        said = {name: value for name, value in query.items() if value} | ({LANG: language} if chosen else {})
        return f"{path}?{urlencode(said)}" if said else path


def frame_of(request: Request, known: tuple[str, ...] = ()) -> Frame:
    """The frame of the page that a request asks for; `known` are the members of its query that links keep."""
    asked = request.query_params
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    root = "../" * (path.count("/") - 1)
    return Frame(
        language=language_of(asked.get(LANG), request.headers.get("accept-language", "")),
        chosen=asked.get(LANG) in LANGUAGES,
        root=root,
        here=root + path.lstrip("/"),
        query=tuple((name, asked[name]) for name in known if asked.get(name)),
    )
