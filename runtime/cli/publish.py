"""`milepost publish`: workflows into the store, all or none, and calendars, which move the deadlines of running cases."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from engine.describe.derivations import said_end
from engine.errors import InvalidWorkflow, MilepostError
from engine.service.bundles import read_calendars, read_folder
from engine.service.catalog import Change
from runtime.cli.checking import NoFiles
from runtime.cli.choices import FINE, Format
from runtime.cli.findings import refuse, show
from runtime.cli.printing import as_json, cells, err, out, table
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from engine.service.bundles import Bundle
    from engine.service.catalog import Published
    from engine.service.recounting import MoveView
    from engine.service.services import Services

MOST_LINES = 200


class NoReason(MilepostError):
    """Deadlines are brought forward, and nobody says why."""


def run(path: Path, report: Format, *, earlier: bool, reason: str, dry_run: bool) -> int:
    """Publish one file or a folder; an older text becomes the newest version again."""
    if earlier and not reason.strip():
        raise NoReason("--earlier brings deadlines forward; say why with --reason, as every case that moves keeps it")
    change = Change(earlier, reason.strip())
    calendars = read_calendars(path)
    alone = path.parent.name == "calendars"
    bundles = () if alone else read_folder(path)
    if not bundles and not alone:
        raise NoFiles(f"{path} has no workflow (*.yaml); name a workflow file or a folder of them")
    folder = path if path.is_dir() else path.parent
    try:
        with services_now() as services:
            moves = _moves(services, calendars, earlier=earlier)
            if dry_run:
                return _show(moves, report)
            return _publish(services, bundles, calendars if alone else {}, change, moves, report)
    except InvalidWorkflow as invalid:
        return refuse(invalid, folder)


def _moves(services: Services, calendars: Mapping[str, str], *, earlier: bool) -> list[MoveView]:
    preview = services.recounting.preview_calendar
    return [move for name, text in calendars.items() for move in preview(text, file=f"{name}.yaml", earlier=earlier)]


def _publish(
    services: Services,
    bundles: Sequence[Bundle],
    alone: Mapping[str, str],
    change: Change,
    moves: Sequence[MoveView],
    report: Format,
) -> int:
    published = services.catalog.publish_all(bundles, change) if bundles else ()
    for name, text in alone.items():
        services.recounting.publish_calendar(text, file=f"{name}.yaml", change=change)
    while services.recounting.run_once():
        pass
    if report is Format.JSON:
        as_json([{"workflow": p.workflow, "version": p.version, "digest": p.digest, "new": p.new} for p in published])
        return FINE
    if published:
        _tell(published, {bundle.file: bundle.source for bundle in bundles})
    moved = sum(not move.stays for move in moves)
    if alone or moves:
        out().print(Text(f"{', '.join(alone) or 'calendars'}: {moved} deadlines moved, {len(moves) - moved} stayed"))
    return FINE


def _tell(published: Sequence[Published], sources: Mapping[str, str]) -> None:
    show(err(), dict.fromkeys(finding for one in published for finding in one.diagnostics), sources)
    made = table("Published", "workflow", "version", "", "digest")
    for one in published:
        cells(made, one.workflow, one.version, "new" if one.new else "as it was", one.digest[:12])
    out().print(made)


def _show(moves: Sequence[MoveView], report: Format) -> int:
    """What would move, each in the time zone of its workflow."""
    if report is Format.JSON:
        as_json(moves)
        return FINE
    if not moves:
        out().print(Text("no deadline would move", style="green"))
        return FINE
    heading = f"{len(moves)} deadlines are counted otherwise"
    made = table(heading, "case", "deadline", "due now", "due then", "it stays, as")
    for move in moves[:MOST_LINES]:
        zone = ZoneInfo(move.timezone)
        new = "" if move.new is None else said_end(move.new, zone)
        where = f"{move.state}.{move.deadline}"
        cells(made, move.number or move.case_id, where, said_end(move.due, zone), new, move.stays)
    out().print(made)
    if len(moves) > MOST_LINES:
        out().print(Text(f"… and {len(moves) - MOST_LINES} more; --format json has them all", style="dim"))
    return FINE
