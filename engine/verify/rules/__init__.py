"""Every rule that is proved about a definition, by its id; families have modules of their own, and so have the checks."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.verify.rules.arms import ARMS
from engine.verify.rules.between import BETWEEN
from engine.verify.rules.control import CONTROL
from engine.verify.rules.people import PEOPLE
from engine.verify.rules.policies import POLICIES
from engine.verify.rules.safety import SAFETY
from engine.verify.rules.silences import SILENCES
from engine.verify.rules.time import TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.verify.rules.rule import Rule

FAMILIES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "Control flow": CONTROL,
        "Arms and data": ARMS,
        "People": PEOPLE,
        "Time": TIME,
        "Safety": SAFETY,
        "Between files": BETWEEN,
        "Policies": POLICIES,
        "Silences": SILENCES,
    }
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for family in FAMILIES.values() for rule in family})
