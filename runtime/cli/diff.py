"""`milepost diff`: what a change of a workflow changes: in its text, in what cases do, for the cases that run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.text import Text

from engine.core.calendars.reading import calendar_or_raise
from engine.core.loader.load import load_or_raise
from engine.describe.diff import compare
from engine.rehearse.behaviour import Behaviour, behaviours
from engine.rehearse.following import Running, running
from engine.rehearse.telling import Told
from engine.verify.parts import Parts
from engine.verify.space.explore import Limit
from engine.verify.trial.trials import Trials
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, cells, err, out, printable, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.describe.diff import Change

STYLES = {"added": "green", "removed": "red", "changed": "yellow"}
KINDS = {"gained": "green", "lost": "red"}
LIMIT = Limit(configurations=20_000)
MOST_STOPPED = 20


def run(old: Path, new: Path, report: Format, *, cases: bool, scenarios: Path | None) -> int:
    """Compare two files; 1 where there is a difference. `cases`: with those of the database; `scenarios`: a file for the witnesses."""
    before, after = (load_or_raise(path.read_text(encoding="utf-8"), file=str(path)) for path in (old, new))
    changes = compare(before, after)
    shown = _witnesses(before, after, old, changes) if changes else []
    now = _running(after) if cases else None
    if scenarios is not None and shown:
        scenarios.write_text(_told(shown, after), encoding="utf-8")
    if report is Format.JSON:
        as_json(
            {
                "old": str(old),
                "new": str(new),
                "changes": changes,
                "behaviour": [{"kind": one.kind, "name": one.name, "words": one.words} for one in shown],
                **({} if now is None else {"running": asdict(now)}),
            }
        )
    elif not changes:
        out().print(Text("no difference in meaning", style="green"))
    else:
        _print(old, new, changes, shown)
    if now is not None and report is not Format.JSON:
        _print_running(now, changes)
    return FINDINGS if changes else FINE


def _witnesses(before: Workflow, after: Workflow, old: Path, changes: Sequence[Change]) -> list[Behaviour]:
    here, there = (Trials(one, Parts(one), _calendar(one, old), LIMIT) for one in (before, after))
    with err().status("looking for cases that show it") as status:
        return behaviours(here, there, changes, lambda name: status.update(f"looking for a case: {printable(name)}"))


def _calendar(workflow: Workflow, file: Path) -> Calendar | None:
    path = file.parent / "calendars" / f"{workflow.calendar}.yaml"
    return calendar_or_raise(path.read_text(encoding="utf-8"), file=str(path)) if path.is_file() else None


def _running(new: Workflow) -> Running:
    from runtime.cli.settings import services_now

    with services_now() as services:
        return services.store.read(lambda reader: running(reader, new))


def _told(shown: Sequence[Behaviour], new: Workflow) -> str:
    """What is gained, as scenarios of the new version; what is lost as remarks."""
    gained = [one for one in shown if one.kind == "gained"]
    told = Told(new, gained[0].run.acts[0].at if gained else shown[0].run.acts[0].at)
    for one in gained:
        if told.takes(one.run):
            told.add(f"to be confirmed: {one.name}", one.run)
    lost = [f"lost: {one.words}" for one in shown if one.kind == "lost"]
    return told.text("What the new version can do and the old one could not. People and data are made up.", *lost)


def _print(old: Path, new: Path, changes: Sequence[Change], shown: Sequence[Behaviour]) -> None:
    made = table(f"{old} → {new}", "", "what", "name", "how")
    for change in changes:
        cells(made, change.kind, change.what, change.name, "\n".join(change.words))
        made.rows[-1].style = STYLES[change.kind]
    out().print(made)
    for one in shown:
        out().print(Text.assemble((f"{one.kind} ", KINDS[one.kind]), printable(one.words)), soft_wrap=True)
    if not shown:
        out().print(Text("no case was found that goes otherwise", style="dim"))


def _print_running(now: Running, changes: Sequence[Change]) -> None:
    meant = {
        change.name.partition(":")[0] for change in changes if change.what in {"state", "event", "arm", "deadline"}
    }
    out().print(Text(f"{now.cases} running cases stay on the version they were opened on"))
    for state in sorted(meant & now.states.keys()):
        out().print(Text(f"  {now.states[state]} in '{printable(state)}', which changes"))
    for case, why in list(now.stopped.items())[:MOST_STOPPED]:
        out().print(Text(f"  {printable(case)} could not follow: {printable(why)}", style="yellow"))
    if len(now.stopped) > MOST_STOPPED:
        out().print(Text(f"  and {len(now.stopped) - MOST_STOPPED} more could not follow", style="yellow"))
