"""`milepost publish`: workflows into the store, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InvalidWorkflow
from engine.service.bundles import read_folder
from runtime.cli.checking import NoFiles
from runtime.cli.choices import FINE, Format
from runtime.cli.findings import refuse, show
from runtime.cli.printing import as_json, cells, err, out, table
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from pathlib import Path


def run(path: Path, report: Format) -> int:
    """Publish one file or a folder; an older text becomes the newest version again."""
    bundles = read_folder(path)
    if not bundles:
        raise NoFiles(f"{path} has no workflow (*.yaml); name a workflow file or a folder of them")
    folder = path if path.is_dir() else path.parent
    try:
        with services_now() as services:
            published = services.catalog.publish_all(bundles)
    except InvalidWorkflow as invalid:
        return refuse(invalid, folder)
    if report is Format.JSON:
        as_json([{"workflow": p.workflow, "version": p.version, "digest": p.digest, "new": p.new} for p in published])
        return FINE
    sources = {bundle.file: bundle.source for bundle in bundles}
    show(err(), dict.fromkeys(finding for one in published for finding in one.diagnostics), sources)
    made = table("Published", "workflow", "version", "", "digest")
    for one in published:
        cells(made, one.workflow, one.version, "new" if one.new else "as it was", one.digest[:12])
    out().print(made)
    return FINE
