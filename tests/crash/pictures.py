"""What the database holds of a case, whole; and the same without what differs between two cases of one story."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.store.store import Store
    from engine.store.transaction import Reader

NUMBER = re.compile(r"\b[A-Z][A-Z0-9.]*-[-0-9A-Z.]*\d\b")
HEX = re.compile(r"'[0-9a-f]{40,64}'|'[\w-]{22,43}'")
MANY = 10**6


@dataclass(frozen=True)
class Picture:
    """A case, its history, its effects, its facts and its places in the feed."""

    case: Any
    history: tuple[Any, ...]
    effects: tuple[Any, ...]
    certificates: tuple[Any, ...]
    entry: Any
    revisions: tuple[Any, ...]
    incidents: tuple[Any, ...]
    waiting: tuple[tuple[str, ...], ...]
    feed: tuple[tuple[int, str], ...]


def pictures(reader: Reader, case_ids: Iterable[str], feed: Iterable[Any]) -> dict[str, Picture | None]:
    """The pictures of cases, each of which is in order by itself."""
    places: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for entry in feed:
        places[entry.case_id].append((entry.seq, entry.hash))
    found = {case_id: picture(reader, case_id, tuple(places[case_id])) for case_id in case_ids}
    for case_id, one in found.items():
        if one is not None:
            check_case(reader, case_id, one)
    return found


def picture(reader: Reader, case_id: str, found: tuple[tuple[int, str], ...]) -> Picture | None:
    """What is stored of a case; None: nothing at all."""
    stored = reader.case(case_id)
    if stored is None:
        assert not found
        assert not reader.history(case_id)
        return None
    entry = reader.entry_of(case_id)
    return Picture(
        case=stored.case,
        history=reader.history(case_id, 0, MANY),
        effects=tuple(_lasting(effect) for effect in reader.effects(case_id)),
        certificates=tuple(
            (replace(held, sha256=None, has_pdf=False), reader.certificate_history(held.number))
            for held in reader.certificates_of(case_id)
        ),
        entry=entry,
        revisions=() if entry is None else reader.register_history(entry.entry_no),
        incidents=tuple((i.kind, i.subject, i.text) for i in reader.incidents(case_id, open_only=False)),
        waiting=tuple(reader.waiting_for_digest(effect.key) for effect in reader.effects(case_id)),
        feed=found,
    )


def _lasting(effect: Any) -> Any:
    """An effect without its lease: a claim is a transaction of its own, before anything is delivered."""
    return (effect.key, effect.kind, effect.adapter, effect.payload, effect.state, effect.entry, _status(effect))


def _status(effect: Any) -> tuple[str, Any]:
    return ("pending" if effect.status == "leased" else effect.status, effect.result)


def shape(pictures: Mapping[str, Any], tag: str) -> list[str]:
    """The pictures without ids, numbers, hashes, tokens and the story's own tag: equal for two runs of one story."""
    text = [repr(_plain(pictures[case_id])).replace(tag, "<tag>") for case_id in pictures]
    for place, case_id in enumerate(pictures):
        text = [one.replace(case_id, f"<case {place}>") for one in text]
    return [re.sub(r"'row', \d+|[/.]1\d{6}\b", "", NUMBER.sub("<number>", HEX.sub("<hash>", one))) for one in text]


def _plain(value: Any) -> Any:
    """The value with its mappings in one order: the database keeps none."""
    if is_dataclass(value):
        return (type(value).__name__, *((one.name, _plain(getattr(value, one.name))) for one in fields(value)))
    if isinstance(value, Mapping):
        return sorted((key, _plain(one)) for key, one in value.items())
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def check_case(reader: Reader, case_id: str, found: Picture) -> None:
    """What holds for every case at every moment: its chain, its place in the feed, and ROADMAP §3.8."""
    assert reader.chain_is_whole(case_id)
    assert found.case.seq == len(found.history) == len(found.feed)
    assert [(line.seq, line.hash) for line in found.history] == list(found.feed)
    keys = [key for key, *_ in found.effects]
    assert len(keys) == len(set(keys))
    statuses = [held.status for held, _ in found.certificates]
    entry = None if found.entry is None else found.entry.status
    if "listed" in found.case.leaves:
        assert (entry, statuses[-1:]) == ("listed", ["valid"])
    if found.case.closed_at is not None:
        assert entry not in {"listed", "suspended"}


def feed_of(store: Store, after: int = 0) -> tuple[Any, ...]:
    """The feed once all that was committed has its place; it has no gaps and nothing twice."""
    while store.write(lambda tx: tx.sequence_steps()):
        pass
    entries = store.read(lambda r: r.feed(after, MANY))
    assert [entry.pos for entry in entries] == list(range(after + 1, after + 1 + len(entries)))
    assert len({(entry.case_id, entry.seq) for entry in entries}) == len(entries)
    return entries
