"""The sections at the top of a file besides data, roles and states: opening, duties, unique, numbers, certificate."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.core.definition import CertificateFacts, Duty, Opening, Unique
from engine.core.loader.actions import read_actions
from engine.core.loader.arms import resolve, resolve_all
from engine.core.loader.conditions import assignments, condition, expression
from engine.core.loader.defines import define_order, read_defines
from engine.core.loader.draft import CERTIFICATE_FACTS, REGISTER_FACTS, Draft, Here
from engine.core.loader.forms import check_sight, event_types, read_form
from engine.core.loader.keys import CERTIFICATE, DUTY, OPEN, RESERVED_GROUPS, RESERVED_WORDS, UNIQUE
from engine.core.loader.kinds import answers_type, panel_list
from engine.core.loader.paths import NAMING, field_at, field_paths
from engine.core.loader.people import senders
from engine.core.loader.tree import within
from engine.core.loader.yaml_nodes import MapNode, Node, ScalarNode
from engine.core.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.core.expressions.expression import Expression
    from engine.core.types import Type

_DUTY_ID = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_COMPARABLE = frozenset(Kind) - {Kind.LIST, Kind.MAP}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def read_zone(draft: Draft, node: Node) -> ZoneInfo | None:
    """The time zone of the file."""
    name = draft.reader.string(node, "`timezone`")
    if name is None:
        return None
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    draft.reader.say("WF027", node.mark, f"no time zone '{name[:60]}'", "an IANA name such as Europe/Moscow")
    return None


def read_pattern(draft: Draft, node: Node, what: str, *, words: Sequence[str], bare: bool) -> str | None:
    """A number pattern of these placeholders; `{seq:n}` once (`bare`: `{seq}` without digits is refused)."""
    text = draft.reader.string(node, what)
    if text is None:
        return None
    fault, seqs = None, 0
    for word in _PLACEHOLDER.findall(text):
        name, colon, digits = word.partition(":")
        if name == "seq":
            seqs += 1
            if not (re.fullmatch("[1-9]|1[0-2]", digits) or (not colon and not bare)):
                fault = f"`{{{word}}}` does not say how many digits"
        elif name not in words or colon:
            fault = f"`{{{word[:40]}}}` is unknown"
    if fault is None and re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        fault = "a brace that does not close"
    if fault is None and seqs != 1:
        fault = f"{what} needs `{{seq:n}}` once"
    if fault is None and (len(text) > 60 or re.search(r"\s", text)):
        fault = f"{what} is too long or holds a space"
    if fault is None:
        return text
    known = ", ".join(f"{{{word}}}" for word in words)
    draft.reader.say("WF016", node.mark, fault, f"known are {{seq:6}} (once) and {known}")
    return None


def read_unique(draft: Draft, node: Node) -> Unique | None:
    """`unique`: paths, or paths and states."""
    if not isinstance(node, MapNode):
        return Unique(field_paths(draft, node, "`unique`", kinds=_COMPARABLE))
    entries = draft.reader.table(node, UNIQUE, "`unique`")
    of = field_paths(draft, entries["of"], "`of`", kinds=_COMPARABLE) if "of" in entries else ()
    during = resolve_all(draft, entries["while"], "", "`while`") if "while" in entries else ()
    return Unique(of, during)


def read_open(draft: Draft, node: Node) -> Opening:
    """`open`."""
    entries = draft.reader.table(node, OPEN, "`open`")
    form = read_form(draft, entries["form"]) if "form" in entries else ()
    by = senders(draft, entries["by"], system=False) if "by" in entries else ()
    check_sight(draft, by, form)
    here = Here("", event=event_types(draft, form))
    sets = assignments(draft, entries["set"], here) if "set" in entries else ()
    actions = read_actions(draft, entries["actions"], here) if "actions" in entries else ()
    return Opening(by, form, sets, actions, node.mark)


# ── duties ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_duties(draft: Draft, node: Node) -> tuple[Duty, ...]:
    """`duties`."""
    found = []
    for key, value in draft.reader.named(node, "`duties`", pattern=_DUTY_ID):
        duty = _duty(draft, key, value)
        if duty is not None:
            found.append(duty)
    return tuple(found)


def _duty(draft: Draft, key: ScalarNode, node: Node) -> Duty | None:
    reader = draft.reader
    entries = reader.table(node, DUTY, f"duty '{key.text}'")
    kinds = [name for name in ("different", "same", "no_interest") if name in entries]
    if len(kinds) != 1:
        if isinstance(node, MapNode):
            said = " and ".join(f"`{name}`" for name in kinds) or "neither different, same nor no_interest"
            message = f"duty '{key.text}' has {said}"
            reader.say("WF063", key.mark, message, "write exactly one of them")
        return None
    kind, title, note = kinds[0], reader.title(entries), reader.title(entries, "note")
    if kind == "no_interest":
        duty = _no_interest(draft, key, entries)
        return None if duty is None else replace(duty, title=title, note=note)
    for name in ("within", "in"):
        if name in entries:
            reader.say("WF063", entries[name].mark, f"`{name}` beside `{kind}`", "it belongs to no_interest")
    states = _duty_states(draft, entries[kind], parent=kind == "different")
    if isinstance(entries[kind], ScalarNode) or len(reader.items(entries[kind])) < 2:
        reader.shape(entries[kind], f"`{kind}` names two states or more", "write [state, state]")
    _check_apart(draft, entries[kind], states)
    word = "different" if kind == "different" else "same"
    return Duty(key.text, word, states, title=title, note=note, mark=key.mark)  # type: ignore[arg-type]  # one of the two words


def _check_apart(draft: Draft, node: Node, states: tuple[str, ...]) -> None:
    for inner in states:
        outer = next((other for other in states if other != inner and within(inner, other)), None)
        if outer is not None:
            message = f"'{inner}' is inside '{outer}', so every act there is in both"
            draft.reader.say("WF063", node.mark, message, "name states apart from each other")
            return


def _no_interest(draft: Draft, key: ScalarNode, entries: Mapping[str, Node]) -> Duty | None:
    field = field_at(draft, entries["no_interest"], "`no_interest`", NAMING)
    term = draft.reader.term(entries["within"], "`within`") if "within" in entries else None
    if "in" not in entries:
        draft.reader.say("WF011", key.mark, f"duty '{key.text}' needs `in`", "say in which states it is declared")
        return None
    states = _duty_states(draft, entries["in"], parent=False)
    return Duty(key.text, "no_interest", states, field.path if field else None, term, mark=key.mark)


def _duty_states(draft: Draft, node: Node, *, parent: bool) -> tuple[str, ...]:
    states: list[str] = []
    for item in draft.reader.some(node, "a list of states"):
        if parent and isinstance(item, ScalarNode) and item.text == "parent":
            states.append("parent")
            continue
        path = resolve(draft, item, "", "a state")
        if path is not None and path in states:
            draft.reader.say("WF029", item.mark, f"'{path}' stands twice", "keep one of them")
        elif path is not None:
            states.append(path)
    return tuple(states)


# ── named expressions, certificate, register ─────────────────────────────────────────────────────────────────────────


def read_expressions(draft: Draft) -> tuple[CertificateFacts | None, dict[str, Expression] | None]:
    """`define`, `certificate` and `register`, which may use each other as long as facts do not use facts."""
    named = _define_entries(draft)
    here = Here("", event={name: f.type for name, f in draft.event_fields.items()}, answers=_any_answers(draft))
    draft.paths.update({name: field.type for name, field in draft.fields.items()})
    order, later = define_order(draft, named)
    read_defines(draft, [name for name in order if name not in later], named, here)
    facts = _certificate(draft) if "certificate" in draft.top else None
    register = _facts(draft, draft.top["register"], "register", REGISTER_FACTS) if "register" in draft.top else None
    if facts is not None:
        draft.paths.update(CERTIFICATE_FACTS)
        draft.paths.update({f"certificate.{name}": made.type for name, made in facts.facts.items()})
    if register is not None:
        draft.paths.update(REGISTER_FACTS)
        draft.paths.update({f"register.{name}": made.type for name, made in register.items()})
    read_defines(draft, [name for name in order if name in later], named, here)
    _seal(draft)
    return facts, register


def _define_entries(draft: Draft) -> dict[str, Node]:
    named: dict[str, Node] = {}
    for key, value in draft.reader.named(draft.top["define"], "`define`") if "define" in draft.top else []:
        if key.text in RESERVED_WORDS | RESERVED_GROUPS:
            draft.reader.say("WF025", key.mark, f"'{key.text}' cannot be defined", "choose another name")
            draft.broken.add(key.text)
        elif key.text in draft.fields or key.text in draft.groups:
            draft.reader.say("WF026", key.mark, f"'{key.text}' is a name of `data` already", "choose another name")
            draft.broken.add(key.text)
        else:
            named[key.text] = value
    return named


def _any_answers(draft: Draft) -> Type | None:
    """What `answers` is in a define: the columns that all panels have alike."""
    rows = [
        answers_type(panel_list(draft, o.entries["panel"])) for o in draft.tree.states.values() if "panel" in o.entries
    ]
    found = [row for row in rows if row is not None]
    if not found:
        return None
    first, *others = found
    same = {n: t for n, t in first.members.items() if all(other.members.get(n) == t for other in others)}
    return replace(first, members=same)


def _certificate(draft: Draft) -> CertificateFacts | None:
    node = draft.top["certificate"]
    entries = draft.reader.table(node, CERTIFICATE, "`certificate`", others=True)
    number = template = None
    if "number" in entries:
        number = read_pattern(draft, entries["number"], "`number`", words=("body", "year", "check"), bare=False)
    if "template" in entries:
        template = draft.reader.name(entries["template"], "`template`")
    rest = (
        MapNode([(k, v) for k, v in node.entries if k.text not in CERTIFICATE], node.mark)
        if isinstance(node, MapNode)
        else node
    )
    facts = _facts(draft, rest, "certificate", CERTIFICATE_FACTS) if isinstance(node, MapNode) else {}
    return CertificateFacts(number or "", template or "", facts)


def _facts(draft: Draft, node: Node, group: str, own: Mapping[str, Type]) -> dict[str, Expression]:
    facts: dict[str, Expression] = {}
    for key, value in draft.reader.named(node, f"the facts of `{group}`"):
        if f"{group}.{key.text}" in own or key.text in RESERVED_WORDS:
            message = f"`{group}.{key.text}` is given by the engine"
            draft.reader.say("WF025", key.mark, message, "choose another name")
            continue
        made = expression(draft, value, Here(), what=f"`{key.text}`")
        if made is None:
            draft.broken.add(f"{group}.{key.text}")
        else:
            facts[key.text] = made
    return facts


def _seal(draft: Draft) -> None:
    for path, node in draft.sealed.items():
        test = condition(draft, node, Here(), "`sealed`")
        for fields in (draft.fields, draft.event_fields):
            for name, field in fields.items():
                inside = name == path or (name.startswith(f"{path}.") and name not in draft.sealed)
                if test is not None and inside:
                    fields[name] = replace(field, sealed=test)
