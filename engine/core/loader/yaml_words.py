"""What the YAML parser complains about, in words for people who do not know YAML."""

from __future__ import annotations

_QUOTES = "put a text or condition that holds : , # or { } in quotes"

_WORDS: tuple[tuple[str, str, str], ...] = (
    ("found unexpected end of stream", "a quote is opened here and never closed", "add the closing quote"),
    ("mapping values are not allowed", "a second `:` on one line, or a wrong indentation", _QUOTES),
    ("could not find expected ':'", "this line is neither `name: value` nor part of a text", "add the `:`"),
    ("did not find expected ',' or '}'", "the braces { } do not close, or a comma is missing", _QUOTES),
    ("did not find expected ',' or ']'", "the brackets [ ] do not close, or a comma is missing", _QUOTES),
    (
        "did not find expected key",
        "this does not fit: a wrong indentation, or text after a closing quote or bracket",
        _QUOTES,
    ),
    (
        "did not find expected '-'",
        "a list and `name: value` are mixed",
        "indent both alike: every item begins with `- `",
    ),
    ("block sequence entries are not allowed", "a list cannot begin here", "begin it on a line of its own"),
    (
        "found character that cannot start any token",
        "a text cannot begin with this character",
        "put the text in quotes",
    ),
    ("found a tab", "a tab", "use spaces"),
    ("while scanning an anchor", "a text cannot begin with `&`", "put the condition in quotes"),
    ("while scanning an alias", "a text cannot begin with `*`", "put the condition in quotes"),
    ("did not find expected <document start>", "this does not belong to what is above", "indent it alike"),
    ("found duplicate anchor", "one anchor twice", "rename one of them"),
    ("unknown escape character", "no such escape in double quotes", "use single quotes, or double the backslash"),
    ("found invalid", "this cannot be read", _QUOTES),
)


def explain(context: str | None, problem: str | None) -> tuple[str, str | None]:
    """A message and a hint for the parser's context and problem."""
    said = f"{context or ''} | {problem or ''}"
    for words, message, hint in _WORDS:
        if words in said:
            return message, hint
    return f"this cannot be read as YAML: {problem or context or 'unknown fault'}", _QUOTES
