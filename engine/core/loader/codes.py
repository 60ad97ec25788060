"""Every code of a finding with its title, for the documentation; the words of a message stand where it is found."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES: Mapping[str, str] = MappingProxyType(
    {
        # the file and its YAML
        "WF000": "The file is empty, or has more faults than are worth listing",
        "WF001": "The file is too large",
        "WF002": "The file is not well-formed YAML",
        "WF003": "A tab; YAML is indented with spaces",
        "WF004": "A control character",
        "WF005": "A tag, such as !x",
        "WF006": "A key stands twice in one map",
        "WF007": "Too many levels inside each other",
        "WF008": "An anchor that is unknown, goes round in a circle or grows too large",
        "WF009": "More than one document in a file",
        # keys and shapes
        "WF010": "An unknown key",
        "WF011": "A key is missing",
        "WF012": "Not of the shape that belongs here",
        "WF013": "Not one of the words that are allowed here",
        "WF014": "Not written like a name",
        "WF015": "Not written like a term",
        "WF016": "Not written like a number pattern",
        "WF017": "A key that is no text",
        "WF018": "An expression was cut at a comma or brace",
        "WF019": "A key that this kind does not have",
        # names and references
        "WF020": "No such state",
        "WF021": "More than one state of this name",
        "WF022": "No such role",
        "WF023": "No such field",
        "WF024": "A name that is no role and looks like one",
        "WF025": "A reserved name",
        "WF026": "One name for two things",
        "WF027": "No such time zone",
        "WF028": "A define that uses itself",
        "WF029": "Named twice",
        # expressions
        "WF030": "An expression that cannot be read",
        "WF031": "An unknown field or name in an expression",
        "WF032": "Types that do not fit in an expression",
        "WF033": "A function that does not exist, or takes other arguments",
        "WF034": "An expression that is too long, too deep or too costly",
        "WF035": "A name that is not available here",
        # types
        "WF040": "A value that its field does not take",
        "WF041": "An expression of another type than is needed",
        "WF042": "An entry of a form that is no field",
        "WF043": "A list without a key where one is needed",
        "WF044": "An option that its field does not have",
        "WF045": "A pattern that is wrong or too slow",
        "WF046": "A path that cannot be set",
        "WF047": "A field of another type than is needed",
        "WF048": "A form asks for what its sender cannot see",
        "WF049": "A key of a field that its type does not have",
        # structure
        "WF050": "No state to begin with",
        "WF051": "A state of two kinds",
        "WF052": "A state that waits without a turn",
        "WF053": "What `keep` names cannot be kept here",
        "WF054": "A way that cannot be gone",
        "WF055": "A region of a kind that cannot be one",
        "WF056": "`done` is missing",
        "WF057": "The timing of a deadline",
        "WF058": "`choose` beside `to` or `keep`",
        "WF059": "One event with two forms or senders",
        "WF060": "A reminder to nobody",
        "WF061": "A certificate or register that is not described",
        "WF062": "One field set twice",
        "WF063": "Keys that do not go together",
    }
)
"""Code → title. WF00x file, WF01x keys and shapes, WF02x names, WF03x expressions, WF04x types, WF05x and WF06x
structure; what can only be proved about a whole definition has codes of its own, in engine.verify."""
