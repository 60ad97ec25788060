"""Commands about files: what they print, for people and for programs, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.loader.load import load
from engine.verify.check import check
from engine.verify.rules.rule import HEAD
from runtime.cli.rules import EXAMPLES, titles

WORKFLOWS = Path(__file__).parents[2] / "workflows"

CALENDAR = "calendar: sample\nyears:\n  2026:\n    days_off: {2026-01-01: New Year}\n"
SCENARIOS = """
workflow: note.yaml
clock: 2026-01-12 09:00
people: {ana: {roles: [clerk]}}
scenarios:
  - name: accepted
    open: {by: ana, with: {paper.text: hello}}
    steps: [{do: accept, by: ana}]
    end: {outcome: completed}
"""


def test_a_folder_without_findings_is_green(milepost, folder):
    """A line for each file: workflows, scenarios, calendars, templates."""
    (folder / "workflows" / "calendars").mkdir()
    (folder / "workflows" / "calendars" / "sample.yaml").write_text(CALENDAR)
    (folder / "workflows" / "note.test.yaml").write_text(SCENARIOS)
    code, out, err = milepost("validate", "workflows")
    assert (code, err) == (0, "")
    assert [line[0] for line in out.splitlines()] == ["✓"] * 7
    for name in ("note.yaml", "note.test.yaml", "calendars/sample.yaml", "templates/receipt.en.txt"):
        assert f"✓ workflows/{name}" in out


def test_what_ships_has_no_findings(milepost):
    """The workflows of this repository pass the strictest profile."""
    code, out, _ = milepost("validate", WORKFLOWS, "--profile", "production", "--format", "json")
    found = [line for line in json.loads(out)["findings"] if line["severity"] != "note"]
    assert (code, found) == (0, [])


def test_a_finding_has_its_line_and_a_caret(milepost, folder):
    """Place, code, source line, caret and hint; exit code 1."""
    path = folder / "workflows" / "note.yaml"
    path.write_text(path.read_text().replace("to: done}}\n    dead", "to: dome}}\n    dead"))
    code, out, _ = milepost("validate", "workflows/note.yaml")
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("workflows/note.yaml:16:38: error[WF020]")
    assert lines[2].endswith("events: {accept: {by: clerk, to: dome}}")
    assert lines[3].strip("| ") == "^^^^"
    assert "hint: did you mean 'done'?" in out


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("calendars/sample.yaml", CALENDAR.replace("days_off", "days_of"), "CL001"),
        ("note.test.yaml", SCENARIOS.replace("by: ana}", "by: anna}"), "SC001"),
        ("note.test.yaml", SCENARIOS.replace("note.yaml", "nota.yaml"), "SC002"),
        ("note.test.yaml", SCENARIOS.replace("do: accept", "do: acept"), "SC002"),
        ("templates/receipt.en.txt", "Subject: x\n\n{{ now() }}\n", "TP001"),
        ("templates/certificate.typ", '#import "x.typ"\n', "TP001"),
        ("broken.yaml", "milepost: 1\n\tworkflow: x\n", "WF003"),
    ],
)
def test_every_kind_of_file_is_checked(milepost, folder, name, text, code):
    """Calendars, scenarios, letters and certificates too, alone or with their folder."""
    path = folder / "workflows" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    for what in ("workflows", path.relative_to(folder)):
        ended, out, _ = milepost("validate", what, "--format", "json")
        assert (1, [code]) == (ended, [found["code"] for found in json.loads(out)["findings"]])


def test_sarif_is_what_the_standard_asks_for(milepost, folder):
    """Version, tool with rules, results with rule, level, text, file and region."""
    (folder / "workflows" / "note.yaml").write_text("milepost: 1\n")
    code, out, _ = milepost("validate", "workflows", "--format", "sarif")
    log = json.loads(out)
    assert (code, log["version"]) == (1, "2.1.0")
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "workflows/note.yaml"
        assert place["region"]["startLine"] >= 1
        assert place["region"]["endColumn"] > place["region"]["startColumn"]
        assert len(result["partialFingerprints"]["milepostRuleAndPath/v1"]) == 32


def test_sarif_has_the_fixes(milepost, folder):
    """As one replacement each: whoever makes it has what `--fix` would have written."""
    path = folder / "workflows" / "note.yaml"
    path.write_text(path.read_text().replace("turn:", "trun:", 1))
    (run,) = json.loads(milepost("validate", "workflows", "--format", "sarif")[1])["runs"]
    (fix,) = [fix for result in run["results"] for fix in result.get("fixes", ())]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    region, lines = replacement["deletedRegion"], path.read_text().splitlines(keepends=True)
    start, end = (
        sum(map(len, lines[: region[f"{side}Line"] - 1])) + region[f"{side}Column"] - 1 for side in ("start", "end")
    )
    made = path.read_text()[:start] + replacement["insertedContent"]["text"] + path.read_text()[end:]
    assert milepost("validate", "workflows", "--fix")[0] == 0
    assert path.read_text() == made


ENDING, IDLE = "deadlines: {soon: {after: 5 days, to: done}}", "deadlines: {soon: {after: 5 days}}"


def test_a_fingerprint_stays_where_lines_move(milepost, folder):
    """Two rules, or two places, have two; what is put in above changes none."""
    path = folder / "workflows" / "note.yaml"
    fine = path.read_text()
    path.write_text(fine.replace(ENDING, IDLE))

    def seen():
        (run,) = json.loads(milepost("validate", "workflows", "--format", "sarif")[1])["runs"]
        found = [(one["ruleId"], one["partialFingerprints"]["milepostRuleAndPath/v1"]) for one in run["results"]]
        assert len(set(found)) == len(found) > 0
        return found

    before = seen()
    path.write_text("# a line\n# and another\n" + path.read_text())
    assert seen() == before
    path.write_text(fine.replace(ENDING, IDLE.replace("soon", "later")))
    assert seen() != before


def test_what_is_silenced_is_listed(milepost, folder):
    """In each format, with the reason; it does not count any more."""
    path = folder / "workflows" / "note.yaml"
    path.write_text(path.read_text().replace(ENDING, IDLE))
    assert milepost("validate", "workflows")[0] == 1
    said = "# milepost: ignore[WF088] the portal shows it"
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if IDLE in line)
    path.write_text("\n".join([*lines[:number], said, *lines[number:]]) + "\n")
    code, out, _ = milepost("validate", "workflows")
    assert (code, "silenced[WF088] the portal shows it" in out) == (0, True)
    silenced = json.loads(milepost("validate", "workflows", "--format", "json")[1])["silenced"]
    assert [(one["code"], one["silenced"]) for one in silenced] == [("WF088", "the portal shows it")]
    (run,) = json.loads(milepost("validate", "workflows", "--format", "sarif")[1])["runs"]
    assert run["results"][0]["suppressions"] == [{"kind": "inSource", "justification": "the portal shows it"}]


def test_with_the_people_who_are_there(milepost, folder):
    """From a file, or those who have a token; what is no such file is refused."""
    path = folder / "workflows" / "note.yaml"
    path.write_text(
        path.read_text().replace("turn: writer", "turn: clerk").replace("5 days, to: done", "5 days, escalate: [clerk]")
    )
    (folder / "people.yaml").write_text("people:\n  ana: {roles: [clerk]}\n  wim: {roles: [writer]}\n")
    code, out, _ = milepost("validate", "workflows", "--people", "people.yaml", "--profile", "production")
    assert (code, "only ana may act; while he is away every case waits" in " ".join(out.split())) == (1, True)
    code, out, _ = milepost("validate", "workflows", "--people", "directory", "--profile", "production")
    assert (code, "WF102" in out) == (1, True)
    for name, role in (("ana", "clerk"), ("bela", "clerk"), ("wim", "writer")):
        assert milepost("token", "create", "--actor", name, "--name", name, "--role", role)[0] == 0
    code, out, _ = milepost("validate", "workflows", "--people", "directory", "--profile", "production")
    assert (code, "WF10" in out) == (0, False)
    assert milepost("validate", "workflows", "--people", "nowhere.yaml")[0] == 2
    (folder / "people.yaml").write_text("people:\n  ana: {rolls: [clerk]}\nmore: 1\n")
    code, _, err = milepost("validate", "workflows", "--people", "people.yaml")
    assert (code, "people.yaml:3:1" in err) == (1, True)


@pytest.mark.parametrize(
    "args",
    [
        ["validate", "nowhere"],
        ["validate"],
        ["nonsense"],
        ["validate", "workflows", "--profile", "lax"],
        ["diagram", "nowhere.yaml"],
        ["explain", "WF999"],
        ["test", "nowhere"],
        ["test", "workflows"],
        ["db", "prune"],
        ["serve", "--port", "99999"],
        ["calendar", "explain", "ru", "yesterday", "5 days"],
        ["calendar", "explain", "ru", "2026-01-12", "5d"],
        ["calendar", "explain", "ru", "2026-01-12", "5 days", "--timezone", "Mars/Base"],
        ["calendar", "seed", "XX", "--years", "2026-2027"],
        ["calendar", "seed", "RU", "--years", "soon"],
        ["certificate", "verify", "nowhere.pdf"],
        ["import", "nowhere.csv", "--workflow", "note", "--token", "x"],
        ["import", "workflows/note.yaml", "--workflow", "note", "--token", "x"],
        ["audit", "verify", "N-1"],
        ["audit", "verify", "--key", "abc"],
        ["audit", "verify", "--against", "nowhere.jsonl"],
        ["audit", "verify", "--against", "workflows/note.yaml"],
        ["audit", "export", "workflows/note.yaml"],
        ["audit", "export", "nowhere/proof.jsonl"],
        ["publish", "workflows/templates"],
        ["token", "create", "--actor", "a", "--name", "A", "--role", "clerk", "--attribute", "x"],
        ["token", "create", "--actor", "a", "--name", "A"],
    ],
)
def test_what_cannot_run_is_one_line(milepost, args):
    """Exit code 2, nothing on stdout, one line on stderr that begins with our name."""
    code, out, err = milepost(*args)
    assert (code, out) == (2, "")
    assert err.startswith("milepost: ")
    assert err.count("\n") == 1


def test_a_broken_file_is_shown_by_every_command(milepost, folder):
    """Findings are rendered, on stderr, with exit code 1."""
    (folder / "workflows" / "note.yaml").write_text("milepost: 2\n")
    for args in (
        ["diagram", "workflows/note.yaml"],
        ["diff", "workflows/note.yaml", "workflows/note.yaml"],
        ["publish", "workflows"],
    ):
        code, out, err = milepost(*args)
        assert (code, out) == (1, "")
        assert "error[WF" in err
        assert "1 | milepost: 2" in err


def test_scenarios_are_run_and_told(milepost, folder):
    """Exit code 0 with what is covered; 1 with the story where one fails; findings of the workflow are rendered."""
    path = folder / "workflows" / "note.test.yaml"
    path.write_text(SCENARIOS)
    code, out, _ = milepost("test", "workflows")
    assert (code, "1 scenarios, 0 failed" in out) == (0, True)
    path.write_text(SCENARIOS.replace("outcome: completed", "outcome: closed"))
    code, out, _ = milepost("test", path, "--format", "json")
    said = json.loads(out)
    assert (code, said["passed"]) == (1, False)
    assert "closed" in said["scenarios"][0]["failure"]
    (folder / "workflows" / "note.yaml").write_text("milepost: 2\n")
    code, out, err = milepost("test", "workflows")
    assert (code, out, "1 | milepost: 2" in err) == (1, "", True)


def test_diff_has_an_exit_code_and_json(milepost, folder):
    """0 without a difference, 1 with one, as a table or as JSON."""
    old = folder / "workflows" / "note.yaml"
    new = folder / "new.yaml"
    new.write_text(old.read_text().replace("5 days", "7 days"))
    assert milepost("diff", old, old)[0] == 0
    code, out, _ = milepost("diff", old, new)
    assert (code, "due: 5 days → 7 days" in out) == (1, True)
    changes = json.loads(milepost("diff", old, new, "--format", "json")[1])["changes"]
    assert [(c["kind"], c["what"], c["name"]) for c in changes] == [("changed", "deadline", "check: soon")]


def test_every_code_is_explained(milepost):
    """A title for each; an example where there is one."""
    for code in titles():
        ended, out, _ = milepost("explain", code.lower(), "--format", "json")
        assert (0, code) == (ended, json.loads(out)["code"])
    assert "hint: did you mean 'score'?" in milepost("explain", "WF031")[1]


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_are_true(code):
    """What is shown as wrong has the finding, and what is shown as right has none at all."""
    bad, good = EXAMPLES[code]
    assert code in findings(HEAD + bad)
    assert findings(HEAD + good) == []


def findings(source):
    """Codes of all findings in the strictest profile."""
    loaded = load(source, file="sample.yaml")
    found = list(loaded.diagnostics)
    if loaded.workflow is not None:
        found += check(loaded.workflow, others={}, calendars={}, templates=None, profile="production").found
    return [finding.code for finding in found]


def test_a_term_is_counted_on_the_calendar(milepost, monkeypatch):
    """The vector of the roadmap: ten working days from 29 December 2025 end on 22 January 2026."""
    monkeypatch.setenv("MILEPOST_WORKFLOWS", str(WORKFLOWS))
    code, out, _ = milepost("calendar", "explain", "ru", "2025-12-29", "10 working days")
    assert (code, "due 22 January 2026 24:00 Europe/Moscow (2026-01-22 21:00 UTC)" in " ".join(out.split())) == (
        0,
        True,
    )
    said = json.loads(milepost("calendar", "explain", "ru", "2025-12-29", "10 working days", "--format", "json")[1])
    assert (said["last"], said["due"]) == ("2026-01-22", "2026-01-22T21:00:00.000000Z")


def test_working_hours_are_counted_span_by_span(milepost, monkeypatch):
    """Each day with what of it was counted and how much it was by then; without office hours it is said what to add."""
    monkeypatch.setenv("MILEPOST_WORKFLOWS", str(WORKFLOWS))
    code, out, _ = milepost("calendar", "explain", "ru", "2026-04-24", "8 working hours")
    said = " ".join(out.split())
    assert (code, "2026-04-24 │ 09:00-13:00, 14:00-18:00 │ 8:00 │ Friday" in said) == (0, True)
    assert "due 24 April 2026 18:00 Europe/Moscow (2026-04-24 15:00 UTC)" in said
    asked = ("calendar", "explain", "ru", "2026-04-30T17:30", "2 working hours", "--format", "json")
    days = json.loads(milepost(*asked)[1])["days"]
    assert [(day["spans"], day["so_far"]) for day in days if day["number"]] == [
        (["17:30-18:00"], "0:30"),
        (["09:00-10:30"], "2:00"),
    ]
    assert "office hours of every working day: 09:00-13:00, 14:00-18:00" in milepost("calendar", "show", "ru")[1]
    shown = json.loads(milepost("calendar", "show", "ru", "--format", "json")[1])
    assert shown["hours"]["friday"] == "09:00-13:00, 14:00-18:00"


def test_calendars_are_seeded_once(milepost, folder):
    """A file that is there is its owner's; what is written can be read and shown."""
    assert milepost("calendar", "seed", "RU", "--years", "2025-2026", "--output", "ru.yaml")[0] == 0
    assert milepost("calendar", "seed", "RU", "--years", "2025-2026", "--output", "ru.yaml")[0] == 2
    years = json.loads(milepost("calendar", "show", "ru.yaml", "--format", "json")[1])["years"]
    assert [(year["year"], year["working_days"]) for year in years] == [(2025, 247), (2026, 247)]
    assert "moved working day" in milepost("calendar", "show", "ru.yaml", "2025")[1]
    assert milepost("calendar", "show", "ru.yaml", "--year", "2040")[0] == 2
    code, _, err = milepost("calendar", "explain", "ru.yaml", "2026-04-24", "8 working hours")
    assert (code, "has no office hours; add `hours:`" in " ".join(err.split())) == (2, True)


