"""Actions: one verb each, with `if` and what belongs to the verb."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.core.acts import (
    Action,
    Call,
    CertificateAction,
    CertificateVerb,
    NewPeople,
    Notify,
    Open,
    RegisterAction,
    RegisterVerb,
    Send,
)
from engine.core.case import OWN_LANES
from engine.core.fixes import guess
from engine.core.frozen import frozen
from engine.core.loader.conditions import condition, expression, moment, own_fields, values
from engine.core.loader.keys import ACTIONS, CERTIFICATE_WITH
from engine.core.loader.paths import field_at
from engine.core.loader.people import receivers, role_name
from engine.core.loader.yaml_nodes import MapNode, Node
from engine.core.types import Kind

if TYPE_CHECKING:
    from engine.core.diagnostics import Mark
    from engine.core.expressions.expression import Expression
    from engine.core.loader.draft import Draft, Here

OPERATION = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")
Entries = Mapping[str, Node]


@frozen
class _Said:
    """An action as it stands: its entries, its `if`, and where it is."""

    draft: Draft
    entries: Entries
    here: Here
    test: Expression | None
    mark: Mark


def read_actions(draft: Draft, node: Node, here: Here) -> tuple[Action, ...]:
    """[action]."""
    made = (_action(draft, item, here) for item in draft.reader.items(node))
    return tuple(action for action in made if action is not None)


def _action(draft: Draft, node: Node, here: Here) -> Action | None:
    reader = draft.reader
    if not isinstance(node, MapNode):
        reader.shape(node, "an action is a map with a verb", "write it like {notify: role, template: name}")
        return None
    verbs = [key for key, _ in node.entries if key.text in ACTIONS]
    if not verbs:
        first = node.entries[0][0] if node.entries else None
        hint = guess(first.text, ACTIONS) if first else None
        reader.say(
            "WF013", first.mark if first else node.mark, "no verb of an action", hint or f"verbs: {', '.join(ACTIONS)}"
        )
        return None
    if len(verbs) > 1:
        both = " and ".join(f"`{key.text}`" for key in verbs[:2])
        reader.say("WF063", verbs[1].mark, f"{both} in one action", "one verb each: write two actions")
        return None
    verb = verbs[0].text
    entries = reader.table(node, ACTIONS[verb], f"action `{verb}`")
    test = condition(draft, entries["if"], here, "`if`") if "if" in entries else None
    if any(key.must and name not in entries for name, key in ACTIONS[verb].items()):
        return None
    return _VERBS[verb](_Said(draft, entries, here, test, node.mark))


def _notify(said: _Said) -> Action | None:
    to = receivers(said.draft, said.entries["notify"])
    template = said.draft.reader.name(said.entries["template"], "`template`")
    delivered = None
    if "delivered" in said.entries:
        field = field_at(said.draft, said.entries["delivered"], "`delivered`", {Kind.DATETIME})
        delivered = field.path if field else None
    return Notify(to, template or "", delivered, said.test, said.mark)


def _open(said: _Said) -> Action | None:
    workflow = said.draft.reader.name(said.entries["open"], "a workflow") or ""
    given = (
        values(said.draft, said.entries["with"], said.here, fields=own_fields(said.draft, workflow))
        if "with" in said.entries
        else {}
    )
    return Open(workflow, given, said.test, said.mark)


def _send(said: _Said) -> Action | None:
    event = said.draft.reader.name(said.entries["send"], "an event") or ""
    to = said.draft.reader.name(said.entries["to"], "`to`") or ""
    own = own_fields(said.draft, to)
    where = values(said.draft, said.entries["where"], said.here, fields=own) if "where" in said.entries else {}
    if to in {"parent", "children"} and "where" in said.entries:
        said.draft.reader.say(
            "WF063", said.entries["where"].mark, f"`where` with `to: {to}`", "`where` finds cases of a workflow"
        )
    if to not in {"parent", "children", ""} and "where" not in said.entries:
        message, hint = f"this would go to every open case of '{to}'", "say which with `where: {path: value}`"
        said.draft.reader.say("WF011", said.entries["to"].mark, message, hint)
    given = values(said.draft, said.entries["with"], said.here, fields=own) if "with" in said.entries else {}
    return Send(event, to, where, given, said.test, said.mark)


def _call(said: _Said) -> Action | None:
    adapter, operation = read_operation(said.draft, said.entries["call"])
    if adapter == "certificate" and "with" in said.entries:
        message, hint = "`with` beside `call: certificate.issue`", "it is made of the facts of `certificate:`"
        said.draft.reader.say("WF063", said.entries["with"].mark, message, hint)
    return Call(
        adapter, operation, read_arguments(said.draft, said.entries, said.here), condition=said.test, mark=said.mark
    )


def read_operation(draft: Draft, node: Node) -> tuple[str, str]:
    """`adapter.operation`; `certificate.issue` needs a certificate that is described."""
    said = draft.reader.string(node, "`call`")
    if said is None:
        return "", ""
    match = OPERATION.fullmatch(said)
    if match is None:
        draft.reader.say("WF014", node.mark, f"'{said[:60]}' is no operation", "write it like adapter.operation")
        return "", ""
    if match[1] in OWN_LANES:
        hint = "give the adapter another name"
        draft.reader.say("WF014", node.mark, f"'{match[1]}' stands for the engine's own effects", hint)
        return "", ""
    if match[1] == "certificate":
        if match[2] != "issue":
            draft.reader.say(
                "WF013", node.mark, f"no built-in operation '{said}'", "the built-in one is certificate.issue"
            )
        need_certificate(draft, node)
    return match[1], match[2]


def read_arguments(draft: Draft, entries: Entries, here: Here) -> dict[str, Expression]:
    """`with` of a call: names of the adapter's own."""
    if "with" not in entries:
        return {}
    found = {}
    for key, value in draft.reader.named(entries["with"], "`with`"):
        made = expression(draft, value, here)
        if made is not None:
            found[key.text] = made
    return found


