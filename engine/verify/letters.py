"""Letters that name what their workflow does not have, what their reader may not see, or what may be missing (WF109, WF122, WF126)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.core.diagnostics import Diagnostic, Mark
from engine.core.loader.draft import CERTIFICATE_FACTS, REGISTER_FACTS
from engine.verify.between import templates_of
from engine.verify.crossing import unseen_by
from engine.verify.missing import may_be_missing
from engine.verify.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.core.definition import Workflow
    from engine.verify.rules.rule import Profile

SAID = {
    "case": ("id", "number", "workflow", "title", "timezone", "opened_at"),
    "actor": ("name", "party"),
    "to": ("name", "locale"),
    "state": ("path", "title"),
    "deadline": ("name", "title", "term", "due"),
    "turn": (),
    "link": (),
    "children": (),
}
"""What a letter may name beside data and event data (engine/service/messages.py gives it), with the members of each."""


def used_by(workflow: Workflow) -> set[str]:
    """The templates of letters that a workflow names."""
    return {name for _, name in templates_of(workflow)}


def check_letter(
    file: str, named: Mapping[str, int], users: Iterable[Workflow], profile: Profile
) -> tuple[Diagnostic, ...]:
    """Findings about a template file: `named` are paths with their lines; it fits if each of its users has them all, and
    whom they send it to may read them.
    """
    found = [
        Diagnostic(code, severity, message, file, Mark(named[path], 1), hint)
        for workflow in users
        for code, path, message, hint in (
            *_unknown(workflow, named),
            *_unseen(workflow, file, named),
            *_missing(workflow, file, named),
        )
        if (severity := RULES[code].severity(profile)) is not None
    ]
    return tuple(found)


def _unknown(workflow: Workflow, named: Mapping[str, int]) -> Iterator[tuple[str, str, str, str]]:
    known, leaves = _known(workflow), _leaves(workflow)
    for path in named:
        if path not in known and not any(path.startswith(f"{name}.") for name in leaves):
            close = get_close_matches(path, sorted(known), 1)
            hint = (
                f"did you mean '{close[0]}'?" if close else f"there are {', '.join(sorted({*SAID, 'data', 'event'}))}"
            )
            yield "WF109", path, f"'{path}' is nothing that '{workflow.name}' can say", hint


def _unseen(workflow: Workflow, file: str, named: Mapping[str, int]) -> Iterator[tuple[str, str, str, str]]:
    for path, role in unseen_by(workflow, _template(file), named):
        message = f"'{role}' of '{workflow.name}' is sent this letter and may not see '{path}'"
        yield "WF122", path, message, "leave it out, or write that role a letter of its own"


def _missing(workflow: Workflow, file: str, named: Mapping[str, int]) -> Iterator[tuple[str, str, str, str]]:
    for path, way in may_be_missing(workflow, _template(file), named):
        message = f"'{path}' of '{workflow.name}' may have no value when this letter is sent: {way}"
        yield "WF126", path, message, f"ask `{{% if {path} is given %}}` first, or ask for it with `!` before"


def _template(file: str) -> str:
    """The name of a letter, of its file's."""
    return file.replace("\\", "/").rpartition("/")[2].partition(".")[0]


def _known(workflow: Workflow) -> set[str]:
    """Every path that may be named, and what is around it."""
    members = {f"{name}.{member}" for name, own in SAID.items() for member in own}
    data = {f"data.{path}" for path in workflow.fields}
    facts = {*CERTIFICATE_FACTS, *REGISTER_FACTS}
    if workflow.certificate is not None:
        facts |= {f"certificate.{name}" for name in workflow.certificate.facts}
    facts |= {f"register.{name}" for name in workflow.register or ()}
    event = {"event.name", *(f"event.{name}" for name in workflow.event_fields)}
    paths = {*members, *data, *facts, *(f"data.{path}" for path in facts), *event, *SAID}
    around = {path.rpartition(".")[0] for path in paths}
    return {*paths, *around, *(path.partition(".")[0] for path in paths)} - {""}


def _leaves(workflow: Workflow) -> set[str]:
    """Paths whose inside is not looked into: fields with parts of their own, and what is a list."""
    data = {f"data.{path}" for path in workflow.fields}
    plain = {*workflow.event_fields, *(path for path in workflow.fields if "." not in path)}
    return data | {f"event.{name}" for name in plain} | {"children"}
