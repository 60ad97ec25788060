"""The demo from its first to its last line: folder, people, server, chapters, what is left behind."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

from runtime.demo.acts import appeal, decision, evaluation, region, requirements, suspension, tender
from runtime.demo.client import Client, Refusal
from runtime.demo.letters import Letters
from runtime.demo.narrator import Narrator, console, local
from runtime.demo.output import Output, fresh
from runtime.demo.people import STAFF, makers, settle_in
from runtime.demo.problem import NotAsTold
from runtime.demo.server import PUBLIC_URL, serving, settings
from runtime.demo.story import Story

BEGIN = "2026-01-12 09:00"
CHAPTERS = (
    region.tell,
    requirements.tell,
    evaluation.tell,
    decision.tell,
    appeal.lodge,
    suspension.tell,
    appeal.vote,
    suspension.half_a_year,
    tender.tell,
)
WATCH = (
    ("Z-50", "gate valve", "through every stage to the register, with its certificate"),
    ("KV-12", "screw compressor", "returned for corrections, and accepted"),
    ("OK-90", "steel bends", "fails a test for one of its three items"),
    ("UR-200", "flow meter", "refused, and appealed"),
    ("NC-65", "pump", "lets a deadline lapse"),
    ("DP-4", "pressure transmitter", "suspended, and reinstated"),
)


def tell(folder: Path) -> None:
    """Tell the story, leave the folder. Raises NotAsTold, NotOurs."""
    began = time.monotonic()
    narrator = Narrator(console())
    output, offered, now = fresh(folder), makers(), local(BEGIN)
    people = {person.id: person for person in (*STAFF, *offered.values())}
    _cast(narrator)
    tokens = settle_in(output, people, now=now)
    with serving(output) as address, Client(address, tokens) as client:
        if "qualification" not in client.ready()["workflows"]:
            raise NotAsTold("the server has no workflow 'qualification'")
        story = Story(client, narrator, Letters(output.mailbox), output, people, offered, now=now)
        try:
            for chapter in CHAPTERS:
                chapter(story)
            story.settle()
            incidents = client.get(people["oskar"], "/incidents")
        except Refusal as refusal:
            raise NotAsTold(f"the API refused what the story has ({refusal.status}: {refusal})") from None
        except LookupError as missing:
            raise NotAsTold(f"an answer of the API lacks {missing}") from None
        if incidents:
            raise NotAsTold(f"{len(incidents)} incidents are open, the first: {incidents[0]['text']}")
    _left(narrator, output, folder, len(story.letters), time.monotonic() - began)


def _cast(narrator: Narrator) -> None:
    narrator.title("Milepost: a region's products on their way into the register of what may be tendered")
    narrator.words(
        "Everybody here is invented. All is done through the HTTP API of `milepost serve`, by people with tokens of their "
        "own; only the clock is moved by hand. Dates are those of Moscow, terms are counted by the Russian calendar. "
        "Watch these six:"
    )
    narrator.plain()
    narrator.table(("product", "what it is", "what becomes of it"), WATCH, indent=False)


def _left(narrator: Narrator, output: Output, folder: Path, letters: int, seconds: float) -> None:
    pdfs = len(list(output.certificates.glob("*.pdf")))
    narrator.plain()
    narrator.title(f"Told in {seconds:.0f} seconds. {folder} has now:")
    for name, what in (
        ("milepost.db", "the database: every case with its history, and the register"),
        ("mailbox/", f"{letters} letters (.eml), in English and Russian"),
        ("certificates/", f"{pdfs} certificates (PDF/A-3, signed, their facts inside as JSON)"),
        ("documents/", "what was uploaded, each once"),
        ("work-orders/", "what the laboratory was asked to do"),
        ("tokens.json", "everybody's token; only you may read it"),
        ("server.log", "what the server said"),
    ):
        narrator.plain(f"  {name:15} {what}")
    lines = [f"{name}={shlex.quote(value)}" for name, value in settings(Output(folder)).items()]
    narrator.plain()
    narrator.words("To go on from there (the clock stands where the story ended), serve it on port 8000:")
    narrator.plain()
    narrator.plain(" \\\n".join(f"  {line}" for line in [*lines, f"{_command()} serve --clock manual"]))
    narrator.plain()
    narrator.words("and ask, as the tender officer:")
    narrator.plain()
    python = "import json, sys; print(json.load(sys.stdin)['toma']['token'])"
    narrator.plain(f'  TOKEN=$(python3 -c "{python}" < {shlex.quote(str(folder / output.tokens.name))})')
    narrator.plain(f'  curl -H "Authorization: Bearer $TOKEN" {PUBLIC_URL}/register')


def _command() -> str:
    """How this very program is called from here."""
    called = Path(sys.argv[0])
    if called.name != "milepost":
        return "milepost"
    here = Path.cwd()
    return shlex.quote(str(called.relative_to(here) if called.is_relative_to(here) else called))
