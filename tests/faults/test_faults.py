"""Faulty files and the very report that `milepost validate` gives of each: NAME.yaml beside NAME.txt, and the whole folder for programs.

After a change that is meant, `make faults` writes the reports anew; read them before you commit them.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from engine.core.loader.codes import CODES
from engine.verify.rules import RULES
from runtime.cli.main import main

HERE = Path(__file__).parent
FILES = sorted(path.relative_to(HERE).as_posix() for path in HERE.rglob("*.yaml"))
RENEW = os.environ.get("RENEW_FAULTS") == "1"
ELSEWHERE = {
    "WF001": "a file of more than a mebibyte",
    "WF093": "what a prover may decide some day",
    "WF102": "needs --people",
    "WF103": "needs --people",
    "WF104": "needs --people",
    "WF109": "about a template: in the reports of the folder",
    "WF117": "speaks of today",
    "WF122": "about a template: in the reports of the folder",
    "WF125": "a search takes too long where there are so many",
    "WF126": "about a template: in the reports of the folder",
}
"""Codes that no file here shows, and why; other tests do."""


def report(monkeypatch, capsys, *words):
    """What the command prints, with its exit code in the last line."""
    monkeypatch.chdir(HERE)
    monkeypatch.setattr(sys, "argv", ["milepost", "validate", *words, "--profile", "production"])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out, ended.value.code


def compare(said, path):
    """The report as it is kept; written where `make faults` asks for it."""
    if RENEW:
        path.write_text(said, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing; `make faults` writes it"
    assert said == path.read_text(encoding="utf-8"), "another report; where it is meant, `make faults` writes it anew"


@pytest.mark.parametrize("name", FILES)
def test_the_report_of_a_file(monkeypatch, capsys, name):
    """Every finding with its line, caret and hint, to the letter."""
    said, code = report(monkeypatch, capsys, name)
    compare(f"{said}exit code {code}\n", (HERE / name).with_suffix(".txt"))


@pytest.mark.parametrize("kind", ["json", "sarif"])
def test_the_report_of_all_of_them(monkeypatch, capsys, kind):
    """For programs: the whole folder, templates too."""
    said, code = report(monkeypatch, capsys, ".", "--format", kind)
    found = json.loads(said)
    if kind == "sarif":
        found["runs"][0]["tool"]["driver"]["semanticVersion"] = "0"
    compare(json.dumps(found, ensure_ascii=False, indent=1) + "\n", HERE / f"all.{kind}")
    assert code == 1


def test_every_report_has_its_file():
    """Nothing is left of a file that is gone."""
    wanted = {Path(name).with_suffix(".txt").as_posix() for name in FILES}
    kept = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*.txt")}
    assert {name for name in kept if not name.startswith("templates/")} == wanted


def test_every_code_is_shown():
    """Of the loader's codes and of the rules; what cannot be shown here is named with its reason."""
    shown = {code for name in FILES for code in re.findall(r"\[(WF\d{3})\]", _kept(name))}
    assert sorted((CODES.keys() | RULES.keys()) - shown) == sorted(ELSEWHERE)


def _kept(name):
    return (HERE / name).with_suffix(".txt").read_text(encoding="utf-8")
