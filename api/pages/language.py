"""In which language a page speaks, and all its words: one file a language, in words/."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ru")
"""The first one is for those who ask for none of them."""
LANG = "lang"
"""The query parameter by which a reader chooses."""
_WORDS = Path(__file__).with_name("words")
MOST_CHOICES = 40


@lru_cache
def words(language: str) -> dict[str, Any]:
    """What the pages say in a language, by part and name."""
    with (_WORDS / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def language_of(chosen: str | None, accepted: str) -> str:
    """The language of `?lang=`, else the one that Accept-Language likes best of ours."""
    if chosen in LANGUAGES:
        return chosen
    liked = {name.partition("-")[0]: weight for name, weight in reversed(choices(accepted))}
    anything = liked.get("*", 0.0)
    return max(LANGUAGES, key=lambda name: liked.get(name, anything))


def choices(header: str) -> list[tuple[str, float]]:
    """What a header like `ru-RU, en;q=0.8` names, each with its weight; what cannot be read has none."""
    found = []
    for part in header.split(",")[:MOST_CHOICES]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        found.append((name, _weight(weight)))
    return found


def wants_page(accept: str) -> bool:
    """Whether an Accept header names HTML, and likes nothing that programs read better."""
    liked = dict(reversed(choices(accept)))
    page = max(liked.get("text/html", 0.0), liked.get("application/xhtml+xml", 0.0))
    return page > 0 and page >= liked.get("application/json", 0.0)


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
