"""Commands run in a folder of their own, in this process; a small workflow that sends a letter when it is opened."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from runtime.cli.main import main

WORKFLOWS = Path(__file__).parents[2] / "workflows"

NOTE = """\
milepost: 1
workflow: note
title: Note
timezone: Europe/Moscow
number: "N-{year}-{seq:4}"
unique: [paper.text]
roles:
  writer: {title: Writer, side: applicant, sees: own}
  clerk:  {title: Clerk, sees: all}
data: {paper: {text: {type: text, max: 40}, pages: integer}}
open: {by: [writer, clerk], form: [paper.text!, paper.pages], actions: [{notify: clerk, template: receipt}]}
initial: check
states:
  check:
    turn: writer
    events: {accept: {by: clerk, to: done}}
    deadlines: {soon: {after: 5 days, to: done}}
  done: {final: true, outcome: completed}
"""


def command(capsys, monkeypatch, *args):
    """One command: (exit code, stdout, stderr)."""
    monkeypatch.setattr(sys, "argv", ["milepost", *map(str, args)])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out, printed.err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where commands run: workflows/ with the small workflow in it, and settings that say so."""
    templates = tmp_path / "workflows" / "templates"
    templates.mkdir(parents=True)
    (tmp_path / "workflows" / "note.yaml").write_text(NOTE, encoding="utf-8")
    for name in ("receipt", "reminder", "escalation", "deadline_moved"):
        text = "Subject: {{ case.number }}\n\nDear {{ to.name }}, {{ link }}\n"
        (templates / f"{name}.en.txt").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("MILEPOST_DATABASE_URL", "MILEPOST_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILEPOST_WORKFLOWS", str(tmp_path / "workflows"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def milepost(folder, capsys, monkeypatch):
    """Runs a command line."""
    return lambda *args: command(capsys, monkeypatch, *args)


@pytest.fixture
def token(milepost):
    """Makes a token, and gives its secret."""

    def make(actor, *roles, **more):
        given = [part for role in roles for part in ("--role", role)]
        given += [part for name, value in more.items() for part in (f"--{name}", value)]
        code, out, err = milepost(
            "token", "create", "--actor", actor, "--name", actor.title(), *given, "--format", "json"
        )
        assert code == 0, err
        return json.loads(out)["secret"]

    return make
