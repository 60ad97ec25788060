"""Actions: one verb each, with `if` and what belongs to the verb."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from engine.core.definition import (
    Action,
    Call,
    CertificateAction,
    CertificateVerb,
    NewPeople,
    Notify,
    Open,
    RegisterList,
    Send,
)
from engine.core.diagnostics import Mark
from engine.core.expressions.expression import Expression
from engine.core.loader.conditions import condition, expression, moment, own_fields, values
from engine.core.loader.draft import Draft, Here
from engine.core.loader.keys import ACTIONS, CERTIFICATE_WITH
from engine.core.loader.paths import field_at
from engine.core.loader.people import receivers, role_name
from engine.core.loader.reader import guess
from engine.core.loader.yaml_nodes import MapNode, Node
from engine.core.types import Kind

OPERATION = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")
Entries = Mapping[str, Node]


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
        reader.say("WF013", first.mark if first else node.mark, "no verb of an action", hint or f"verbs: {', '.join(ACTIONS)}")
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
    return _VERBS[verb](draft, entries, here, test, node.mark)


def _notify(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    to = receivers(draft, entries["notify"])
    template = draft.reader.name(entries["template"], "`template`")
    delivered = None
    if "delivered" in entries:
        field = field_at(draft, entries["delivered"], "`delivered`", {Kind.DATETIME})
        delivered = field.path if field else None
    return Notify(to, template or "", delivered, test, mark)


def _open(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    workflow = draft.reader.name(entries["open"], "a workflow") or ""
    given = values(draft, entries["with"], here, fields=own_fields(draft, workflow)) if "with" in entries else {}
    return Open(workflow, given, test, mark)


def _send(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    event = draft.reader.name(entries["send"], "an event") or ""
    to = draft.reader.name(entries["to"], "`to`") or ""
    own = own_fields(draft, to)
    where = values(draft, entries["where"], here, fields=own) if "where" in entries else {}
    if to in {"parent", "children"} and "where" in entries:
        draft.reader.say("WF063", entries["where"].mark, f"`where` with `to: {to}`", "`where` finds cases of a workflow")
    if to not in {"parent", "children", ""} and "where" not in entries:
        message, hint = f"this would go to every open case of '{to}'", "say which with `where: {path: value}`"
        draft.reader.say("WF011", entries["to"].mark, message, hint)
    given = values(draft, entries["with"], here, fields=own) if "with" in entries else {}
    return Send(event, to, where, given, test, mark)


def _call(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    adapter, operation = read_operation(draft, entries["call"])
    return Call(adapter, operation, read_arguments(draft, entries, here), condition=test, mark=mark)


def read_operation(draft: Draft, node: Node) -> tuple[str, str]:
    """`adapter.operation`; `certificate.issue` needs a certificate that is described."""
    said = draft.reader.string(node, "`call`")
    if said is None:
        return "", ""
    match = OPERATION.fullmatch(said)
    if match is None:
        draft.reader.say("WF014", node.mark, f"'{said[:60]}' is no operation", "write it like adapter.operation")
        return "", ""
    if match[1] == "certificate":
        if match[2] != "issue":
            draft.reader.say("WF013", node.mark, f"no built-in operation '{said}'", "the built-in one is certificate.issue")
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


def _certificate(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    need_certificate(draft, entries["certificate"])
    word = draft.reader.word(entries["certificate"], [v.value for v in CertificateVerb], "`certificate`")
    start = None
    if "with" in entries:
        inner = draft.reader.table(entries["with"], CERTIFICATE_WITH, "`with` of a certificate")
        if "effective_from" in inner:
            start = moment(draft, inner["effective_from"], here, "`effective_from`")
    return CertificateAction(CertificateVerb(word), start, test, mark) if word else None


def need_certificate(draft: Draft, node: Node) -> None:
    """Reports what is done to a certificate where the file describes none."""
    if "certificate" not in draft.top:
        message, hint = "there is no `certificate:` in this file", "say at the top what it contains"
        draft.reader.say("WF061", node.mark, message, hint)


def _register(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    if draft.reader.word(entries["register"], ("list",), "`register`") is None:
        return None
    if "register" not in draft.top:
        message, hint = "there is no `register:` in this file", "say at the top what its entry contains"
        draft.reader.say("WF061", entries["register"].mark, message, hint)
    return RegisterList(test, mark)


def _new_people(draft: Draft, entries: Entries, here: Here, test: Expression | None, mark: Mark) -> Action | None:
    names = (role_name(draft, item) for item in draft.reader.items(entries["new_people"]))
    return NewPeople(tuple(name for name in names if name is not None), test, mark)


_VERBS: Mapping[str, Callable[[Draft, Entries, Here, Expression | None, Mark], Action | None]] = {
    "notify": _notify,
    "open": _open,
    "send": _send,
    "call": _call,
    "certificate": _certificate,
    "register": _register,
    "new_people": _new_people,
}
