"""All that can be proved about a definition, in one call; each family of rules has a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.verify.arms import check_arms, check_regions
from engine.verify.between import check_between, check_daily, check_templates
from engine.verify.control import check_ends, check_reached, check_rest
from engine.verify.findings import Profile, Report
from engine.verify.graph import Graph
from engine.verify.idle import check_idle
from engine.verify.proofs import check_policies
from engine.verify.timing import check_calendar, check_deadlines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.core.diagnostics import Diagnostic


def check(
    workflow: Workflow,
    *,
    others: Mapping[str, Workflow],
    calendars: Mapping[str, Calendar],
    templates: Collection[str] | None,
    daily: Collection[str] = (),
    profile: Profile = "team",
) -> tuple[Diagnostic, ...]:
    """Findings in file order. `others` are the workflows it may speak to, by name; `templates` None: not looked at; letters
    of `daily` ones wait for a digest.
    """
    report = Report(workflow.file, profile)
    graph = Graph(workflow)
    check_reached(graph, report)
    check_idle(workflow, report)
    check_ends(graph, report)
    check_rest(graph, report)
    check_arms(workflow, report)
    check_regions(workflow, report)
    check_calendar(workflow, calendars, report)
    check_deadlines(graph, report)
    check_between(workflow, others, report)
    if templates is not None:
        check_templates(workflow, templates, report)
    check_daily(workflow, daily, report)
    check_policies(graph, calendars.get(workflow.calendar or ""), report)
    return tuple(sorted(set(report.found), key=lambda one: (one.mark.line, one.mark.column, one.code)))
