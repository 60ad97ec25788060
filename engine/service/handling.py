"""What a person does to an effect: has it tried again, or ends it as done by hand; each is a step of its case, with a reason."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine.core.case import EffectKind
from engine.core.fields import ValueFault, read_value
from engine.core.naming import Field
from engine.core.types import Kind, Type
from engine.core.work import EffectHandled
from engine.errors import EffectNotFound, FieldProblem, InvalidPayload, Refused
from engine.service.case_views import effect_view
from engine.service.clean import check_data, check_names, said_why
from engine.service.outward import ANSWER, certificate_issue
from engine.service.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from engine.core.case import Actor
    from engine.service.stepping import Stepping
    from engine.service.views import EffectView
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

MOMENT = Field(path="delivered_at", type=Type(Kind.DATETIME))
RETRIED = frozenset({"dead", "recorded"})
RESOLVED = frozenset({"dead", "pending", "leased"})


class HandlingRefused(Refused):
    """An effect that is not to be handled so, as it stands now."""


class Handling:
    """For operations; who they are is checked at the door."""

    def __init__(self, store: Store, stepping: Stepping) -> None:
        self._store, self._stepping = store, stepping

    def retry(self, key: str, actor: Actor, *, reason: str) -> EffectView:
        """Has an effect tried again that is dead, or that reached nobody. Raises EffectNotFound, HandlingRefused."""
        return self._handle(key, actor, "retry", reason, None)

    def resolve(self, key: str, actor: Actor, *, reason: str, result: Mapping[str, Any] | None = None) -> EffectView:
        """Ends an effect that is dead or waits for a try as done by hand; its case takes the result as an adapter's answer.

        Raises EffectNotFound, HandlingRefused, InvalidPayload, and what the case has against the step.
        """
        return self._handle(key, actor, "resolve", reason, result)

    def _handle(
        self,
        key: str,
        actor: Actor,
        verb: Literal["retry", "resolve"],
        reason: str,
        result: Mapping[str, Any] | None,
    ) -> EffectView:
        check_names(effect=key)
        given = _read(result)
        said = said_why(reason, "reason")
        command = uuid4().hex  # its step is found by it, should nobody learn whether it was committed
        work = partial(self._run, key=key, actor=actor, verb=verb, reason=said, given=given, command=command)
        return effect_view(self._store.write(work), answers=False)

    def _run(
        self,
        tx: Transaction,
        *,
        key: str,
        actor: Actor,
        verb: Literal["retry", "resolve"],
        reason: str,
        given: Mapping[str, Any],
        command: str,
    ) -> StoredEffect:
        asked = tx.effect(key) or _by_number(tx, key)
        taken = None if asked is None else self._stepping.take_now(tx, asked.case_id)
        effect = None if asked is None else tx.effect(asked.key)  # as it is under the lock
        if taken is None or effect is None:
            raise EffectNotFound(f"there is no effect '{key[:120]}'; see the incidents, or the effects of its case")
        if tx.repeated and tx.step_of_command(command) is not None:
            return effect
        if effect.status not in (RETRIED if verb == "retry" else RESOLVED):
            raise _refused(effect, verb)
        data = given if verb == "retry" else self._data(tx, effect, given)
        if verb == "retry":
            changed = tx.retry_effect(effect, by=actor.id, reason=reason)
        else:
            changed = tx.resolve_effect(effect, dict(data), by=actor.id, reason=reason)
        if not changed:
            raise HandlingRefused(f"effect {effect.key} is being tried at this moment; wait for what comes of it")
        self._stepping.step(tx, taken, EffectHandled(Telling.core(effect), verb, reason, data, command), actor)
        tx.close_incidents_about(effect.case_id, effect.key, by=actor.id, answer=reason)
        return tx.effect(effect.key) or effect

    def _data(self, reader: Reader, effect: StoredEffect, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the case is given: of a certificate the hash of its stored file, of a delivery its moment, else as it came."""
        if effect.kind == EffectKind.ISSUE:
            held = certificate_issue(reader, str(effect.payload["number"]), int(effect.payload["issue"]))
            if given or held is None or not held.has_pdf:
                raise HandlingRefused(
                    "a certificate is issued with its file and by nothing else; retry the effect, which makes the file"
                )
            return {"sha256": held.sha256}
        if effect.kind == EffectKind.NOTIFY and given:
            try:
                return {"delivered_at": read_value(MOMENT, given.get("delivered_at"))}
            except ValueFault as fault:
                raise _wrong(f"delivered_at {fault}") from None
        return given


def _by_number(reader: Reader, key: str) -> StoredEffect | None:
    """The effect whose case is named by its number."""
    number, *place = key.rsplit("/", 2)
    case_id = reader.case_id_of_number(number)
    return None if case_id is None else reader.effect("/".join((case_id, *place)))


def _read(result: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Read like an adapter's answer, before it is kept."""
    if not result:
        return {}
    check_data(result)
    try:
        answer: Mapping[str, Any] = read_value(ANSWER, result)
    except ValueFault as fault:
        raise _wrong(str(fault)) from None
    return answer


def _refused(effect: StoredEffect, verb: str) -> HandlingRefused:
    allowed = (
        "an effect that is dead can be tried again" if verb == "retry" else "one that is dead or waits can be ended"
    )
    return HandlingRefused(f"effect {effect.key} is {effect.status}; {allowed}")


def _wrong(text: str) -> InvalidPayload:
    return InvalidPayload([FieldProblem("result", "result", text)])
