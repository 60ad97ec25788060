"""The skeleton of a random workflow: names and kinds of its states; arms are left to generator.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.core.definition import StateKind

if TYPE_CHECKING:
    from collections.abc import Sequence

K = StateKind
REGION_KINDS = (K.STAGE, K.STAGE, K.STAGE, K.PARALLEL, K.PANEL, K.SERVICE, K.CHILDREN)
STATE_KINDS = (K.WAITING,) * 6 + (K.STAGE,) * 4 + (K.PARALLEL,) * 4 + (K.CHOICE,) * 2 + (K.FINAL,) * 3
STATE_KINDS += (K.PANEL, K.SERVICE, K.CHILDREN)


class Chance:
    """Draws, in words, from bytes; the end of them, and zeros, are the simplest answers."""

    def __init__(self, drawn: bytes) -> None:
        self.drawn = iter(drawn)

    def below(self, n: int) -> int:
        """A number from 0, below `n`."""
        return next(self.drawn, 0) * n // 256 if n > 1 else 0

    def of(self, items: Sequence[Any]) -> Any:
        """One of these; the first is the simplest."""
        return items[self.below(len(items))]

    def percent(self, p: int) -> bool:
        """Whether something of this probability happens; no is simpler."""
        return self.below(100) >= 100 - p  # shrinks to no


@dataclass
class Bone:
    """A state of the skeleton."""

    path: str
    kind: StateKind
    bones: list[Bone] = field(default_factory=list)
    order: int = 0

    def walk(self) -> list[Bone]:
        """This state and all inside, in file order."""
        return [self, *(b for bone in self.bones for b in bone.walk())]


def skeleton(chance: Chance) -> Bone:
    """Kinds and names only."""
    root = Bone("", K.STAGE)
    budget = [14]
    _fill(chance, root, 1, budget)
    for order, bone in enumerate(root.walk()):
        bone.order = order
    return root


def _fill(chance: Chance, bone: Bone, depth: int, budget: list[int]) -> None:
    if bone.kind is K.STAGE:
        kinds = [chance.of(STATE_KINDS) for _ in range(1 + chance.below(3))]
        kinds[0] = K.WAITING if kinds[0] is K.FINAL and chance.percent(80) else kinds[0]
        if chance.percent(80):
            kinds.append(K.FINAL)
    else:
        kinds = [chance.of(REGION_KINDS) for _ in range(2 + chance.below(2))]
    for number, drawn in enumerate(kinds):
        kind = drawn
        deep = depth >= 4 or budget[0] <= 0
        if deep and kind in {K.STAGE, K.PARALLEL}:
            kind = K.WAITING if bone.kind is K.STAGE else K.STAGE
        letter = "r" if bone.kind is K.PARALLEL else "s"
        child = Bone(f"{bone.path}.{letter}{number}" if bone.path else f"{letter}{number}", kind)
        bone.bones.append(child)
        budget[0] -= 1
        if kind is K.STAGE and deep:
            child.bones = [Bone(f"{child.path}.s0", K.WAITING), Bone(f"{child.path}.s1", K.FINAL)]
        elif kind in {K.STAGE, K.PARALLEL}:
            _fill(chance, child, depth + 1, budget)
