"""Every key of the language as data: one table a kind of map, read by the parser and by the JSON Schema alike.

A type is a word of schema.py: `x` one, `[x]` a list or one, `{x}` a map of names to x, `a|b` these words.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.frozen import frozen


@frozen
class Key:
    """What stands under a key, in a type and a sentence; `must`: the map is refused without it."""

    type: str
    doc: str
    must: bool = False


Table = Mapping[str, Key]

TITLE: Table = {
    "title": Key("text", "What people read; a text, or a text per locale."),
    "note": Key("text", "The reason or legal basis, shown in the handbook."),
}

TOP: Table = {
    "milepost": Key("version", "The version of the language: 1.", must=True),
    "workflow": Key("name", "The workflow's name.", must=True),
    "title": Key("text", "What people read; a text, or a text per locale.", must=True),
    "note": TITLE["note"],
    "calendar": Key("name", "Which days count: the name of a file in calendars/."),
    "timezone": Key("zone", "The IANA time zone in which days begin and end (UTC)."),
    "number": Key("pattern", "How cases are numbered: {year}, {seq:6}."),
    "mail": Key("mail", "Whom letters come from, and when none is sent."),
    "unique": Key("unique", "One open case for each combination of these fields."),
    "roles": Key("{role}", "Who takes part.", must=True),
    "data": Key("{data}", "The facts of a case, by group and field.", must=True),
    "event_data": Key("{field}", "What is said with an event and kept in the history."),
    "define": Key("{expr}", "Expressions with a name."),
    "duties": Key("{duty}", "Who may not, or must, be the same natural person."),
    "open": Key("open", "Who may open a case and what he gives.", must=True),
    "certificate": Key("certificate", "What the certificate says."),
    "register": Key("{expr}", "What the register entry says."),
    "events": Key("{event}", "Events that are taken in every state."),
    "deadlines": Key("{deadline}", "Deadlines of the whole case."),
    "initial": Key("state", "The state a case begins in.", must=True),
    "states": Key("{state_map}", "The states.", must=True),
    "policies": Key("[sentence]", "Sentences that `validate` proves."),
}

MAIL: Table = {
    "sender": Key("text", "The name that letters come from."),
    "from": Key("address", "The mail address that letters come from."),
    "reply_to": Key("address", "The mail address that answers go to."),
    "quiet": Key("hours", "Hours in which no letter is sent, by the workflow's clock: 21:00-07:00."),
}

UNIQUE: Table = {
    "of": Key("[path]", "The fields whose combination may not be there twice.", must=True),
    "while": Key("[state]", "Only while a case is in one of these states (while it is open)."),
}

ROLE: Table = {
    **TITLE,
    "side": Key("operator|applicant", "Whose clock runs at its turn (operator)."),
    "where": Key("{path}", "Attributes of the person that equal fields of the case."),
    "sees": Key("own|assigned|all|none", "Which cases he finds and may act in (assigned)."),
    "fields": Key("[path]", "Sees only these groups, fields and event data (all)."),
    "hides": Key("[path]", "Sees all but these."),
}

GROUP: Table = {**TITLE, "sealed": Key("expr", "While true nobody reads it but who gave it.")}

FIELD: Table = {
    **TITLE,
    "type": Key("type", "The type of its values.", must=True),
    "default": Key("value", "The value a new case begins with."),
    "max": Key("value", "The greatest value, or length."),
    "min": Key("value", "The least value, or length."),
    "pattern": Key("sentence", "A regular expression for the whole text (256 characters, or `max` up to 1000)."),
    "check": Key("check", "The name of a checksum."),
    "unit": Key("sentence", "What is counted, for people."),
    "required": Key("boolean", "Counts where a form asks for the group with `!` (false)."),
    "options": Key("options", "What may be chosen: [a, b], or {a: text}."),
    "of": Key("columns", "A list's items: a type, or columns with types."),
    "key": Key("name", "The column that tells the items of a list apart."),
    "sealed": Key("expr", "While true nobody reads it but who gave it."),
}

DUTY: Table = {
    **TITLE,
    "different": Key("[state]", "No natural person acts in two of these states."),
    "same": Key("[state]", "One natural person acts in all of these states."),
    "no_interest": Key("path", "Who acts declares to have no tie with this party."),
    "within": Key("term", "How far back a tie counts (no_interest)."),
    "in": Key("[state]", "Where the declaration is asked for (no_interest)."),
}

OPEN: Table = {
    "by": Key("[who]", "Roles, or workflows for cases opened by a case.", must=True),
    "form": Key("[form_item]", "What is given."),
    "set": Key("{set_value}", "Fields that are set when the case is opened."),
    "actions": Key("[action]", "What happens besides."),
}

CERTIFICATE: Table = {
    "number": Key("pattern", "The certificate's number: {body}, {year}, {seq:5}, {check}.", must=True),
    "template": Key("name", "The template it is printed with.", must=True),
}

STATE: Table = {
    **TITLE,
    "turn": Key("[who]", "Whose move it is, or `none` (that of the enclosing state)."),
    "set": Key("{set_value}", "Fields that are set on entry, before `enter`."),
    "enter": Key("[action]", "What happens on entry."),
    "leave": Key("[action]", "What happens on leaving."),
}
_EVENTS: Table = {
    "events": Key("{event}", "What can be said here, and what it does."),
    "deadlines": Key("{deadline}", "What falls due here."),
}
_DONE: Table = {"done": Key("[arm]", "Where to go when it is done: the first arm that fits.")}
_NEED: Table = {"need": Key("need", "What is enough: all, any, a number or a condition (all).")}

KINDS: Mapping[str, Table] = {
    "waiting": {**STATE, **_EVENTS},
    "stage": {
        **STATE,
        **_EVENTS,
        "states": Key("{state_map}", "The states inside.", must=True),
        "initial": Key("state", "The state inside that it begins in.", must=True),
        **_DONE,
    },
    "parallel": {
        **STATE,
        **_EVENTS,
        "parallel": Key("{region}", "Regions that run side by side.", must=True),
        **_NEED,
        **_DONE,
    },
    "choice": {**STATE, "choose": Key("[arm]", "Moves on at once: the first arm that fits.", must=True)},
    "panel": {**STATE, **_EVENTS, "panel": Key("panel", "Members who each give an answer.", must=True), **_DONE},
    "service": {
        **STATE,
        **_EVENTS,
        "call": Key("operation", "The adapter's operation to call.", must=True),
        "with": Key("{expr}", "What the operation is given."),
        "result": Key("{field}", "What comes back, read as `result.x`."),
        "retry": Key("retry", "How often and after how long it is tried again."),
        **_DONE,
        "failed": Key("[arm]", "Where to go when it has failed for good."),
    },
    "children": {
        **STATE,
        **_EVENTS,
        "cases": Key("children", "Cases that this one opens or waits for.", must=True),
        **_DONE,
    },
    "final": {
        **STATE,
        "final": Key("yes", "true: ends the region, at the root the case.", must=True),
        "outcome": Key("name", "What became of the case."),
    },
}
MAIN_KEY: Mapping[str, str] = {
    "states": "stage",
    "parallel": "parallel",
    "choose": "choice",
    "panel": "panel",
    "call": "service",
    "cases": "children",
    "final": "final",
}
REGION: Table = {"if": Key("expr", "Decided on entry; false: the region is finished.")}
REGION_KINDS = ("stage", "parallel", "panel", "service", "children")

PANEL: Table = {
    "ask": Key("ask", "How many of a role, or the path of a list of persons.", must=True),
    "form": Key("[form_item]", "The columns a member fills in.", must=True),
    "into": Key("path", "The list whose rows the answers become.", must=True),
    **_NEED,
    "rest": Key("cancel|go_on", "What becomes of answers not given when it is left (cancel)."),
    "event": Key("name", "The event members send (answer)."),
}
CHILDREN: Table = {
    "of": Key("name", "The workflow of the children.", must=True),
    "each": Key("expr", "A list: one case for each item."),
    "as": Key("name", "The name of the item in `key` and `with`."),
    "key": Key("expr", "What tells the children apart."),
    "with": Key("{expr}", "What each case is opened with, by its own paths."),
    "add": Key("[who]", "Who may open more."),
    **_NEED,
    "rest": Key("cancel|go_on", "What becomes of open children when it is left.", must=True),
}
RETRY: Table = {
    "times": Key("count", "How often it is tried again."),
    "wait": Key("term", "How long before the next try."),
}

CHOSEN_ARM: Table = {
    "when": Key("expr", "The condition, on the data with the form."),
    "set": Key("{set_value}", "Fields that are set, all at once."),
    "to": Key("state", "The state to go to; without it nothing is left or entered."),
    "keep": Key("[state]", "Regions that come back as they were left, or `all`."),
    "actions": Key("[action]", "What happens on the way."),
}
ARM: Table = {
    **CHOSEN_ARM,
    "choose": Key("[arm]", "Instead of `to` and `keep`: the first arm that fits."),
}
EVENT: Table = {
    **TITLE,
    "by": Key("[who]", "Who may send it: roles, `system`, workflows.", must=True),
    "form": Key("[form_item]", "What the sender gives: path, path!, list+, list.column, group."),
    **ARM,
}
DEADLINE: Table = {
    **TITLE,
    "after": Key("term", "So long from `from`."),
    "at": Key("expr", "A date (the end of that day) or a moment."),
    "every": Key("term", "Again and again."),
    "from": Key("expr", "Where the term begins (entry of this state)."),
    "before": Key("term", "That much earlier."),
    "roll": Key("next|none", "Whether a day off moves it on."),
    "counts": Key("operator|applicant", "Only while it is that side's turn (all time)."),
    "remind": Key("remind", "Before it is due, to the `turn`, or to whom the long form says."),
    "escalate": Key("[rung]", "Who is informed when it is due, or later."),
    "extend": Key("extend", "Who may extend it, how often and by how much."),
    **ARM,
}
REMIND: Table = {
    "before": Key("[term]", "How long before.", must=True),
    "to": Key("[who]", "To whom.", must=True),
    "template": Key("name", "The template of the message (reminder)."),
}
RUNG: Table = {"to": Key("who", "Who is informed.", must=True), "after": Key("term", "So much later.", must=True)}
EXTEND: Table = {
    "by": Key("[who]", "Who may extend it.", must=True),
    "times": Key("count", "How often.", must=True),
    "add": Key("term", "By how much.", must=True),
    "notify": Key("[who]", "Who is told: roles, or `turn`."),
}

_IF: Table = {"if": Key("expr", "Only where this is true.")}
ACTIONS: Mapping[str, Table] = {
    "notify": {
        "notify": Key("[who]", "Roles, `turn`, `subscribers`, or the path of a person.", must=True),
        "template": Key("name", "The template of the message.", must=True),
        "delivered": Key("path", "The field that gets the time of proven delivery."),
        **_IF,
    },
    "open": {
        "open": Key("name", "The workflow of the new case, a child of this one.", must=True),
        "with": Key("{set_value}", "What it is opened with, by its own paths."),
        **_IF,
    },
    "send": {
        "send": Key("name", "The event to send.", must=True),
        "to": Key("name", "`parent`, `children`, or a workflow.", must=True),
        "where": Key("{expr}", "Every open case of the workflow with these values."),
        "with": Key("{set_value}", "What is sent with it, by its own paths."),
        **_IF,
    },
    "call": {
        "call": Key("operation", "The adapter's operation; its answer is recorded and not used.", must=True),
        "with": Key("{expr}", "What it is given."),
        **_IF,
    },
    "certificate": {
        "certificate": Key(
            "reserve|new_issue|suspend|reinstate|withdraw|terminate|expire|supersede|annul",
            "What is done to the certificate, in the step's transaction.",
            must=True,
        ),
        "with": Key("certificate_with", "From when on."),
        **_IF,
    },
    "register": {
        "register": Key(
            "list|update", "`list` enters the product in the register, `update` copies its facts anew.", must=True
        ),
        **_IF,
    },
    "new_people": {
        "new_people": Key(
            "[role_name]", "Nobody who acted in these roles in this case may take them again.", must=True
        ),
        **_IF,
    },
}
CERTIFICATE_WITH: Table = {"effective_from": Key("expr", "From when on, a date or moment.", must=True)}

TABLES: Mapping[str, Table] = {
    "top": TOP,
    "mail": MAIL,
    "unique": UNIQUE,
    "role": ROLE,
    "group": GROUP,
    "field": FIELD,
    "duty": DUTY,
    "open": OPEN,
    "certificate": CERTIFICATE,
    **{f"state_{kind}": table for kind, table in KINDS.items()},
    "region": REGION,
    "panel": PANEL,
    "children": CHILDREN,
    "retry": RETRY,
    "arm": CHOSEN_ARM,
    "event": EVENT,
    "deadline": DEADLINE,
    "remind": REMIND,
    "rung": RUNG,
    "extend": EXTEND,
    **{f"action_{verb}": table for verb, table in ACTIONS.items()},
    "certificate_with": CERTIFICATE_WITH,
}
"""Every table by the name it has in the JSON Schema."""

RESERVED_FIELDS = frozenset({"title", "note", "type", "sealed"})
RESERVED_GROUPS = frozenset(
    {"certificate", "register", "children", "answers", "result", "event", "actor", "case", "now", "today"}
)
RESERVED_WORDS = frozenset({"true", "false", "null", "in", "and", "or", "not", "has"})
RESERVED_EVENTS = frozenset({"open", "done", "failed", "choose"})
RESERVED_ROLES = frozenset({"system", "turn", "subscribers", "none", "parent", "children"})
