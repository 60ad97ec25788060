"""Checking bundles before they are published: each by itself, with its templates and calendars, and beside the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.calendars.reading import calendar_or_raise
from engine.core.diagnostics import NOWHERE, Diagnostic, Severity
from engine.core.frozen import frozen
from engine.core.loader.load import load
from engine.errors import InvalidWorkflow
from engine.service.bundles import digest, used_templates
from engine.verify.check import check
from engine.verify.letters import check_letter, used_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.ports import CertificateRenderer, Templates
    from engine.service.bundles import Bundle

TEMPLATE_FAULT = "TP001"


@frozen
class Candidate:
    """A workflow that reads well, the templates it uses, and what was found about it."""

    workflow: Workflow
    bundle: Bundle
    templates: Mapping[str, str]
    digest: str
    diagnostics: tuple[Diagnostic, ...]


def read_all(bundles: Iterable[Bundle]) -> tuple[Candidate, ...]:
    """Raises InvalidWorkflow with the errors of all files."""
    loaded = [(bundle, load(bundle.source, file=bundle.file)) for bundle in bundles]
    refuse([finding for _, item in loaded for finding in item.diagnostics])
    found = []
    for bundle, item in loaded:
        if item.workflow is not None:
            used = used_templates(item.workflow, bundle.templates)
            found.append(Candidate(item.workflow, bundle, used, digest(bundle.source, used), item.diagnostics))
    return tuple(found)


def check_all(
    candidates: Sequence[Candidate],
    known: Mapping[str, Workflow],
    templates: Callable[[Mapping[str, str]], Templates],
    renderer: Callable[[Mapping[str, str]], CertificateRenderer],
) -> tuple[Candidate, ...]:
    """The candidates with all findings; `known` are all workflows they may speak to. Raises InvalidWorkflow."""
    refuse(_check_messages(candidates, templates))
    refuse(_check_sheets(candidates, renderer))
    calendars = read_calendars(candidate.bundle for candidate in candidates)
    return tuple(_checked(candidate, known, calendars, templates) for candidate in candidates)


def _checked(
    candidate: Candidate,
    known: Mapping[str, Workflow],
    calendars: Mapping[str, Calendar],
    templates: Callable[[Mapping[str, str]], Templates],
) -> Candidate:
    workflow, letters = candidate.workflow, templates(candidate.templates)
    names = {name.partition(".")[0] for name in candidate.templates if name.endswith(".txt")}
    findings = check(
        workflow,
        others={name: other for name, other in known.items() if name != workflow.name},
        calendars=calendars,
        templates={name.partition(".")[0] for name in candidate.bundle.templates},
        daily={name for name in names if letters.daily(name)},
        profile="draft",
        limit=None,
    ).found
    findings += tuple(
        finding
        for name in sorted(names & used_by(workflow))
        for file, named in letters.named(name).items()
        for finding in check_letter(f"templates/{file}", named, [workflow], "draft")
    )
    refuse(findings)
    return replace(candidate, diagnostics=(*candidate.diagnostics, *findings))


def _check_messages(
    candidates: Sequence[Candidate], templates: Callable[[Mapping[str, str]], Templates]
) -> list[Diagnostic]:
    """What is wrong with message templates themselves."""
    sources = {name: text for candidate in candidates for name, text in candidate.bundle.templates.items()}
    checker = templates(sources)
    names = dict.fromkeys(name.partition(".")[0] for name in sources if name.endswith(".txt"))
    return [
        Diagnostic(TEMPLATE_FAULT, Severity.ERROR, problem, f"templates/{name}", NOWHERE)
        for name in names
        for problem in checker.check(name)
    ]


def _check_sheets(
    candidates: Sequence[Candidate], renderer: Callable[[Mapping[str, str]], CertificateRenderer]
) -> list[Diagnostic]:
    """What is wrong with the templates of certificates: the definition is refused, not a certificate botched."""
    used = {
        (candidate.workflow.certificate.template, tuple(sorted(candidate.templates.items())))
        for candidate in candidates
        if candidate.workflow.certificate is not None
    }
    return [
        Diagnostic(TEMPLATE_FAULT, Severity.ERROR, problem, f"templates/{name}.typ", NOWHERE)
        for name, sources in sorted(used)
        for problem in renderer(dict(sources)).check(name)
    ]


def read_calendars(bundles: Iterable[Bundle]) -> dict[str, Calendar]:
    """The calendars of all bundles. Raises InvalidWorkflow."""
    texts = {name: text for bundle in bundles for name, text in bundle.calendars.items()}
    return {name: calendar_or_raise(text, file=f"{name}.yaml") for name, text in texts.items()}


def refuse(findings: Iterable[Diagnostic]) -> None:
    """Raises InvalidWorkflow where one of the findings is an error."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise InvalidWorkflow(errors)
