"""`milepost audit`: the histories proved by what is stored, and what to keep of them outside; the proof is the service's."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from adapters.files import new_file
from engine.errors import MilepostError
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, err, out, plain, printable
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from engine.service.proofs.report import Proof

KEY = re.compile(r"[0-9a-fA-F]{64}")


def verify(case: str | None, against: Path | None, keys: Sequence[str], report: Format) -> int:
    """One case or all; 1 where something is not as it was written."""
    wrong = next((key for key in keys if not KEY.fullmatch(key)), None)
    if wrong is not None:
        raise MilepostError(f"'{printable(wrong[:80])}' is no public key; give 64 hexadecimal digits")
    with services_now() as services, _progress(report) as progress:
        proof = services.audit.verify(
            case,
            keys=[key.lower() for key in keys],
            against=None if against is None else lambda: _lines(against),
            progress=progress,
        )
        own = services.audit.trusted()
    if report is Format.JSON:
        as_json({"whole": proof.whole, **plain(proof), "keys": sorted(proof.keys), "own_key": next(iter(own), None)})
    else:
        _print(proof)
    return FINE if proof.whole else FINDINGS


def export(file: Path, report: Format) -> int:
    """Everything that is sealed, in a new file."""
    try:
        with services_now() as services, new_file(file) as target:

            def start() -> Callable[[str], None]:
                target.seek(0)
                target.truncate()
                return lambda line: _write(target.write, line)

            exported = services.audit.export(start)
    except FileExistsError:
        raise MilepostError(f"{file} is there already and is kept; give a new name") from None
    last = exported.last
    if report is Format.JSON:
        key = None if last is None else last.key
        as_json({"file": file, "steps": exported.places, "checkpoints": exported.checkpoints, "key": key})
        return FINE
    out().print(
        Text(f"{exported.places} steps, {exported.checkpoints} checkpoints in {printable(file)}", style="green")
    )
    if last is not None:
        out().print(Text(f"the last one is signed by {last.key}"))
    return FINE


def _write(write: Callable[[bytes], object], line: str) -> None:
    write(line.encode() + b"\n")


def _lines(path: Path) -> Iterable[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def _print(proof: Proof) -> None:
    if proof.first is not None:
        out().print(Text(printable(proof.first), style="red"))
        if proof.breaks > 1:
            out().print(Text(f"and {proof.breaks - 1} more", style="red"))
    for count, words in (
        (proof.pruned, "pruned cases, proved by their places in the feed alone"),
        (proof.erased, "steps whose payload was erased"),
        (proof.waiting, "steps that have no place in the feed yet"),
        (proof.uncovered, "steps that no checkpoint covers yet"),
    ):
        if count:
            out().print(Text(f"{count} {words}", style="yellow"))
    if proof.in_file is not None:
        steps, checkpoints = proof.in_file
        out().print(Text(f"compared with {steps} steps and {checkpoints} checkpoints of the file"))
    counted = f"{proof.histories} histories, {proof.steps} steps, {proof.checkpoints} checkpoints"
    said = "all as they were written" if proof.whole else f"{proof.breaks} broken"
    out().print(Text(f"{counted}: {said}", style="green" if proof.whole else "red"))


@contextmanager
def _progress(report: Format) -> Iterator[Callable[[int, int], None]]:
    """A bar where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = err()
    hidden = report is Format.JSON or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("histories", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
