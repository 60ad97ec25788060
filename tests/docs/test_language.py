"""docs/language.md: every example is loaded, every scenario is run, every keyword is there."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from documents import blocks, code, read, section, table

from adapters.templates import MessageTemplates
from engine.core.diagnostics import Severity
from engine.core.expressions.compiler import ExpressionFault, Names, compile_expression
from engine.core.expressions.expression import Scope
from engine.core.expressions.functions import FUNCTIONS, MACROS, OTHERS
from engine.core.loader.keys import TABLES
from engine.core.loader.load import load
from engine.core.types import INTEGER, Kind, Type
from engine.rehearse.checking import CHECKS
from engine.rehearse.expectations import END, EXPECT
from engine.rehearse.moves import DO, SCENARIO, STEPS
from engine.rehearse.reading import GOALS, PERSON, TOP
from engine.rehearse.suite import rehearse, scenario_files
from engine.verify.policies import FORMS

DOCUMENT = "docs/language.md"
BLOCKS = [block for block in blocks(DOCUMENT) if block.language == "yaml"]
BASE = next(block.text for block in BLOCKS if block.mark == "base")
INSIDE = {
    "state": "  example:\n    turn: clerk\n",
    "events": "  example:\n    turn: clerk\n    events:\n",
    "deadlines": "  example:\n    turn: supplier\n    deadlines:\n",
    "actions": "  example:\n    turn: clerk\n    enter:\n",
}


def sections(text: str) -> dict[str, str]:
    """A file as its top keys, each with its lines."""
    found = re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE)
    return {part.partition(":")[0]: part.rstrip() + "\n" for part in found if re.match(r"[a-z_]+:", part)}


def wrapped(mark: str, text: str) -> str:
    """A fragment put into the workflow that the document begins with."""
    place = mark.removeprefix("fragment of: ").partition(",")[0]
    parts = sections(BASE)
    if place == "top":
        return "".join({**parts, **sections(text)}.values())
    depth = 6 if place in {"events", "deadlines", "actions"} else 4 if place == "state" else 2
    where = "states" if place in INSIDE else place
    inside = INSIDE.get(place, "")
    if place == "state" and re.search(r"^(turn|choose|final|panel|call|states|parallel):", text, re.MULTILINE):
        inside = "  example:\n"
    parts[where] = parts.get(where, f"{where}:\n") + inside + textwrap.indent(text, " " * depth)
    return "".join(parts.values())


FRAGMENTS = [block for block in BLOCKS if block.mark.startswith("fragment of: ")]


@pytest.mark.parametrize("block", FRAGMENTS, ids=lambda block: block.name)
def test_every_fragment_loads(block):
    """An example, put where it belongs in the workflow at the top, loads without an error."""
    source = wrapped(block.mark, block.text)
    assert [d.render(source) for d in load(source, file="f.yaml").diagnostics if d.severity is Severity.ERROR] == []


def test_every_example_is_known():
    """No example in YAML escapes: each is the base, a fragment, a scenario, a refusal or a calendar."""
    known = ("base", "fragment of: ", "scenario", "refused", "calendar")
    assert [block.name for block in BLOCKS if not block.mark.startswith(known)] == []
    assert load(BASE, file="supply.yaml").diagnostics == ()


def test_refusals_are_told_as_shown():
    """The findings in the document are those that the loader reports, letter for letter."""
    shown = blocks(DOCUMENT)
    pairs = [(one, after) for one, after in pairwise(shown) if one.mark.startswith("refused")]
    assert pairs
    for one, after in pairs:
        place = one.mark.partition(": ")[2]
        source = wrapped(f"fragment of: {place}", one.text)
        text = "\n\n".join(d.render(source) for d in load(source, file="supply.yaml").diagnostics)
        assert after.text.strip() == text.strip()


def test_scenarios_pass(tmp_path):
    """The scenario files of the document run and pass."""
    files = {"supply.yaml": BASE}
    files |= {f"supply-{n}.test.yaml": block.text for n, block in enumerate(BLOCKS) if block.mark == "scenario"}
    files["calendars/office.yaml"] = next(block.text for block in BLOCKS if block.mark == "calendar")
    files["templates/escalation.en.txt"] = "Subject: {{ case.number }}\n\nIt is late.\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = rehearse(scenario_files([tmp_path]), lambda *_: None, templates=MessageTemplates)
    assert [f"{o.scenario}: {o.failure}" for file in report.files for o in file.failures] == []
    assert report.passed
    assert report.files


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_key_is_there(name):
    """Every key of the loader's tables is a word of the document."""
    words = set(re.findall(r"[a-z_]+", " ".join(code(read(DOCUMENT)) + [block.text for block in BLOCKS])))
    assert [key for key in TABLES[name] if key not in words] == []


def test_every_key_of_scenarios_is_there():
    """So is every key of a scenario file, and every expectation."""
    text = section(DOCUMENT, "Keys of a scenario file")
    words = {word for piece in code(text) for word in re.findall(r"[a-z_]+", piece)}
    wanted = {*TOP, *PERSON, *GOALS, *SCENARIO, *STEPS, *DO, *EXPECT, *END, *CHECKS}
    assert sorted({*wanted, "because", "return", "fail", "refuse", "case"} - words) == []


def test_every_function_is_there():
    """The table of functions has every function and no other, and each example compiles."""
    rows = table(DOCUMENT, "Functions")
    said = {re.search(r"(\w+)\(", code(row[0])[-1])[1] for row in rows}  # type: ignore[index]
    assert said == {*FUNCTIONS, *MACROS, *OTHERS}
    for row in rows:
        for example in code(row[2]):
            source = wrapped("fragment of: define", f"example: '{example.replace(chr(39), chr(39) * 2)}'\n")
            found = [d.render(source) for d in load(source, file="f.yaml").diagnostics]
            assert found == [], example


def test_what_is_not_as_in_cel():
    """Each line of the list does what it says: a value, or a refusal when the file is loaded."""
    names = Names({"g.x": INTEGER, "l": Type(Kind.LIST, item=INTEGER)})
    scope = Scope({"g.x": 1, "l": (1, 2, 3)}, datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    for row in table(DOCUMENT, "Not as in CEL"):
        source, said = code(row[0])[0], row[1].strip("`")
        if said == "refused":
            with pytest.raises(ExpressionFault):
                compile_expression(source, names)
            continue
        value = compile_expression(source, names).run(scope)
        assert (str(value).lower() if isinstance(value, bool) else str(value)) == said
        assert not isinstance(value, float)
        assert isinstance(value, bool | int | Decimal)


def test_every_form_of_policy_is_there():
    """The sentences that `validate` can prove are those of the document."""
    assert [form for form in FORMS if f"`{form}`" not in read(DOCUMENT)] == []
