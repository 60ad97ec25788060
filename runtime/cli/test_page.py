"""How scenarios went, as a page for people: each workflow drawn as states inside each other, coloured by what was gone through."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from engine.core.machine.chart import arms_of
from engine.core.plain import plain
from engine.describe.words import title_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import State, Workflow
    from engine.rehearse.coverage import Covered
    from engine.rehearse.suite import SuiteReport

STYLE = """
:root { color-scheme: light dark; --yes: #1a7f4b; --no: #b3261e; --line: #8a949c; --ground: #ffffff; --text: #1c2b39; }
@media (prefers-color-scheme: dark) { :root { --yes: #5fd39b; --no: #ff8a80; --ground: #14191e; --text: #e6eaee; } }
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; } table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
.state { border: 2px solid var(--line); border-left-width: 8px; border-radius: 6px; margin: .5rem 0; padding: .3rem .7rem; }
.yes { border-color: var(--yes); } .no { border-color: var(--no); border-style: dashed; }
ul { margin: .2rem 0; padding-left: 1rem; list-style: none; } li.yes::before { content: "✓ "; color: var(--yes); }
li.no::before { content: "✗ "; color: var(--no); } small { opacity: .75; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def page(report: SuiteReport) -> str:
    """One file without a script, to be opened anywhere."""
    body = "\n".join([*_results(report), *(part for name in report.coverage for part in _workflow(report, name))])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Scenarios</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _results(report: SuiteReport) -> Iterator[str]:
    count = sum(len(file.outcomes) for file in report.files)
    failed = sum(len(file.failures) for file in report.files)
    yield f"<h1>{count} scenarios, {failed} failed</h1>"
    yield from (f"<p>Coverage too low: {_text(words)}</p>" for words in report.short)
    for file in report.files:
        yield f"<details{' open' if file.failures else ''}><summary>{_text(file.file)} · {len(file.outcomes)}</summary><ul>"
        for outcome in file.outcomes:
            if outcome.failure is None:
                yield f'<li class="yes">{_text(outcome.scenario)}</li>'
            else:
                story = "\n".join(outcome.story)
                place = f"line {outcome.mark.line}"
                yield f'<li class="no">{_text(outcome.scenario)} <small>{place}</small><br>{_text(outcome.failure)}<pre>{_text(story)}</pre></li>'
        yield "</ul></details>"


def _workflow(report: SuiteReport, name: str) -> Iterator[str]:
    workflow, covered = report.workflows[name], report.covered[name]
    yield f"<h2>{_text(workflow.title.say())}</h2><table>"
    for what, share in report.coverage[name].items():
        yield f"<tr><th>{what}</th><td>{share.covered} of {share.whole}</td><td>{share.percent:.1f} %</td></tr>"
    yield "</table>"
    yield from _state(workflow, workflow.root, covered)


def _state(workflow: Workflow, state: State, covered: Covered) -> Iterator[str]:
    been = not state.path or state.path in covered.states
    yield f'<div class="state {_class(been)}"><strong>{_text(title_of(state, "") if state.path else workflow.name)}</strong>'
    yield f" <small>{_text(state.path)} {state.kind.value}</small><ul>"
    for arm in arms_of(state):
        leads = f" → {arm.to}" if arm.to is not None else ""
        yield f'<li class="{_class(arm.id in covered.arms)}">{_text(arm.id.rpartition(":")[2] + leads)}</li>'
    for name in state.deadlines:
        met = f"{state.path}:{name}" in covered.deadlines
        yield f'<li class="{_class(met)}">{_text(name)} <small>a deadline that {"fell due" if met else "never fell due"}</small></li>'
    yield "</ul>"
    for child in state.children:
        yield from _state(workflow, child, covered)
    yield "</div>"


def _class(covered: bool) -> str:
    return "yes" if covered else "no"


def _text(text: str) -> str:
    return escape(plain(text))
