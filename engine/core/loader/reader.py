"""Findings, and the shapes that every part of a file is made of: maps by a table, lists, words, texts, terms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.core.calendars.words import EXAMPLES, parse_term
from engine.core.diagnostics import Diagnostic, Mark, Severity
from engine.core.fixes import Guess, guess
from engine.core.loader.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from engine.core.naming import Text
from engine.core.terms import Term, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.loader.keys import Table

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
PATH = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,2}")
MAX_FINDINGS = 200
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


def misspelt(name: str, node: MapNode, table: Iterable[str]) -> bool:
    """Whether an unknown key of a map is meant for this one: it was reported as such."""
    known = set(table)
    return any(key.text not in known and guess(key.text, known) == f"did you mean '{name}'?" for key, _ in node.entries)


class TooManyFindings(Exception):
    """Reading has stopped: what was found is enough."""


class Reader:
    """Collects findings; every method returns None (or what is empty) for what it has reported."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []
        self.has_calendar = True
        self.working_hours: Mark | None = None  # where a term first counts them

    def say(self, code: str, mark: Mark, message: str, hint: str | None = None) -> None:
        """An error; raises TooManyFindings where there is no end of them."""
        if len(self.found) >= MAX_FINDINGS:
            raise TooManyFindings
        self._add(code, Severity.ERROR, mark, message, hint)

    def warn(self, code: str, mark: Mark, message: str, hint: str | None = None) -> None:
        """A warning."""
        self._add(code, Severity.WARNING, mark, message, hint)

    def _add(self, code: str, severity: Severity, mark: Mark, message: str, hint: str | None) -> None:
        fix = hint.fix(mark) if isinstance(hint, Guess) else None
        self.found.append(Diagnostic(code, severity, " ".join(message.split()), self.file, mark, hint, fix=fix))

    # ── maps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def table(self, node: Node, table: Table, what: str, *, others: bool = False) -> dict[str, Node]:
        """The entries of a map by the keys of a table; unknown and missing ones are reported (`others`: unknown taken)."""
        if not isinstance(node, MapNode):
            self.shape(node, f"{what} is a map of keys", f"write it like {{{next(iter(table))}: …}}")
            return {}
        entries: dict[str, Node] = {}
        for key, value in node.entries:
            if key.text in table or others:
                entries[key.text] = value
            else:
                self.unknown_key(key, table, what)
        for name, key_type in table.items():
            if key_type.must and name not in entries and not misspelt(name, node, table):
                self.say("WF011", node.mark, f"{what} needs `{name}`", key_type.doc)
        return entries

    def unknown_key(self, key: ScalarNode, allowed: Iterable[str], what: str) -> None:
        """The finding for a key that is in no table."""
        names = list(allowed)
        hint = guess(key.text, names) or (f"allowed: {', '.join(names)}" if names else None)
        if key.text == "<<":
            hint = "merge keys are not part of YAML 1.2; write the keys out"
        self.say("WF010", key.mark, f"{what} has no key '{key.text[:60]}'", hint)

    def named(self, node: Node, what: str, *, pattern: re.Pattern[str] = NAME) -> list[tuple[ScalarNode, Node]]:
        """The entries of a map of names; badly written names are reported and left out."""
        if not isinstance(node, MapNode):
            self.shape(node, f"{what} are a map of names", "write it like {name: …}")
            return []
        fine = []
        for key, value in node.entries:
            if pattern.fullmatch(key.text):
                fine.append((key, value))
            else:
                hint = "small letters, digits and _, beginning with a letter"
                self.say("WF014", key.mark, f"'{key.text[:60]}' is no name", hint)
        return fine

    def shape(self, node: Node, message: str, hint: str | None = None) -> None:
        """The finding for a node of another shape; none for what has been reported before."""
        if not (isinstance(node, ScalarNode) and node.broken):
            self.say("WF012", node.mark, message, hint)

    # ── scalars and lists ────────────────────────────────────────────────────────────────────────────────────────────

    def items(self, node: Node) -> list[Node]:
        """A list, or one thing as a list of one."""
        return node.items if isinstance(node, ListNode) else [node]

    def some(self, node: Node, what: str) -> list[Node]:
        """`items`, of which there has to be one."""
        items = self.items(node)
        if not items:
            self.shape(node, f"{what} is empty", "name at least one, or leave the key out")
        return items

    def scalar(self, node: Node, what: str) -> ScalarNode | None:
        """A scalar that says something."""
        if not isinstance(node, ScalarNode):
            self.shape(node, f"{what} is one word or text, not a {'list' if isinstance(node, ListNode) else 'map'}")
            return None
        if node.broken:
            return None
        if node.text == "" or node.empty:
            self.say("WF012", node.mark, f"{what} is empty", "give a value, or leave the key out")
            return None
        return node

    def string(self, node: Node, what: str) -> str | None:
        """A scalar's text."""
        scalar = self.scalar(node, what)
        return None if scalar is None else scalar.text

    def name(self, node: Node, what: str) -> str | None:
        """A name."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if NAME.fullmatch(scalar.text) is None:
            hint = "small letters, digits and _, beginning with a letter"
            self.say("WF014", scalar.mark, f"{what} '{scalar.text[:60]}' is no name", hint)
            return None
        return scalar.text

    def word(self, node: Node, allowed: Iterable[str], what: str) -> str | None:
        """One of these words."""
        scalar = self.scalar(node, what)
        words = list(allowed)
        if scalar is None or scalar.text in words:
            return None if scalar is None else scalar.text
        hint = guess(scalar.text, words) or f"one of {', '.join(words)}"
        self.say("WF013", scalar.mark, f"{what} cannot be '{scalar.text[:60]}'", hint)
        return None

    def count(self, node: Node, what: str, *, least: int = 1, most: int = 1_000_000) -> int | None:
        """A whole number within bounds."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if re.fullmatch(r"[0-9]{1,9}", scalar.text) is None or not least <= int(scalar.text) <= most:
            self.say("WF012", scalar.mark, f"{what} is a whole number from {least}", "write it like 2")
            return None
        return int(scalar.text)

    def boolean(self, node: Node, what: str) -> bool:
        """True or false, and false for what was reported."""
        return self.word(node, ("true", "false"), what) == "true"

    def text(self, node: Node, what: str) -> Text | None:
        """A text, or a text per locale."""
        if isinstance(node, MapNode):
            values = []
            for key, value in node.entries:
                said = self.string(value, what)
                if _LOCALE.fullmatch(key.text) is None:
                    self.say(
                        "WF010", key.mark, f"{what} has no locale '{key.text[:60]}'", "write it like {en: …, ru: …}"
                    )
                elif said is not None:
                    values.append((key.text, said))
            if not node.entries:
                self.say("WF012", node.mark, f"{what} is empty", "give a text")
            return Text(tuple(values)) if values else None
        said = self.string(node, what)
        return None if said is None else Text((("", said),))

    def title(self, entries: dict[str, Node], key: str = "title") -> Text | None:
        """The title (or note) among entries, if there is one."""
        return self.text(entries[key], f"`{key}`") if key in entries else None

    def term(self, node: Node, what: str) -> Term | None:
        """`20 working days`."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        try:
            term = parse_term(scalar.text)
        except ValueError:
            self.say("WF015", scalar.mark, f"'{scalar.text[:40]}' is no term", f"write it like {EXAMPLES}")
            return None
        if term.unit.needs_calendar and not self.has_calendar:
            self.has_calendar = True  # said once
            message = f"{term.unit} are counted without a calendar"
            self.say("WF015", scalar.mark, message, "name one: `calendar: …` at the top")
        if term.unit is Unit.WORKING_HOURS and self.working_hours is None:
            self.working_hours = scalar.mark
        return term

    def terms(self, node: Node, what: str) -> tuple[Term, ...]:
        """[term]."""
        return tuple(t for item in self.some(node, what) if (t := self.term(item, what)) is not None)
