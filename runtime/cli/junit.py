"""How scenarios went, as continuous integration reads it: JUnit's XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engine.core.plain import plain

if TYPE_CHECKING:
    from engine.rehearse.runner import Outcome
    from engine.rehearse.suite import FileReport, SuiteReport


def junit(report: SuiteReport) -> str:
    """A suite for each file, a case for each scenario; goals of coverage that were missed are a suite of their own."""
    suites = [_suite(file) for file in report.files]
    if report.short:
        suites.append(_goals(report.short))
    count, failed = (sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures"))
    root = Element("testsuites", name="milepost", tests=str(count), failures=str(failed))
    root.extend(suites)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(file: FileReport) -> Element:
    suite = Element("testsuite", name=file.file, tests=str(len(file.outcomes)), failures=str(len(file.failures)))
    for outcome in file.outcomes:
        case = SubElement(suite, "testcase", classname=file.workflow, name=_text(outcome.scenario))
        if outcome.failure is not None:
            _failed(case, file.file, outcome)
    return suite


def _failed(case: Element, file: str, outcome: Outcome) -> None:
    case.set("file", file)
    case.set("line", str(outcome.mark.line))
    said = SubElement(case, "failure", message=_text(outcome.failure or ""))
    place = f"{file}:{outcome.mark.line}:{outcome.mark.column}"
    said.text = _text("\n".join([place, *outcome.story]))


def _goals(short: list[str]) -> Element:
    suite = Element("testsuite", name="coverage", tests=str(len(short)), failures=str(len(short)))
    for words in short:
        case = SubElement(suite, "testcase", classname="coverage", name=words.partition(",")[0])
        SubElement(case, "failure", message=words)
    return suite


def _text(text: str) -> str:
    return plain(text)
