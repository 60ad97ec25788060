"""All that can be proved about a definition, in one call; each family of rules has a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.verify.arms import check_arms, check_regions
from engine.verify.between import check_between, check_daily, check_templates
from engine.verify.control import check_ends, check_reached, check_rest
from engine.verify.crossing import check_crossing
from engine.verify.early import check_early
from engine.verify.findings import Profile, Report
from engine.verify.graph import Graph
from engine.verify.hidden import check_hidden
from engine.verify.idle import check_idle
from engine.verify.joins import check_joins
from engine.verify.leftover import check_leftover
from engine.verify.loops import check_loops
from engine.verify.never_due import check_due
from engine.verify.options import check_options
from engine.verify.parts import Parts
from engine.verify.people import check_people, check_roles
from engine.verify.proofs import check_policies
from engine.verify.reads import check_fields
from engine.verify.safety import check_register, check_secrets
from engine.verify.shared import check_shared
from engine.verify.silences import silence
from engine.verify.space.explore import LIMIT, Limit
from engine.verify.stuck import check_stuck
from engine.verify.timing import check_calendar, check_deadlines
from engine.verify.trial.trials import Trials
from engine.verify.unused import check_unused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from engine.core.calendars.calendar import Calendar
    from engine.core.case import Actor
    from engine.core.definition import Workflow
    from engine.core.diagnostics import Diagnostic


@frozen
class Verdict:
    """In file order: what was found, and what the file's owner has silenced, with his reasons."""

    found: tuple[Diagnostic, ...]
    silenced: tuple[Diagnostic, ...]


def check(
    workflow: Workflow,
    *,
    others: Mapping[str, Workflow],
    calendars: Mapping[str, Calendar],
    templates: Collection[str] | None,
    daily: Collection[str] = (),
    people: Collection[Actor] | None = None,
    profile: Profile = "team",
    limit: Limit | None = LIMIT,
) -> Verdict:
    """`others` are the workflows it may speak to, by name; `templates` None: not looked at; letters of `daily` ones wait for
    a digest; `people` are those who will work with it (None: not known); `limit` is how long configurations are searched (None: not at all,
    and policies are read only: who publishes does not wait).
    """
    report = Report(workflow.file, profile)
    graph, parts = Graph(workflow), Parts(workflow)
    check_reached(graph, report)
    check_idle(workflow, report)
    check_hidden(graph, report)
    check_ends(graph, report)
    check_rest(graph, report)
    check_arms(workflow, report)
    check_regions(workflow, report)
    check_fields(workflow, parts, others, report)
    check_early(graph, parts, report)
    check_calendar(workflow, parts, calendars, report)
    check_deadlines(graph, report)
    check_roles(workflow, parts, report)
    if people is not None:
        check_people(graph, parts, people, report)
    check_register(graph, report)
    check_secrets(workflow, report)
    check_between(workflow, others, report)
    if templates is not None:
        check_templates(workflow, templates, report)
    check_daily(workflow, daily, report)
    check_leftover(graph, report)
    check_loops(graph, report)
    check_joins(workflow, report)
    check_shared(workflow, report)
    check_options(workflow, parts, report)
    check_due(graph, parts, report)
    check_unused(workflow, parts, report)
    check_crossing(workflow, others, report)
    calendar = calendars.get(workflow.calendar or "")
    trials = None if limit is None else Trials(workflow, parts, calendar, limit)
    if trials is not None:
        check_stuck(graph, trials, report)
    check_policies(graph, trials, calendar, report)
    loud, quiet = silence(workflow.source, report)
    return Verdict(_in_order(loud), _in_order(quiet))


def _in_order(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(findings), key=lambda one: (one.mark.line, one.mark.column, one.code)))
