"""What no form is needed to refuse: texts that are none, names that are too long, data nested without an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any

from engine.core.fields import ValueFault, read_value
from engine.core.naming import Field
from engine.core.types import TEXT
from engine.errors import FieldProblem, InvalidPayload

MAX_NAME = 200
MAX_DEPTH = 50
MAX_WORDS = 1_000
_MAPS = (dict, Mapping)  # dict first: an abstract class is slow to say yes
_BARE = frozenset({int, bool, float, NoneType})
WORDS = Field(path="reason", type=TEXT)


def check_names(**names: str | None) -> None:
    """Ids, keys and names: text of a line, not too long. Raises InvalidPayload."""
    problems = [
        FieldProblem(field, "pattern", f"is no name; give at most {MAX_NAME} printable characters")
        for field, name in names.items()
        if name is not None and (len(name) > MAX_NAME or (name != "" and not name.isprintable()))
    ]
    if problems:
        raise InvalidPayload(problems)


def check_data(data: Any) -> None:
    """Every text in it can be stored, and it has an end. Raises InvalidPayload."""
    _check(data, "", 0)


def _check(value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidPayload([FieldProblem(path, "range", f"is nested deeper than {MAX_DEPTH}")])
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, _MAPS):
        for key, inner in value.items():
            _check_text(str(key), path)
            if type(inner) not in _BARE:
                _check(inner, path or str(key)[:MAX_NAME], depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner, path, depth + 1)


def check_asked(texts: Iterable[tuple[str, str]]) -> None:
    """Names and texts of a question: what no database can be asked for. Raises InvalidPayload."""
    for name, text in texts:
        _check_text(text, name)


def said_why(text: str, name: str) -> str:
    """What a person says of what he does, without the spaces around it. Raises InvalidPayload where he says nothing."""
    try:
        said: str = read_value(WORDS, text.strip())
    except ValueFault as fault:
        raise InvalidPayload([FieldProblem(name, fault.code, fault.text)]) from None
    if not said or len(said) > MAX_WORDS:
        code = "range" if said else "missing"
        raise InvalidPayload([FieldProblem(name, code, f"has to be said, in at most {MAX_WORDS} characters")])
    return said


def _check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise InvalidPayload([FieldProblem(path, "text", "has a NUL character, which no database keeps; leave it out")])
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidPayload([FieldProblem(path, "type", "has half a character; send whole UTF-8 text")]) from None
