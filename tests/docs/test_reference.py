"""The tables of the documents and what they describe say the same: settings, routes, errors, dependencies, words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from dataclasses import fields

import pytest
from documents import ROOT, blocks, code, read, table

from adapters.templates import MessageTemplates
from api.app import create_app
from api.problems import STATUS
from engine import errors
from engine.core.loader.codes import CODES as LOADING
from engine.rehearse.world import World
from engine.verify.rules import RULES, document
from runtime.settings import PREFIX, SHIPPED, Settings

PACKAGES = ("engine", "adapters", "api", "runtime")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
WORDS = {"flow", "instance", "ticket", "sla", "timeout", "user", "permission", "trigger", "hook", "hooks"}
ALLOWED = {
    ("flow", "engine/verify/control.py"): "control flow, the compiler's word",
    ("flow", "engine/verify/rules/control.py"): "the same",
    ("flow", "engine/core/loader/yaml_nodes.py"): "YAML's flow style",
    ("flow", "runtime/demo/narrator.py"): "text that flows into lines",
    ("permission", "adapters/public_addresses.py"): "Python's PermissionError",
    ("user", "adapters/mail.py"): "the user part of an address",
    ("hooks", "engine/core/machine/regions.py"): "the library's own",
    ("trigger", "engine/core/machine/regions.py"): "the library's method",
    ("user", "adapters/outbound.py"): "the user part of a URL",
    ("user", "engine/core/expressions/expression.py"): "who uses a module",
    ("timeout", "adapters/smtp.py"): "a socket's",
    ("timeout", "adapters/outbound.py"): "a socket's",
    ("timeout", "api/patience.py"): "the server's own",
}


def imports(path) -> set[str]:
    """The libraries that a module imports, by their top names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


IMPORTS = {path.relative_to(ROOT).as_posix(): imports(path) for path in SOURCES}


def test_settings():
    """docs/operations.md has every setting with its default and its sentence."""
    rows = {code(row[0])[0]: (row[1].strip("`"), row[2]) for row in table("docs/operations.md", "Settings")}
    wanted = {
        f"{PREFIX}{item.name.upper()}": (str(item.default), item.metadata["doc"])
        for item in fields(Settings)
        if "doc" in item.metadata
    }
    wanted[f"{PREFIX}WORKFLOWS"] = ("the shipped `workflows/", wanted[f"{PREFIX}WORKFLOWS"][1])
    assert rows == wanted
    assert SHIPPED.name == "workflows"


def test_dependencies():
    """docs/architecture.md has every run-time dependency of pyproject.toml, and none but its owner imports it."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["otel"], *extras["pkcs11"], *extras["prover"]]
    named = {re.split(r"[<>=\[]", line)[0] for line in wanted}
    rows = {row[0]: code(row[1]) for row in table("docs/architecture.md", "Dependencies")}
    assert set(rows) == named
    for library, owners in rows.items():
        name = "opentelemetry" if library.startswith("opentelemetry") else library.replace("-", "_")
        name = {"pyyaml": "yaml", "python-pkcs11": "pkcs11"}.get(library, name)
        users = [path for path, found in IMPORTS.items() if name in found]
        strangers = [path for path in users if not path.startswith(tuple(owners) or ("nobody",))]
        assert (library, strangers) == (library, [])
        assert [owner for owner in owners if not any(user.startswith(owner) for user in users)] == []


def test_one_way_into_the_step():
    """Outside the core only the services make steps, and verify tries cases that nobody has; so there is no second engine."""
    users = [
        path.relative_to(ROOT).as_posix() for path in SOURCES if "core.machine.step import" in path.read_text("utf-8")
    ]
    allowed = ("engine/core/", "engine/service/", "engine/verify/trial/")
    assert [path for path in users if not path.startswith(allowed)] == []


def test_values_frozen_for_the_checker_only():
    """Values of the engine are plain at run time; those that other people's code is given are not (docs/adr/0004)."""
    locked = {
        path.relative_to(ROOT).as_posix() for path in SOURCES if "(frozen=True, slots=True)" in path.read_text("utf-8")
    }
    in_engine = {path for path in locked if path.startswith("engine/") and not path.startswith("engine/ports/")}
    assert in_engine <= {"engine/errors.py", "engine/core/frozen.py"}
    assert any(path.startswith("engine/ports/") for path in locked)


