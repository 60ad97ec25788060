"""Words that follow a number, by the rules of Unicode's CLDR: 1 документ, 2 документа, 5 документов. Owner of Babel."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

FORMS = ("zero", "one", "two", "few", "many", "other")
_TRIED = (*range(200), 1_000, 1_000_000)


def plural(locale: str, count: int, words: Mapping[str, str]) -> str:
    """The word of the form that this number asks for. Raises LookupError where it is not among them."""
    return words[_rule(locale)(abs(count))]


def missing_forms(locale: str, given: Collection[str]) -> list[str]:
    """Forms that whole numbers ask for in a language and that are not given. Raises LookupError for an unknown language."""
    asked = {_rule(locale)(count) for count in _TRIED}
    return [form for form in FORMS if form in asked and form not in given]


@lru_cache(maxsize=100)
def _rule(locale: str) -> Callable[[int], str]:
    try:
        rule: Callable[[int], str] = Locale.parse(locale.replace("-", "_")).plural_form
    except (UnknownLocaleError, ValueError):
        raise LookupError(f"nothing is known of the plurals of '{locale}'") from None
    return rule
