"""Certificate and register inside a step: which status follows which, and the facts that are frozen (LANGUAGE §2.8).

The register entry follows the certificate: suspended with it, listed again with it, delisted when it ends.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Literal

from engine.core.acts import CertificateVerb as Verb
from engine.core.acts import RegisterVerb
from engine.core.calendars.moments import local_date
from engine.core.facts import CertificateFact, RegisterFact
from engine.errors import FactNotAllowed

if TYPE_CHECKING:
    from engine.core.acts import CertificateAction
    from engine.core.machine.draft import Draft

STATUS = "certificate.status"
ENTRY = "register.status"
_NEVER = frozenset({"reserved", "valid", "suspended"})

_ALLOWED: dict[Verb, frozenset[str]] = {
    Verb.RESERVE: frozenset({"", "reserved", "valid", "withdrawn", "terminated", "expired", "superseded", "annulled"}),
    Verb.NEW_ISSUE: _NEVER,
    Verb.SUSPEND: frozenset({"valid"}),
    Verb.REINSTATE: frozenset({"suspended", "withdrawn"}),
    Verb.WITHDRAW: _NEVER,
    Verb.TERMINATE: _NEVER,
    Verb.EXPIRE: _NEVER,
    Verb.SUPERSEDE: _NEVER,
    Verb.ANNUL: frozenset({"reserved", "valid", "suspended", "withdrawn", "terminated", "expired", "superseded"}),
}
_BECOMES: dict[Verb, str] = {
    Verb.SUSPEND: "suspended",
    Verb.REINSTATE: "valid",
    Verb.WITHDRAW: "withdrawn",
    Verb.TERMINATE: "terminated",
    Verb.EXPIRE: "expired",
    Verb.SUPERSEDE: "superseded",
    Verb.ANNUL: "annulled",
}


def change_certificate(draft: Draft, action: CertificateAction) -> None:
    """One verb on this case's certificate; raises FactNotAllowed where its status does not allow it."""
    verb = action.verb
    status = draft.data.get(STATUS, "")
    if status not in _ALLOWED[verb]:
        wanted = ", ".join(sorted(s or "none yet" for s in _ALLOWED[verb]))
        raise FactNotAllowed(f"the certificate is {status or 'not there yet'}; {verb} is possible while it is {wanted}")
    since = _effective(draft, action)
    if verb is Verb.RESERVE and status != "valid":
        _reserve(draft, status)
    elif verb in {Verb.RESERVE, Verb.NEW_ISSUE}:
        draft.write("certificate.issue", draft.data["certificate.issue"] + 1)
        _freeze(draft, "certificate")
    else:
        draft.write(STATUS, _BECOMES[verb])
    _tell_certificate(draft, verb, since)
    _follow(draft, verb, since, was=status)


def mark_issued(draft: Draft) -> None:
    """The file of the present issue is stored: a reserved certificate is valid from now on."""
    if draft.data.get(STATUS) == "reserved":
        draft.write(STATUS, "valid")
    _tell_certificate(draft, "issued", draft.now)


def change_entry(draft: Draft, verb: RegisterVerb) -> None:
    """`register: verb`; raises FactNotAllowed where the entry does not allow it."""
    if verb is RegisterVerb.LIST:
        _list(draft)
        return
    entry = draft.data.get(ENTRY)
    if entry not in {"listed", "suspended"}:
        raise FactNotAllowed(
            f"the entry is {entry or 'not there yet'}; its facts change while it is listed or suspended"
        )
    _freeze(draft, "register")
    _tell_register(draft, "update", entry, draft.now)


def _list(draft: Draft) -> None:
    """The entry with the facts as they are; a case with certificates needs a valid one."""
    if draft.chart.workflow.certificate is not None and draft.data.get(STATUS) != "valid":
        raise FactNotAllowed(
            f"the certificate is {draft.data.get(STATUS, 'not there yet')}; a product is listed while it is valid"
        )
    if "register.entry_no" not in draft.data and "register.entry_no" not in draft.allocate:
        draft.allocate.append("register.entry_no")
    draft.write("register.listed_on", local_date(draft.now, draft.chart.zone))
    _freeze(draft, "register")
    _tell_register(draft, "list", "listed", draft.now)


def _reserve(draft: Draft, status: str) -> None:
    """A number is never used again: after an end a new one is reserved, before the first issue the same one stays."""
    if status != "reserved":
        for name in ("number", "token"):
            draft.write(f"certificate.{name}", None)
            draft.allocate.append(f"certificate.{name}")
    draft.write("certificate.issue", 1)
    draft.write(STATUS, "reserved")
    _freeze(draft, "certificate")


def _freeze(draft: Draft, group: Literal["certificate", "register"]) -> None:
    workflow = draft.chart.workflow
    facts = workflow.certificate.facts if group == "certificate" and workflow.certificate else workflow.register
    values = {name: draft.value_or_none(expression) for name, expression in (facts or {}).items()}
    for name, value in values.items():
        draft.write(f"{group}.{name}", value)


def _facts(draft: Draft, group: str, own: frozenset[str]) -> dict[str, Any]:
    prefix = f"{group}."
    return {
        path.removeprefix(prefix): value
        for path, value in draft.data.items()
        if path.startswith(prefix) and path.removeprefix(prefix) not in own
    }


def _tell_certificate(draft: Draft, verb: str, since: datetime) -> None:
    draft.fact_names.append(f"certificate:{verb}")
    draft.facts.append(
        CertificateFact(
            verb=str(verb),
            status=draft.data[STATUS],
            issue=draft.data["certificate.issue"],
            facts=_facts(draft, "certificate", frozenset({"number", "issue", "status", "token"})),
            number=draft.data.get("certificate.number"),
            effective_from=since,
        )
    )


def _follow(draft: Draft, verb: Verb, since: datetime, *, was: str) -> None:
    """What the register entry does when its certificate changes; a delisted one only comes back from a withdrawal."""
    entry = draft.data.get(ENTRY)
    if entry is None or verb is Verb.RESERVE:
        return
    if verb is Verb.NEW_ISSUE:
        if entry != "delisted":
            _freeze(draft, "register")
            _tell_register(draft, "update", entry, since)
    elif verb is Verb.SUSPEND:
        if entry == "listed":
            _tell_register(draft, "suspend", "suspended", since)
    elif verb is Verb.REINSTATE:
        if entry == "suspended" or was == "withdrawn":
            _tell_register(draft, "reinstate", "listed", since)
    elif entry != "delisted" or verb is Verb.ANNUL:
        _tell_register(draft, "delist", "delisted", since, reason=_BECOMES[verb])


def _tell_register(
    draft: Draft, verb: str, status: Literal["listed", "suspended", "delisted"], since: datetime, reason: str = ""
) -> None:
    draft.write(ENTRY, status)
    draft.fact_names.append(f"register:{verb}")
    draft.facts.append(
        RegisterFact(
            verb=verb,
            status=status,
            facts=_facts(draft, "register", frozenset({"entry_no", "status", "listed_on"})),
            entry_no=draft.data.get("register.entry_no"),
            effective_from=since,
            reason=reason,
        )
    )


def _effective(draft: Draft, action: CertificateAction) -> datetime:
    """From when it counts: now, or the start of the local day that `effective_from` names."""
    value = None if action.effective_from is None else draft.value(action.effective_from)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=draft.chart.zone).astimezone(UTC)
    return draft.now
