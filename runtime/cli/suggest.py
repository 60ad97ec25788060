"""`milepost test --suggest FILE`: scenarios for what is not covered, written to a file of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from adapters.templates import MessageTemplates
from engine.errors import MilepostError
from engine.rehearse.spreading import processors
from engine.rehearse.suite import SUFFIX, rehearse, scenario_files, suggest_for
from runtime.cli.choices import FINDINGS, FINE
from runtime.cli.printing import err, out, printable

if TYPE_CHECKING:
    from pathlib import Path

MOST_SHOWN = 12


class NoPlace(MilepostError):
    """The file to write cannot be the one that was named."""


def run(paths: list[Path], to: Path) -> int:
    """Rehearse what there is, then look for cases that go where it does not; 1 where some were not found."""
    if not to.name.endswith(SUFFIX):
        raise NoPlace(f"{to} is no scenario file; name one that ends in {SUFFIX}")
    if to.exists():
        raise NoPlace(f"{to} is there already; name a new file, what stands in this one may have been confirmed")
    files = scenario_files(paths)
    report = rehearse(files, lambda _file, _outcome: None, templates=MessageTemplates, processors=processors())
    with err().status("looking for cases") as status:
        made = suggest_for(files, report, lambda name: status.update(printable(name)), templates=MessageTemplates)
    if made.found:
        to.write_text(made.text, encoding="utf-8")
        out().print(Text(f"{len(made.found)} scenarios, to be confirmed, in {printable(str(to))}:", style="green"))
        for name in made.found:
            out().print(Text(f"  {printable(name)}"))
    elif not made.missing:
        out().print(Text("everything is covered; nothing to suggest", style="green"))
    if made.missing:
        more = f" and {len(made.missing) - MOST_SHOWN} more" if len(made.missing) > MOST_SHOWN else ""
        said = f"no scenario was found for {', '.join(made.missing[:MOST_SHOWN])}{more}"
        out().print(Text(printable(said), style="yellow"))
    return FINDINGS if made.missing else FINE
