"""Who has the work of a role in a case, and who sits on its panels: asked by id, found in the directory, changed by a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from engine.core.case import Actor
from engine.core.work import AssignmentChanged, PanelChanged
from engine.errors import FieldProblem, InvalidPayload
from engine.service.clean import check_names, said_why
from engine.service.commands import Command
from engine.service.receivers import actor_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.service.commands import Commands, Decision
    from engine.store.store import Store
    from engine.store.transaction import Reader


class Assignments:
    """`strangers`: persons without a token of ours may be named, as a provider of identities knows them."""

    def __init__(self, store: Store, commands: Commands, *, strangers: bool) -> None:
        self._store, self._commands, self._strangers = store, commands, strangers

    def change(
        self,
        case_id: str,
        role: str,
        verb: Literal["offer", "claim", "give_back", "delegate"],
        persons: Iterable[str],
        actor: Actor,
        *,
        reason: str = "",
        **more: Any,
    ) -> Decision:
        """Offer, claim, give back or hand on the work of a role; `more`: if_match, key.

        Raises InvalidPayload; what the case has against it is in the decision.
        """
        check_names(role=role)
        found = self._persons(list(persons), role, "persons") if verb in {"offer", "delegate"} else ()
        asked = AssignmentChanged(role, verb, found, said_why(reason, "reason") if reason else "")
        return self._commands.decide(Command(asked, actor, case_id=case_id, **more))

    def void(self, case_id: str, state: str, person: str, actor: Actor, *, reason: str, **more: Any) -> Decision:
        """Take a member's opinion out of a panel that is at work. Raises as `change`."""
        return self._panel(PanelChanged(state, "void", person, None, said_why(reason, "reason")), case_id, actor, more)

    def replace(
        self, case_id: str, state: str, person: str, by: str | None, actor: Actor, *, reason: str, **more: Any
    ) -> Decision:
        """Take a member out, whether he has voted or not; `by`: who is asked instead, where persons are asked by name."""
        asked = PanelChanged(state, "replace", person, None, said_why(reason, "reason"))
        if by is not None:
            asked = PanelChanged(state, "replace", person, self._persons([by], None, "by")[0], asked.reason)
        return self._panel(asked, case_id, actor, more)

    def _panel(self, asked: PanelChanged, case_id: str, actor: Actor, more: dict[str, Any]) -> Decision:
        check_names(state=asked.state, person=asked.person)
        return self._commands.decide(Command(asked, actor, case_id=case_id, **more))

    def _persons(self, ids: list[str], role: str | None, path: str) -> tuple[Actor, ...]:
        for one in ids:
            check_names(**{path: one})
        return self._store.read(lambda reader: tuple(self._person(reader, one, role, path) for one in ids))

    def _person(self, reader: Reader, person: str, role: str | None, path: str) -> Actor:
        """As the directory knows him, by the token that has the role where there is one."""
        now = reader.machine_now()
        tokens = [token for token in reader.tokens_of(person) if token.in_force(now)]
        fitting = [token for token in tokens if role in token.roles] or tokens
        if fitting:
            return actor_of(fitting[-1])
        if self._strangers:
            return Actor(person, roles=frozenset() if role is None else frozenset({role}))
        raise InvalidPayload([FieldProblem(path, "unknown", f"nobody is known as '{person[:80]}'; he needs a token")])