@pytest.mark.parametrize("args", [["--help"], ["validate", "workflows"], ["diagram", "workflows/note.yaml"]])
def test_light_commands_load_nothing_heavy(folder, args):
    """Neither the web framework nor the database is imported, so that the start is quick."""
    program = (
        "import sys\n"
        f"sys.argv = ['milepost', *{args!r}]\n"
        "from runtime.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    code = ended.code\n"
        "heavy = {'fastapi', 'sqlalchemy', 'sqlmodel', 'uvicorn', 'typst', 'holidays', 'apscheduler'} & set(sys.modules)\n"
        "print(code, sorted(heavy), file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=folder)
    assert ended.stderr.strip() in {"0 []", "None []"}


@pytest.mark.parametrize(
    "words",
    [
        "serve", "schedule", "validate", "test", "diagram", "diff", "explain", "import", "publish", "calendar show",
        "calendar seed", "calendar explain", "certificate verify", "certificate preview", "token create", "audit verify",
        "audit export", "db upgrade", "demo", "version",
    ],
)  # fmt: skip
def test_every_command_has_its_help(milepost, words):
    """What it is for, in a line, and its exit code is 0."""
    code, out, err = milepost(*words.split(), "--help")
    assert (code, err, f"Usage: milepost {words}" in out) == (0, "", True)


def test_a_file_that_is_no_text_is_named(milepost, folder):
    """Among many files it is said which one is not UTF-8, and the exit code is 2."""
    (folder / "workflows" / "latin.yaml").write_bytes("title: Prüfung".encode("latin-1"))
    code, _, err = milepost("validate", "workflows")
    assert (code, err.count("\n")) == (2, 1)
    assert "latin.yaml is not UTF-8 text (byte 9)" in err
