"""Pages from our own templates: the second owner of Jinja2, which escapes everything and knows no missing value (ADR 0020).

Templates that others write are letters; those are adapters/templates.py's, in a sandbox. Nothing of a workflow or of a
request is ever a template here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.pages.language import words
from engine.core.plain import one_line, plain

if TYPE_CHECKING:
    from api.pages.frame import Frame

_TEMPLATES = Path(__file__).with_name("templates")
MOST_LINE = 160
"""Characters of somebody's name in a heading or a list; the page of an entry has the rest."""


def page(template: str, frame: Frame, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page in the frame's language."""
    said = _environment().get_template(template).render(w=words(frame.language), frame=frame, **values)
    headers = {
        "Content-Security-Policy": _policy(),
        "Content-Language": frame.language,
        "Vary": "Accept, Accept-Language",
    }
    return HTMLResponse(said, status_code=status, headers=headers)


class Items(Environment):
    """Names of maps are their members only: `w.search.clear` is a word, and no method of a dict."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A member of a map, or what anything else has under this name."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


@lru_cache
def _environment() -> Environment:
    made = Items(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"fill": fill, "theirs": theirs, "line": line, "short": short}
    made.globals |= {"style": Markup(_style()), "name_of": name_of}  # noqa: S704  (our own file)
    return made


def fill(text: str, **values: object) -> Markup:
    """One of our sentences with values in it, each of them escaped; none where a value that it needs is blank.

    A Russian year brings its own full stop.
    """
    if any(name is not None and values[name] == "" for _, name, _, _ in Formatter().parse(text)):
        return Markup()
    return escape(text).format(**values).replace("г..", "г.")


def theirs(text: object) -> Markup:
    """Somebody's text: harmless, and apart from what is around it, whichever way its letters run."""
    return Markup("<bdi>{}</bdi>").format(plain(str(text)))


def line(text: object, most: int = MOST_LINE) -> Markup:
    """The same on one line, cut where it is long."""
    return Markup("<bdi>{}</bdi>").format(one_line(str(text), limit=most))


def short(text: object) -> str:
    """The same for places that take no marks: the title of a window, a field of a form."""
    return one_line(str(text), limit=MOST_LINE)


def name_of(language: str) -> str:
    """What a language calls itself."""
    return str(words(language)["name"])


@lru_cache
def _style() -> str:
    return (_TEMPLATES / "pages.css").read_text(encoding="utf-8")


@lru_cache
def _policy() -> str:
    """No script, nothing from elsewhere, no other style than ours, and forms for ourselves only."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