def test_the_checker_refuses_to_change_a_value(tmp_path):
    """What is plain at run time is refused by mypy, with the settings of this project."""
    changing = tmp_path / "changing.py"
    changing.write_text(
        '"""Changes a value."""\n\nfrom engine.core.diagnostics import Mark\n\nmark = Mark(1, 2, 3)\nmark.line = 3\n'
    )
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(changing)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert [line.partition(": ")[2] for line in ran.stdout.splitlines()[:-1]] == [
        'error: Property "line" defined in "Mark" is read-only  [misc]'
    ]


DOCUMENTS = [
    "README.md",
    "CHANGELOG.md",
    *(p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "docs").rglob("*.md"))),
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    """Every relative link has its file, and every heading that is named is there."""
    text = read(document)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / document).parent / name if name else ROOT / document
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^a-z0-9_ -]", "", h.lower()).replace(" ", "-") for h in headings}, target


@pytest.mark.parametrize(
    "document", [name for name in DOCUMENTS if "/adr/0" in name or name.endswith("architecture.md")]
)
def test_what_is_named_is_there(document):
    """A decision ends with what enforces it, and every file that is named exists."""
    text = read(document)
    roots = ("engine/", "adapters/", "api/", "runtime/", "tests/", "workflows/")
    named = {piece.partition("::")[0] for piece in code(text) if piece.startswith(roots) and " " not in piece}
    assert [name for name in sorted(named) if not (ROOT / name).exists() and name != "api/pages/"] == []
    if "/adr/" in document:
        assert re.search(r"^\*\*Enforced by\*\* ", text, re.MULTILINE)
        assert len(text.splitlines()) < 60


def test_the_rooms_exist():
    """The files that docs/architecture.md names in its paragraphs are in the packages it says."""
    text = read("docs/architecture.md").partition("## The packages")[2].partition("## The path of a step")[0]
    for paragraph in text.split("\n\n"):
        found = re.match(r"\*\*([a-z.]+)\*\*", paragraph)
        folder = ROOT / found[1].replace(".", "/") if found else ROOT
        if not found or found[1] == "engine.ports":
            continue
        for name in re.findall(r"`([\w/]+(?:\.py|/|\.yaml))`", paragraph):
            assert (folder / name).exists(), f"{found[1]}: {name}"


def test_calls_of_the_api():
    """docs/api.md has every call of the application, and no other."""
    world = World((), MessageTemplates)
    try:
        app = create_app(world.services, version="0")
        described = {f"{m.upper()} {path}" for path, some in app.openapi()["paths"].items() for m in some}
    finally:
        world.close()
    said = {call for row in table("docs/api.md", "All calls") for call in code(row[0])}
    assert said == described


def test_problems_of_the_api():
    """docs/api.md has every error with its status."""
    rows = table("docs/api.md", "When it says no")
    said = {
        name: int(status) for row in rows for status in row[0].split(",") for name in code(row[1]) if "," not in row[0]
    }
    for kind, status in STATUS.items():
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
        assert said.get(name) == status, name
    assert issubclass(errors.CaseNotFound, errors.NotFound)


def test_words():
    """No name and no docstring says what the glossary says not to say."""
    found = set()
    for path in SOURCES:
        where = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for text in _said(node):
                pieces = re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()
                found |= {(word, where) for word in re.findall(r"[a-z]+", pieces) if word in WORDS}
    assert sorted(found - ALLOWED.keys()) == []


def _said(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [node.name, ast.get_docstring(node) or ""]
    if isinstance(node, ast.Module):
        return [ast.get_docstring(node) or ""]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        return [node.id if isinstance(node, ast.Name) else node.attr]
    return []


def test_the_glossary_has_what_must_not_be_said():
    """Each word that is looked for is in the glossary's last column."""
    said = " ".join(row[2] for row in table("docs/glossary.md", "Glossary")).lower()
    assert [word for word in WORDS if word.removesuffix("s") not in said] == []


def test_the_readme_is_short():
    """One reads it in a few minutes, and the workflow in it is on the first screen."""
    text = read("README.md")
    assert len(text.splitlines()) <= 120
    assert blocks("README.md")[0].line < 15


def test_codes_are_explained():
    """Codes that documents name exist."""
    named = {code for document in DOCUMENTS for code in re.findall(r"WF\d{3}", read(document))}
    assert sorted(named - RULES.keys() - LOADING.keys()) == []


def test_the_page_of_rules_is_the_present_one():
    """docs/rules.md is made of the rules; `make rules` writes it anew."""
    assert read("docs/rules.md") == "".join(document.lines())


@pytest.mark.parametrize("name", ["requirements.lock", "tests/editor/package-lock.json"])
def test_a_lock_has_no_addresses(name):
    """Names, versions and hashes only."""
    text = (ROOT / name).read_text("utf-8")
    assert "sha" in text
    assert "://" not in text
