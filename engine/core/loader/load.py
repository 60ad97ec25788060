"""One file's text to a Workflow, or to findings with their places; reading files is left to others."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.core.definition import Workflow
from engine.core.diagnostics import NOWHERE, Diagnostic, Severity
from engine.core.frozen import frozen
from engine.core.loader.data import read_data, read_event_data
from engine.core.loader.draft import Draft
from engine.core.loader.keys import TOP
from engine.core.loader.mail import read_mail
from engine.core.loader.outline import outline_root
from engine.core.loader.people import read_roles
from engine.core.loader.reader import Reader, TooManyFindings
from engine.core.loader.sections import read_duties, read_expressions, read_open, read_pattern, read_unique, read_zone
from engine.core.loader.states import States, check_extensions, check_same_events
from engine.core.loader.yaml_nodes import MapNode, Node, read
from engine.core.naming import Text
from engine.errors import InvalidWorkflow

_UTC = ZoneInfo("UTC")


@frozen
class Loaded:
    """What came of a file; `workflow` is None exactly where a finding is an error."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    source: str
    file: str


def load(source: str, *, file: str) -> Loaded:
    """One workflow file; findings are sorted by place."""
    node, found = read(source, file=file)
    reader = Reader(file)
    workflow = None
    if node is not None and not any(d.code in _UNREADABLE for d in found):
        try:
            workflow = _workflow(reader, node, source)
        except TooManyFindings:
            found.append(Diagnostic("WF000", Severity.ERROR, "too many findings; the rest is not read", file, NOWHERE))
    findings = sorted([*found, *reader.found], key=lambda d: (d.mark.line, d.mark.column, d.code))
    if any(d.severity is Severity.ERROR for d in findings):
        workflow = None
    return Loaded(workflow, tuple(dict.fromkeys(findings)), source, file)


_UNREADABLE = frozenset({"WF000", "WF001", "WF002", "WF003", "WF004", "WF007", "WF008", "WF009"})


def load_or_raise(source: str, *, file: str) -> Workflow:
    """The workflow; raises InvalidWorkflow with all findings."""
    loaded = load(source, file=file)
    if loaded.workflow is None:
        raise InvalidWorkflow([d for d in loaded.diagnostics if d.severity is Severity.ERROR])
    return loaded.workflow


def _workflow(reader: Reader, node: Node, source: str) -> Workflow | None:
    if not isinstance(node, MapNode):
        reader.shape(node, "a workflow is a map of keys", "begin with `milepost: 1`")
        return None
    top = reader.table(node, TOP, "a workflow")
    draft = Draft(reader, top)
    reader.has_calendar = "calendar" in top
    _head(draft)
    if "data" in top:
        read_data(draft, top["data"])
    if "event_data" in top:
        read_event_data(draft, top["event_data"])
    if "roles" in top:
        read_roles(draft, top["roles"])
    root_outline = outline_root(draft)
    facts, register = read_expressions(draft)
    opening = read_open(draft, top["open"]) if "open" in top else None
    duties = read_duties(draft, top["duties"]) if "duties" in top else ()
    unique = read_unique(draft, top["unique"]) if "unique" in top else None
    states = States(draft)
    root = states.build(root_outline)
    check_same_events(draft, root)
    check_extensions(draft, root)
    zone = read_zone(draft, top["timezone"]) if "timezone" in top else _UTC
    number = read_pattern(draft, top["number"], "`number`", words=("year",), bare=True) if "number" in top else None
    policies = (
        tuple(p for i in reader.items(top["policies"]) if (p := reader.string(i, "a policy")))
        if "policies" in top
        else ()
    )
    mail = read_mail(draft, top["mail"]) if "mail" in top else None
    title = reader.title(top)
    if opening is None:
        return None
    return Workflow(
        name=draft.name,
        title=title or Text((("", draft.name),)),
        zone=zone or _UTC,
        calendar=reader.name(top["calendar"], "`calendar`") if "calendar" in top else None,
        root=root,
        states={path: states.by_path[path] for path in draft.tree.states},
        roles=draft.roles,
        fields=draft.fields,
        groups=draft.groups,
        group_notes=draft.group_notes,
        event_fields=draft.event_fields,
        opening=opening,
        define=draft.define,
        duties=duties,
        number=number,
        mail=mail,
        unique=unique,
        certificate=facts,
        register=register,
        policies=policies,
        note=draft.note,
        working_hours=reader.working_hours,
        file=reader.file,
        source=source,
    )


def _head(draft: Draft) -> None:
    reader, top = draft.reader, draft.top
    if "milepost" in top:
        reader.word(top["milepost"], ("1",), "`milepost`, the version of the language,")
    if "workflow" in top:
        draft.name = reader.name(top["workflow"], "`workflow`") or ""
    draft.note = reader.title(top, "note")
