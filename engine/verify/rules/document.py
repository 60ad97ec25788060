"""docs/rules.md: every rule in the words it is explained with; `make rules` writes it anew."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine.verify.rules import FAMILIES
from engine.verify.rules.rule import HEAD as WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.verify.rules.rule import Rule

HEAD = """\
# Rules

What `milepost validate` proves about a definition, beside its structure, names and types. This page is made from the rules themselves
(`make rules`); their examples are tests. `milepost explain WF088` prints one.

A rule has a severity in each profile (`--profile draft`, `team`, `production`); only errors keep a workflow from being published, where the profile is draft. What is
*certain* happens, or cannot; what is *likely* may be meant so.

A finding that is meant so is silenced by a comment with the reason, at the end of its line or on a line above: `# milepost: ignore[WF088] the portal shows it`.
What is silenced is listed after the findings. Rules that are errors in every profile cannot be silenced.

Examples that begin with a state are the states of this workflow:

```text
"""


def lines() -> Iterator[str]:
    """The page."""
    yield HEAD + WORKFLOW + "```\n"
    for family, rules in FAMILIES.items():
        yield f"\n## {family}\n"
        for rule in rules:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    grades = ", ".join(f"{name} {grade.value if grade else '–'}" for name, grade in rule.severities.items())
    yield f"\n### {rule.id} {rule.title}\n\n{rule.why}\n\n*{grades}; {rule.confidence}.*\n"
    for word, text in (("Reported", rule.bad), ("Fine", rule.good)):
        yield f"\n{word}:\n\n```text\n{text.rstrip()}\n```\n" if "\n" in text else f"\n{word}: {text}\n"


if __name__ == "__main__":
    sys.stdout.write("".join(lines()))
