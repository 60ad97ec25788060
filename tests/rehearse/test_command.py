"""`milepost test`: what a person sees while it runs, what a program reads, how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from runtime.cli.choices import TestFormat as Form
from runtime.cli.test import run as run_command


def test_a_person_sees_each_scenario_under_its_file(folder, written, capsys):
    """A heading for each file, a line for each scenario, the story of one that fails, the coverage, the count."""
    (folder / "one.test.yaml").write_text(written({"goes well": ["wait: 1 days"]}))
    (folder / "two.test.yaml").write_text(written({"goes [wrong]": ["expect: {in: listed}"]}))
    assert run_command([folder], Form.TEXT, None) == 1
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
    assert run_command([folder], Form.TEXT, None) == 1
    out = capsys.readouterr().out
    assert out.count("✗ a") == out.count("✗ b") == 2


def test_a_program_reads_one_document(folder, written, capsys):
    """JSON and nothing else on stdout; the exit code says whether all is well."""
    file = folder / "one.test.yaml"
    file.write_text(written({"well": ["wait: 1 days"]}))
    assert run_command([file], Form.JSON, None) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["passed"], said["short"], said["scenarios"][0]["failure"]) == (True, [], None)
    file.write_text(written({"well": ["expect: {in: listed}"]}, beside="coverage: {transitions: 100}\n"))
    assert run_command([file], Form.JSON, None) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["passed"] is False
    assert (said["scenarios"][0]["line"], said["scenarios"][0]["column"]) == (13, 22)
    assert said["scenarios"][0]["story"] == ["2026-01-12 09:00  zavod opens order → check"]
    assert said["coverage"]["order"]["transitions"]["covered"] == 0
    assert len(said["short"]) == 1


def test_a_file_with_a_fault_runs_nothing(folder, written, capsys):
    """The finding is on stderr with its line, and stdout stays empty."""
    (folder / "one.test.yaml").write_text(written({"well": ["expect: {inn: listed}"]}))
    assert run_command([folder], Form.JSON, None) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "one.test.yaml:13:18: error[SC001] expect has no key 'inn'" in printed.err


def test_continuous_integration_reads_junit(folder, written, capsys):
    """Suites by file, cases by scenario, failures with place and story; goals that were missed fail too."""
    (folder / "one.test.yaml").write_text(written({"goes well": ["wait: 1 days"]}))
    two = written({"goes <wrong> & \x7f": ["expect: {in: listed}"]}, beside="coverage: {transitions: 100}\n")
    (folder / "two.test.yaml").write_text(two.replace("\x7f", ""))
    assert run_command([folder], Form.JUNIT, None) == 1
    root = ET.fromstring(capsys.readouterr().out)  # noqa: S314  (our own)
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    assert [suite.get("name") for suite in root] == [f"{folder}/one.test.yaml", f"{folder}/two.test.yaml", "coverage"]
    (case,) = root[1]
    assert (case.get("name").strip(), case.get("line")) == ("goes <wrong> &", "13")
    (failure,) = case
    assert failure.get("message") == "expected to be in listed, but the case is in check"
    assert failure.text.startswith(f"{folder}/two.test.yaml:13:22\n2026-01-12 09:00  zavod opens order")


class Boxes(HTMLParser):
    """The states of a page with whether they were gone through."""

    def __init__(self, text):
        super().__init__()
        self.found, self._class, self._named = {}, None, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """A box begins, or the words that name it."""
        said = dict(attributes).get("class") or ""
        if tag == "div" and "state" in said:
            self._class = said
        self._named = tag == "strong"

    def handle_data(self, data):
        """The first strong words of a box."""
        if self._named and self._class is not None:
            self.found[data], self._class = self._class.removeprefix("state "), None


def test_a_page_shows_what_was_gone_through(folder, written, capsys):
    """States inside each other, coloured; no script, and nothing of a scenario's words is markup."""
    (folder / "one.test.yaml").write_text(written({"<script>alert(1)</script>": ["wait: 1 days"]}))
    assert run_command([folder], Form.TEXT, folder / "report.html") == 0
    text = (folder / "report.html").read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    boxes = Boxes(text).found
    assert set(boxes.values()) == {"yes", "no"}
    assert sum(value == "yes" for value in boxes.values()) == 2  # the case and the state that it begins in
    assert "2 of " not in capsys.readouterr().out


def test_it_runs_again_when_a_file_changes(folder, written):
    """Half-written files do not end it; Ctrl-C does, with the last result."""
    file = folder / "one.test.yaml"
    file.write_text(written({"well": ["wait: 1 days"]}))
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "runtime.cli.main", "test", str(folder), "--watch"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  in the background it is ignored
    )  # fmt: skip
    heard = []

    def hear(words):
        until = time.monotonic() + 60
        for line in process.stdout:
            heard.append(line)
            if words in line:
                return
            assert time.monotonic() < until
        raise AssertionError("".join(heard))

    try:
        hear("waiting for a change")
        assert "1 scenarios, 0 failed" in "".join(heard)
        file.write_text("workflow: [")
        hear("waiting for a change")
        file.write_text(written({"ill": ["expect: {in: listed}"]}))
        hear("1 scenarios, 1 failed")
        hear("waiting for a change")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 1
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()