def _certificate(said: _Said) -> Action | None:
    need_certificate(said.draft, said.entries["certificate"])
    word = said.draft.reader.word(said.entries["certificate"], [v.value for v in CertificateVerb], "`certificate`")
    start = None
    if "with" in said.entries:
        inner = said.draft.reader.table(said.entries["with"], CERTIFICATE_WITH, "`with` of a certificate")
        if "effective_from" in inner:
            start = moment(said.draft, inner["effective_from"], said.here, "`effective_from`")
    return CertificateAction(CertificateVerb(word), start, said.test, said.mark) if word else None


def need_certificate(draft: Draft, node: Node) -> None:
    """Reports what is done to a certificate where the file describes none."""
    if "certificate" not in draft.top:
        message, hint = "there is no `certificate:` in this file", "say at the top what it contains"
        draft.reader.say("WF061", node.mark, message, hint)


def _register(said: _Said) -> Action | None:
    verb = said.draft.reader.word(said.entries["register"], tuple(RegisterVerb), "`register`")
    if verb is None:
        return None
    if "register" not in said.draft.top:
        message, hint = "there is no `register:` in this file", "say at the top what its entry contains"
        said.draft.reader.say("WF061", said.entries["register"].mark, message, hint)
    return RegisterAction(RegisterVerb(verb), said.test, said.mark)


def _new_people(said: _Said) -> Action | None:
    names = (role_name(said.draft, item) for item in said.draft.reader.some(said.entries["new_people"], "`new_people`"))
    return NewPeople(tuple(name for name in names if name is not None), said.test, said.mark)


_VERBS: Mapping[str, Callable[[_Said], Action | None]] = {
    "notify": _notify,
    "open": _open,
    "send": _send,
    "call": _call,
    "certificate": _certificate,
    "register": _register,
    "new_people": _new_people,
}
