"""`milepost test`: what a person sees while it runs, what a program reads, how it ends."""

from __future__ import annotations

import json

from runtime.cli.choices import Format
from runtime.cli.test import run as run_command


def test_a_person_sees_each_scenario_under_its_file(folder, written, capsys):
    """A heading for each file, a line for each scenario, the story of one that fails, the coverage, the count."""
    (folder / "one.test.yaml").write_text(written({"goes well": ["wait: 1 days"]}))
    (folder / "two.test.yaml").write_text(written({"goes [wrong]": ["expect: {in: listed}"]}))
    assert run_command([folder], Format.TEXT) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:8] == [
        f"{folder}/one.test.yaml",
        "  ✓ goes well",
        "",
        f"{folder}/two.test.yaml",
        "  ✗ goes [wrong]",
        "      2026-01-12 09:00  zavod opens order → check",
        f"    {folder}/two.test.yaml:13:22: expected to be in listed, but the case is in check",
        "",
    ]
    assert lines[8] == "Coverage"
    assert lines[-1] == "2 scenarios, 1 failed in 2 files"


def test_several_failures_are_listed_again_at_the_end(folder, written, capsys):
    """Nobody has to scroll for them."""
    (folder / "one.test.yaml").write_text(written({"a": ["expect: {in: listed}"], "b": ["expect: {in: lapsed}"]}))
    assert run_command([folder], Format.TEXT) == 1
    out = capsys.readouterr().out
    assert out.count("✗ a") == out.count("✗ b") == 2


def test_a_program_reads_one_document(folder, written, capsys):
    """JSON and nothing else on stdout; the exit code says whether all is well."""
    file = folder / "one.test.yaml"
    file.write_text(written({"well": ["wait: 1 days"]}))
    assert run_command([file], Format.JSON) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["passed"], said["short"], said["scenarios"][0]["failure"]) == (True, [], None)
    file.write_text(written({"well": ["expect: {in: listed}"]}, beside="coverage: {transitions: 100}\n"))
    assert run_command([file], Format.JSON) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["passed"] is False
    assert (said["scenarios"][0]["line"], said["scenarios"][0]["column"]) == (13, 22)
    assert said["scenarios"][0]["story"] == ["2026-01-12 09:00  zavod opens order → check"]
    assert said["coverage"]["order"]["transitions"]["covered"] == 0
    assert len(said["short"]) == 1


def test_a_file_with_a_fault_runs_nothing(folder, written, capsys):
    """The finding is on stderr with its line, and stdout stays empty."""
    (folder / "one.test.yaml").write_text(written({"well": ["expect: {inn: listed}"]}))
    assert run_command([folder], Format.JSON) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "one.test.yaml:13:18: error[SC001] expect has no key 'inn'" in printed.err
